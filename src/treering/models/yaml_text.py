"""YAML that a model's maker wrote, read so that no short text takes all memory or time, and no deep one ends the process."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent, ScalarEvent

__all__ = ["Excessive", "parse"]

# libyaml where PyYAML was built with it, as all its wheels are.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 200
_MOST_VALUES = 1_000_000
# A number in sixties, such as 1:30:00, is computed part by part, each time with all that came before.
_LONGEST_NUMBER = 100
_IN_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?")
_MERGE, _NUMBERS = "tag:yaml.org,2002:merge", {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}


class Excessive(yaml.YAMLError):
    """The text stands for more than it should."""


def parse(text: str) -> Any:
    """What a document holds: mappings, lists and plain values, all of them together not more than a million.

    Raises:
        yaml.YAMLError: If the text is no YAML, or stands for more than that.
    """
    # The loader itself goes as deep as the text does, and merges whatever is to be merged, before anybody can look.
    _check_events(text)
    try:
        data = yaml.load(text, _LOADER)  # noqa: S506  # the safe one, in C
    except (RecursionError, ValueError, OverflowError) as error:
        raise Excessive(str(error)) from error
    _check_extent(data)
    return data


def _check_events(text: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, _LOADER)):
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, ScalarEvent):
            _check_scalar(event)
        if depth > _DEEPEST or count > 2 * _MOST_VALUES:
            msg = "it is nested too deeply or too long"
            raise Excessive(msg)


def _check_scalar(event: ScalarEvent) -> None:
    if event.tag == _MERGE or (event.value == "<<" and event.implicit[0]):
        msg = "it merges mappings (<<)"
        raise Excessive(msg)
    is_number = event.tag in _NUMBERS or (event.implicit[0] and _IN_SIXTIES.fullmatch(event.value))
    if is_number and len(event.value) > _LONGEST_NUMBER:
        msg = f"it holds a number of {len(event.value)} digits"
        raise Excessive(msg)


def _check_extent(data: Any) -> None:
    """Refuse what is small only because it repeats itself by reference."""
    pending, count = [(data, 0)], 0
    while pending:
        value, depth = pending.pop()
        count += 1
        if count > _MOST_VALUES or depth > _DEEPEST:
            msg = "it stands for too many values"
            raise Excessive(msg)
        if isinstance(value, dict):
            pending += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list | tuple):
            pending += [(one, depth + 1) for one in value]
