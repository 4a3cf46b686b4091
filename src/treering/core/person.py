"""Whom this process acts for, as they say themselves: a name for records, and no proof of anything."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

__all__ = ["acting_for", "acting_user", "user_name"]

_acting: ContextVar[str | None] = ContextVar("treering_acting_for", default=None)


@contextmanager
def acting_for(user: str) -> Iterator[None]:
    """Within it, this thread acts for somebody else than who runs the process; "" where nobody is known."""
    token = _acting.set(user)
    try:
        yield
    finally:
        _acting.reset(token)


def acting_user(named: str = "") -> str:
    """Whom this thread acts for: within `acting_for` that one, else `named`, else who runs the process."""
    user = _acting.get()
    return (named or user_name()) if user is None else user


@cache
def user_name() -> str:
    """Who runs this process; "" where the system does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
