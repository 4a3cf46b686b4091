"""Errors of databases and their drivers, translated into Treering's; none of their SQL goes along."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import exc

from treering.core.errors import (
    Conflict,
    DamagedData,
    InvalidInput,
    PermissionDenied,
    StorageFull,
    TreeringError,
    Unavailable,
)

__all__ = ["is_worth_retrying", "translated"]

# Each database says in its own numbers what went wrong.
_SQLITE: dict[int, str] = {
    sqlite3.SQLITE_BUSY: "again",
    sqlite3.SQLITE_LOCKED: "again",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_READONLY: "forbidden",
    sqlite3.SQLITE_PERM: "forbidden",
    sqlite3.SQLITE_CANTOPEN: "away",
    sqlite3.SQLITE_IOERR: "away",
    sqlite3.SQLITE_TOOBIG: "input",
}
_POSTGRESQL: dict[str, str] = {
    "40001": "again",
    "40P01": "again",
    "55P03": "again",
    "53100": "full",
    "54000": "input",
    "22": "input",
    "25006": "forbidden",
    "42501": "forbidden",
    "XX001": "damaged",
    "XX002": "damaged",
    "08": "away",
    "28": "away",
    "3D": "away",
    "53": "away",
    "57": "away",
}
_MYSQL: dict[int, str] = {
    1205: "again",
    1213: "again",
    1021: "full",
    1114: "full",
    1044: "forbidden",
    1142: "forbidden",
    1290: "forbidden",
    1040: "away",
    1045: "away",
    1049: "away",
    1053: "away",
    1077: "away",
    1927: "away",
    2002: "away",
    2003: "away",
    2006: "away",
    2013: "away",
    2055: "away",
    1153: "input",
    1264: "input",
    1366: "input",
    1406: "input",
}


_ANSWERS: dict[str, tuple[type[TreeringError], str]] = {
    "again": (Unavailable, "The database {name} is busy with other work. Try again in a moment."),
    "away": (
        Unavailable,
        "The database {name} cannot be reached: {reason}. Check its address, its user, and that it runs.",
    ),
    "race": (Conflict, "Somebody else changed the database {name} in the same moment. Try again."),
    "full": (
        StorageFull,
        "The disk of the database {name} is full; nothing was half-written. Free some space, then try again.",
    ),
    "forbidden": (PermissionDenied, "The database {name} may not be used: {reason}. Check who may write to it."),
    "damaged": (
        DamagedData,
        "The database {name} is damaged, or no database: {reason}. Restore it from a backup.",
    ),
    "input": (
        InvalidInput,
        "A value cannot be stored: it is too long, out of range, or holds a character that is refused. Correct it.",
    ),
    "": (TreeringError, "The database {name} answered with an unexpected {error}. The log says more at level DEBUG."),
}


def _cause(error: BaseException) -> str:
    """What went wrong in one word; "" where that is not known."""
    if isinstance(error, exc.IntegrityError):
        return "race"
    if isinstance(error, exc.TimeoutError):
        return "away"
    if isinstance(error, exc.DataError | OverflowError | UnicodeError):
        return "input"
    if not isinstance(error, exc.DBAPIError):
        return ""
    known = _known(error.orig)
    if known:
        return known
    lost = error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)
    return "away" if lost else ""


def _known(orig: Any) -> str:
    code = getattr(orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF, "")
    state = getattr(orig, "sqlstate", None)
    if isinstance(state, str):
        return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2], "")
    number = orig.args[0] if getattr(orig, "args", ()) else None
    return _MYSQL.get(number, "") if isinstance(number, int) else ""


def is_worth_retrying(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is run again, because another one got in its way."""
    return _cause(error) in {"again", "race"}


def translated(error: Exception, name: str) -> TreeringError:
    """The error to raise in place of `error`.

    Args:
        name: The database's address, without password.
    """
    kind, message = _ANSWERS[_cause(error)]
    return kind(message.format(name=name, reason=_reason(error), error=type(error).__name__))


def _reason(error: Exception) -> str:
    """The first line of what the driver says, which names hosts and files but no statement."""
    orig = getattr(error, "orig", None) or error
    text = str(orig.args[-1]) if getattr(orig, "args", ()) else type(orig).__name__
    return text.strip().split("\n")[0].rstrip(".")
