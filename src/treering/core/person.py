"""Who runs this process, as the system says: a name for records, and no proof of anything."""

from __future__ import annotations

import getpass
from functools import cache

__all__ = ["user_name"]


@cache
def user_name() -> str:
    """The user's name; "" where the system does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
