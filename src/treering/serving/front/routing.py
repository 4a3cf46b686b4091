"""Traffic in the front: which variant answers, told of every answer, and copies for shadows once that is out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.serving.front.lanes import Waiting
from treering.serving.hosting import outcome
from treering.serving.traffic.control import Control
from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.router import Router
from treering.serving.traffic.shadow import agree

if TYPE_CHECKING:
    from treering.serving.front.dispatch import Dispatcher
    from treering.serving.front.options import ServingOptions
    from treering.serving.front.targets import Place
    from treering.serving.hosting import Answer, Offer

__all__ = ["Traffic"]

_COPIES = 16
_FULL = 429
_WORRYING = frozenset({"canary_rolled_back", "mismatch_found"})

Watcher = Callable[[Waiting, "Answer", float], None]


class Traffic:
    """The router of one server, and what the engine tells it.

    Attributes:
        events: How often what happened, by endpoint and kind.
        watchers: Told of each answer of a shadow, as the engine's are of those that clients get.
    """

    def __init__(self, options: ServingOptions) -> None:
        self.router = Router({}, options.feedback)
        self.router.tick(time.time())
        self.control = Control(self.router, time.time)
        self.events: dict[tuple[str, str], int] = {}
        self.watchers: list[Watcher] = []
        self._weights = dict(options.weights)
        self._shadows = dict(options.shadows)
        self._copies = 0
        self._offered = False

    def offered(self, offer: Offer) -> Router:
        """The router, which knows from now on who can answer.

        Raises:
            InvalidInput: If a weight was given for a model or a variant that is not there.
        """
        found = _endpoints(offer)
        for name, variants in found.items():
            known = name in self.router.endpoints()
            self.router.offer(name, variants)
            if not known and (name in self._weights or name in self._shadows):
                plan = Plan(tuple(variants), self._weights.get(name, {}), self._shadows.get(name, {}))
                self.router.change(name, plan, "The server began so.")
        if not self._offered and (unknown := sorted({*self._weights, *self._shadows} - set(found))):
            names = ", ".join(found) or "none"
            msg = f"There is no model {unknown[0]!r} whose requests could be divided. Known ones: {names}."
            raise InvalidInput(msg)
        self._offered = True
        for name in set(self.router.endpoints()) - set(found):
            self.router.drop(name)
        return self.router

    def tick(self) -> None:
        """Called about once a second."""
        for event in self.router.tick(time.time()):
            counted = (event.endpoint, event.kind)
            self.events[counted] = self.events.get(counted, 0) + 1
            level = logging.WARNING if event.kind in _WORRYING else logging.INFO
            logger.log(level, "Traffic of %s: %s: %s", event.endpoint, event.kind.replace("_", " "), event.reason)

    def answered(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """An answer is out."""
        target = waiting.target
        name = target.endpoint
        status = outcome(answer)
        self.router.observe(name, target.variant, status, seconds, waiting.call[0], forced=bool(waiting.keys[1]))

    def copy(self, waiting: Waiting, answer: Answer, place: Place, dispatcher: Dispatcher) -> None:
        """Ask shadows what was just answered, where there is room."""
        endpoint = place.endpoint
        for variant in self.router.shadows(endpoint):
            target = place.many.get(variant.name)
            if target is None or target is waiting.target:
                continue
            # A copy is no reason to let a client's request wait.
            if self._copies >= _COPIES or target.lane.queue:
                self.router.dropped_shadow(endpoint, variant.name)
                continue
            self._copies += 1
            begun = time.monotonic()
            copy = Waiting(waiting.call, target, _Shadow(self, answer), begun, begun + target.lane.timeout)
            copy.keys = waiting.keys
            dispatcher.put(copy)

    def copied(self, waiting: Waiting, answer: Answer, main: Answer) -> None:
        """A shadow has answered."""
        self._copies -= 1
        target, seconds = waiting.target, time.monotonic() - waiting.begun
        if answer.status == _FULL:
            self.router.dropped_shadow(target.endpoint, target.variant)
            return
        same = agree(main.body, answer.body) if answer.status == main.status else False
        self.router.observe_shadow(target.endpoint, target.variant, outcome(answer), seconds, agrees=same)
        for watch in self.watchers:
            watch(waiting, answer, seconds)


class _Shadow:
    """Nobody hears what is answered; it is compared with what the client was told."""

    __slots__ = ("_main", "_traffic")

    def __init__(self, traffic: Traffic, main: Answer) -> None:
        self._traffic = traffic
        self._main = main

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        """The shadow has answered."""
        self._traffic.copied(waiting, answer, self._main)


def _endpoints(offer: Offer) -> dict[str, Sequence[Variant]]:
    """Each model is an endpoint; its variants are its versions, called by their alias if they have one."""
    aliases: dict[tuple[str, str], str] = {}
    for model in offer.models:
        aliases[str(model.get("name")), str(model.get("version", ""))] = _alias(model)
    found: dict[str, dict[str, Variant]] = {}
    for route in offer.routes:
        if route.version:
            variants = found.setdefault(route.model, {})
            name = aliases.get((route.model, route.version)) or f"v{route.version}"
            variants.setdefault(route.version, Variant(name, route.model, route.version))
    return {name: _named_apart(list(variants.values())) for name, variants in found.items()}


def _alias(model: Mapping[str, Any]) -> str:
    names = model.get("aliases") or ()
    return str(names[0]) if names else ""


def _named_apart(variants: Sequence[Variant]) -> Sequence[Variant]:
    names = [variant.name for variant in variants]
    return [one._replace(name=f"v{one.version}") if names.count(one.name) > 1 else one for one in variants]
