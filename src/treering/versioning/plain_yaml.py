"""Writes the simple documents that most pointers and lock files are, byte for byte as ruamel.yaml would.

What it is not sure about (texts that need quotes, lines that have to be folded, empty
values) it leaves to `yaml_writer`, which takes long to load.
"""

from __future__ import annotations

import re
from typing import Any

from treering.versioning.yaml_scalars import plain_value

__all__ = ["dump_plain", "edited_plain"]

_WIDTH = 80
_LONGEST_KEY = 100
# Neither a mark of YAML nor a space at an end; a colon or a space never before a space or the end.
_SAFE = re.compile(r"(?!\.\.\.)[A-Za-z0-9_./](?:[A-Za-z0-9_./@+=,()~-]|[: ](?=[A-Za-z0-9_./@+=(~]))*")


class _Unsure(Exception):  # never leaves this module
    """Something that only ruamel knows how to write."""


def dump_plain(data: Any) -> bytes | None:
    """The document of a mapping; None where ruamel has to write it."""
    if not isinstance(data, dict) or not data:
        return None
    lines: list[str] = []
    try:
        _mapping(data, "", "", lines, set())
    except _Unsure:
        return None
    lines.append("")
    return "\n".join(lines).encode()


def edited_plain(text: bytes, old: Any, new: Any) -> bytes | None:
    """As `documents.edited_yaml`, for a document that stands as `dump_plain` would write it; else None.

    Args:
        old: The value of `text`.
    """
    if not isinstance(old, dict) or not isinstance(new, dict) or dump_plain(old) != text:
        return None
    return dump_plain(_in_order(old, new))


def _in_order(old: Any, new: Any) -> Any:
    """`new`, in which the keys that were there before stand as they did."""
    if isinstance(old, dict) and isinstance(new, dict):
        ordered = {key: _in_order(value, new[key]) for key, value in old.items() if key in new}
        return ordered | {key: value for key, value in new.items() if key not in old}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_in_order(before, after) for before, after in zip(old, new, strict=True)]
    return new


def _mapping(data: dict[Any, Any], first: str, indent: str, lines: list[str], seen: set[int]) -> None:
    """Add lines; `first` stands before the first key, `indent` before the others."""
    _once(data, seen)
    before = first
    for key, value in data.items():
        name = _text(key)
        if len(name) > _LONGEST_KEY:
            raise _Unsure
        if isinstance(value, dict) and value:
            lines.append(f"{before}{name}:")
            _mapping(value, indent + "  ", indent + "  ", lines, seen)
        elif isinstance(value, list) and value:
            lines.append(f"{before}{name}:")
            _sequence(value, indent, indent, lines, seen)
        else:
            _line(f"{before}{name}: {_scalar(value)}", lines)
        before = indent


def _sequence(data: list[Any], first: str, indent: str, lines: list[str], seen: set[int]) -> None:
    _once(data, seen)
    before = first
    for value in data:
        if isinstance(value, dict) and value:
            _mapping(value, f"{before}- ", f"{indent}  ", lines, seen)
        elif isinstance(value, list) and value:
            _sequence(value, f"{before}- ", f"{indent}  ", lines, seen)
        else:
            _line(f"{before}- {_scalar(value)}", lines)
        before = indent


def _once(data: object, seen: set[int]) -> None:
    # What stands in two places is written once, with an anchor.
    if id(data) in seen:
        raise _Unsure
    seen.add(id(data))


def _line(line: str, lines: list[str]) -> None:
    if len(line) > _WIDTH:
        raise _Unsure
    lines.append(line)


def _scalar(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        text = repr(value)
        if text.strip("-0123456789.") or "." not in text:
            raise _Unsure
        return text
    return _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not _SAFE.fullmatch(value) or plain_value(value) is not value:
        raise _Unsure
    return value
