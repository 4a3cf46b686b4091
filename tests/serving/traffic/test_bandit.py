"""Bandits: how the weights follow the rewards."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.serving.traffic.bandit import Bandit, BanditPlan, chances
from treering.serving.traffic.router import Feedback, Plan, Router, Variant
from treering.serving.traffic.tally import Tally

ARMS = ("a", "b", "c")
VARIANTS = tuple(Variant(name, "iris", name) for name in ARMS)


def tally(good: int, bad: int) -> Tally:
    made = Tally()
    made.rewarded, made.rewards, made.squares = good + bad, float(good), float(good)
    return made


def numbers(count: int, mean: float, spread: float) -> Tally:
    made = Tally()
    made.rewarded, made.rewards, made.squares = count, count * mean, count * (spread**2 + mean**2)
    return made


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=2, max_size=5))
def test_chances_add_up_to_one(arms: list[tuple[int, int]]) -> None:
    found = chances([tally(*arm) for arm in arms], "binary")
    assert sum(found) == pytest.approx(1)
    assert all(0 <= one <= 1 for one in found)


@pytest.mark.parametrize(
    "arms", [[(3, 7), (5, 5)], [(30, 70), (40, 60), (35, 65)], [(0, 0), (2, 1)], [(500, 9500), (540, 9460)]]
)
def test_chances_are_those_of_draws_from_the_posteriors(arms: list[tuple[int, int]]) -> None:
    draw = random.Random(1)
    won = [0] * len(arms)
    for _ in range(20_000):
        drawn = [draw.betavariate(1 + good, 1 + bad) for good, bad in arms]
        won[drawn.index(max(drawn))] += 1
    found = chances([tally(*arm) for arm in arms], "binary")
    assert found == pytest.approx([count / 20_000 for count in won], abs=0.02)


def test_chances_of_numbers_are_those_of_the_means() -> None:
    found = chances([numbers(100, 10.0, 5.0), numbers(400, 11.0, 5.0)], "number")
    # The difference is 1 and its standard error 0.56: 96.3 %.
    assert found[1] == pytest.approx(0.963, abs=0.01)


def test_an_arm_known_exactly_stands_beside_one_that_is_not() -> None:
    found = chances([tally(500_000, 500_000), tally(1, 1)], "binary")
    assert found == pytest.approx([0.5, 0.5], abs=0.05)
    assert chances([numbers(1000, 5.0, 0.0), numbers(1000, 5.1, 0.0)], "number")[1] > 0.99


def play(plan: BanditPlan, rates: dict[str, float], seconds: int, seed: int = 0) -> tuple[Router, int]:
    chance = random.Random(seed)
    router = Router({"iris": Plan(VARIANTS)}, chance=chance.random)
    router.tick(0.0)
    router.steer("iris", Bandit(plan, router.endpoint("iris").plan.all_weights(), 0.0))
    won = 0
    for second in range(1, seconds + 1):
        for number in range(50):
            variant = router.pick("iris").name
            request_id = b"%d-%d" % (second, number)
            router.observe("iris", variant, 200, 0.01, request_id)
            value = chance.random() < rates[variant]
            won += value
            router.reward("iris", request_id, float(value))
        router.tick(float(second))
    return router, won


@pytest.mark.parametrize("method", ["thompson", "epsilon"])
def test_it_finds_the_best_arm_and_earns_more_than_an_even_split(method: Any) -> None:
    rates = {"a": 0.05, "b": 0.10, "c": 0.20}
    router, won = play(BanditPlan(ARMS, method), rates, 200)
    shares = router.endpoint("iris").shares()
    assert max(shares, key=lambda name: shares[name]) == "c"
    assert shares["c"] > 0.8
    assert won > 1.3 * 200 * 50 * sum(rates.values()) / 3


def test_no_arm_falls_below_its_floor() -> None:
    router, _ = play(BanditPlan(ARMS, floor=0.05), {"a": 0.0, "b": 0.0, "c": 1.0}, 60)
    shares = router.endpoint("iris").shares()
    assert shares["a"] >= 0.05 - 1e-9
    assert shares["c"] == pytest.approx(0.90, abs=0.01)


def test_it_begins_even_and_waits_for_a_few_rewards() -> None:
    router, _ = play(BanditPlan(ARMS, fewest=10_000), {"a": 0.0, "b": 0.0, "c": 1.0}, 30)
    assert list(router.endpoint("iris").shares().values()) == pytest.approx([1 / 3] * 3)


def test_variants_that_are_no_arms_keep_their_share() -> None:
    router = Router({"iris": Plan(VARIANTS, {"a": 50, "b": 30, "c": 20})})
    router.tick(0.0)
    router.steer("iris", Bandit(BanditPlan(("a", "b")), router.endpoint("iris").plan.all_weights(), 0.0))
    assert dict(router.endpoint("iris").shares()) == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.2})
    router.abort("iris", "bandit")
    assert dict(router.endpoint("iris").shares()) == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.2})


def test_what_was_not_clicked_in_time_is_a_failure() -> None:
    router = Router({"iris": Plan(VARIANTS, {"a": 1, "b": 1})}, Feedback(window=60.0, missing=0.0))
    router.tick(1000.0)
    for number in range(10):
        router.observe("iris", "a", 200, 0.01, b"%d" % number)
    assert router.reward("iris", b"3", 1.0)
    assert not router.reward("iris", b"3", 1.0), "twice"
    router.tick(1060.0)
    assert router.endpoint("iris").tallies["a"].rewarded == 1
    router.tick(1061.0)
    assert router.endpoint("iris").tallies["a"].rewarded == 10
    assert not router.reward("iris", b"5", 1.0), "too late"
    assert router.endpoint("iris").strays == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"arms": ("a",)}, {"arms": ("a", "a")}, {"arms": ("a", "x")}, {"floor": 0.4}, {"floor": -0.1}, {"epsilon": 2.0},
        {"seconds": -1.0},
    ],
)  # fmt: skip
def test_what_is_no_bandit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Bandit(BanditPlan(**{"arms": ARMS, **wrong}), dict.fromkeys(ARMS, 1.0), 0.0)
