"""A multi-armed bandit: the weights follow what the answers turn out to be worth.

Thompson sampling gives each arm the share of requests that is its chance of being the best one.
The chances are integrated over a grid every few seconds, and not drawn for every request: the
split is then an ordinary one, in which keys can stay where they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

from treering.core.errors import InvalidInput
from treering.serving.traffic.steering import Turn
from treering.serving.traffic.tally import Tally

__all__ = ["Bandit", "BanditPlan", "chances"]

_POINTS = 256
_WIDTH = 5.0
_FEW = 2
_HARDLY = 0.005


@dataclass(frozen=True, slots=True)
class BanditPlan:
    """How a bandit learns.

    Attributes:
        arms: Those that it divides the requests between; others keep their weights.
        method: `thompson`, or `epsilon`: the arm with the best mean gets all but `epsilon`, which is divided equally.
        rewards: `binary`, from 0 to 1 and mostly one of these (clicks, purchases), or `number`, anything.
        floor: The smallest share of an arm, so that it can recover.
        epsilon: What is spent on trying, with the method `epsilon`.
        seconds: Between two changes of the weights.
        fewest: Rewards of each arm before the weights first move.

    Raises:
        InvalidInput: If these make no bandit.
    """

    arms: tuple[str, ...]
    method: Literal["thompson", "epsilon"] = "thompson"
    rewards: Literal["binary", "number"] = "binary"
    floor: float = 0.02
    epsilon: float = 0.1
    seconds: float = 5.0
    fewest: int = 10

    def __post_init__(self) -> None:
        wrong = ""
        if len(self.arms) < _FEW or len(set(self.arms)) != len(self.arms):
            wrong = f"it needs two or more different arms, and has {list(self.arms)}"
        elif not 0 <= self.floor * len(self.arms) <= 1:
            wrong = f"a floor of {self.floor} for each of {len(self.arms)} arms is no part of the requests"
        elif not 0 <= self.epsilon <= 1:
            wrong = f"epsilon is {self.epsilon}, and has to be from 0 to 1"
        elif self.seconds < 0 or self.fewest < 0:
            wrong = "seconds and fewest cannot be negative"
        if wrong:
            msg = f"This is no bandit: {wrong}."
            raise InvalidInput(msg)


class Bandit:
    """One bandit, until it is released.

    Args:
        weights: Of all variants when it begins.
        now: When it begins, in the unit of `tick`.
    """

    kind = "bandit"

    def __init__(self, plan: BanditPlan, weights: Mapping[str, float], now: float) -> None:
        for name in plan.arms:
            if name not in weights:
                msg = f"There is no variant {name!r}. There are: {', '.join(weights)}."
                raise InvalidInput(msg)
        self._plan = plan
        self._weights = dict(weights)
        self._together = sum(weights[name] for name in plan.arms) or 1.0
        self._began = now
        self._since: float | None = None
        self._shares = dict.fromkeys(plan.arms, 1 / len(plan.arms))

    def tick(self, now: float, tallies: Mapping[str, Tally]) -> Turn:
        """New weights, where it is time for them."""
        gone = [name for name in self._plan.arms if name not in tallies]
        if gone:
            return Turn(None, "bandit_stopped", gone[0], f"The variant {gone[0]!r} is gone.", over=True)
        if self._since is None:
            self._since = now
            return Turn(self._divided())
        if now - self._since < self._plan.seconds:
            return Turn()
        self._since = now
        arms = [tallies[name] for name in self._plan.arms]
        if min(arm.rewarded for arm in arms) < self._plan.fewest:
            return Turn()
        wished = self._best(arms) if self._plan.method == "epsilon" else chances(arms, self._plan.rewards)
        shares = dict(zip(self._plan.arms, _raised(wished, self._plan.floor), strict=True))
        # Weights that hardly move would only begin the counts of the split anew.
        if max(abs(shares[name] - self._shares[name]) for name in shares) < _HARDLY:
            return Turn()
        self._shares = shares
        return Turn(self._divided())

    def aborted(self) -> None:
        """The weights stay where they are."""

    def told(self) -> Mapping[str, Any]:
        """Its state, as plain values."""
        plan = self._plan
        return {
            "kind": self.kind,
            "arms": list(plan.arms),
            "method": plan.method,
            "rewards": plan.rewards,
            "floor": plan.floor,
            "epsilon": plan.epsilon,
            "began": self._began,
            "shares": dict(self._shares),
        }

    def _best(self, arms: Sequence[Tally]) -> list[float]:
        means = [arm.rewards / max(arm.rewarded, 1) for arm in arms]
        best = means.index(max(means))
        each = self._plan.epsilon / len(arms)
        return [each + (1 - self._plan.epsilon) * (place == best) for place in range(len(arms))]

    def _divided(self) -> dict[str, float]:
        return {**self._weights, **{name: self._together * share for name, share in self._shares.items()}}


def chances(arms: Sequence[Tally], rewards: Literal["binary", "number"]) -> list[float]:
    """For each arm the chance that its mean reward is the highest, after what was seen; they add up to 1.

    Binary rewards: Beta(1 + successes, 1 + failures). Numbers: a normal around the mean, as wide as its standard error.
    """
    centres = [_posterior(arm, rewards) for arm in arms]
    low = min(mean - _WIDTH * spread for mean, spread in centres)
    high = max(mean + _WIDTH * spread for mean, spread in centres)
    if rewards == "binary":
        low, high = max(low, 0.0), min(high, 1.0)
    points = [low + (high - low) * (place + 0.5) / _POINTS for place in range(_POINTS)]
    densities = [
        _beta(arm, points) if rewards == "binary" else _normal(*centre, points)
        for arm, centre in zip(arms, centres, strict=True)
    ]
    # Half of a point's own mass lies below it.
    below = [
        [total - mass / 2 for total, mass in zip(accumulate(density), density, strict=True)] for density in densities
    ]
    won = []
    for place, density in enumerate(densities):
        others = [one for other, one in enumerate(below) if other != place]
        won.append(math.fsum(mass * math.prod(each) for mass, *each in zip(density, *others, strict=True)))
    total = math.fsum(won)
    return [one / total for one in won]


def _posterior(arm: Tally, rewards: str) -> tuple[float, float]:
    """Its mean and standard deviation."""
    count = arm.rewarded
    if rewards == "binary":
        good, bad = _successes(arm)
        total = good + bad
        return good / total, math.sqrt(good * bad / (total**2 * (total + 1)))
    mean = arm.rewards / max(count, 1)
    variance = max(arm.squares / max(count, 1) - mean**2, 0.0)
    # Equal values say little of how far others may be: at least a thousandth of the mean apart.
    return mean, math.sqrt(variance / max(count, 1)) or max(abs(mean), 1.0) / 1000


def _successes(arm: Tally) -> tuple[float, float]:
    good = min(max(arm.rewards, 0.0), float(arm.rewarded))
    return 1 + good, 1 + arm.rewarded - good


def _beta(arm: Tally, points: Sequence[float]) -> list[float]:
    good, bad = _successes(arm)
    return _massed([(good - 1) * math.log(at) + (bad - 1) * math.log1p(-at) for at in points])


def _normal(mean: float, spread: float, points: Sequence[float]) -> list[float]:
    return _massed([-(((at - mean) / spread) ** 2) / 2 for at in points])


def _massed(logs: Sequence[float]) -> list[float]:
    top = max(logs)
    masses = [math.exp(one - top) for one in logs]
    total = math.fsum(masses)
    return [mass / total for mass in masses]


def _raised(wished: Sequence[float], floor: float) -> list[float]:
    """Shares of at least `floor` that add up to 1; what is above it is divided as wished."""
    free = 1 - floor * len(wished)
    return [floor + free * one for one in wished]
