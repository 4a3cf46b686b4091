"""The kinds of fields that MLflow's messages are made of.

A message field that is absent and one that is empty differ in an answer: `UNSET`
leaves it out, "" shows it. In a request they are the same where a value is required,
because the protocol's clients send empty strings for what they do not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from treering.wire.endpoint import Endpoint, Method, Permission, Request, Response

__all__ = ["Entry", "Int64", "KeyValue", "Message", "Text", "declare", "entries_of", "key_values", "shown"]

Text = Annotated[str, msgspec.Meta(min_length=1)]
"""A string that a request must give."""

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Message(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A message whose fields are left out of the JSON while they hold their defaults.

    Decoding one straight from JSON refuses names that it does not know, so that those
    in camelCase are noticed and read by `reading`, which passes over the others.
    """


class Entry(Message, frozen=True):
    """A param or tag as a request gives it."""

    key: Text
    value: str = ""


class KeyValue(Message, frozen=True, gc=False):
    """A param or tag as an answer shows it."""

    key: str
    value: str


def entries_of(entries: Iterable[Entry]) -> dict[str, str]:
    """The entries as a mapping; of equal keys the last one counts."""
    return {entry.key: entry.value for entry in entries}


def key_values(mapping: Mapping[str, str]) -> tuple[KeyValue, ...]:
    """A mapping as the repeated field that stands for it."""
    return tuple(KeyValue(key, value) for key, value in mapping.items())


def shown(value: str) -> str | UnsetType:
    """`value`, or nothing at all where it is empty."""
    return value or UNSET


def declare(
    name: str,
    method: Method,
    path: str,
    request: type[Request],
    response: type[Response],
    permission: Permission,
) -> Endpoint[Request, Response]:
    """An endpoint of MLflow's API, below both of the prefixes that its clients use.

    Args:
        path: What follows `/api/` and `/ajax-api/`, such as `2.0/mlflow/runs/get`.
    """
    summary = (request.__doc__ or "").partition("\n")[0]
    return Endpoint(
        f"mlflow.{name}", method, f"/api/{path}", request, response, permission, summary, (f"/ajax-api/{path}",)
    )
