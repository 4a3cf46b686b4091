"""Brings a new or older database to the present schema, and refuses a newer or foreign one.

The usual case, a database that is up to date, costs one small query; Alembic, which
is slow to import, is loaded only where something has to be done.
"""

from __future__ import annotations

import importlib

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from treering.core.errors import SchemaMismatch
from treering.core.log import logger
from treering.storage.metadata.schema import Moved
from treering.storage.metadata.sql.dialects import WRITE, Dialect
from treering.storage.metadata.sql.faults import translated

__all__ = ["REVISIONS", "VERSION_TABLE", "check_revision", "find_revision", "move_schema", "prepare_schema"]

VERSION_TABLE = "treering_schema"
REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""All revisions in `migrations/versions`, oldest first."""


def prepare_schema(engine: Engine, dialect: Dialect, name: str) -> None:
    """Create or migrate the tables; several processes may start at once.

    An older database that is a file is copied before, and the log says where to.

    Raises:
        SchemaMismatch: If a newer Treering, or another program, made the tables.
        StorageFull: If there is no room for the copy.
    """
    if _revision(engine) == REVISIONS[-1]:
        return
    moved = move_schema(engine, dialect, name, REVISIONS[-1])
    if moved.backup:
        logger.warning(
            "The database %s was migrated from the schema %s to %s. As it was before, it is kept in %s;"
            " remove that file when you no longer want to go back.",
            name,
            moved.before,
            moved.after,
            moved.backup,
        )


def move_schema(engine: Engine, dialect: Dialect, name: str, revision: str, *, backup: bool = True) -> Moved:
    """Migrate to a known revision, up or down, while nobody else does; an empty database gets its tables.

    Raises:
        SchemaMismatch: If a newer Treering, or another program, made the tables.
        TreeringError: If the migration fails; the message says what is left.
    """
    moving: list[str] = []
    try:
        with engine.execution_options(**{WRITE: True}).begin() as connection:
            dialect.lock_schema(connection)
            try:
                found = find_revision(connection, name)
                if found is not None and found not in REVISIONS:
                    raise _newer(found, name)
                if found == revision:
                    return Moved(found, revision)
                kept = dialect.back_up(connection, found) if found and backup else ""
                moving += [found or "nothing", kept]
                _migrate(connection, dialect, found, revision)
            finally:
                dialect.unlock_schema(connection)
    except SQLAlchemyError as error:
        if not moving:
            raise
        failure = translated(error, name)
        msg = f"{failure.message} {_left(dialect, *moving, revision=revision)}"
        raise type(failure)(msg) from error
    return Moved(found, revision, kept)


def _migrate(connection: Connection, dialect: Dialect, found: str | None, revision: str) -> None:
    migrate = importlib.import_module("treering.storage.metadata.sql.migrate")
    down = found is not None and REVISIONS.index(found) > REVISIONS.index(revision)
    step = migrate.downgrade if down else migrate.upgrade
    step(connection, dialect.collation(connection), revision)


def _left(dialect: Dialect, found: str = "", kept: str = "", *, revision: str) -> str:
    """What a failed migration leaves, and what to do."""
    whole = (
        "nothing of it was done, and the database is as it was"
        if dialect.undoes_tables
        else "no data are lost, but some of the changes to the tables are done, since this database cannot take them back"
    )
    copy = f" A copy is in {kept}." if kept else ""
    verb = "downgrade" if found in REVISIONS and found > revision else "upgrade"
    again = f"treering db {verb} {revision}" if verb == "downgrade" else "treering db upgrade"
    return f"The migration from {found} to {revision} failed: {whole}.{copy} Mend the cause, then run: {again}"


def check_revision(engine: Engine, name: str) -> None:
    """Raises SchemaMismatch unless the schema is the present one."""
    found = _revision(engine)
    if found is None:
        msg = f"The database {name} has no schema of Treering. Start Treering on it once to create it."
        raise SchemaMismatch(msg)
    if found not in REVISIONS:
        raise _newer(found, name)
    if found != REVISIONS[-1]:
        msg = f"The database {name} has the older schema {found}. Restart Treering to migrate it, or run: treering db upgrade"
        raise SchemaMismatch(msg)


def _newer(found: str, name: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"The database {name} has the schema {found}, which is newer than this Treering knows (up to"
        f" {REVISIONS[-1]}). Upgrade Treering with `pip install --upgrade treering`, or use another database."
    )


def find_revision(connection: Connection, name: str) -> str | None:
    """The schema's revision; None in an empty database. Raises SchemaMismatch if another program's tables are there."""
    found = _revision_now(connection)
    if found is None:
        _refuse_foreign(connection, name)
    return found


def _revision(engine: Engine) -> str | None:
    """The schema's revision; None where there is none yet."""
    try:
        with engine.connect() as connection:
            return _select(connection)
    except DBAPIError:
        # There was no such table; another process may have made it since, so the answer is asked anew.
        with engine.connect() as connection:
            return _revision_now(connection)


def _revision_now(connection: Connection) -> str | None:
    return _select(connection) if inspect(connection).has_table(VERSION_TABLE) else None


def _select(connection: Connection) -> str | None:
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  # a constant
    return None if found is None else str(found)


def _refuse_foreign(connection: Connection, name: str) -> None:
    present = set(inspect(connection).get_table_names())
    if {"alembic_version", "experiments", "runs"} <= present:
        msg = (
            f"The database {name} belongs to MLflow. Give Treering a database of its own, and bring everything"
            " over with `treering import mlflow URI`."
        )
        raise SchemaMismatch(msg)
