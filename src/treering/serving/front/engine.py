"""What all connections of a server share: what is answered where, the queues, the counts, and whether it is ready."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any

from treering.core.errors import NotFound
from treering.serving.front.accesslog import AccessLog
from treering.serving.front.dispatch import Dispatcher
from treering.serving.front.heads import Heads
from treering.serving.front.keeping import Keeping
from treering.serving.front.lanes import Keys, Lane, Plain, Reply, Waiting
from treering.serving.front.options import ServingOptions
from treering.serving.front.routing import Traffic
from treering.serving.front.targets import Place, Target, places_of, ruled
from treering.serving.front.tunnel import Tunnel
from treering.serving.hosting import Answer, Offer

if TYPE_CHECKING:
    from treering.serving.predictions.log import PredictionLog

__all__ = ["Engine", "Watcher"]

Watcher = Callable[[Waiting, Answer, float], None]
"""Told of each answer of a host after it was written, and of the seconds from the request's body to it."""


class Engine:
    """The front's one object; used in the loop's thread.

    Attributes:
        offer: What the workers offer; `None` until the first has told.
        draining: Whether the server ends, and is not ready for that reason.
        plain: Requests that no route answered, by what was asked and status.
        change: Has the workers load or unload something; the second argument takes it back.
        watchers: See `Watcher`; the prediction log is one.
        opening: Called, in a thread, before the server says that it is ready.
        closing: Called after the last answer.
    """

    def __init__(self, options: ServingOptions) -> None:
        self.options = options
        self.dispatcher = Dispatcher(options.patience.grace)
        self.key_header = options.key_header.lower().encode()
        self.heads = Heads(self.key_header)
        self.places: dict[bytes, Place] = {}
        self.offer: Offer | None = None
        self.traffic = Traffic(options)
        self.log = AccessLog() if options.access_log else None
        self.ready_workers = 0
        self.restarts = 0
        self.draining = False
        self.plain: dict[tuple[str, int], int] = {}
        self.date = b""
        self._prefix = secrets.token_hex(5)
        self._next = count().__next__
        self.change: Callable[[Mapping[str, Any], Mapping[str, Any] | None], Awaitable[None]] | None = None
        self.watchers: list[Watcher] = [] if self.log is None else [self.log.answered]
        self.tunnel = Tunnel()
        self.opening: list[Callable[[], None]] = []
        self.closing: list[Callable[[], None]] = [] if self.log is None else [self.log.close]
        self.kept_counts: Callable[[], Mapping[str, int]] = dict

    def keep(self, log: PredictionLog) -> None:
        """Have answers kept, until the engine is closed."""
        keeping = Keeping(log)
        self.watchers.append(keeping.answered)
        self.traffic.watchers.append(keeping.copied)
        self.closing.append(keeping.close)
        self.opening.append(log.begin)
        self.kept_counts = log.counts

    def open(self) -> None:
        """Wait until those who watch are ready, too; may be called in any thread.

        Raises:
            TreeringError: If one of them cannot be.
        """
        for begin in self.opening:
            begin()

    def watch(self, watcher: Watcher, close: Callable[[], None]) -> None:
        """Have somebody told of each answer, until the engine is closed."""
        self.watchers.append(watcher)
        self.closing.append(close)

    def close(self) -> None:
        """After the last answer: write what is to be written."""
        for close in self.closing:
            close()

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
            policy = ruled(given, options)
            if name in lanes:
                lanes[name].rule(policy)
            else:
                lanes[name] = Lane(name, policy)
        for name in set(lanes) - set(offer.lanes):
            if not lanes[name].queue and not lanes[name].again:
                del lanes[name]
        self.offer = offer
        before = self.targets()
        self.places = places_of(offer.routes, lanes, self.traffic.offered(offer))
        _carry_over(before, self.targets())
        self.heads.rule(self.places)

    def targets(self) -> list[Target]:
        """All targets of all places."""
        return [target for place in self.places.values() for target in place.many.values()]

    def begin(self, place: Place, call: Plain, keys: Keys, reply: Reply) -> Waiting | None:
        """Let a request wait; `None` if it was answered at once.

        Raises:
            NotFound: If the client insists on a variant that is not there.
        """
        target = place.one
        if target is None or keys[1]:
            target = self._choose(place, keys[0], keys[1])
        begun = monotonic()
        waiting = Waiting(call, target, reply, begun, begun + target.lane.timeout)
        waiting.keys = keys
        self.dispatcher.put(waiting)
        return waiting if waiting.open else None

    def _choose(self, place: Place, key: bytes, forced: bytes) -> Target:
        if not place.endpoint:
            name = forced.decode("latin-1")
        else:
            name = self.traffic.router.pick(place.endpoint, key, forced).name
        target = place.many.get(name)
        if target is None:
            msg = f"There is no variant {name!r} at {place.path}. Known ones: {', '.join(sorted(place.many))}."
            raise NotFound(msg)
        return target

    def finished(self, waiting: Waiting, answer: Answer) -> None:
        """Count an answer that was given, and tell whoever wants to know."""
        target = waiting.target
        status = answer.status
        seconds = monotonic() - waiting.begun
        target.seconds.note(seconds)
        statuses = target.statuses
        statuses[status] = statuses.get(status, 0) + 1
        if target.endpoint:
            self.traffic.answered(waiting, answer, seconds)
            place = target.place
            if place is not None and place.one is None:
                self.traffic.copy(waiting, answer, place, self.dispatcher)
        if self.watchers:
            for watch in self.watchers:
                watch(waiting, answer, seconds)

    def told(self, route: str, status: int, seconds: float) -> None:
        """Count a request that no worker saw. `route` is one of a few names, never what a client wrote."""
        self.plain[route, status] = self.plain.get((route, status), 0) + 1
        if self.log is not None:
            self.log.told(route, status, seconds)


def _carry_over(before: Sequence[Target], now: Sequence[Target]) -> None:
    """Counts do not begin anew because something else was loaded."""
    known: Mapping[tuple[str, ...], Target] = {_name(target): target for target in before}
    for target in now:
        if (old := known.get(_name(target))) is not None:
            target.statuses, target.seconds = old.statuses, old.seconds


def _name(target: Target) -> tuple[str, ...]:
    return (target.label, target.path, target.model, target.version, target.variant, target.endpoint)
