"""Tests that are looked at all the time: how often they are wrong, and whether they see what is there."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.serving.traffic.sequential import Excess, Sample, compare, mismatch, quantile_of_normal, sample_size

LOOKS = 60


def sample(values: np.ndarray) -> Sample:
    return Sample(len(values), float(values.sum()), float((values**2).sum()))


def looked(base: np.ndarray, candidate: np.ndarray, alpha: float) -> tuple[bool, bool]:
    """Whether any of many looks found a difference: by the sequential test, and by the usual one."""
    sure = fooled = False
    for part in range(1, LOOKS + 1):
        count = len(base) * part // LOOKS
        found = compare([(sample(base[:count]), sample(candidate[:count]))], alpha)
        sure |= found.p <= alpha
        fooled |= found.fixed <= alpha
    return sure, fooled


def rate(draws: int, one: float, other: float, seed: int, count: int = 6000) -> tuple[float, float]:
    source = np.random.default_rng(seed)
    both = [
        looked((source.random(count) < one) * 1.0, (source.random(count) < other) * 1.0, 0.05) for _ in range(draws)
    ]
    return sum(sure for sure, _ in both) / draws, sum(fooled for _, fooled in both) / draws


@pytest.mark.parametrize("base", [0.02, 0.1, 0.5])
def test_looking_often_does_not_make_a_winner(base: float) -> None:
    sure, fooled = rate(300, base, base, seed=int(base * 100))
    assert sure <= 0.05
    # This is what the test is for: a test for one look, looked at often.
    assert fooled > 0.15


def test_what_differs_is_found() -> None:
    sure, _ = rate(100, 0.10, 0.13, seed=1)
    assert sure > 0.9


def test_the_interval_holds_the_truth_at_all_looks_together() -> None:
    source = np.random.default_rng(3)
    missed = 0
    for _ in range(300):
        base, candidate = source.normal(3, 2, 4000), source.normal(3.1, 2, 4000)
        for part in range(1, LOOKS + 1):
            count = 4000 * part // LOOKS
            found = compare([(sample(base[:count]), sample(candidate[:count]))], 0.05)
            if not found.low <= 0.1 <= found.high:
                missed += 1
                break
    assert missed / 300 <= 0.06


def test_few_values_say_nothing() -> None:
    found = compare([(Sample(99, 0, 0), Sample(500, 500, 500))])
    assert (found.p, found.low, found.high) == (1.0, -math.inf, math.inf)
    assert found.told() is None
    equal = compare([(Sample(500, 500, 500), Sample(500, 500, 500))])
    assert equal.p == 1.0
    assert compare([]).p == 1.0


def test_the_world_may_change_with_the_split() -> None:
    # In the evening everybody buys more, and the candidate gets most of the evening. It is not better.
    morning = (Sample(9000, 900, 900), Sample(1000, 100, 100))
    evening = (Sample(1000, 500, 500), Sample(9000, 4500, 4500))
    apart = compare([morning, evening])
    assert apart.difference == pytest.approx(0)
    assert apart.p == 1.0
    together = [
        Sample(one.count + two.count, one.total + two.total, one.squares + two.squares)
        for one, two in zip(morning, evening, strict=True)
    ]
    assert compare([(together[0], together[1])]).p < 1e-6


def excess(
    rates: tuple[float, float], share: float, seed: int, *, bursts: bool = False, most: float = math.inf
) -> float:
    source = np.random.default_rng(seed)
    test = Excess(most=most)
    for _ in range(100):
        # How much comes, and how it is divided, may be anything.
        total = int(source.integers(1, 400))
        part = source.random() if bursts else share
        mine = int(source.binomial(total, part))
        test.add(
            (int(source.binomial(total - mine, rates[0])), total - mine), (int(source.binomial(mine, rates[1])), mine)
        )
    return test.p()


@pytest.mark.parametrize(("rate_", "share"), [(0.001, 0.05), (0.01, 0.5), (0.2, 0.05), (0.7, 0.25)])
@pytest.mark.parametrize("bursts", [False, True])
def test_a_canary_that_is_no_worse_is_hardly_ever_found_worse(rate_: float, share: float, bursts: bool) -> None:
    found = sum(excess((rate_, rate_), share, seed, bursts=bursts) <= 0.05 for seed in range(300))
    assert found / 300 <= 0.05


def test_a_canary_that_is_better_is_never_found_worse() -> None:
    assert not any(excess((0.2, 0.1), 0.5, seed) <= 0.01 for seed in range(100))


@pytest.mark.parametrize(("rates", "share"), [((0.01, 0.05), 0.05), ((0.1, 0.2), 0.1), ((0.0, 0.02), 0.25)])
def test_a_canary_that_is_worse_is_found_out(rates: tuple[float, float], share: float) -> None:
    assert sum(excess(rates, share, seed) <= 0.01 for seed in range(50)) >= 45


def test_one_that_always_fails_is_found_out_after_a_handful_of_requests() -> None:
    test = Excess()
    failed = 0
    while test.p() > 0.01:
        failed += 1
        test.add((0, 19), (1, 1))
    assert failed <= 5


def test_one_bad_moment_does_not_decide() -> None:
    test = Excess(most=30.0)
    test.add((0, 1000), (200, 200))
    for _ in range(20):
        test.add((5, 1000), (1, 200))
    assert test.p() == pytest.approx(1 / 30)
    worse = Excess(most=30.0)
    for _ in range(2):
        worse.add((0, 1000), (200, 200))
    assert worse.p() <= 0.01


@pytest.mark.parametrize("most", [5.0, 30.0])
def test_what_is_cut_off_makes_no_harmless_canary_worse(most: float) -> None:
    found = sum(excess((0.05, 0.05), 0.2, seed, most=most) <= 0.05 for seed in range(300))
    assert found / 300 <= 0.05


def test_a_tolerance_is_kept() -> None:
    strict, lenient = Excess(), Excess(tolerance=1.0)
    for _ in range(50):
        strict.add((50, 1000), (90, 1000))
        lenient.add((50, 1000), (90, 1000))
    assert strict.p() < 1e-6
    assert lenient.p() == 1.0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)), max_size=40))
def test_evidence_is_a_number_for_any_counts(windows: list[tuple[int, int, int, int]]) -> None:
    test, last = Excess(), 1.0
    for base, more, candidate, others in windows:
        test.add((base, base + more), (candidate, candidate + others))
        assert 0 <= test.p() <= last
        last = test.p()


def test_a_true_split_is_hardly_ever_called_false() -> None:
    alarms = 0
    for seed in range(300):
        source = random.Random(seed)
        counts = {"a": 0, "b": 0}
        lowest = 1.0
        for number in range(4000):
            counts["a" if source.random() < 0.9 else "b"] += 1
            if number % 50 == 0:
                lowest = min(lowest, mismatch(counts, {"a": 0.9, "b": 0.1}))
        alarms += lowest < 0.01
    assert alarms / 300 <= 0.01


def test_a_split_that_loses_requests_is_found_out() -> None:
    # A tenth of those for b never arrive.
    assert mismatch({"a": 50_000, "b": 45_000}, {"a": 0.5, "b": 0.5}) < 1e-6
    assert mismatch({"a": 50_000, "b": 50_100, "gone": 7}, {"a": 0.5, "b": 0.5}) > 0.05
    assert mismatch({}, {"a": 0.5, "b": 0.5}) == 1.0


@settings(max_examples=50)
@given(st.floats(0.0005, 0.9995))
def test_quantiles_are_those_of_the_normal_distribution(share: float) -> None:
    from statistics import NormalDist  # noqa: PLC0415 -- the peer, which servers do not load

    assert quantile_of_normal(share) == pytest.approx(NormalDist().inv_cdf(share), abs=1e-9)


def test_the_size_of_a_sample_is_the_textbooks() -> None:
    # From 10 % to 11 %, 5 % and 80 %: 14,750 in each arm by any calculator that does not pool.
    assert sample_size(0.10, 0.01) == pytest.approx(14_748, abs=5)
    assert sample_size(0.10, -0.01) < sample_size(0.10, 0.01)
    for base, effect in [(0.0, 0.1), (0.5, 0.0), (0.95, 0.1)]:
        with pytest.raises(InvalidInput):
            sample_size(base, effect)
