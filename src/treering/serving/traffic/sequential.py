"""Tests that may be looked at any time: a difference of means, more errors in one arm, a split that is not as planned.

A p-value of today's test is wrong when it is looked at every hour until it is small. What is
computed here stays right however often it is looked at, and whenever one stops: the chance that
it ever falls below alpha, if nothing is there, is at most alpha.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from treering.core.errors import InvalidInput

__all__ = ["Comparison", "Excess", "Sample", "compare", "mismatch", "quantile_of_normal", "sample_size"]

FEWEST = 100
"""Values in each arm below which means are not compared: their variance is not known well enough."""

# The difference that the test is most sensitive to, in standard deviations: at a conversion of 10 % this is 2 points.
_EFFECT = 0.0667
# Alternatives: how many times as often. The evidence is their mean, so that none of them has to be chosen.
_RATIOS = (1.15, 1.35, 1.7, 2.2, 3.0, 5.0, 10.0, 30.0, 100.0)
_CONCENTRATION = 100.0
_LARGEST_LOG = 700.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of the values of one arm.

    Attributes:
        count: How many.
        total: Their sum.
        squares: The sum of their squares.
    """

    count: int
    total: float
    squares: float

    def mean(self) -> float:
        """The mean; 0 without values."""
        return self.total / self.count if self.count else 0.0

    def variance(self) -> float:
        """Of the values, by n; never negative."""
        return max(0.0, self.squares / self.count - self.mean() ** 2) if self.count else 0.0


class Comparison(NamedTuple):
    """Two arms, as far as is known.

    Attributes:
        difference: Mean of the candidate minus mean of the base.
        low: The difference is above this; minus infinity while there are too few values. Holds at all times together.
        high: It is below this.
        p: Always valid, two-sided; 1 while nothing is known.
        fixed: The p-value of a z-test, which is only right for one look at a time chosen beforehand.
    """

    difference: float
    low: float
    high: float
    p: float
    fixed: float

    def told(self) -> Mapping[str, float] | None:
        """As plain values; None while there are too few."""
        return None if math.isinf(self.low) else self._asdict()


def compare(strata: Sequence[tuple[Sample, Sample]], alpha: float = 0.05, effect: float | None = None) -> Comparison:
    """Mixture sequential probability ratio test (Johari, Koomen, Pekelis, Walsh 2017) of a difference of means.

    Args:
        strata: What base and candidate have, kept apart where the split between them changed; weighted as Cochran does.
        alpha: The chance that the interval, ever, does not hold the true difference.
        effect: The difference that the test is most sensitive to; by default a fifteenth of a standard deviation.
    """
    both = [(base, other) for base, other in strata if base.count and other.count]
    counts = [base.count * other.count / (base.count + other.count) for base, other in both]
    total = math.fsum(counts)
    difference = math.fsum(
        count * (other.mean() - base.mean()) for count, (base, other) in zip(counts, both, strict=True)
    ) / (total or 1.0)
    pooled = math.fsum(count * _pooled(*pair) for count, pair in zip(counts, both, strict=True)) / (total or 1.0)
    fewest = min(sum(base.count for base, _ in both), sum(other.count for _, other in both))
    if fewest < FEWEST or pooled <= 0:
        return Comparison(difference, -math.inf, math.inf, 1.0, 1.0)
    # Each stratum's difference varies by pooled/count, and counts for count/total.
    variance = pooled / total
    tau = effect**2 if effect is not None else _EFFECT**2 * pooled
    sum_of_both = variance + tau
    evidence = 0.5 * math.log(variance / sum_of_both) + tau * difference**2 / (2 * variance * sum_of_both)
    width = math.sqrt(variance * sum_of_both / tau * (2 * math.log(1 / alpha) + math.log(sum_of_both / variance)))
    fixed = math.erfc(abs(difference) / math.sqrt(2 * variance))
    return Comparison(difference, difference - width, difference + width, _p(evidence), fixed)


def _pooled(base: Sample, candidate: Sample) -> float:
    """The variance of all values around their common mean, which is larger than that around two."""
    count = base.count + candidate.count
    return Sample(count, base.total + candidate.total, base.squares + candidate.squares).variance()


