"""The words that a target is told, checked against its schema."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from treering.core.errors import InvalidInput
from treering.entities.deployment import Release

__all__ = ["checked_config", "choice", "image_of", "number", "option", "options", "switch", "text", "whole"]

_KINDS = {
    "integer": (re.compile(r"-?[0-9]{1,15}"), "a whole number"),
    "number": (re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?"), "a number"),
    "boolean": (re.compile(r"true|false"), "true or false"),
}
_LONGEST = 10_000


def options(*required: str, more: str = "", **properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema of these properties. Dashes in names are written as underscores.

    Args:
        more: A pattern of further names that are allowed.
    """
    schema: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    if more:
        schema["patternProperties"] = {f"^(?:{more})$": {"type": "string"}}
    return schema


def option(kind: str, description: str, default: object = None, **more: Any) -> Mapping[str, Any]:
    """One property."""
    return {"type": kind, "description": description, **({} if default is None else {"default": default}), **more}


def checked_config(schema: Mapping[str, Any], config: Mapping[str, str], target: str) -> dict[str, str]:
    """The config as it is recorded: without what is empty.

    Raises:
        InvalidInput: If a word is not known, is missing, or is not what it has to be.
    """
    known: Mapping[str, Any] = schema.get("properties", {})
    patterns = [re.compile(one) for one in schema.get("patternProperties", {})]
    given = {name: value for name, value in config.items() if value != ""}
    for name, value in given.items():
        if name in known:
            _check(name, value, known[name], target)
        elif not any(pattern.fullmatch(name) for pattern in patterns):
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Do you mean {near[0]!r}?" if near else f" It knows: {', '.join(sorted(known)) or 'none'}."
            msg = f"The target {target!r} knows no option {name!r}.{hint}"
            raise InvalidInput(msg)
        if len(value) > _LONGEST or "\0" in value:
            msg = f"The option {name!r} has {len(value)} characters; {_LONGEST} are allowed, and none may be zero."
            raise InvalidInput(msg)
    for name in schema.get("required", ()):
        if name not in given:
            msg = f"The target {target!r} needs the option {name!r}: {known[name]['description']} Add: -C {name}=..."
            raise InvalidInput(msg)
    return given


def image_of(release: Release, template: str) -> str:
    """The image that holds a release: the one that was asked for, or that of the option `image`."""
    scheme, sign, rest = release.source.partition("://")
    if sign and scheme in {"docker", "image", "oci"}:
        return rest
    known = {"name": release.model, "version": release.version, "digest": release.digest.removeprefix("sha256:")[:16]}
    try:
        return template.format(**known)
    except (KeyError, IndexError, ValueError) as error:
        msg = f"The image {template!r} may have {{name}}, {{version}} and {{digest}} in it, and nothing else in braces."
        raise InvalidInput(msg) from error


def _check(name: str, value: str, asked: Mapping[str, Any], target: str) -> None:
    wrong = ""
    kind = asked.get("type", "string")
    if kind in _KINDS and not _KINDS[kind][0].fullmatch(value):
        wrong = f"has to be {_KINDS[kind][1]}"
    elif "enum" in asked and value not in asked["enum"]:
        wrong = f"has to be one of {', '.join(asked['enum'])}"
    elif "pattern" in asked and not re.fullmatch(asked["pattern"], value):
        wrong = f"has to look like {asked.get('examples', [asked['pattern']])[0]}"
    elif "minimum" in asked and float(value) < asked["minimum"]:
        wrong = f"has to be at least {asked['minimum']}"
    elif "maximum" in asked and float(value) > asked["maximum"]:
        wrong = f"can be at most {asked['maximum']}"
    if wrong:
        msg = (
            f"The option {name!r} of the target {target!r} {wrong}, and {value[:200]!r} is not. {asked['description']}"
        )
        raise InvalidInput(msg)


def text(config: Mapping[str, str], schema: Mapping[str, Any], name: str) -> str:
    """The value of an option, or its default; "" without one."""
    return config.get(name, str(schema["properties"][name].get("default", "")))


def whole(config: Mapping[str, str], schema: Mapping[str, Any], name: str) -> int:
    """As `text`, for an option that is a whole number; 0 without one."""
    return int(text(config, schema, name) or 0)


def number(config: Mapping[str, str], schema: Mapping[str, Any], name: str) -> float:
    """As `text`, for an option that is a number; 0 without one."""
    return float(text(config, schema, name) or 0)


def switch(config: Mapping[str, str], schema: Mapping[str, Any], name: str) -> bool:
    """As `text`, for an option that is true or false."""
    return text(config, schema, name).lower() == "true"


def choice(description: str, default: str, *values: str) -> Mapping[str, Any]:
    """A property that is one of some words."""
    return option("string", description, default, enum=list(values))
