"""Where databases differ: how they are connected to, locked, and matched against patterns.

A new database is an entry in `DIALECTS`.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Engine, collate, create_engine, event, func, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from treering.core.errors import InvalidInput, MissingExtra, Unavailable
from treering.storage.metadata.sql.backups import back_up_sqlite

__all__ = ["WRITE", "Dialect", "connect", "dialect_of"]

WRITE = "treering_write"
"""Execution option of connections that begin a transaction in order to write."""

_SNAPSHOT = "treering_snapshot"

_BUSY_SECONDS = 60
_CONNECT_SECONDS = 10


def _nothing(subject: object) -> str:
    del subject
    return ""


def _no_copy(connection: Connection, revision: str) -> str:
    # A server's database is backed up with the server's own tools.
    del connection, revision
    return ""


def _no_damages(connection: Connection) -> Sequence[str]:
    del connection
    return ()


def _never(url: URL) -> bool:
    del url
    return False


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database.

    Attributes:
        driver: What SQLAlchemy calls the dialect and driver.
        options: Arguments for `create_engine`.
        snapshot: Execution options of transactions whose statements all see the moment of the first one.
        like: Column, pattern with `%` and `_`, whether case is ignored: the condition.
        prepare: Called with a new engine.
        lock_schema: Keeps other starters out until the transaction, or the connection, ends.
        unlock_schema: Lets them in again.
        collation: The binary collation for new tables, or "" where columns name their own.
        in_memory: Whether the database at a URL lives in the connection that opens it.
        back_up: Copies the database before a migration, under a name with the present revision; where to, or "".
        undoes_tables: Whether a transaction that fails takes back its changes to tables, too.
        damages: What the database's own check finds wrong.
    """

    driver: str
    like: Callable[[ColumnElement[str], str, bool], ColumnElement[bool]]
    options: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Engine], object] = _nothing
    lock_schema: Callable[[Connection], object] = _nothing
    unlock_schema: Callable[[Connection], object] = _nothing
    collation: Callable[[Connection], str] = _nothing
    in_memory: Callable[[URL], bool] = _never
    back_up: Callable[[Connection, str], str] = _no_copy
    undoes_tables: bool = True
    damages: Callable[[Connection], Sequence[str]] = _no_damages


def _escaped(pattern: str) -> str:
    return pattern.replace("!", "!!")


# SQLite


def _glob(column: ColumnElement[str], pattern: str, ignore_case: bool) -> ColumnElement[bool]:  # noqa: FBT001  # the type of Dialect.like
    """GLOB is SQLite's LIKE that minds case; brackets take the meaning off its own wildcards."""
    pieces = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    if ignore_case:
        column, pattern = func.treering_lower(column), pattern.lower()
    return column.op("GLOB", is_comparison=True)("".join(pieces.get(char, char) for char in pattern))


def _in_memory(url: URL) -> bool:
    return url.database in {None, "", ":memory:"}


def _prepare_sqlite(engine: Engine) -> None:
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)


def _on_sqlite_connect(connection: sqlite3.Connection, record: object) -> None:
    del record
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    _use_wal(connection)
    # With a write-ahead log, NORMAL survives the death of the process; a power cut may take the last moments.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.create_function("treering_lower", 1, _lower, deterministic=True)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switching needs the file alone, and SQLite does not wait for that by itself."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] not in {"wal", "memory"}:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _on_sqlite_begin(connection: Connection) -> None:
    # A reader that becomes a writer can fail at once; a writer that says so first waits for its turn.
    writes = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _sqlite_damages(connection: Connection) -> Sequence[str]:
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    lonely = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    counts = Counter((str(row[0]), str(row[2])) for row in lonely)
    return [line for line in found if line != "ok"] + [
        f"{count} rows of {table} belong to rows of {parent} that are not there"
        for (table, parent), count in counts.items()
    ]


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


# PostgreSQL


def _postgresql_like(column: ColumnElement[str], pattern: str, ignore_case: bool) -> ColumnElement[bool]:  # noqa: FBT001  # the type of Dialect.like
    if ignore_case:
        # The columns' own collation knows only the case of ASCII letters.
        return func.lower(collate(column, "default")).like(_escaped(pattern.lower()), escape="!")
    return column.like(_escaped(pattern), escape="!")


_POSTGRESQL_LOCK = 0x7472656572696E67  # "treering" in ASCII


def _lock_postgresql(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})")


# MySQL and MariaDB


def _mysql_like(column: ColumnElement[str], pattern: str, ignore_case: bool) -> ColumnElement[bool]:  # noqa: FBT001  # the type of Dialect.like
    if ignore_case:
        return func.lower(column).like(_escaped(pattern.lower()), escape="!")
    return column.like(_escaped(pattern), escape="!")


