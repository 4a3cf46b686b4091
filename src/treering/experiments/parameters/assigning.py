"""Applies overrides to what a file of parameters holds, and writes the file so that nothing else in it changes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from treering.core.errors import InvalidInput
from treering.core.plugins import Registry
from treering.experiments.parameters.overrides import Override
from treering.pipelines.formats import parse

__all__ = ["REWRITERS", "Rewriter", "assign", "overridden"]

Rewriter = Callable[[str, Any, Any, str], str]
"""The text of a file, what it holds, what it shall hold and its name; gives the new text."""

REWRITERS: Registry[Rewriter] = Registry(
    "treering.parameter_files",
    "format of parameters",
    {
        "json": "treering.experiments.parameters.json_text:rewrite",
        "python": "treering.experiments.parameters.python_text:rewrite",
        "toml": "treering.experiments.parameters.toml_text:rewrite",
        "yaml": "treering.experiments.parameters.yaml_text:rewrite",
    },
)

_SUFFIXES: Mapping[str, str] = MappingProxyType({".json": "json", ".py": "python", ".toml": "toml"})


def overridden(text: bytes | None, overrides: Sequence[Override], name: str) -> bytes:
    """A file of parameters with its overrides.

    Args:
        text: The file; None if there is none.
        overrides: Those of this file, with one value each.

    Raises:
        InvalidInput: If the file cannot be read, or does not hold what an override changes.
    """
    try:
        before = (text or b"").decode()
    except UnicodeDecodeError as error:
        msg = f"{name} is not text in UTF-8, so that no parameter can be set in it. Convert it first."
        raise InvalidInput(msg) from error
    old = (parse(before, name) or {}) if before.strip() else {}
    if not isinstance(old, dict):
        msg = f"{name} holds {type(old).__name__} instead of names with values, so that none can be set."
        raise InvalidInput(msg)
    new = copy.deepcopy(old)
    for override in overrides:
        assign(new, override)
    if new == old and repr(new) == repr(old):
        return text or b""
    suffix = PurePosixPath(name).suffix.lower()
    return REWRITERS.load(_SUFFIXES.get(suffix, "yaml"))(before, old, new, name).encode()


def assign(data: dict[Any, Any], override: Override) -> None:
    """Change `data` as `override` says.

    Raises:
        InvalidInput: If what shall be set is not there, or what shall be added is; the message says which sign helps.
    """
    *above, last = override.key
    place: Any = data
    for depth, step in enumerate(above):
        inner = _get(place, step)
        if inner is _ABSENT:
            if override.action not in {"add", "put"} or not isinstance(place, dict):
                raise _missing(override, ".".join(override.key[: depth + 1]))
            inner = place[step] = {}
        place = inner
    _change(place, last, override)


_ABSENT = object()


def _change(place: Any, step: str, override: Override) -> None:
    there = _get(place, step)
    dotted = ".".join(override.key)
    if there is _ABSENT and (override.action in {"set", "delete"} or not isinstance(place, dict)):
        raise _missing(override, dotted)
    if there is not _ABSENT and override.action == "add" and not _merge(there, override.value):
        msg = f"{override.text!r}: {override.file} has {dotted!r} already. Leave the '+' away to change it."
        raise InvalidInput(msg)
    if override.action == "delete":
        del place[_key(place, step)]
    elif not _merge(there, override.value):
        value = copy.deepcopy(override.value)
        place[_key(place, step)] = value


def _merge(there: Any, value: Any) -> bool:
    """Whether both are mappings, so that one became part of the other."""
    if not isinstance(there, dict) or not isinstance(value, dict):
        return False
    for key, inner in value.items():
        if key not in there or not _merge(there[key], inner):
            there[key] = copy.deepcopy(inner)
    return True


def _get(place: Any, step: str) -> Any:
    key = _key(place, step)
    if isinstance(place, dict):
        return place.get(key, _ABSENT)
    if isinstance(place, list) and isinstance(key, int) and key < len(place):
        return place[key]
    return _ABSENT


def _key(place: Any, step: str) -> Any:
    """The step as the key that `place` has: a number in a list; in a mapping what is written the same."""
    if isinstance(place, list):
        return int(step) if step.isdecimal() else step
    if isinstance(place, dict) and step not in place:
        return next((key for key in place if not isinstance(key, str) and str(key) == step), step)
    return step


def _missing(override: Override, dotted: str) -> InvalidInput:
    return InvalidInput(
        f"{override.text!r}: {override.file} has no {dotted!r}. Write '+{override.text.lstrip('~+')}' to add it."
        if override.action == "set"
        else f"{override.text!r}: {override.file} has no {dotted!r}. Look into the file for how it is called."
    )
