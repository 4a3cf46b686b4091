"""Reads lists and mappings in brackets in which a text ends with a colon, such as `[params.yaml:]`.

YAML 1.2 takes the colon for a part of the text, and so does DVC; libyaml refuses it. ruamel
takes long to load and to read, so only documents that libyaml refused come here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml.events
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

__all__ = ["events"]


def events(data: bytes) -> Iterator[Any] | None:
    """The events of a document, as libyaml would give them; None if it is no YAML."""
    try:
        found = list(YAML(typ="safe", pure=True).parse(data))
    except YAMLError:
        return None
    return map(_as_libyaml, found)


def _as_libyaml(event: Any) -> Any:
    name = type(event).__name__
    kind: Any = getattr(yaml.events, name)
    mark = event.start_mark
    if name == "ScalarEvent":
        return kind(event.anchor, _tag(event), event.implicit, event.value, mark)
    if name in {"MappingStartEvent", "SequenceStartEvent"}:
        return kind(event.anchor, _tag(event), event.implicit, mark)
    if name == "AliasEvent":
        return kind(event.anchor, mark)
    return kind(mark)


def _tag(event: Any) -> str | None:
    return None if event.tag is None else str(event.tag)
