"""A canary: a new variant gets more and more of another's requests, until it has them all or is found worse.

    5 % ─▶ 25 % ─▶ 50 % ─▶ 100 %: promoted
      └──────┴───────┴──▶ 0 %: rolled back, as soon as a guard is sure

All guards are sequential tests: they look every second, and each rolls a harmless canary back
with a chance of at most alpha, over its whole life.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from treering.core.errors import InvalidInput
from treering.serving.traffic.sequential import Comparison, Excess, compare
from treering.serving.traffic.steering import Turn
from treering.serving.traffic.strata import Strata
from treering.serving.traffic.tally import BOUNDS, Counts, Tally

__all__ = ["Canary", "CanaryPlan"]

Objective = Literal["ignored", "not_worse", "better"]
_QUANTILES = (0.5, 0.95, 0.99)
_ENOUGH = 100
# So that errors of two seconds at least roll back, and slowness of four: a pause or a worker that dies is no verdict.
_MOST_ERRORS = 30.0
_MOST_SLOW = 5.0
_ALL = 100.0
_STEP = math.log(BOUNDS[1] / BOUNDS[0])


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """What a canary is, and what it has to stand.

    Attributes:
        variant: The new one.
        base: The one whose requests it gets, and that it is compared with.
        steps: Percent of these requests, rising; 100 is reached by promotion.
        seconds: That each step takes at least.
        requests: That the new variant has to answer in each step.
        errors: How much more frequent its errors (4xx and 5xx) may be than the base's: 0.1 allows a tenth more. None
            does not look.
        latency: So many times the base's seconds are allowed, at the median, p95 and p99. None does not look.
        objective: What is asked of the rewards: nothing, that they are not shown to be worse, or that they are shown
            to be better before it is promoted.
        margin: By so much the mean reward may be lower.
        alpha: The chance that a guard rolls back what is no worse.
        limit: Seconds after which a canary that is not promoted by then is rolled back; None waits.

    Raises:
        InvalidInput: If these make no canary.
    """

    variant: str
    base: str
    steps: tuple[float, ...] = (5.0, 25.0, 50.0, 100.0)
    seconds: float = 60.0
    requests: int = 100
    errors: float | None = 0.0
    latency: float | None = 1.5
    objective: Objective = "not_worse"
    margin: float = 0.0
    alpha: float = 0.01
    limit: float | None = None

    def __post_init__(self) -> None:
        wrong = ""
        if self.variant == self.base:
            wrong = f"{self.variant!r} cannot be compared with itself; name another variant as base"
        elif (
            not self.steps
            or list(self.steps) != sorted(set(self.steps))
            or not 0 < self.steps[0] <= self.steps[-1] <= _ALL
        ):
            wrong = f"steps {list(self.steps)} do not rise from above 0 to at most 100"
        elif not 0 < self.alpha < 1:
            wrong = f"alpha is {self.alpha}, and has to be between 0 and 1"
        elif self.seconds < 0 or self.requests < 0 or self.margin < 0 or (self.errors or 0) < 0:
            wrong = "seconds, requests, margin and errors cannot be negative"
        elif self.latency is not None and self.latency < 1:
            wrong = f"latency is {self.latency}: a canary that has to be faster than its base is not supported"
        if wrong:
            msg = f"This is no canary: {wrong}."
            raise InvalidInput(msg)


class Canary:
    """One canary, from its first step to its end.

    Args:
        weights: Of all variants when it begins. Base and canary share what they have together; others keep theirs.
        now: When it begins, in the unit of `tick`.
    """

    kind = "canary"

    def __init__(self, plan: CanaryPlan, weights: Mapping[str, float], now: float) -> None:
        for name in (plan.variant, plan.base):
            if name not in weights:
                msg = f"There is no variant {name!r}. There are: {', '.join(weights)}."
                raise InvalidInput(msg)
        self._plan = plan
        self._weights = dict(weights)
        self._together = weights[plan.variant] + weights[plan.base]
        if self._together <= 0:
            msg = f"{plan.base!r} gets no requests, so that {plan.variant!r} cannot get some of them. Give it a weight."
            raise InvalidInput(msg)
        self._began = now
        self._step = -1
        self._since = now
        self._answered = 0
        self._before: tuple[Counts, Counts] | None = None
        self._strata: Strata | None = None
        self._compared: Comparison | None = None
        self._base_slow = [0] * (len(BOUNDS) + 1)
        self._guards = _guards(plan)

    def tick(self, now: float, tallies: Mapping[str, Tally]) -> Turn:
        """Look at what came since, and go on, stay or go back."""
        base, candidate = tallies.get(self._plan.base), tallies.get(self._plan.variant)
        if base is None or candidate is None:
            gone = self._plan.base if base is None else self._plan.variant
            return Turn(None, "canary_aborted", self._plan.variant, f"The variant {gone!r} is gone.", over=True)
        if self._before is None or self._strata is None:
            self._before = (base.counts(), candidate.counts())
            self._strata = Strata(tallies)
            return self._forward(now)
        self._look(self._before, base, candidate)
        # Two sides, of which one matters.
        pairs = self._strata.pairs(tallies, self._plan.base, self._plan.variant)
        self._compared = compare(pairs, alpha=2 * self._plan.alpha)
        if worse := self._worse():
            return self._back(worse)
        if self._plan.limit is not None and now - self._began > self._plan.limit:
            return self._back(f"It was not promoted within {self._plan.limit:g} seconds.")
        if now - self._since < self._plan.seconds or self._answered < self._plan.requests:
            return Turn()
        self._strata.close(tallies)
        return self._forward(now)

    def aborted(self) -> Mapping[str, float]:
        """The base gets everything back."""
        return self._divided(0.0)

    def told(self) -> Mapping[str, Any]:
        """Its state, as plain values."""
        plan = self._plan
        return {
            "kind": self.kind,
            "variant": plan.variant,
            "base": plan.base,
            "steps": list(plan.steps),
            "step": max(self._step, 0),
            "percent": plan.steps[max(self._step, 0)],
            "began": self._began,
            "since": self._since,
            "answered": self._answered,
            "wanted": {"seconds": plan.seconds, "requests": plan.requests, "objective": plan.objective},
            "guards": self._told_guards(),
            "objective": self._compared.told() if self._compared is not None else None,
        }

    def _look(self, before: tuple[Counts, Counts], base: Tally, candidate: Tally) -> None:
        counts = (base.counts(), candidate.counts())
        old, new = (now.minus(then) for now, then in zip(counts, before, strict=True))
        self._before = counts
        self._answered += new.answered
        for guard in self._guards:
            guard.look(old, new, self._base_slow)
        for bucket, count in enumerate(old.slow):
            self._base_slow[bucket] += count

    def _worse(self) -> str:
        """What is wrong with it, if that is sure."""
        for guard in self._guards:
            if guard.excess.p() <= guard.alpha:
                return guard.says()
        found = self._compared
        if self._plan.objective != "ignored" and found is not None and found.high < -self._plan.margin:
            return (
                f"Its rewards are worse: by {-found.difference:.4g} on average, and by at least {-found.high:.4g}"
                f" with {100 * (1 - self._plan.alpha):g} % confidence."
            )
        return ""

    def _forward(self, now: float) -> Turn:
        plan = self._plan
        ahead = plan.steps[self._step + 1] if self._step + 1 < len(plan.steps) else _ALL
        if ahead < _ALL:
            self._step += 1
            self._since, self._answered = now, 0
            return Turn(
                self._divided(ahead / 100), "canary_stepped", plan.variant,
                f"{plan.variant} gets {ahead:g} % of the requests.", self.told(),
            )  # fmt: skip
        if plan.objective == "better" and (self._compared is None or self._compared.low <= 0):
            return Turn()
        better = ""
        if self._compared is not None and self._compared.low > 0:
            better = f" Its rewards are better by {self._compared.difference:.4g} on average."
        return Turn(
            self._divided(1.0), "canary_promoted", plan.variant,
            f"{plan.variant} took the place of {plan.base}: it is no worse in any respect that was looked at.{better}",
            self.told(), over=True,
        )  # fmt: skip

    def _back(self, reason: str) -> Turn:
        return Turn(self._divided(0.0), "canary_rolled_back", self._plan.variant, reason, self.told(), over=True)

    def _divided(self, part: float) -> dict[str, float]:
        mine = {self._plan.variant: self._together * part, self._plan.base: self._together * (1 - part)}
        return {**self._weights, **mine}

    def _told_guards(self) -> list[Mapping[str, Any]]:
        return [
            {
                "name": guard.name,
                "p": guard.excess.p(),
                "alpha": guard.alpha,
                "base": list(guard.excess.base),
                "canary": list(guard.excess.candidate),
            }
            for guard in self._guards
        ]


class _Guard:
    """Something that must not happen more often; with a quantile, that an answer is slower than the base's."""

    def __init__(self, name: str, alpha: float, tolerance: float, quantile: float = 0.0, factor: float = 1.0) -> None:
        self.name = name
        self.alpha = alpha
        self.excess = Excess(tolerance, _MOST_SLOW if quantile else _MOST_ERRORS)
        self._quantile = quantile
        self._factor = factor
        self._apart = math.ceil(math.log(factor) / _STEP - 1e-9)

    def look(self, base: Counts, candidate: Counts, slow: list[int]) -> None:
        """A window; `slow` is the base's before it, because what is tested must not choose its own threshold."""
        if not self._quantile:
            self.excess.add((base.errors(), base.answered), (candidate.errors(), candidate.answered))
            return
        total = sum(slow)
        if total < _ENOUGH:
            return
        bucket, seen = -1, 0
        while seen < self._quantile * total:
            bucket += 1
            seen += slow[bucket]
        self.excess.add(
            (sum(base.slow[bucket + 1 :]), base.answered),
            (sum(candidate.slow[bucket + 1 + self._apart :]), candidate.answered),
        )

    def says(self) -> str:
        (old, of_old), (new, of_new) = self.excess.base, self.excess.candidate
        what = "errors" if not self._quantile else f"answers slower than {self._factor:g} times the base's {self.name}"
        return (
            f"It has more {what}: {new} of {of_new} ({new / max(of_new, 1):.2%}) against {old} of {of_old}"
            f" ({old / max(of_old, 1):.2%}); the chance of this, were it no worse, is below {self.alpha:.2g}."
        )


def _guards(plan: CanaryPlan) -> list[_Guard]:
    found = []
    if plan.errors is not None:
        found.append(_Guard("errors", plan.alpha, plan.errors))
    if plan.latency is not None:
        each = plan.alpha / len(_QUANTILES)
        found += [_Guard(f"p{share * 100:g}", each, 0.0, share, plan.latency) for share in _QUANTILES]
    return found
