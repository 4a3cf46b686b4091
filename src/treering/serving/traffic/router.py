"""Which variant answers a request at an endpoint, and what becomes of the split when answers are looked at.

    request ─▶ pick ─▶ (the variant answers) ─▶ observe ─▶ shadows ─▶ copies, off the path
                 ▲                                 │            reward, when it is known
                 └── weights ◀── tick, each second ┘

One per server, in the thread of its event loop. No I/O and no clock: the time is told by `tick`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.serving.traffic.awaiting import Awaiting
from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.sequential import mismatch
from treering.serving.traffic.shadow import Copies
from treering.serving.traffic.steering import Event, Steering
from treering.serving.traffic.sticky import Split
from treering.serving.traffic.tally import Tally

__all__ = ["Event", "Feedback", "Plan", "Router", "Variant"]

_HISTORY = 200
_UNITS = 100_000
_SUSPICIOUS = 0.001


@dataclass(frozen=True, slots=True)
class Feedback:
    """How rewards find the answers that they are for.

    Attributes:
        window: Seconds after its answer in which a reward counts.
        missing: What an answer is worth for which none came in that time, such as 0 where rewards are clicks; None
            leaves such answers out.
        room: Answers of an endpoint that may wait for their reward; each takes about 300 bytes.
    """

    window: float = 3600.0
    missing: float | None = None
    room: int = 100_000


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
        feedback: Feedback = Feedback(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._feedback = feedback
        self._chance = chance
        self._now = 0.0
        self._endpoints: dict[str, _Endpoint] = {}
        self._events: list[Event] = []
        for name, plan in plans.items():
            self._endpoints[name] = _Endpoint(name, plan, feedback, chance)

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
        found = self.endpoint(endpoint)
        variant = found.awaiting.take(request_id)
        if variant is None or variant not in found.tallies:
            found.strays += 1
            return False
        found.tallies[variant].earn(value)
        return True

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
            self._endpoints[endpoint] = _Endpoint(endpoint, plan, self._feedback, self._chance)
        else:
            if found.steering is not None and plan.all_weights() != found.plan.all_weights():
                msg = f"A {found.steering.kind} moves the traffic of {endpoint!r}. Abort it before you set weights."
                raise Conflict(msg)
            found.change(plan)
        self.tell(endpoint, "split_changed", "", reason or "The split was set.", weights=plan.all_weights())

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
        self.tell(endpoint, f"{steering.kind}_started", "", reason or f"A {steering.kind} began.", **steering.told())
        self._events += found.tick(self._now)

    def release(self, endpoint: str, weights: Mapping[str, float] | None = None, reason: str = "") -> None:
        """End what moves the weights; they stay as they are, or become `weights`.

        Raises:
            NotFound: If there is no such endpoint, or nothing moves its weights.
        """
        found = self.endpoint(endpoint)
        if found.steering is None:
            msg = f"Nothing moves the traffic of {endpoint!r}: there is no canary or bandit to end."
            raise NotFound(msg)
        kind = found.steering.kind
        found.steering = None
        if weights is not None:
            found.change(replace(found.plan, weights=weights))
        found.settle()
        self.tell(
            endpoint, "bandit_stopped" if kind == "bandit" else f"{kind}_aborted", "",
            reason or f"The {kind} was ended.", weights=found.plan.all_weights(),
        )  # fmt: skip

    def endpoint(self, name: str) -> _Endpoint:
        """What is known of one.

        Raises:
            NotFound: If there is no such endpoint.
        """
        found = self._endpoints.get(name)
        if found is None:
            raise self._unknown(name)
        return found

    def tell(self, endpoint: str, kind: str, variant: str, reason: str, **details: Any) -> None:
        """Have the next `tick` say this, and keep it in the endpoint's history."""
        event = Event(self._now, endpoint, kind, variant, reason, details)
        if (found := self._endpoints.get(endpoint)) is not None:
            found.history.append(event)
        self._events.append(event)

    def _unknown(self, name: str) -> NotFound:
        known = ", ".join(sorted(self._endpoints)) or "none"
        return NotFound(f"There is no endpoint {name!r} here. Known ones: {known}.")


