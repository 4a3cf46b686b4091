"""Sets values in a YAML file in their very places: comments, quotes, layout and the order of keys stay.

What is not one value in one place (new keys, block texts, anchors) is left to `documents.edited_yaml`.
"""

from __future__ import annotations

import json
import math
from typing import Any

import yaml

from treering.experiments.parameters.changes import GONE, NEW, Change, changes, same
from treering.versioning.documents import edited_yaml, parse_yaml

__all__ = ["rewrite"]

_WORDS = {None: "null", True: "true", False: "false"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def rewrite(text: str, old: Any, new: Any, name: str) -> str:
    """As `assigning.Rewriter`."""
    written = _spliced(text, list(changes(old, new)), name) if text.strip() else None
    if written is not None and _holds(written, new, name):
        return written
    return edited_yaml(text, new, name).decode()


def _holds(text: str, data: Any, name: str) -> bool:
    return same(parse_yaml(text, name), data)


def _spliced(text: str, wanted: list[Change], name: str) -> str | None:
    """The text with each value written over the old one; None where that is not possible."""
    if any(change.old is NEW or change.new is GONE for change in wanted):
        return None
    root = yaml.compose(text, Loader=_LOADER)
    # libyaml counts the bytes of a mark, not the characters, where it differs: the lines and columns do not lie.
    starts = _line_starts(text)
    places: list[tuple[int, int, str]] = []
    for change in wanted:
        node = _node(root, change.way)
        value = _written(change.new, name)
        if node is None or value is None:
            return None
        places.append((starts(node.start_mark), starts(node.end_mark), value))
    for start, end, value in sorted(places, reverse=True):
        text = f"{text[:start]}{value}{text[end:]}"
    return text


def _line_starts(text: str) -> Any:
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    return lambda mark: begins[mark.line] + mark.column


def _node(node: Any, way: tuple[Any, ...]) -> Any:
    """The node of one value in one place; None where there is none."""
    for step in way:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if _is_key(key, step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node.value[step]
        if found is None:
            return None
        node = found
    if isinstance(node, yaml.ScalarNode):
        return None if node.style in {"|", ">"} or node.start_mark.line != node.end_mark.line else node
    return node if node.flow_style else None


def _is_key(node: Any, step: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == str(step)


def _written(value: Any, name: str) -> str | None:
    """The value on one line; None for what only a whole document can hold."""
    if isinstance(value, dict):
        parts = [(_written(key, name), _written(one, name)) for key, one in value.items()]
        if any(None in part for part in parts):
            return None
        return f"{{{', '.join(f'{key}: {one}' for key, one in parts)}}}"
    if isinstance(value, list):
        items = [_written(one, name) for one in value]
        return None if None in items else f"[{', '.join(map(str, items))}]"
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return _float(value) if isinstance(value, float) else _text(value, name)


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    # YAML 1.1 takes 1e-05 for a text; all versions take 1.0e-05 for a number.
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else repr(value)


def _text(value: Any, name: str) -> str | None:
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) else None
    plain = value.isprintable() and not set(value) & set("[]{},:#&*!|>'\"%@`\\") and value == value.strip()
    if plain and value and value[0] not in "-?=" and parse_yaml(f"- {value}\n", name) == [value]:
        return value
    return json.dumps(value, ensure_ascii=False)
