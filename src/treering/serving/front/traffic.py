"""Where the engine meets the router, the prediction log and traces: each answer is told to them, and once a second the time.

    answer ─▶ finished ─▶ router's counts ─▶ copies for shadows ─▶ prediction log ─▶ span

Nothing here is waited for; what there is no room for is dropped, and counted.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from treering.core.errors import InvalidInput, PermissionDenied, TreeringError, Unauthenticated
from treering.core.log import logger
from treering.serving.front.bodies import read_body
from treering.serving.front.lanes import Waiting
from treering.serving.front.meter import lines_of
from treering.serving.hosting import Answer, Route
from treering.serving.predictions.entry import Entry
from treering.serving.predictions.log import PredictionLog
from treering.serving.refusing import refusal_of
from treering.serving.traffic.control import PATH, Control
from treering.serving.traffic.endpoint import Feedback
from treering.serving.traffic.options import TrafficOptions
from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.router import Router
from treering.serving.traffic.shadow import agree
from treering.serving.traffic.steering import Event

if TYPE_CHECKING:
    from treering.serving.front.dispatch import Dispatcher

__all__ = ["Spans", "Traffic"]

_TICK = 1.0
_BODY = 1 << 20
_PATIENCE = 30.0
_COPIES = 16
_FULL = 429
_READS = frozenset({"GET", "HEAD"})
_LENGTH = b"inference-header-content-length"
_WORRYING = frozenset({"canary_rolled_back", "mismatch_found"})

Receive = Callable[[], Any]


class Spans(Protocol):
    """Where traces go."""

    def wants(self, parent: bytes) -> bool:
        """Whether a request with this `traceparent` is traced."""

    def offer(self, waiting: Waiting, answer: Answer, seconds: float) -> str:
        """Tell of an answer; the id of its trace."""

    def close(self) -> None:
        """Send what waits."""


class Traffic:
    """Belongs to one engine, in its loop's thread.

    Args:
        log: Where answers are kept; None keeps none.
        spans: As `log`, of traces.
    """

    def __init__(
        self,
        options: TrafficOptions,
        dispatcher: Dispatcher,
        log: PredictionLog | None = None,
        spans: Spans | None = None,
    ) -> None:
        self.router = Router({}, Feedback(options.window, options.missing))
        self.events: dict[tuple[str, str], int] = {}
        self._options = options
        self._control = Control(self.router, time.time)
        self._dispatcher = dispatcher
        self._log = log
        self._spans = spans
        self._copies = 0
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Let time pass, in the loop that runs."""
        self.router.tick(time.time())
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def close(self) -> None:
        """After the last answer; waits until the log is written."""
        if self._timer is not None:
            self._timer.cancel()
        for closing in (self._log, self._spans):
            if closing is not None:
                closing.close()

    def choose(self, routes: Sequence[Route]) -> Router:
        """The router, which knows of these from now on: each model is an endpoint, and its versions are the variants."""
        router = self.router
        offered: dict[str, dict[str, Variant]] = {}
        for route in routes:
            if route.version:
                variant = Variant(f"v{route.version}", route.model, route.version)
                offered.setdefault(route.model, {})[variant.name] = variant
        known = router.endpoints()
        for name in set(known) - set(offered):
            router.drop(name)
        for name, variants in offered.items():
            router.offer(name, list(variants.values()))
            if name not in known:
                self._begin(name, tuple(variants.values()))
        return router

    def _begin(self, name: str, variants: tuple[Variant, ...]) -> None:
        weights, shadows = self._options.weights.get(name, {}), self._options.shadows.get(name, {})
        if not weights and not shadows:
            return
        try:
            self.router.change(name, Plan(variants, weights, shadows), "As the server was started.")
        except InvalidInput as error:
            logger.error("The split of %r is not what was asked for: %s", name, error)

    # Answers

    def finished(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """A client is answered."""
        target, (key, forced, parent) = waiting.target, waiting.keys
        if target.endpoint:
            request_id = waiting.call[0]
            self.router.observe(
                target.endpoint, target.variant, answer.status, seconds, request_id, forced=bool(forced)
            )
            for variant in self.router.shadows(target.endpoint):
                if variant.name != target.variant:
                    self._copy(waiting, answer, variant)
        trace = ""
        if self._spans is not None and self._spans.wants(parent):
            trace = self._spans.offer(waiting, answer, seconds)
        if self._log is not None and target.logged and self._log.wants(waiting.call[0]):
            self._keep(self._log, waiting, answer, seconds, (key, trace))

    def _copy(self, waiting: Waiting, answer: Answer, variant: Variant) -> None:
        target = waiting.target.siblings.get(variant.name)
        # Requests of clients come first: a copy is no reason to let one of them wait.
        if target is None or self._copies >= _COPIES or target.lane.queue:
            self.router.dropped_shadow(waiting.target.endpoint, variant.name)
            return
        self._copies += 1
        now = monotonic()
        copy = Waiting(waiting.call, target, _Copy(self, answer), now, now + target.lane.timeout)
        copy.keys = waiting.keys
        self._dispatcher.put(copy)

    def copied(self, waiting: Waiting, answer: Answer, main: Answer) -> None:
        """A shadow has answered."""
        self._copies -= 1
        target, seconds = waiting.target, monotonic() - waiting.begun
        if answer.status == _FULL:
            self.router.dropped_shadow(target.endpoint, target.variant)
            return
        agrees = None if main.status != answer.status else agree(main.body, answer.body)
        self.router.observe_shadow(target.endpoint, target.variant, answer.status, seconds, agrees=agrees)
        if self._log is not None and target.logged and self._log.wants(waiting.call[0]):
            self._keep(self._log, waiting, answer, seconds, (waiting.keys[0], ""), shadow=True)

    def _keep(
        self, log: PredictionLog, waiting: Waiting, answer: Answer, seconds: float, about: tuple[bytes, str], *,
        shadow: bool = False,
    ) -> None:  # fmt: skip
        request_id, content_type, body, headers, _ = waiting.call
        target, most = waiting.target, log.options.body
        log.offer(
            Entry(
                time.time_ns() // 1_000_000, request_id, target.endpoint or target.model, target.model, target.version,
                target.variant, target.label, answer.status, seconds, content_type, body if len(body) <= most else None,
                _length(headers), answer.content_type, answer.body if len(answer.body) <= most else None,
                _length(answer.headers), about[0], shadow, about[1],
            )
        )  # fmt: skip

    # Time

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)
        for event in self.router.tick(time.time()):
            self._tell(event)

    def _tell(self, event: Event) -> None:
        counted = (event.endpoint, event.kind)
        self.events[counted] = self.events.get(counted, 0) + 1
        level = logging.WARNING if event.kind in _WORRYING else logging.INFO
        logger.log(level, "Traffic of %s: %s: %s", event.endpoint, event.kind.replace("_", " "), event.reason)

    # What is asked of it

    async def tell(self, scope: MutableMapping[str, Any], receive: Receive) -> tuple[str, Answer]:
        """The answer at `/traffic` and under it, and a name for the counts.

        Raises:
            TreeringError: If the body cannot be read.
        """
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        label = PATH if path.strip("/") == PATH.strip("/") else f"{PATH}/{{endpoint}}"
        fields = dict(scope["headers"])
        body = b""
        if method not in _READS:
            try:
                self._check(scope, fields, path)
            except TreeringError as error:
                return label, refusal_of(error)
            body = await read_body(fields, receive, _BODY, _PATIENCE)
        told = self._control.answer(method, path, body, fields.get(b"content-type", b"").decode("latin-1"))
        return label, Answer(told.status, told.body)

    def _check(self, scope: Mapping[str, Any], fields: Mapping[bytes, bytes], path: str) -> None:
        """Whether this one may change traffic. What an answer was worth, anybody may tell who has its id."""
        if path.endswith("/feedback"):
            return
        token = self._options.token
        if token:
            borne = fields.get(b"authorization", b"")
            if not hmac.compare_digest(borne, b"Bearer " + token.encode()):
                msg = (
                    "Changing traffic needs the token that the server was started with: Authorization: Bearer <token>."
                )
                raise Unauthenticated(msg)
            return
        client = scope.get("client")
        through = any(name in fields for name in (b"forwarded", b"x-forwarded-for", b"via"))
        if through or client is None or not _is_here(client[0]) or not _names_here(fields.get(b"host", b"")):
            msg = (
                "Traffic is changed from the server's own machine, or with a token: start the server with"
                " TREERING_TRAFFIC_TOKEN set."
            )
            raise PermissionDenied(msg)

    def metrics(self) -> list[str]:
        """What is counted here, in Prometheus' format."""
        name = "treering_model_"
        split, agreement, dropped = [], [], []
        for endpoint, variants in self.router.endpoints().items():
            known = self.router.endpoint(endpoint)
            for variant in variants:
                labels = {"endpoint": endpoint, "variant": variant.name}
                split.append((labels, known.shares()[variant.name]))
            for shadow, told in known.copies.told().items():
                labels = {"endpoint": endpoint, "variant": shadow}
                dropped.append((labels, float(told["dropped"])))
                if told["agreement"] is not None:
                    agreement.append((labels, told["agreement"]))
        events = [
            ({"endpoint": endpoint, "kind": kind}, float(times))
            for (endpoint, kind), times in sorted(self.events.items())
        ]
        lines = lines_of(f"{name}traffic_share", "gauge", "Share of the requests that a variant gets.", split)
        lines += lines_of(
            f"{name}traffic_events_total", "counter", "Canaries and bandits that moved, and others.", events
        )
        lines += lines_of(f"{name}shadow_dropped_total", "counter", "Copies for which there was no room.", dropped)
        lines += lines_of(f"{name}shadow_agreement", "gauge", "Share of copies that were answered alike.", agreement)
        if self._log is not None:
            counts = [({"state": state}, float(count)) for state, count in self._log.counts().items()]
            lines += lines_of(
                f"{name}prediction_log", "gauge", "Answers that were to be kept, by what became of them.", counts
            )
        return lines


class _Copy:
    """Takes a shadow's answer."""

    __slots__ = ("_main", "_traffic")

    def __init__(self, traffic: Traffic, main: Answer) -> None:
        self._traffic = traffic
        self._main = main

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        """Compare it, and tell nobody."""
        self._traffic.copied(waiting, answer, self._main)


def _length(headers: Sequence[tuple[bytes, bytes]]) -> int:
    for name, value in headers:
        if name.lower() == _LENGTH:
            return int(value) if value.isdigit() else -1
    return -1


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _names_here(host: bytes) -> bool:
    """Whether the client asked for this machine by its number: a page whose name was bent to it says its own name."""
    name = (
        host.decode("latin-1").rpartition(":")[0] if host.count(b":") == 1 or b"]" in host else host.decode("latin-1")
    )
    return name == "localhost" or _is_here(name.strip("[]"))
