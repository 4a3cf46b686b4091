"""Reads YAML 1.2 quickly: the events of libyaml become values directly, without nodes between.

What a plain scalar means stands in `yaml_scalars`. `<<` merges.
"""

from __future__ import annotations

import datetime as dt
import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from treering.core.errors import InvalidInput
from treering.versioning.yaml_scalars import plain_value

__all__ = ["line_of", "parse"]

# libyaml where PyYAML was built with it, as all its wheels are.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The lines that git puts around the two sides, in their order.
_CONFLICT = [re.compile(rb"^" + mark + rb"(?:\s|$)", re.MULTILINE) for mark in (rb"<{7}", rb"={7}", rb">{7}")]
_TAG = "tag:yaml.org,2002:"
# A few lines of aliases to aliases stand for more values than any memory holds.
_MOST_ALIASED = 1_000_000
_CHARACTERS = 16
# What libyaml says of `[params.yaml:]`, and the module that reads that.
_COLON = "found unexpected ':'"
_FLOW = "treering.versioning.yaml_flow"


def parse(text: bytes | str, name: str) -> Any:
    """As `documents.parse_yaml`."""
    data = text.encode() if isinstance(text, str) else text
    if b"<<<<<<<" in data:
        _refuse_conflict(data, name)
    reader = _PARSER(data)
    try:
        return _Building(reader.get_event, name).whole()
    except yaml.YAMLError as error:
        if getattr(error, "problem", "") == _COLON and (events := importlib.import_module(_FLOW).events(data)):
            return _Building(lambda: next(events), name).whole()
        raise _malformed(error, name, data) from error
    except RecursionError as error:
        msg = f"{name}: the document is nested too deeply to be read. Make it flatter."
        raise InvalidInput(msg) from error
    finally:
        reader.dispose()


def line_of(text: bytes, keys: Sequence[str | int]) -> int | None:
    """The line, counted from 1, of what a path of keys and positions names in a document that can be read.

    Where a key is missing, that of what holds it.
    """
    try:
        node = yaml.compose(text, _PARSER)
    except yaml.YAMLError:
        # The other reader could.
        return None
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            inner = next(((name, value) for name, value in node.value if name.value == key), None)
            if inner is None:
                break
            name, node = inner
            line = name.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line
        else:
            break
    else:
        return None if node is None or not keys else line + 1
    return None if node is None else int(node.start_mark.line) + 1