class _Endpoint:
    """The state of one: plan, division, counts, and what moves it."""

    __slots__ = (
        "_chance", "_looked", "_split", "_units", "_variants", "awaiting", "copies", "history", "learns", "mismatched", "name",
        "only", "only_tally", "plan", "steering", "strays", "tallies", "units",
    )  # fmt: skip

    def __init__(self, name: str, plan: Plan, feedback: Feedback, chance: Callable[[], float]) -> None:
        self.name = name
        self.tallies: dict[str, Tally] = {}
        self.history: deque[Event] = deque(maxlen=_HISTORY)
        self.awaiting = Awaiting(feedback.window, feedback.room)
        self.copies = Copies(chance)
        self.steering: Steering | None = None
        self.strays = 0
        self._chance = chance
        self.change(plan)

    def change(self, plan: Plan) -> None:
        self.plan = plan
        self._variants = {one.name: one for one in plan.variants}
        self.tallies = {one.name: self.tallies.get(one.name) or Tally() for one in plan.variants}
        self._split = Split(plan.all_weights(), f"{self.name}\0{plan.salt}", self._chance)
        self.copies.change(plan)
        # Those that were divided by other weights say nothing about these.
        self.units: dict[str, int] = dict.fromkeys(self.tallies, 0)
        self._units: set[int] = set()
        self._looked = 0
        self.mismatched = False
        self.settle()

    def settle(self) -> None:
        only = self._split.only()
        self.only = self._variant(only) if only is not None else None
        self.only_tally = self.tallies[only] if only is not None else Tally()
        # Where one variant answers everything and nothing learns, there is no use in remembering who answered.
        self.learns = self.only is None or self.steering is not None

    def pick(self, key: bytes) -> Variant:
        if not key:
            name = self._split.anyone()
            self.units[name] += 1
        else:
            name = self._split.of(key)
            # Its hash: a key may be long, and belongs to somebody.
            if (unit := hash(key)) not in self._units and len(self._units) < _UNITS:
                self._units.add(unit)
                self.units[name] += 1
        self.tallies[name].picked += 1
        return self._variant(name)

    def called(self, forced: bytes) -> Variant:
        name = forced.decode("latin-1")
        if name not in self.tallies:
            known = ", ".join(self.tallies)
            msg = f"The endpoint {self.name!r} has no variant {name!r}. There are: {known}."
            raise InvalidInput(msg)
        return self._variant(name)

    def expire(self, now: float, missing: float | None) -> None:
        for variant in self.awaiting.expired(now):
            if missing is not None and variant in self.tallies:
                self.tallies[variant].earn(missing)

    def tick(self, now: float) -> list[Event]:
        happened = self._steered(now) + self._checked(now)
        self.history.extend(happened)
        return happened

    def _steered(self, now: float) -> list[Event]:
        if self.steering is None:
            return []
        turn = self.steering.tick(now, self.tallies)
        if turn.over:
            self.steering = None
        if turn.weights is not None:
            self.change(replace(self.plan, weights=turn.weights))
        elif turn.over:
            self.settle()
        if not turn.kind:
            return []
        return [Event(now, self.name, turn.kind, turn.variant, turn.reason, turn.details)]

    def _checked(self, now: float) -> list[Event]:
        """Whether as many came to each variant as should have, told once."""
        total = sum(self.units.values())
        if self.only is not None or self.mismatched or total == self._looked:
            return []
        self._looked = total
        chance = mismatch(self.units, self._split.weights)
        self.mismatched = chance < _SUSPICIOUS
        if not self.mismatched:
            return []
        reason = (
            f"The split of {self.name!r} is not what was asked for: {self.units} for weights"
            f" {self._split.weights}. Do not trust comparisons before you know why."
        )
        return [Event(now, self.name, "mismatch_found", "", reason, {"units": dict(self.units), "p": chance})]

    def _variant(self, name: str) -> Variant:
        return self._variants[name]
