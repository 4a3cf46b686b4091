"""What all connections of a server share: what is answered where, the queues, the counts, and whether it is ready."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from time import monotonic
from typing import Any, Protocol

from treering.core.errors import NotFound
from treering.serving.front.dispatch import Dispatcher
from treering.serving.front.heads import Heads
from treering.serving.front.lanes import Lane, Plain, Reply, Waiting
from treering.serving.front.meter import Histogram
from treering.serving.front.options import ServingOptions
from treering.serving.front.targets import Chooser, Latest, Place, Target, places_of, ruled
from treering.serving.hosting import Answer, Offer, Route
from treering.serving.workers.board import Member

__all__ = ["Engine", "Tunnel"]


class Tunnel(Protocol):
    """Carries ASGI between clients and a host's own application."""

    def up(self, desk: object, member: Member) -> None:
        """A worker is ready."""

    def down(self, desk: object) -> None:
        """A worker has gone."""

    def take(self, desk: object, stream: int, message: Mapping[str, Any]) -> None:
        """A worker says something."""


class Engine:
    """The front's one object; used in the loop's thread.

    Attributes:
        offer: What the workers offer; `None` until the first has told.
        draining: Whether the server ends, and is not ready for that reason.
        plain: Requests that no route answered, by what was asked and status.
        change: Has the workers load or unload something.
    """

    def __init__(self, options: ServingOptions) -> None:
        self.options = options
        self.dispatcher = Dispatcher(options.patience.grace)
        self.heads = Heads()
        self.places: dict[bytes, Place] = {}
        self.offer: Offer | None = None
        self.chooser: Chooser = Latest(())
        self.ready_workers = 0
        self.restarts = 0
        self.draining = False
        self.plain: dict[tuple[str, int], tuple[Histogram, int]] = {}
        self.date = b""
        self._prefix = secrets.token_hex(5)
        self._next = count().__next__
        self.choose: Callable[[Sequence[Route]], Chooser] = Latest
        self.change: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None
        self.tunnel: Tunnel | None = None

    @property
    def ready(self) -> bool:
        """Whether a request would be answered."""
        return self.ready_workers > 0 and not self.draining

    def new_id(self) -> bytes:
        """A name for a request that has none."""
        return b"%b-%x" % (self._prefix.encode(), self._next())

    def accept(self, offer: Offer) -> None:
        """The workers offer this from now on."""
        options = self.options
        lanes = self.dispatcher.lanes
        for name, given in offer.lanes.items():
            policy = ruled(given, timeout=options.timeout, body=options.body, waiting=options.waiting)
            if name in lanes:
                lanes[name].rule(policy)
            else:
                lanes[name] = Lane(name, policy)
        self.offer = offer
        self.chooser = self.choose(offer.routes)
        before = self.targets()
        self.places = places_of(offer.routes, lanes, self.chooser)
        _carry_over(before, self.targets())
        self.heads.rule(self.places)

    def targets(self) -> list[Target]:
        """All targets of all places."""
        return [target for place in self.places.values() for target in place.many.values()]

    def begin(self, place: Place, call: Plain, keys: tuple[bytes, bytes], reply: Reply) -> Waiting | None:
        """Let a request wait; `None` if it was answered at once.

        Raises:
            NotFound: If the client insists on a variant that is not there.
        """
        target = place.one
        if target is None:
            target = self._choose(place, *keys)
        begun = monotonic()
        waiting = Waiting(call, target, reply, begun, begun + target.lane.timeout)
        self.dispatcher.put(waiting)
        return waiting if waiting.open else None

    def _choose(self, place: Place, key: bytes, forced: bytes) -> Target:
        picked = self.chooser.pick(place.endpoint, key, forced)
        target = place.many.get(picked.name)
        if target is None:
            msg = f"There is no variant {picked.name!r} of {place.endpoint!r}. Known ones: {', '.join(sorted(place.many))}."
            raise NotFound(msg)
        return target

    def finished(self, waiting: Waiting, answer: Answer) -> None:
        """Count an answer that was given."""
        target = waiting.target
        status = answer.status
        target.seconds.note(monotonic() - waiting.begun)
        statuses = target.statuses
        statuses[status] = statuses.get(status, 0) + 1

    def told(self, route: str, status: int, seconds: float) -> None:
        """Count a request that no worker saw. `route` is one of a few names, never what a client wrote."""
        histogram, times = self.plain.get((route, status)) or (Histogram(), 0)
        histogram.note(seconds)
        self.plain[route, status] = (histogram, times + 1)


def _carry_over(before: Sequence[Target], now: Sequence[Target]) -> None:
    """Counts do not begin anew because something else was loaded."""
    known: Mapping[tuple[str, ...], Target] = {_name(target): target for target in before}
    for target in now:
        if (old := known.get(_name(target))) is not None:
            target.statuses, target.seconds = old.statuses, old.seconds


def _name(target: Target) -> tuple[str, ...]:
    return (target.label, target.path, target.model, target.version, target.variant, target.endpoint)