class Excess:
    """Evidence that something happens more often to the candidate's requests than to the base's.

    Given how many of a window's events there were, and how its requests were divided, the
    candidate's part of the events is hypergeometric if both are equally likely. The evidence is
    the product over the windows of binomial likelihood ratios, whose mean under that is at most 1
    (sampling without replacement varies less: Hoeffding 1963), so that Ville's inequality
    bounds the chance that it is ever above 1/alpha. No rates have to be known, no share of
    the traffic be kept, and events may be rare.

    Args:
        tolerance: The candidate's events may be this much more frequent: 0.1 allows a tenth more.
        most: One window counts for at most so much evidence, as a likelihood ratio. Requests that are answered together
            fail together, and are slow together: one bad moment must not decide. (What is cut off only lowers the mean.)
    """

    __slots__ = ("_highest", "_logs", "_most", "_null", "base", "candidate")

    def __init__(self, tolerance: float = 0.0, most: float = math.inf) -> None:
        self._null = 1.0 + tolerance
        self._most = math.log(most)
        self._logs = [0.0] * len(_RATIOS)
        self._highest = 0.0
        self.base = (0, 0)
        """Events and requests so far."""
        self.candidate = (0, 0)
        """As above."""

    def add(self, base: tuple[int, int], candidate: tuple[int, int]) -> None:
        """A window: for each arm its events and its requests."""
        self.base = (self.base[0] + base[0], self.base[1] + base[1])
        self.candidate = (self.candidate[0] + candidate[0], self.candidate[1] + candidate[1])
        events = base[0] + candidate[0]
        if not events or not base[1] or not candidate[1]:
            return
        null = _part(self._null, base[1], candidate[1])
        for place, ratio in enumerate(_RATIOS):
            other = _part(self._null * ratio, base[1], candidate[1])
            ratio_of_window = candidate[0] * math.log(other / null) + base[0] * math.log((1 - other) / (1 - null))
            self._logs[place] += min(ratio_of_window, self._most)
        self._highest = max(self._highest, self.evidence())

    def evidence(self) -> float:
        """The logarithm of the mean of the likelihood ratios, now."""
        top = max(self._logs)
        return top + math.log(math.fsum(math.exp(one - top) for one in self._logs) / len(self._logs))

    def p(self) -> float:
        """Always valid; it never rises again."""
        return _p(self._highest)


def _part(ratio: float, base: int, candidate: int) -> float:
    return ratio * candidate / (ratio * candidate + base)


def mismatch(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Always valid p-value of the split that was asked for, given how many came to each arm.

    The Dirichlet-multinomial mixture of Lindon and Malek (2022). A sample ratio mismatch says that something
    between the split and the counts loses or adds requests of one arm, so that no comparison can be trusted.
    """
    live = {name: share for name, share in shares.items() if share > 0}
    total = sum(counts.get(name, 0) for name in live)
    evidence = math.lgamma(_CONCENTRATION) - math.lgamma(_CONCENTRATION + total)
    for name, share in live.items():
        count, prior = counts.get(name, 0), _CONCENTRATION * share
        evidence += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(share)
    return _p(evidence)


def sample_size(base: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Requests in each arm for a test with one look at its end, of a rate of `base` against `base + effect`.

    Raises:
        InvalidInput: If a rate is not between 0 and 1, or the effect is 0.
    """
    other = base + effect
    if not 0 < base < 1 or not 0 < other < 1 or effect == 0:
        msg = f"Rates of {base} and {other} cannot be compared. Both have to be between 0 and 1, and to differ."
        raise InvalidInput(msg)
    wanted = quantile_of_normal(1 - alpha / 2) + quantile_of_normal(power)
    return math.ceil(wanted**2 * (base * (1 - base) + other * (1 - other)) / effect**2)


def quantile_of_normal(share: float) -> float:
    """Below which `share` of a standard normal distribution lies."""
    # The module statistics has it, and takes longer to load than a server may take to start.
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 * math.erfc(-middle / math.sqrt(2)) < share else (low, middle)
    return (low + high) / 2


def _p(evidence: float) -> float:
    return min(1.0, math.exp(-min(evidence, _LARGEST_LOG))) if evidence > 0 else 1.0
