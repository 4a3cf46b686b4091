"""`mlflow.tracking.context`: the tags that a run gets from where its code comes from."""

from __future__ import annotations

from collections.abc import Mapping

from treering.client.context import context_tags

__all__ = ["resolve_tags"]


def resolve_tags(tags: Mapping[str, str] | None = None, ignore: object = None) -> dict[str, str]:
    """Tags for a new run; those that are given go first. There are no providers that `ignore` could name."""
    del ignore
    return {**context_tags(), **(tags or {})}