class _Building:
    """The values of one document, made of its events as they come."""

    def __init__(self, next_event: Callable[[], Event], name: str) -> None:
        self._next = next_event
        self._name = name
        self._anchors: dict[str, Any] = {}
        self._aliased = 0
        self._weights: dict[int, int] = {}

    def whole(self) -> Any:
        self._next()  # the stream begins
        if isinstance(self._next(), StreamEndEvent):
            return None
        value = self._value(self._next())
        end = self._next()
        if not isinstance(end, DocumentEndEvent):
            raise self._refused(end, "the document goes on where it should end")
        after = self._next()
        if not isinstance(after, StreamEndEvent):
            raise self._refused(after, "a second document begins, where one is expected")
        return value

    def _value(self, event: Any) -> Any:
        kind = event.__class__
        if kind is ScalarEvent:
            value = self._scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = value
            return value
        if kind is MappingStartEvent:
            return self._mapping(event)
        if kind is SequenceStartEvent:
            return self._sequence(event)
        if kind is AliasEvent and event.anchor in self._anchors:
            return self._repeated(event)
        raise self._refused(event, f"there is no anchor {event.anchor!r} before this alias")

    def _repeated(self, event: Any) -> Any:
        value = self._anchors[event.anchor]
        self._aliased += self._weight(value)
        if self._aliased > _MOST_ALIASED:
            raise self._refused(event, "the aliases stand for more than a million values; write out what is needed")
        return value

    def _weight(self, value: Any) -> int:
        """How many values there are in one, if all aliases in it were written out."""
        if isinstance(value, str):
            return 1 + len(value) // _CHARACTERS
        if not isinstance(value, dict | list):
            return 1
        known = self._weights.get(id(value))
        if known is None:
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            known = self._weights[id(value)] = 1 + sum(map(self._weight, inner))
        return known

    def _scalar(self, event: Any) -> Any:
        tag, text = event.tag, event.value
        if tag is None:
            return plain_value(text) if event.implicit[0] else text
        if tag == "!":
            return text
        if tag.startswith(_TAG):
            wanted, value = tag.removeprefix(_TAG), plain_value(text)
            if wanted == "str":
                return text
            if wanted == "float" and type(value) is int:
                return float(value)
            if wanted == _NAMES[type(value)]:
                return value
        raise self._refused(event, f"the tag {tag!r} is not understood here")

    def _sequence(self, event: Any) -> list[Any]:
        items: list[Any] = []
        anchor = self._opened(event, "seq")
        while (event := self._next()).__class__ is not SequenceEndEvent:
            items.append(self._value(event))
        self._close(anchor, items)
        return items

    def _mapping(self, event: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        merged: list[Any] = []
        anchor = self._opened(event, "map")
        while (event := self._next()).__class__ is not MappingEndEvent:
            if event.__class__ is ScalarEvent and event.value == "<<" and event.implicit[0]:
                merged.append((event, self._value(self._next())))
                continue
            key = self._value(event)
            try:
                known = key in found
            except TypeError:
                raise self._refused(event, "a list or a mapping stands where a key is expected") from None
            if known:
                raise self._refused(event, f"the key {key!r} is there twice; remove one of them")
            found[key] = self._value(self._next())
        for event, value in merged:
            self._merge(event, value, found)
        self._close(anchor, found)
        return found

    def _opened(self, event: Any, kind: str) -> str | None:
        if event.tag not in {None, "!", _TAG + kind}:
            raise self._refused(event, f"the tag {event.tag!r} is not understood here")
        anchor: str | None = event.anchor
        return anchor

    def _close(self, anchor: str | None, value: Any) -> None:
        # Known only now, so that nothing can hold itself.
        if anchor is not None:
            self._anchors[anchor] = value

    def _merge(self, event: Event, value: Any, into: dict[Any, Any]) -> None:
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                raise self._refused(event, "`<<` takes a mapping or a list of mappings")
            for key, inner in one.items():
                into.setdefault(key, inner)

    def _refused(self, event: Any, why: str) -> InvalidInput:
        return InvalidInput(f"{self._name}, line {event.start_mark.line + 1}: {why}.")


_NAMES = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    type(None): "null",
    dt.date: "timestamp",
    dt.datetime: "timestamp",
}


def _refuse_conflict(data: bytes, name: str) -> None:
    at, begin = 0, None
    for mark in _CONFLICT:
        found = mark.search(data, at)
        if found is None:
            return
        begin, at = found.start() if begin is None else begin, found.end()
    line = data.count(b"\n", 0, begin) + 1
    msg = (
        f"{name}, line {line}: a merge left its conflict markers in this file."
        " Choose one side or unite both, remove the markers, and try again."
    )
    raise InvalidInput(msg)


def _malformed(error: yaml.YAMLError, name: str, data: bytes) -> InvalidInput:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).strip()
    if mark is None:
        return InvalidInput(f"{name} is not valid YAML: {problem}. Correct it, and try again.")
    lines = data.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else b""
    if line[: len(line) - len(line.lstrip())].count(b"\t"):
        return InvalidInput(
            f"{name}, line {mark.line + 1}: indented with a tab, which YAML does not allow. Use spaces."
        )
    where = f"{name}, line {mark.line + 1}, column {mark.column + 1}"
    return InvalidInput(f"{where}: not valid YAML: {problem}. Correct the line, and try again.")
