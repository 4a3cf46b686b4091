"""`treering bundle export`, `import`, `push` and `pull`."""

from __future__ import annotations

import click

from treering.client.bundles import moving

__all__ = ["export_command", "import_command", "pull_command", "push_command"]

_to_option = click.option(
    "--to", "uri", default="", help="URI of an artifact store, such as s3://bucket/bundles; else that of runs."
)
_from_option = click.option("--from", "uri", default="", help="URI of an artifact store; see push.")


@click.command("export")
@click.argument("bundle")
@click.argument("target", type=click.Path())
def export_command(bundle: str, target: str) -> None:
    """Write BUNDLE to TARGET: a .tar.zst, .tar.gz, .tar or .zip file, or a folder."""
    click.echo(f"Wrote {moving.export(bundle, target)}")


@click.command("import")
@click.argument("source", type=click.Path(exists=True))
def import_command(source: str) -> None:
    """Keep the bundle in SOURCE, a file or folder. It is checked, and none of it runs."""
    click.echo(f"Kept {moving.import_bundle(source)}")


@click.command("push")
@click.argument("bundle")
@_to_option
@click.option("--tag", "-t", "tags", multiple=True, default=("latest",), help="What it can be pulled by there.")
def push_command(bundle: str, uri: str, tags: tuple[str, ...]) -> None:
    """Send BUNDLE to an artifact store; files that are there already do not go again."""
    sent = moving.push(bundle, uri, tags)
    click.echo(f"Sent {sent.files} files with {sent.size} bytes; {sent.there} were there.")


@click.command("pull")
@click.argument("bundle")
@_from_option
def pull_command(bundle: str, uri: str) -> None:
    """Fetch BUNDLE, as NAME or NAME:VERSION or NAME:TAG, from an artifact store."""
    click.echo(f"Kept {moving.pull(bundle, uri)}")
