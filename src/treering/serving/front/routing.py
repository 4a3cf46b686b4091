"""Traffic in the front: which variant answers, told of every answer, and copies for shadows once that is out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treering.core.log import logger
from treering.serving.front.lanes import Waiting
from treering.serving.traffic.control import Control
from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.router import Router
from treering.serving.traffic.shadow import agree

if TYPE_CHECKING:
    from treering.serving.front.dispatch import Dispatcher
    from treering.serving.front.targets import Place, Target
    from treering.serving.hosting import Answer, Offer

__all__ = ["Traffic"]

_COPIES = 64


class Traffic:
    """The router of one server, and what the engine tells it.

    Args:
        weights: Endpoint name to the weights of its variants, for those that begin divided.
        shadows: Endpoint name to the share of its requests that each shadow gets.
    """

    def __init__(self, weights: Mapping[str, Mapping[str, float]], shadows: Mapping[str, Mapping[str, float]]) -> None:
        self.router = Router({})
        self.control = Control(self.router, time.time)
        self.events = 0
        self._weights = dict(weights)
        self._shadows = dict(shadows)
        self._copies = 0
        self.copied: dict[str, dict[str, Target]] = {}

    def offered(self, offer: Offer) -> Router:
        """The router, which knows from now on who can answer.

        Raises:
            InvalidInput: If a weight was given for a variant that is not there.
        """
        found = _endpoints(offer)
        for name, variants in found.items():
            known = name in self.router.endpoints()
            self.router.offer(name, variants)
            if not known and (name in self._weights or name in self._shadows):
                plan = Plan(tuple(variants), self._weights.get(name, {}), self._shadows.get(name, {}))
                self.router.change(name, plan, "The server began so.")
        for name in set(self.router.endpoints()) - set(found):
            self.router.drop(name)
        return self.router

    def tick(self) -> None:
        """Called about once a second."""
        for event in self.router.tick(time.time()):
            self.events += 1
            logger.info("Traffic of %s: %s %s: %s", event.endpoint, event.kind, event.variant, event.reason)

    def answered(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """An answer is out."""
        target = waiting.target
        name = target.endpoint
        self.router.observe(name, target.variant, answer.status, seconds, waiting.call[0], forced=waiting.forced)

    def copy(self, waiting: Waiting, answer: Answer, place: Place, dispatcher: Dispatcher) -> None:
        """Ask shadows what was just answered, where there is room."""
        endpoint = place.endpoint
        for variant in self.router.shadows(endpoint):
            target = place.many.get(variant.name)
            if target is None:
                continue
            if self._copies >= _COPIES or len(target.lane.queue) >= target.lane.room:
                self.router.dropped_shadow(endpoint, variant.name)
                continue
            self._copies += 1
            begun = time.monotonic()
            copy = Waiting(waiting.call, target, _Shadow(self, answer, self._done), begun, begun + target.lane.timeout)
            dispatcher.put(copy)

    def _done(self) -> None:
        self._copies -= 1


class _Shadow:
    """Nobody hears what is answered; it is compared with what the client was told."""

    __slots__ = ("_done", "_main", "_traffic")

    def __init__(self, traffic: Traffic, main: Answer, done: Callable[[], None]) -> None:
        self._traffic = traffic
        self._main = main
        self._done = done

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        """The shadow has answered."""
        self._done()
        target = waiting.target
        same = agree(self._main.body, answer.body) if answer.status == self._main.status else False
        seconds = time.monotonic() - waiting.begun
        self._traffic.router.observe_shadow(target.endpoint, target.variant, answer.status, seconds, agrees=same)


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
