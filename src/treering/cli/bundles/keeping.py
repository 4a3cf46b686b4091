"""`treering bundle list`, `show`, `tag` and `delete`."""

from __future__ import annotations

import click

from treering.bundles.manifest import BundledModel
from treering.cli.output import json_option, print_json, print_record, print_table, when
from treering.client.bundles import keeping

__all__ = ["delete_command", "list_command", "show_command", "tag_command"]


@click.command("list")
@click.argument("name", default="")
@json_option
def list_command(name: str, *, as_json: bool) -> None:
    """List bundles, or those called NAME."""
    found = keeping.list_bundles(name)
    if as_json:
        print_json(found)
        return
    store = keeping.store_of()
    tags = {one: store.tags(one) for one in {summary.name for summary in found}}
    rows = [
        (
            one.name,
            one.version,
            ", ".join(sorted(tag for tag, version in tags[one.name].items() if version == one.version)),
            when(one.created),
            one.service or ", ".join(model.name for model in one.models),
            one.description.partition("\n")[0][:60],
        )
        for one in found
    ]
    print_table(["name", "version", "tags", "built", "serves", "description"], rows, "There are no bundles.")


@click.command("show")
@click.argument("bundle")
@json_option
@click.option("--path", "only_path", is_flag=True, help="Print only where it is.")
@click.option("--files", "with_files", is_flag=True, help="List its files, too.")
def show_command(bundle: str, *, as_json: bool, only_path: bool, with_files: bool) -> None:
    """Show what is in BUNDLE."""
    found = keeping.get(bundle)
    if only_path:
        click.echo(found.folder)
        return
    made = found.manifest
    if as_json:
        print_json(made)
        return
    environment, lineage = made.environment, made.lineage
    print_record(
        {
            "bundle": made.reference,
            "digest": f"sha256:{made.digest}",
            "built": when(made.created),
            "by": f"Treering {made.treering}",
            "folder": str(found.folder),
            "files": f"{len(made.files)}, {made.size} bytes",
            "description": made.description,
            "service": made.service,
            "python": environment.python,
            "locked": "every package by version and hash" if environment.locked else "no",
            "tests": made.tests,
            "code": f"{lineage.git_commit}{' and changes' if lineage.git_dirty else ''}",
            "runs": ", ".join(lineage.runs),
            "data": ", ".join(f"{one.name} ({one.digest})" for one in lineage.data),
            "labels": dict(made.labels),
        }
    )
    click.echo()
    rows = [
        (one.name, one.version, _flavour(one), "no" if one.compiled is None else "yes", one.run_id, one.uri)
        for one in made.models
    ]
    print_table(["model", "version", "flavour", "compiled", "run", "from"], rows, "It holds no models.")
    if with_files:
        click.echo()
        print_table(["file", "bytes", "sha256"], [(p, e.size, e.sha256) for p, e in sorted(made.files.items())], "")


@click.command("tag")
@click.argument("bundle")
@click.argument("tag")
def tag_command(bundle: str, tag: str) -> None:
    """Point TAG, such as production, at BUNDLE."""
    keeping.tag(bundle, tag)
    click.echo(f"{bundle.partition(':')[0]}:{tag} is {keeping.store_of().find(bundle).name}.")


@click.command("delete")
@click.argument("bundles", nargs=-1, required=True)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def delete_command(bundles: tuple[str, ...], *, yes: bool) -> None:
    """Remove BUNDLES from this machine."""
    store = keeping.store_of()
    found = [store.find(one) for one in bundles]
    shown = ", ".join(f"{one.parent.name}:{one.name}" for one in found)
    if not yes:
        click.confirm(f"Remove {shown}?", abort=True)
    for one in found:
        store.delete(f"{one.parent.name}:{one.name}")
    click.echo(f"Removed {shown}.")


def _flavour(model: BundledModel) -> str:
    return next((one for one in model.flavours if one != "python_function"), "python_function")
