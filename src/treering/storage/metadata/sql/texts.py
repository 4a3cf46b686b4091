"""Long text that is indexed all the same: its first characters in one column, the rest in another.

No index of any database takes text of any length. `head` is short enough for all
of them; `tail` is NULL for all but long values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table

from treering.storage.metadata.search.literals import number_in
from treering.storage.metadata.search.paging import TEXT_ORDERED
from treering.storage.metadata.sql.floats import sortable

__all__ = ["HEAD", "joined", "split", "stated_number", "text_columns"]

HEAD = TEXT_ORDERED


def split(value: str) -> tuple[str, str | None]:
    """(head, tail)."""
    return value[:HEAD], value[HEAD:] or None


def joined(head: str, tail: str | None) -> str:
    """The value that was split."""
    return head + (tail or "")


def stated_number(value: str) -> int | None:
    """The number that a text states, as `floats.sortable` writes it; None where it states none."""
    number = number_in(value)
    return None if number is None else sortable(number)


def text_columns(table: Table, key: str, value: str) -> Mapping[str, Any]:
    """The columns `key`, `head` and `tail` of a row, and `number` where the table has one."""
    head, tail = split(value)
    row: dict[str, Any] = {"key": key, "head": head, "tail": tail}
    if "number" in table.c:
        row["number"] = stated_number(value)
    return row
