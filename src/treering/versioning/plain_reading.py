"""Reads the simple YAML that most pointers, lock files and params are, without loading a library for it.

It is block style in ASCII alone: mappings, lists, words in brackets, scalars on one line, comments on
lines of their own. Whatever else stands in a document, and whatever is wrong in one, is left to `yaml_reader`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from treering.versioning.yaml_scalars import plain_value

__all__ = ["UNSURE", "read_plain"]

UNSURE = object()
"""What `read_plain` gives for a document that it does not know how to read."""

_DEEPEST = 40
_LINE = re.compile(
    # Indentation, and whether it is an item of a list ...
    r"(?P<indent> *)(?P<item>- )?"
    # ... that is a key with or without a value, or a value alone.
    r"(?:(?P<key>[A-Za-z0-9_/][A-Za-z0-9_./@+=-]{0,99}):(?: +(?P<value>[^ ].*))?|(?P<alone>[^ ].*))"
)
_SCALAR = re.compile(
    # A colon and a number sign mean something before and behind a space.
    r"(?P<plain>-?[A-Za-z0-9_./](?:[!-9;-~]|:(?=[!-~])| (?=[!\"$-9;-~]))*)"
    r"|'(?P<single>[ -&(-~]*)'"
    r'|"(?P<double>[ !#-\[\]-~]*)"'
    # Words in brackets, without anything that means something there.
    r"|\[(?P<items>(?: *-?[A-Za-z0-9_/][A-Za-z0-9_./@+=-]* *,)* *-?[A-Za-z0-9_/][A-Za-z0-9_./@+=-]* *|)\]"
)


class _Unsure(Exception):  # never leaves this module
    """Something that a whole parser has to read."""


_Row = tuple[int, bool, str | None, str | None]
"""Indentation, whether it is an item, its key, its value."""


def read_plain(text: bytes) -> Any:
    """The value of a document, exactly as `yaml_reader.parse` has it; `UNSURE` where that has to read it."""
    try:
        rows = _Rows(_rows(text.decode("ascii")))
        value = _block(rows, 0)
    except (_Unsure, UnicodeDecodeError):
        return UNSURE
    return value if rows.now is None else UNSURE


class _Rows:
    """Rows, of which the first that was not taken yet can be looked at."""

    def __init__(self, rows: Iterator[_Row]) -> None:
        self._rest = rows
        self.now = next(rows, None)

    def go_on(self) -> _Row | None:
        self.now = next(self._rest, None)
        return self.now

    def become(self, row: _Row) -> None:
        """What is left of the first row when its dash was taken."""
        self.now = row


def _rows(text: str) -> Iterator[_Row]:
    # Other ends of lines are none of the characters that may stand in one.
    for written in text.split("\n"):
        line = written.rstrip(" ")
        if not line or (line.lstrip(" ").startswith("#") and line.isprintable()):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise _Unsure
        indent, item, key, value, alone = found.groups()
        yield len(indent), item is not None, key, value if key is not None else alone


def _block(rows: _Rows, depth: int) -> Any:
    """The mapping or list that begins with the first row."""
    if rows.now is None or depth > _DEEPEST:
        raise _Unsure
    return _list(rows, depth) if rows.now[1] else _mapping(rows, depth)


def _list(rows: _Rows, depth: int) -> list[Any]:
    found: list[Any] = []
    column = rows.now[0] if rows.now else 0
    while rows.now is not None and rows.now[0] == column and rows.now[1]:
        _, _, key, value = rows.now
        if key is None:
            found.append(_scalar(value))
            rows.go_on()
        else:
            rows.become((column + 2, False, key, value))
            found.append(_mapping(rows, depth + 1))
    _end(rows, column)
    return found


def _mapping(rows: _Rows, depth: int) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    column = rows.now[0] if rows.now else 0
    while rows.now is not None and rows.now[0] == column and not rows.now[1]:
        _, _, written, value = rows.now
        if written is None:
            raise _Unsure
        key = plain_value(written)
        if key in found:
            raise _Unsure
        follows = rows.go_on()
        if value is not None:
            found[key] = _scalar(value)
        elif follows is None or follows[0] < column or (follows[0] == column and not follows[1]):
            found[key] = None
        else:
            found[key] = _block(rows, depth + 1)
    _end(rows, column)
    return found


def _end(rows: _Rows, column: int) -> None:
    """What follows a block stands further left, or is the next key of what holds a list."""
    if rows.now is not None and rows.now[0] > column:
        raise _Unsure


def _scalar(written: str | None) -> Any:
    found = _SCALAR.fullmatch("" if written is None else written)
    if found is None:
        raise _Unsure
    plain, single, double, items = found.groups()
    if plain is not None:
        return plain_value(plain)
    if items is not None:
        return [plain_value(item.strip(" ")) for item in items.split(",")] if items else []
    return double if single is None else single
