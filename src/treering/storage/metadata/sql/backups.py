"""A copy of a SQLite database as it is at this moment, beside it, made before its tables are changed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from treering.core.errors import StorageFull, Unavailable

__all__ = ["back_up_sqlite"]


def back_up_sqlite(connection: Connection, revision: str) -> str:
    """Copy the database that is open, without what its transaction has changed; the copy's path, "" for one in memory.

    The copy appears whole or not at all, may be read by those who may read the
    database, and bears the revision and the time in its name.

    Raises:
        StorageFull: If there is no room for it.
        Unavailable: If it cannot be made for another reason.
    """
    rows = connection.exec_driver_sql("PRAGMA database_list").all()
    file = next((str(row[2]) for row in rows if row[1] == "main"), "")
    if not file:
        return ""
    path = Path(file)
    place = path.with_name(f"{path.name}.{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.backup")
    fresh = place.with_suffix(".new")
    try:
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, path.stat().st_mode & 0o777))
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(fresh)) as target,
        ):
            source.backup(target)
        fresh.replace(place)
    except (OSError, sqlite3.Error) as error:
        fresh.unlink(missing_ok=True)
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        msg = (
            f"The database {path} was not migrated, because no copy of it could be made before: {error}. Free as much"
            f" space as it takes ({path.stat().st_size / 1e6:.0f} MB), or copy it yourself and run:"
            " treering db upgrade --no-backup"
        )
        raise (StorageFull if full else Unavailable)(msg) from error
    return str(place)
