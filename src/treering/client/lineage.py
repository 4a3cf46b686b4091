"""`treering.lineage`: what something came of, and what came of it."""

from __future__ import annotations

from treering.client.session import session
from treering.entities.lineage import Graph

__all__ = ["lineage"]


def lineage(uri: str, up: int = 3, down: int = 3, limit: int = 10) -> Graph:
    """The graph around a run, a dataset, a logged model or a registered version; all that was logged so far counts.

    Args:
        uri: `runs:/<id>`, `models:/<name>/<version>`, `models:/<name>@<alias>`, `models:/<name>/<stage>`,
            `models:/m-<id>` or `datasets:/<name>/<digest>`.
        up: How many steps towards what it came of, 0 to 20.
        down: How many steps towards what came of it, 0 to 20.
        limit: How many neighbours of one thing and one kind are listed at most, the newest, 1 to 100; the
            node's `more_up` and `more_down` say how many were left out.

    Raises:
        NotFound: If there is no such thing.
        InvalidInput: If `uri` is malformed, or a number is out of range.
    """
    return session().place.read().lineage.get(uri, up, down, limit)
