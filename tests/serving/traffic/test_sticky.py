"""How requests are divided."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.serving.traffic.sticky import Split, shares

NAMES = ["base", "one", "two", "three"]
WEIGHTS = st.lists(st.floats(0, 100), min_size=4, max_size=4).filter(lambda weights: sum(weights) > 0.1)
KEYS = [b"user-%d" % number for number in range(2000)]


def split(weights: list[float], salt: str = "iris") -> Split:
    return Split(dict(zip(NAMES, weights, strict=True)), salt, random.Random(7).random)


@given(WEIGHTS)
def test_shares_add_up_to_one_and_keep_their_order(weights: list[float]) -> None:
    found = shares(dict(zip(NAMES, weights, strict=True)))
    assert list(found) == NAMES
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("weights", [{"a": -1.0, "b": 2.0}, {"a": float("nan")}, {"a": float("inf")}, {"a": 0.0}, {}])
def test_weights_that_are_none_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        shares(weights)


@given(st.lists(st.integers(0, 20), min_size=4, max_size=4).filter(any), st.integers(0, 2**53 - 1))
def test_a_number_falls_into_the_interval_of_its_variant(weights: list[int], number: int) -> None:
    # Exactly: the share of the numbers that lead to a variant is its weight, not nearly its weight.
    chance = number / 2**53
    found = Split(dict(zip(NAMES, map(float, weights), strict=True)), "", lambda: chance).anyone()
    edge, total = 0, sum(weights)
    for name, weight in zip(NAMES, weights, strict=True):
        edge += weight
        if chance * total < edge - 1e-9:
            assert found == name
            return
        if chance * total < edge + 1e-9:  # at an edge, either side
            return


def test_numbers_spread_evenly_are_divided_exactly() -> None:
    numbers = iter([step / 10_000 for step in range(10_000)])
    found = Split({"base": 90, "one": 7, "two": 0, "three": 3}, "", lambda: next(numbers))
    counted = [found.anyone() for _ in range(10_000)]
    assert {name: counted.count(name) for name in NAMES} == {"base": 9000, "one": 700, "two": 0, "three": 300}


@settings(max_examples=40)
@given(WEIGHTS)
def test_keys_are_divided_by_weight(weights: list[float]) -> None:
    found = split(weights)
    counted = [found.of(key) for key in KEYS]
    for name, share in found.weights.items():
        spread = (len(KEYS) * share * (1 - share)) ** 0.5
        assert abs(counted.count(name) - len(KEYS) * share) <= 5.5 * spread + 1


@given(WEIGHTS, WEIGHTS)
def test_a_key_moves_only_to_a_variant_whose_weight_rose_against_its_own(
    before: list[float], after: list[float]
) -> None:
    old, new = split(before), split(after)
    for key in KEYS[:300]:
        was, now = old.of(key), new.of(key)
        if was != now:
            rose = new.weights[now] * old.weights[was]
            fell = new.weights[was] * old.weights[now]
            assert rose > fell * (1 - 1e-9)


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.9))
def test_a_larger_share_brings_new_keys_in_and_sends_none_back(one: float, other: float) -> None:
    assume(one < other)
    few = Split({"base": 1 - one, "canary": one}, "iris")
    many = Split({"base": 1 - other, "canary": other}, "iris")
    in_few = {key for key in KEYS[:400] if few.of(key) == "canary"}
    in_many = {key for key in KEYS[:400] if many.of(key) == "canary"}
    assert in_few <= in_many


def test_a_variant_that_goes_leaves_the_keys_of_the_others_where_they_are() -> None:
    old, new = split([5, 3, 2, 0]), split([5, 3, 0, 0])
    assert all(old.of(key) in {new.of(key), "two"} for key in KEYS)


def test_neither_order_nor_a_restart_moves_a_key() -> None:
    one = Split({"a": 1, "b": 2, "c": 3}, "iris")
    other = Split({"c": 3, "a": 1, "b": 2}, "iris")
    assert [one.of(key) for key in KEYS] == [other.of(key) for key in KEYS]
    # Written down: another version of the program divides the same.
    assert [one.of(b"user-%d" % number) for number in range(8)] == list("cccbcbac")


def test_experiments_are_divided_independently() -> None:
    one, other = split([1, 1, 0, 0], "a"), split([1, 1, 0, 0], "b")
    same = sum(one.of(key) == other.of(key) for key in KEYS)
    assert 0.45 < same / len(KEYS) < 0.55


@pytest.mark.parametrize("key", [b"", b"\0", b"x" * 10_000, bytes(range(256))])
def test_any_bytes_are_a_key(key: bytes) -> None:
    assert split([1, 1, 1, 1]).of(key) in NAMES
