"""`treering db`: look at a database's tables, and migrate them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from treering.cli.output import json_option, print_json, print_record
from treering.core.settings import Settings
from treering.storage.metadata.schema import Moved, SchemaState
from treering.upkeep.database import database_uri, open_schema

__all__ = ["db"]

_store_option = click.option(
    "--store", default="", help="Database, or folder of an embedded store; otherwise as the settings say."
)
_backup_option = click.option(
    "--no-backup", is_flag=True, help="Do not copy a SQLite database before; others are never copied."
)


@click.group()
def db() -> None:
    """Look at a database's tables, and migrate them.

    Each start of Treering migrates an older database by itself; these commands
    do it at a time of your choice, go back, and check. Stop the servers on the
    database first.
    """


def _command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    def decorated(function: Callable[..., Any]) -> click.Command:
        return db.command(name)(_store_option(json_option(click.pass_obj(function))))

    return decorated


@_command("check")
def _check(settings: Settings, *, store: str, as_json: bool) -> None:
    """Compare the tables with those that this version of Treering needs.

    Changes nothing. Exit status 1 unless they are the same.
    """
    with closing(open_schema(database_uri(settings, store, Path.cwd()))) as schema:
        state = schema.state()
    if as_json:
        print_json({**asdict(state), "right": state.right})
    else:
        print_record(
            {
                "database": state.name,
                "revision": state.revision or "none",
                "expected": state.expected,
                "missing": ", ".join(state.missing) or "nothing",
            }
        )
        click.echo(_advice(state))
    if not state.right:
        sys.exit(1)


def _advice(state: SchemaState) -> str:
    if state.right:
        return "The tables are as this version of Treering needs them."
    if state.newer:
        return "A newer Treering made these tables. Upgrade this one: pip install --upgrade treering"
    if state.revision != state.expected:
        return "Migrate it with: treering db upgrade"
    return (
        "Something took these away; a migration does not bring them back. Restore the database from a backup, or bring"
        " it over into a new one."
    )


@_command("upgrade")
@_backup_option
def _upgrade(settings: Settings, *, store: str, no_backup: bool, as_json: bool) -> None:
    """Migrate the database to the tables of this version of Treering.

    Makes the tables of an empty database. A SQLite database is copied before,
    and the command says where to.
    """
    with closing(open_schema(database_uri(settings, store, Path.cwd()), new=True)) as schema:
        moved = schema.move(schema.revisions[-1], backup=not no_backup)
        _tell(schema.name, moved, as_json=as_json)


@_command("downgrade")
@_backup_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("revision")
def _downgrade(settings: Settings, *, revision: str, store: str, no_backup: bool, yes: bool, as_json: bool) -> None:
    """Take the database back to the tables of an older Treering.

    What the older tables have no place for is lost; the command says what that is,
    and asks. This version of Treering would migrate the database again when it is
    started on it.
    """
    with closing(open_schema(database_uri(settings, store, Path.cwd()))) as schema:
        lost = schema.lost(revision)
        if lost and not yes:
            click.confirm(f"Lost will be: {', '.join(lost)}. Go on?", abort=True, err=True)
        _tell(schema.name, schema.move(revision, backup=not no_backup), as_json=as_json)


def _tell(name: str, moved: Moved, *, as_json: bool) -> None:
    if as_json:
        print_json(moved)
        return
    if moved.before == moved.after:
        click.echo(f"{name} has the revision {moved.after} already.")
        return
    if moved.backup:
        click.echo(f"As it was, the database is kept in {moved.backup}")
    click.echo(f"{name} has the revision {moved.after} now; it had {moved.before or 'none'}.")
