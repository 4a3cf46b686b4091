"""Sets values in a TOML file line by line: what is not set stays as it is, comments too.

There is no writer of TOML in the standard library. So each change is made in the
text, and what comes out is read again: if it does not hold what it should, it is not written.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from treering.core.errors import InvalidInput, NotSupported
from treering.experiments.parameters.changes import GONE, NEW, Change, changes, same

__all__ = ["rewrite"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"\s*(?P<many>\[\[|\[)(?P<name>[^\[\]#]+?)\]")


@dataclass(frozen=True, slots=True)
class _Line:
    """A key with its value: `start` to `end` is the whole line or lines, `value` to `stop` the value alone.

    The head of a table has no way of its own.
    """

    table: tuple[Any, ...]
    way: tuple[Any, ...]
    start: int
    value: int
    stop: int
    end: int


def rewrite(text: str, old: Any, new: Any, name: str) -> str:
    """As `assigning.Rewriter`.

    Raises:
        NotSupported: If the file is written in a way that this cannot change.
    """
    for change in changes(old, new):
        text = _changed(text, change, new, name)
    if not same(tomllib.loads(text), new):
        raise _by_hand(name)
    return text


def _by_hand(name: str) -> NotSupported:
    return NotSupported(f"The parameters in {name} cannot be set from here, as it is written. Edit the file itself.")


def _changed(text: str, change: Change, new: Any, name: str) -> str:
    lines = list(_lines(text))
    exact = next((line for line in lines if line.way == change.way), None)
    if change.new is GONE and exact is not None:
        return text[: exact.start] + text[exact.end :]
    # An inline table or a list is written anew as a whole.
    around = next((line for line in lines if line.way and change.way[: len(line.way)] == line.way), None)
    if around is not None:
        whole = new
        for step in around.way:
            whole = whole[step]
        return text[: around.value] + _written(whole, name) + text[around.stop :]
    if change.old is NEW:
        return _added(text, change, name)
    raise _by_hand(name)


def _added(text: str, change: Change, name: str) -> str:
    *above, _ = change.way
    for depth in range(len(above), -1, -1):
        end = _end_of_table(text, tuple(above[:depth]))
        if end is None:
            continue
        key = ".".join(_key(step) for step in change.way[depth:])
        gap = "\n" if end and not text[:end].endswith("\n") else ""
        return f"{text[:end]}{gap}{key} = {_written(change.new, name)}\n{text[end:]}"
    raise _by_hand(name)


def _end_of_table(text: str, way: tuple[Any, ...]) -> int | None:
    """Behind the last line of a table; None if it has no place of its own."""
    ends = [line.end for line in _lines(text) if line.table == way]
    return ends[-1] if ends else None if way else 0


def _lines(text: str) -> Iterator[_Line]:
    table: tuple[Any, ...] = ()
    counts: dict[tuple[Any, ...], int] = {}
    offset = 0
    while offset < len(text):
        newline = text.find("\n", offset)
        end = len(text) if newline < 0 else newline + 1
        line = text[offset:end]
        found = _HEADER.match(line)
        if found:
            table = _table(found, counts)
            yield _Line(table, (), offset, offset, offset, end)
        elif line.strip() and not line.lstrip().startswith("#"):
            entry = _entry(text, offset, table)
            if entry is None:
                return
            yield entry
            end = entry.end
        offset = end


def _table(found: re.Match[str], counts: dict[tuple[Any, ...], int]) -> tuple[Any, ...]:
    way: tuple[Any, ...] = ()
    for step in _steps(found["name"]):
        way = (*way, step)
        if way in counts and not (found["many"] == "[[" and len(way) == len(_steps(found["name"]))):
            way = (*way, counts[way])
    if found["many"] == "[[":
        plain = way
        counts[plain] = counts.get(plain, -1) + 1
        way = (*plain, counts[plain])
    return way


def _entry(text: str, offset: int, table: tuple[Any, ...]) -> _Line | None:
    sign = _equals(text, offset)
    if sign is None:
        return None
    value = sign + 1 + len(text[sign + 1 :]) - len(text[sign + 1 :].lstrip(" \t"))
    stop = _value_end(text, value)
    if stop is None:
        return None
    newline = text.find("\n", stop)
    end = len(text) if newline < 0 else newline + 1
    return _Line(table, (*table, *_steps(text[offset:sign])), offset, value, stop, end)


def _equals(text: str, offset: int) -> int | None:
    quote = ""
    for at in range(offset, len(text)):
        sign = text[at]
        if sign == "\n":
            return None
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "=":
            return at
    return None


def _value_end(text: str, start: int) -> int | None:
    """Where the value that begins at `start` ends: the first place behind which only a comment follows on its line."""
    at = start
    while at < len(text):
        newline = text.find("\n", at)
        line_end = len(text) if newline < 0 else newline
        for end in [*_ends(text, at, line_end), line_end]:
            rest = text[end:line_end].strip()
            if (not rest or rest.startswith("#")) and _is_value(text[start:end]):
                return start + len(text[start:end].rstrip())
        at = line_end + 1
    return None


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    return (at for at in range(start, end) if text[at] == "#")


def _is_value(text: str) -> bool:
    try:
        tomllib.loads(f"x = {text}")
    except tomllib.TOMLDecodeError:
        return False
    return bool(text.strip())


def _steps(dotted: str) -> list[str]:
    """The parts of a key that may have dots and quotes."""
    try:
        tree: Any = tomllib.loads(f"{dotted.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return [dotted.strip()]
    steps = []
    while isinstance(tree, dict):
        step, tree = next(iter(tree.items()))
        steps.append(step)
    return steps


def _key(step: Any) -> str:
    text = str(step)
    return text if _BARE.fullmatch(text) else json.dumps(text)


def _written(value: Any, name: str) -> str:
    if value is None:
        msg = f"{name} cannot hold null: TOML has none. Take the parameter away with '~name', or give it a value."
        raise InvalidInput(msg)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(value) if math.isfinite(value) else ("nan" if math.isnan(value) else f"{value:+}")
    if isinstance(value, list):
        return f"[{', '.join(_written(one, name) for one in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {_written(one, name)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, str):
        # A TOML text escapes as JSON does, but for the sign 0x7f.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
