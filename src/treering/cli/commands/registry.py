"""`treering registry`: registered models, their versions, aliases and stages, and who may move them."""

from __future__ import annotations

import contextlib

import click

from treering.cli.governing import COMMANDS
from treering.cli.output import json_option, print_json, print_record, print_table, when
from treering.cli.session import session
from treering.client.paging import every
from treering.core.errors import AlreadyExists
from treering.entities.model import STAGES
from treering.entities.page import Query
from treering.registry.base import NewModelVersion

__all__ = ["registry"]


@click.group()
def registry() -> None:
    """Registered models, their versions, aliases and stages."""


@registry.command("list")
@click.option("--filter", "-f", "condition", default="", help="Such as: name LIKE 'churn%'")
@json_option
def list_models(condition: str, *, as_json: bool) -> None:
    """List registered models."""
    with session() as services:
        found = list(every(services.registry.models.search, Query(filter=condition)))
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.name,
            max((version.version for version in one.latest_versions), default=""),
            ", ".join(f"{alias}={version}" for alias, version in sorted(one.aliases.items())),
            when(one.last_update_time),
        )
        for one in found
    ]
    print_table(["name", "latest", "aliases", "changed"], rows, "No registered models match.")


@registry.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show a registered model and its versions."""
    quote = '"' if "'" in name else "'"
    condition = f"name = {quote}{name}{quote}"
    with session() as services:
        model = services.registry.models.get(name)
        found = list(every(services.registry.versions.search, Query(condition, ["version_number DESC"])))
    if as_json:
        print_json({"model": model, "versions": found})
        return
    print_record({"name": model.name, "description": model.description, "aliases": model.aliases, "tags": model.tags})
    rows = [
        (one.version, one.stage, ", ".join(one.aliases), one.run_id, when(one.creation_time), one.source)
        for one in found
    ]
    click.echo()
    print_table(["version", "stage", "aliases", "run", "created", "source"], rows, "It has no versions.")


@registry.command()
@click.argument("uri")
@click.argument("name")
@click.option("--description", default="", help="What this version is.")
def register(uri: str, name: str, description: str) -> None:
    """Register the model at URI as a new version of NAME, which is made if need be."""
    with session() as services:
        with contextlib.suppress(AlreadyExists):
            services.registry.models.create(name)
        made = services.registry.versions.create(NewModelVersion(name, uri, description=description))
    click.echo(f"Registered {name} version {made.version}. Load it with: models:/{name}/{made.version}")


@registry.command()
@click.argument("name")
@click.argument("alias")
@click.argument("version", type=int, required=False)
@click.option("--delete", is_flag=True, help="Remove the alias.")
def alias(name: str, alias: str, version: int | None, *, delete: bool) -> None:
    """Point ALIAS of NAME at VERSION, or remove it with --delete."""
    if delete == (version is not None):
        msg = "Give a version for the alias to point at, or --delete."
        raise click.UsageError(msg)
    with session() as services:
        if version is None:
            services.registry.models.delete_alias(name, alias)
        else:
            services.registry.models.set_alias(name, alias, version)
    click.echo(f"{name}@{alias} is removed." if version is None else f"{name}@{alias} is version {version}.")


@registry.command()
@click.argument("name")
@click.argument("version", type=int)
@click.argument("stage", type=click.Choice(STAGES, case_sensitive=False))
@click.option("--archive-existing", is_flag=True, help="Move the versions now in that stage to Archived.")
def stage(name: str, version: int, stage: str, *, archive_existing: bool) -> None:
    """Move VERSION of NAME to a stage."""
    with session() as services:
        moved = services.registry.versions.transition(name, version, stage, archive_existing=archive_existing)
    click.echo(f"{name} version {version} is in stage {moved.stage}.")


for _command in COMMANDS:
    registry.add_command(_command)
