"""Puts definitions where they are referred to: clients of `/schema.json` follow no references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["first_choice", "inlined"]


def inlined(schema: Any, named: Mapping[str, Any], within: tuple[str, ...] = ()) -> Any:
    """The schema without `$ref`; one that contains itself is cut off with `{}`, which allows anything."""
    if isinstance(schema, list):
        return [inlined(one, named, within) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: inlined(value, named, within) for key, value in schema.items() if key not in {"$ref", "$defs"}}
    if isinstance(reference := schema.get("$ref"), str):
        name = reference.rpartition("/")[2]
        if name in within or name not in named:
            return found
        return inlined(named[name], named, (*within, name)) | found
    return found


def first_choice(schema: Any) -> Any:
    """The schema with the first of each choice, as BentoML tells a type that may be null."""
    if not isinstance(schema, dict):
        return schema
    found = {key: first_choice(value) for key, value in schema.items() if key not in {"anyOf", "allOf"}}
    for key in ("allOf", "anyOf"):
        choices = [one for one in schema.get(key, ()) if one != {"type": "null"}]
        if choices:
            found = {**first_choice(choices[0]), **found}
    if isinstance(properties := found.get("properties"), dict):
        found["properties"] = {name: first_choice(value) for name, value in properties.items()}
    return found
