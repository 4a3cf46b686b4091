"""The state of one endpoint: its plan, the division, the counts, and what moves it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from treering.core.errors import InvalidInput
from treering.serving.traffic.awaiting import Awaiting
from treering.serving.traffic.feedback import Feedback
from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.sequential import mismatch
from treering.serving.traffic.shadow import Copies
from treering.serving.traffic.steering import Event, Steering
from treering.serving.traffic.sticky import Split
from treering.serving.traffic.strata import Strata
from treering.serving.traffic.tally import Tally

__all__ = ["Endpoint"]

_HISTORY = 200
_UNASKED = 10_000
_UNITS = 100_000
_SUSPICIOUS = 0.001


class Endpoint:
    """Belongs to a `Router`, which says when; not safe to use from several threads."""

    __slots__ = (
        "_chance", "_looked", "_room", "_split", "_units", "_variants", "awaiting", "copies", "history", "learns", "mismatched", "name",
        "only", "only_tally", "plan", "steering", "strata", "strays", "tallies", "units",
    )  # fmt: skip

    def __init__(self, name: str, plan: Plan, feedback: Feedback, chance: Callable[[], float]) -> None:
        self.name = name
        self.tallies: dict[str, Tally] = {}
        self.history: deque[Event] = deque(maxlen=_HISTORY)
        self.strata = Strata({})
        # Most servers are never told what an answer was worth: these do not remember as much.
        unasked = feedback.room if feedback.missing is not None else min(feedback.room, _UNASKED)
        self.awaiting = Awaiting(feedback.window, unasked)
        self._room = feedback.room
        self.copies = Copies(chance)
        self.steering: Steering | None = None
        self.strays = 0
        self._chance = chance
        self.change(plan)

    def change(self, plan: Plan) -> None:
        """Divide as this plan says from now on; what was counted of variants that stay is kept."""
        self.plan = plan
        self._variants = {one.name: one for one in plan.variants}
        self.tallies = {one.name: self.tallies.get(one.name) or Tally() for one in plan.variants}
        self._split = Split(plan.all_weights(), f"{self.name}\0{plan.salt}", self._chance)
        self.strata.close(self.tallies)
        self.copies.change(plan)
        # Those that were divided by other weights say nothing about these.
        self.units: dict[str, int] = dict.fromkeys(self.tallies, 0)
        self._units: set[int] = set()
        self._looked = 0
        self.mismatched = False
        self.settle()

    def shares(self) -> Mapping[str, float]:
        """Of the requests, for each variant."""
        return self._split.weights

    def fits(self) -> float:
        """The chance of so many at each variant, if the split is what was asked for; right however often one looks."""
        return mismatch(self.units, self._split.weights)

    def settle(self) -> None:
        """After a change: who answers alone, and whether it matters who did."""
        only = self._split.only()
        self.only = self._variant(only) if only is not None else None
        self.only_tally = self.tallies[only] if only is not None else Tally()
        # Where one variant answers everything and nothing learns, there is no use in remembering who answered.
        self.learns = self.only is None or self.steering is not None

    def pick(self, key: bytes) -> Variant:
        """By the key, or by chance where there is none."""
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
        """The variant of this name.

        Raises:
            InvalidInput: If there is none.
        """
        name = forced.decode("latin-1")
        if name not in self.tallies:
            known = ", ".join(self.tallies)
            msg = f"The endpoint {self.name!r} has no variant {name!r}. There are: {known}."
            raise InvalidInput(msg)
        return self._variant(name)

    def reward(self, request_id: bytes, value: float) -> bool:
        """Count what an answer was worth; False if it is not known, or was rewarded already."""
        self.awaiting.room = self._room
        variant = self.awaiting.take(request_id)
        if variant is None or variant not in self.tallies:
            self.strays += 1
            return False
        self.tallies[variant].earn(value)
        return True

    def expire(self, now: float, missing: float | None) -> None:
        """Count the answers whose rewards did not come in time as `missing`; None counts nothing."""
        for variant in self.awaiting.expired(now):
            if missing is not None and variant in self.tallies:
                self.tallies[variant].earn(missing)

    def tick(self, now: float) -> list[Event]:
        """What happened, also written into the history."""
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
            # A variant that nobody compared may be gone by now.
            weights = {name: weight for name, weight in turn.weights.items() if name in self.tallies}
            self.change(replace(self.plan, weights=weights))
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
        chance = self.fits()
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
