"""Which variant answers a request at an endpoint, and what becomes of the split when answers are looked at.

    request ─▶ pick ─▶ (the variant answers) ─▶ observe ─▶ shadows ─▶ copies, off the path
                 ▲                                 │            reward, when it is known
                 └── weights ◀── tick, each second ┘

One per server, in the thread of its event loop. No I/O and no clock: the time is told by `tick`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from treering.core.errors import Conflict, NotFound
from treering.serving.traffic.endpoint import Endpoint
from treering.serving.traffic.feedback import Feedback
from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.steering import Event, Steering

__all__ = ["Event", "Feedback", "Plan", "Router", "Variant"]


class Router:
    """Knows the endpoints of one server.

    Args:
        plans: Endpoint name to how its requests are divided.
        feedback: The same for all endpoints.
        chance: A number in [0, 1), for requests without a key.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan],
        feedback: Feedback = Feedback(),  # noqa: B008 -- frozen
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._feedback = feedback
        self._chance = chance
        self._now = 0.0
        self._endpoints: dict[str, Endpoint] = {}
        self._events: list[Event] = []
        for name, plan in plans.items():
            self._endpoints[name] = Endpoint(name, plan, feedback, chance)

    def endpoints(self) -> Mapping[str, Sequence[Variant]]:
        """Endpoint name to its variants, those without traffic too."""
        return {name: endpoint.plan.variants for name, endpoint in self._endpoints.items()}

    def pick(self, endpoint: str, key: bytes = b"", forced: bytes = b"") -> Variant:
        """The variant that is to answer.

        Args:
            key: What stays with its variant, such as a user; empty divides by chance.
            forced: The name of a variant, for tests. Tell `observe` then, so that it is not counted.

        Raises:
            NotFound: If there is no such endpoint.
            InvalidInput: If `forced` names no variant of it.
        """
        found = self._endpoints.get(endpoint)
        if found is None:
            raise self._unknown(endpoint)
        if forced:
            return found.called(forced)
        if found.only is not None:
            found.only_tally.picked += 1
            return found.only
        return found.pick(key)

    def shadows(self, endpoint: str) -> Sequence[Variant]:
        """Those that get a copy of the request that was just answered; mostly none. Never raises."""
        found = self._endpoints.get(endpoint)
        return found.copies.due() if found is not None else ()

    def observe(
        self, endpoint: str, variant: str, status: int, seconds: float, request_id: bytes = b"", *, forced: bool = False
    ) -> None:
        """Count an answer. Never raises: the endpoint or the variant may be gone by now."""
        found = self._endpoints.get(endpoint)
        tally = found.tallies.get(variant) if found is not None else None
        if found is None or tally is None or forced:
            return
        tally.add(status, seconds)
        if found.learns and request_id and status < 400:  # noqa: PLR2004 -- where errors begin
            found.awaiting.add(request_id, variant, self._now)

    def observe_shadow(
        self, endpoint: str, variant: str, status: int, seconds: float, *, agrees: bool | None = None
    ) -> None:
        """Count a shadow's answer, and whether it said what the client was told; None if that was not compared."""
        found = self._endpoints.get(endpoint)
        if found is not None:
            found.copies.observe(variant, status, seconds, agrees)

    def dropped_shadow(self, endpoint: str, variant: str) -> None:
        """Count a copy for which there was no room."""
        found = self._endpoints.get(endpoint)
        if found is not None:
            found.copies.drop(variant)

    def reward(self, endpoint: str, request_id: bytes, value: float) -> bool:
        """What an answer turned out to be worth; False if it is not known, or was rewarded already.

        Raises:
            NotFound: If there is no such endpoint.
        """
        return self.endpoint(endpoint).reward(request_id, value)

    def tick(self, now: float) -> Sequence[Event]:
        """Let time pass: canaries step, bandits learn, rewards that did not come are counted. About once a second.

        Returns:
            What happened since the last call, in order: to be logged, counted, and told to whoever deployed.
        """
        self._now = now
        for endpoint in self._endpoints.values():
            endpoint.expire(now, self._feedback.missing)
            self._events += endpoint.tick(now)
        happened, self._events = self._events, []
        return happened

    def change(self, endpoint: str, plan: Plan, reason: str = "") -> None:
        """Divide anew from the next request on; a new endpoint is made. Counts of variants that stay are kept.

        Raises:
            Conflict: If a canary or bandit moves the traffic of this endpoint; it has to be ended first.
        """
        found = self._endpoints.get(endpoint)
        if found is None:
            self._endpoints[endpoint] = Endpoint(endpoint, plan, self._feedback, self._chance)
        else:
            if found.steering is not None and plan.all_weights() != found.plan.all_weights():
                msg = f"A {found.steering.kind} moves the traffic of {endpoint!r}. Abort it before you set weights."
                raise Conflict(msg)
            found.change(plan)
        self.tell(endpoint, "split_changed", "", reason or "The split was set.", {"weights": plan.all_weights()})

    def offer(self, endpoint: str, variants: Sequence[Variant]) -> None:
        """Say who can answer from now on, because something was loaded or unloaded.

        Weights and counts of those that stay are kept; a canary or bandit one of whose variants is gone ends at the next `tick`. Those that are new get nothing
        yet, but at a new endpoint, where the first one gets everything.
        """
        found = self._endpoints.get(endpoint)
        if found is None:
            self._endpoints[endpoint] = Endpoint(endpoint, Plan(tuple(variants)), self._feedback, self._chance)
        elif found.plan.variants != tuple(variants):
            found.change(found.plan.among(tuple(variants)))
            told = {"variants": [variant.name for variant in variants], "weights": found.plan.all_weights()}
            self.tell(endpoint, "variants_changed", "", "Something was loaded or unloaded.", told)

    def drop(self, endpoint: str) -> None:
        """Forget an endpoint whose variants are gone. One that is not there is no mistake."""
        self._endpoints.pop(endpoint, None)

    def steer(self, endpoint: str, steering: Steering, reason: str = "") -> None:
        """Hand the weights of an endpoint to a canary or a bandit, which moves them at each `tick`.

        Raises:
            NotFound: If there is no such endpoint.
            Conflict: If something moves them already.
        """
        found = self.endpoint(endpoint)
        if found.steering is not None:
            msg = f"A {found.steering.kind} moves the traffic of {endpoint!r} already. Abort it first."
            raise Conflict(msg)
        found.steering = steering
        found.settle()
        self.tell(endpoint, f"{steering.kind}_started", "", reason or f"A {steering.kind} began.", steering.told())
        self._events += found.tick(self._now)

    def abort(self, endpoint: str, kind: str, reason: str = "") -> None:
        """End the canary or the bandit of an endpoint: a canary's base gets everything back.

        Raises:
            NotFound: If there is no such endpoint, or nothing of that kind moves its weights.
        """
        found = self.endpoint(endpoint)
        if found.steering is None or found.steering.kind != kind:
            msg = f"There is no {kind} at {endpoint!r} to end."
            raise NotFound(msg)
        weights = found.steering.aborted()
        found.steering = None
        if weights is not None:
            found.change(replace(found.plan, weights=weights))
        found.settle()
        ended = "bandit_stopped" if kind == "bandit" else f"{kind}_aborted"
        self.tell(endpoint, ended, "", reason or f"The {kind} was ended.", {"weights": found.plan.all_weights()})

    def endpoint(self, name: str) -> Endpoint:
        """What is known of one.

        Raises:
            NotFound: If there is no such endpoint.
        """
        found = self._endpoints.get(name)
        if found is None:
            raise self._unknown(name)
        return found

    def tell(self, endpoint: str, kind: str, variant: str, reason: str, details: Mapping[str, Any]) -> None:
        """Have the next `tick` say this, and keep it in the endpoint's history."""
        event = Event(self._now, endpoint, kind, variant, reason, details)
        if (found := self._endpoints.get(endpoint)) is not None:
            found.history.append(event)
        self._events.append(event)

    def _unknown(self, name: str) -> NotFound:
        known = ", ".join(sorted(self._endpoints)) or "none"
        return NotFound(f"There is no endpoint {name!r} here. Known ones: {known}.")
