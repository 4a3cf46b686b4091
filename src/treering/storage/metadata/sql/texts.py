"""Long text that is indexed all the same: its first characters in one column, the rest in another.

No index of any database takes text of any length. `head` is short enough for all
of them; `tail` is NULL for all but long values.
"""

from __future__ import annotations

from collections.abc import Mapping

from treering.storage.metadata.search.paging import TEXT_ORDERED

__all__ = ["HEAD", "joined", "split", "text_columns"]

HEAD = TEXT_ORDERED


def split(value: str) -> tuple[str, str | None]:
    """(head, tail)."""
    return value[:HEAD], value[HEAD:] or None


def joined(head: str, tail: str | None) -> str:
    """The value that was split."""
    return head + (tail or "")


def text_columns(key: str, value: str) -> Mapping[str, str | None]:
    """The columns `key`, `head` and `tail` of a row."""
    head, tail = split(value)
    return {"key": key, "head": head, "tail": tail}
