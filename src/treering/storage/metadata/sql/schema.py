"""Brings a new or older database to the present schema, and refuses a newer or foreign one.

The usual case, a database that is up to date, costs one small query; Alembic, which
is slow to import, is loaded only where something has to be done.
"""

from __future__ import annotations

import importlib

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError

from treering.core.errors import SchemaMismatch
from treering.storage.metadata.sql.dialects import WRITE, Dialect

__all__ = ["REVISIONS", "VERSION_TABLE", "check_revision", "prepare_schema"]

VERSION_TABLE = "treering_schema"
REVISIONS = ("0001", "0002")
"""All revisions in `migrations/versions`, oldest first."""


def prepare_schema(engine: Engine, dialect: Dialect, name: str) -> None:
    """Create or migrate the tables; several processes may start at once.

    Raises:
        SchemaMismatch: If a newer Treering, or another program, made the tables.
    """
    if _revision(engine) == REVISIONS[-1]:
        return
    with engine.execution_options(**{WRITE: True}).begin() as connection:
        dialect.lock_schema(connection)
        try:
            found = _revision_now(connection)
            if found is None:
                _refuse_foreign(connection, name)
            elif found not in REVISIONS:
                raise _newer(found, name)
            if found != REVISIONS[-1]:
                migrate = importlib.import_module("treering.storage.metadata.sql.migrate")
                migrate.upgrade(connection, dialect.collation(connection))
        finally:
            dialect.unlock_schema(connection)


def check_revision(engine: Engine, name: str) -> None:
    """Raises SchemaMismatch unless the schema is the present one."""
    found = _revision(engine)
    if found is None:
        msg = f"The database {name} has no schema of Treering. Start Treering on it once to create it."
        raise SchemaMismatch(msg)
    if found not in REVISIONS:
        raise _newer(found, name)
    if found != REVISIONS[-1]:
        msg = f"The database {name} has the older schema {found}. Restart Treering to migrate it."
        raise SchemaMismatch(msg)


def _newer(found: str, name: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"The database {name} has the schema {found}, which is newer than this Treering knows (up to"
        f" {REVISIONS[-1]}). Upgrade Treering with `pip install --upgrade treering`, or use another database."
    )


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
