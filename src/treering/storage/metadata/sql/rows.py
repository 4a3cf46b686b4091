"""Small pieces that all stores share: rows by many keys, params and tags by owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from treering.storage.metadata.sql.texts import joined, text_columns

__all__ = ["NUMBERS", "delete_text", "insert_row", "put_texts", "rows_by_number", "select_in", "texts_by_owner"]

T = TypeVar("T")

# Databases limit how many parameters a statement may have; this is far below all limits.
_AT_ONCE = 1000


NUMBERS = bindparam("numbers", type_=BigInteger, expanding=True, literal_execute=True)
"""Stands for the numbers in a statement for `rows_by_number`; written out, since a page has hundreds."""


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def insert_row(connection: Connection, statement: Insert) -> int:
    """Insert one row and return its number."""
    key = connection.execute(statement).inserted_primary_key
    return int(key[0]) if key is not None else 0


def rows_by_number(connection: Connection, statement: Select[Any], numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """The rows of `statement`, which has `NUMBERS` in it and begins with the number, by their numbers."""
    return {
        row[0]: row for chunk in _chunks(numbers) for row in connection.execute(statement, {"numbers": chunk}).all()
    }


def select_in(
    connection: Connection, statement: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> list[Any]:
    """The rows of `statement` where `column` is one of `values`, in no order."""
    return [
        row for chunk in _chunks(list(values)) for row in connection.execute(statement.where(column.in_(chunk))).all()
    ]


def texts_by_owner(
    connection: Connection, table: Table, owner: str, owners: Iterable[Any]
) -> dict[Any, dict[str, str]]:
    """Params or tags of many owners; each owner has an entry. Keys come sorted."""
    wanted = list(owners)
    found: dict[Any, dict[str, str]] = {one: {} for one in wanted}
    columns = select(table.c[owner], table.c.key, table.c.head, table.c.tail)
    for one, key, head, tail in sorted(select_in(connection, columns, table.c[owner], wanted), key=lambda row: row[1]):
        found[one][key] = joined(head, tail)
    return found


def put_texts(connection: Connection, table: Table, owner: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Insert or change params or tags of one owner, whose row must be locked."""
    if not values:
        return
    mine = [table.c[name] == value for name, value in owner.items()]
    keys = select_in(connection, select(table.c.key).where(*mine), table.c.key, values)
    known = {row[0] for row in keys}
    new = [{**owner, **text_columns(table, key, value)} for key, value in values.items() if key not in known]
    if new:
        connection.execute(insert(table), new)
    for key, value in values.items():
        if key in known:
            connection.execute(update(table).where(*mine, table.c.key == key).values(**text_columns(table, key, value)))


def delete_text(connection: Connection, table: Table, owner: Mapping[str, Any], key: str) -> bool:
    """Remove a param or tag; False where there is none."""
    mine = and_(*(table.c[name] == value for name, value in owner.items()), table.c.key == key)
    return connection.execute(delete(table).where(mine)).rowcount > 0
