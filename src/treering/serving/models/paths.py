"""Where models answer: a path for each protocol, with the version and without.

A host has the paths with versions. Those without are the front's, which chooses a version for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

__all__ = ["DEFAULT_VERSION", "KINDS", "lane", "unversioned", "versioned"]

DEFAULT_VERSION = "1"
"""Of a model that has none, such as a folder."""

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "infer": ("/v2/models/{model}/infer", "/v2/models/{model}/versions/{version}/infer"),
        "invocations": ("/models/{model}/invocations", "/models/{model}/versions/{version}/invocations"),
        "predict": ("/v1/models/{model}:predict", "/v1/models/{model}/versions/{version}:predict"),
    }
)
"""Protocols by a short name: the path without a version and with one."""


def versioned(kind: str, model: str, version: str) -> str:
    """Where a version of a model answers, as a client writes it: names are quoted."""
    return KINDS[kind][1].format(model=quote(model, safe=""), version=quote(version, safe=""))


def unversioned(model: str, *, first: bool = False) -> dict[str, str]:
    """The paths that leave the version to the server, and the protocol of each.

    Args:
        first: Whether it is the server's first model, which also answers at the paths that name none.
    """
    quoted = quote(model, safe="")
    found = {short.format(model=quoted): kind for kind, (short, _) in KINDS.items()}
    return {"/invocations": "invocations", **found} if first else found


def lane(model: str, version: str) -> str:
    """The queue of a version, whatever the protocol."""
    return f"{quote(model, safe='')}/{quote(version, safe='')}"