def _prepare_mysql(engine: Engine) -> None:
    event.listen(engine, "connect", _on_mysql_connect)
    event.listen(engine, "begin", _on_mysql_begin)


def _on_mysql_connect(connection: Any, record: object) -> None:
    del record
    with connection.cursor() as cursor:
        # Strict: values that do not fit are refused, not cut. Zero is an id like others.
        cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'")


def _on_mysql_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_SNAPSHOT, False):
        # Of the next transaction alone, which the next statement begins: nothing has to be set back.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _lock_mysql(connection: Connection) -> None:
    got = connection.exec_driver_sql(f"SELECT GET_LOCK(CONCAT('treering:', DATABASE()), {_BUSY_SECONDS})").scalar()
    if got != 1:
        msg = "Another process has been changing the database's schema for a minute. Wait until it is done."
        raise Unavailable(msg)


def _unlock_mysql(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT RELEASE_LOCK(CONCAT('treering:', DATABASE()))")


def _mysql_damages(connection: Connection) -> Sequence[str]:
    names = connection.exec_driver_sql("SHOW TABLES").scalars().all()
    if not names:
        return ()
    quoted = ", ".join(f"`{name}`" for name in names)
    rows = connection.exec_driver_sql(f"CHECK TABLE {quoted}").all()
    return [f"{row[0]}: {row[3]}" for row in rows if row[2] in {"error", "warning"} or row[3] == "Corrupt"]


def _mysql_collation(connection: Connection) -> str:
    # Both keep blanks at the end apart, which the older utf8mb4_bin does not.
    return "utf8mb4_nopad_bin" if getattr(connection.dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


_SERVER: Mapping[str, Any] = {"pool_size": 10, "max_overflow": 20, "pool_pre_ping": True}

_MYSQL = Dialect(
    "mysql+pymysql",
    _mysql_like,
    {
        **_SERVER,
        "isolation_level": "READ COMMITTED",
        "connect_args": {"charset": "utf8mb4", "connect_timeout": _CONNECT_SECONDS},
    },
    snapshot={_SNAPSHOT: True},
    prepare=_prepare_mysql,
    lock_schema=_lock_mysql,
    unlock_schema=_unlock_mysql,
    collation=_mysql_collation,
    undoes_tables=False,
    damages=_mysql_damages,
)
_POSTGRESQL = Dialect(
    "postgresql+psycopg",
    _postgresql_like,
    {**_SERVER, "connect_args": {"connect_timeout": _CONNECT_SECONDS}},
    snapshot={"isolation_level": "REPEATABLE READ"},
    lock_schema=_lock_postgresql,
)
_SQLITE = Dialect(
    "sqlite+pysqlite",
    _glob,
    {"poolclass": QueuePool, "pool_size": 5, "max_overflow": 20, "connect_args": {"check_same_thread": False}},
    prepare=_prepare_sqlite,
    in_memory=_in_memory,
    back_up=back_up_sqlite,
    damages=_sqlite_damages,
)

DIALECTS: Mapping[str, Dialect] = {
    "mariadb": _MYSQL,
    "mysql": _MYSQL,
    "postgres": _POSTGRESQL,
    "postgresql": _POSTGRESQL,
    "sqlite": _SQLITE,
}


def dialect_of(uri: str) -> tuple[Dialect, URL]:
    """The dialect of a database, and its address with the driver that we use; another one named in it is ignored.

    Raises:
        InvalidInput: If `uri` is no database's address.
    """
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError) as error:
        msg = "The database's URI is malformed. Write it as scheme://user:password@host:port/name or sqlite:///path."
        raise InvalidInput(msg) from error
    dialect = DIALECTS.get(url.get_backend_name())
    if dialect is None:
        msg = f"{url.get_backend_name()!r} is no database that Treering knows. Known ones: {', '.join(DIALECTS)}."
        raise InvalidInput(msg)
    return dialect, url.set(drivername=dialect.driver)


def connect(dialect: Dialect, url: URL, *, make_folder: bool = True) -> Engine:
    """An engine; nothing is connected yet.

    Args:
        make_folder: Whether the folder of a database that is a file is made if need be.

    Raises:
        MissingExtra: If the driver's package is not installed.
    """
    options = dict(dialect.options)
    if dialect is _SQLITE:
        if _in_memory(url):
            # Such a database lives in its connection, so all share one.
            options.update(pool_size=1, max_overflow=0)
        elif make_folder:
            with suppress(OSError):  # connecting fails next, and says why
                Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    try:
        engine = create_engine(url, **options)
    except ModuleNotFoundError as error:
        extra = url.get_backend_name()
        msg = f"The database {extra} needs the package {error.name!r}. Install it with: pip install 'treering[{extra}]'"
        raise MissingExtra(msg) from error
    dialect.prepare(engine)
    return engine
