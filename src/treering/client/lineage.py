"""`treering.lineage`: what something came of, and what came of it."""

from __future__ import annotations

import re
from pathlib import Path

from treering.client.data_provenance import tracked_at
from treering.client.session import session
from treering.core.errors import InvalidInput, NotFound
from treering.entities.lineage import Graph
from treering.provenance.base import Lineage

__all__ = ["lineage", "lineage_of"]

# One letter would be a drive of Windows.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def lineage(uri: str, up: int = 3, down: int = 3, limit: int = 10) -> Graph:
    """The graph around a run, a dataset, a logged model or a registered version; all that was logged so far counts.

    Args:
        uri: `runs:/<id>`, `models:/<name>/<version>`, `models:/<name>@<alias>`, `models:/<name>/<stage>`,
            `models:/m-<id>` or `datasets:/<name>/<digest>`; or the path of a file or folder that a repository
            tracks, which stands for the content that its pointer or lock file tells.
        up: How many steps towards what it came of, 0 to 20.
        down: How many steps towards what came of it, 0 to 20.
        limit: How many neighbours of one thing and one kind are listed at most, the newest, 1 to 100; the
            node's `more_up` and `more_down` say how many were left out.

    Raises:
        NotFound: If there is no such thing, or no run recorded that content.
        InvalidInput: If `uri` is malformed, nothing tracks the path, or a number is out of range.
    """
    return lineage_of(session().place.read().lineage, uri, up, down, limit)


def lineage_of(source: Lineage, asked: str, up: int, down: int, limit: int) -> Graph:
    """As `lineage`, from somewhere in particular."""
    if _URI.match(asked):
        return source.get(asked, up, down, limit)
    uri = _dataset_at(asked)
    try:
        return source.get(uri, up, down, limit)
    except NotFound as error:
        msg = (
            f"{asked!r} is tracked, but no run recorded the content that it has now."
            " Run its pipeline with `treering repro --track`, or log it in your code with `treering.log_input`."
        )
        raise NotFound(msg) from error


def _dataset_at(path: str) -> str:
    """The URI of what a pointer or lock file says that a path holds."""
    known = tracked_at(Path(path))
    if known is None:
        msg = (
            f"Nothing is known of the lineage of {path!r}: no repository tracks it, and it is no URI such as runs:/<id>,"
            " models:/<name>/<version>, models:/<name>@<alias>, models:/m-<id> or datasets:/<name>/<digest>."
        )
        raise InvalidInput(msg)
    if known.content is None:
        msg = f"{path!r} is tracked, but what it holds is not known yet. Commit it with `treering data commit`, or run its stage."
        raise NotFound(msg)
    # As `log_input` and the runs of pipelines name it.
    return f"datasets:/{Path(known.path).name}/{known.content.digest}"
