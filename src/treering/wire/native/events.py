"""Telling pages what changes, as a stream of server-sent events.

The body is text as the HTML standard writes it: `event: hello` comes first and says
how things stand, `event: changed` says of one experiment that its runs are not what
they were, and a comment every 15 seconds keeps the connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from treering.wire.endpoint import Endpoint, Permission, Stream

__all__ = ["WATCH", "Changed", "Hello", "WatchExperiments"]


class WatchExperiments(msgspec.Struct, frozen=True):
    """Whose changes to tell: ids, also several in one word with commas between them."""

    experiment_ids: Sequence[str]


class Hello(msgspec.Struct, frozen=True):
    """The data of `hello`.

    Attributes:
        versions: Of those experiments that exist. Two versions are equal where nothing changed in between.
        live: Whether changes will be told; where not, a page has to ask again by itself.
    """

    versions: Mapping[str, str]
    live: bool


class Changed(msgspec.Struct, frozen=True):
    """The data of `changed`; the version of an experiment that is gone is ""."""

    experiment_id: str
    version: str


WATCH = Endpoint(
    "events.watch", "GET", "/api/v1/events", WatchExperiments, Stream, Permission.READ_EXPERIMENTS,
    "Changes of experiments as they happen, as server-sent events",
)  # fmt: skip
