"""The router as the front uses it."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.serving.traffic.awaiting import Awaiting
from treering.serving.traffic.router import Feedback, Plan, Router, Variant
from treering.serving.traffic.tally import BOUNDS, Tally, quantile

ONE, TWO = Variant("v1", "iris", "1"), Variant("v2", "iris", "2")


def test_the_first_variant_gets_everything_until_somebody_says_otherwise() -> None:
    router = Router({"iris": Plan((ONE, TWO))})
    assert {router.pick("iris", b"key-%d" % number) for number in range(100)} == {ONE}
    assert router.endpoints() == {"iris": (ONE, TWO)}


def test_a_variant_without_traffic_can_be_asked_for_and_is_not_counted() -> None:
    router = Router({"iris": Plan((ONE, TWO))})
    assert router.pick("iris", b"anybody", b"v2") == TWO
    router.observe("iris", "v2", 500, 1.0, b"id", forced=True)
    assert router.endpoint("iris").tallies["v2"].answered == 0
    with pytest.raises(InvalidInput, match=r"no variant 'v3'\. There are: v1, v2"):
        router.pick("iris", b"", b"v3")
    with pytest.raises(InvalidInput):
        router.pick("iris", b"", b"\xff\x00")


def test_an_endpoint_that_is_not_there_is_named_with_those_that_are() -> None:
    router = Router({"iris": Plan((ONE,)), "wine": Plan((ONE,))})
    with pytest.raises(NotFound, match=r"'x' here\. Known ones: iris, wine"):
        router.pick("x")
    router.drop("wine")
    router.drop("wine")
    with pytest.raises(NotFound, match="Known ones: iris"):
        router.pick("wine")
    # An answer may come after its endpoint has gone.
    router.observe("wine", "v1", 200, 0.1, b"id")
    router.observe("iris", "v7", 200, 0.1, b"id")


def test_counts_stay_when_weights_change_and_variants_come() -> None:
    router = Router({"iris": Plan((ONE,))})
    router.tick(5.0)
    for _ in range(10):
        router.pick("iris")
        router.observe("iris", "v1", 200, 0.01)
    router.change("iris", Plan((ONE, TWO), {"v1": 1, "v2": 1}), "A second one.")
    assert router.endpoint("iris").tallies["v1"].answered == 10
    event = router.tick(6.0)[0]
    assert (event.kind, event.reason, event.endpoint, event.at) == ("split_changed", "A second one.", "iris", 5.0)
    assert {router.pick("iris") for _ in range(200)} == {ONE, TWO}


def test_what_is_loaded_and_unloaded_keeps_the_weights_of_the_rest() -> None:
    router = Router({})
    router.offer("iris", [ONE, TWO])
    assert router.endpoint("iris").plan.all_weights() == {"v1": 1, "v2": 0}
    router.change("iris", Plan((ONE, TWO), {"v1": 30, "v2": 70}, {"v1": 0.5}))
    three = Variant("v3", "iris", "3")
    router.offer("iris", [ONE, TWO, three])
    assert dict(router.endpoint("iris").shares()) == {"v1": 0.3, "v2": 0.7, "v3": 0.0}
    router.offer("iris", [TWO, three])
    assert dict(router.endpoint("iris").shares()) == {"v2": 1.0, "v3": 0.0}
    assert router.shadows("iris") == ()
    router.offer("iris", [three])
    assert router.pick("iris") == three
    kinds = [event.kind for event in router.tick(1.0)]
    assert kinds == ["split_changed", "variants_changed", "variants_changed", "variants_changed"]


def test_the_split_is_checked_and_a_mismatch_told_once() -> None:
    # A chance that is no chance: something in front sends the same again and again.
    router = Router({"iris": Plan((ONE, TWO), {"v1": 1, "v2": 1})}, chance=lambda: 0.1)
    for _ in range(200):
        router.pick("iris")
    told = [event.kind for _ in range(5) for event in router.tick(1.0)]
    assert told == ["mismatch_found"]
    router.change("iris", Plan((ONE, TWO), {"v1": 1, "v2": 1}))
    assert not router.endpoint("iris").mismatched


def test_one_user_who_asks_a_thousand_times_is_one_user() -> None:
    router = Router({"iris": Plan((ONE, TWO), {"v1": 1, "v2": 1})})
    for _ in range(1000):
        router.pick("iris", b"the same")
    assert sum(router.endpoint("iris").units.values()) == 1
    assert router.tick(1.0) == []


def test_rewards_find_their_variant() -> None:
    router = Router({"iris": Plan((ONE, TWO), {"v1": 1, "v2": 1})})
    router.observe("iris", "v1", 200, 0.1, b"a")
    router.observe("iris", "v2", 200, 0.1, b"b")
    router.observe("iris", "v2", 500, 0.1, b"c")
    assert router.reward("iris", b"a", 2.0)
    assert router.reward("iris", b"b", -1.5)
    assert not router.reward("iris", b"c", 1.0), "there was no prediction"
    tallies = router.endpoint("iris").tallies
    assert (tallies["v1"].rewards, tallies["v2"].rewards) == (2.0, -1.5)
    with pytest.raises(NotFound):
        router.reward("wine", b"a", 1.0)


def test_where_one_variant_answers_everything_nobody_is_remembered() -> None:
    router = Router({"iris": Plan((ONE, TWO))})
    router.observe("iris", "v1", 200, 0.1, b"a")
    assert len(router.endpoint("iris").awaiting) == 0


def test_what_is_remembered_has_an_end() -> None:
    router = Router({"iris": Plan((ONE, TWO), {"v1": 1, "v2": 1})}, Feedback(room=1000))
    tracemalloc.start()
    for number in range(1000):
        router.observe("iris", "v1", 200, 0.1, b"first-%d" % number)
    full = tracemalloc.get_traced_memory()[0]
    for number in range(20_000):
        router.observe("iris", "v1", 200, 0.1, b"later-%d" % number)
        router.pick("iris", b"k")
    assert tracemalloc.get_traced_memory()[0] < full + 50_000
    tracemalloc.stop()
    awaiting = router.endpoint("iris").awaiting
    assert len(awaiting) == 1000
    assert awaiting.crowded == 20_000


def test_less_is_remembered_where_nobody_tells_what_answers_were_worth() -> None:
    router = Router({"iris": Plan((ONE, TWO), {"v1": 1, "v2": 1})})
    for number in range(15_000):
        router.observe("iris", "v1", 200, 0.1, b"%d" % number)
    assert len(router.endpoint("iris").awaiting) == 10_000
    router.reward("iris", b"14999", 1.0)
    for number in range(15_000, 30_000):
        router.observe("iris", "v1", 200, 0.1, b"%d" % number)
    assert len(router.endpoint("iris").awaiting) == 24_999


def test_an_id_that_is_used_again_stands_for_its_last_answer() -> None:
    awaiting = Awaiting(window=10.0, room=3)
    awaiting.add(b"a", "v1", 0.0)
    awaiting.add(b"a", "v2", 8.0)
    assert list(awaiting.expired(11.0)) == []
    assert awaiting.take(b"a") == "v2"
    assert list(awaiting.expired(100.0)) == []
    for number in range(5):
        awaiting.add(b"%d" % number, "v1", 100.0)
    assert len(awaiting) == 3
    assert list(awaiting.expired(111.0)) == ["v1"] * 3


def test_quantiles_are_right_to_a_bucket() -> None:
    tally, chance = Tally(), random.Random(1)
    took = sorted(chance.lognormvariate(-5, 1) for _ in range(5000))
    for seconds in took:
        tally.add(200, seconds)
    for share in (0.01, 0.5, 0.95, 0.99, 1.0):
        true = took[max(0, int(share * 5000) - 1)]
        found = quantile(tally.counts().slow, share)
        assert found is not None
        assert true <= found * 1.0001
        assert found <= true * 1.2 * 1.0001
    assert quantile((0,) * (len(BOUNDS) + 1), 0.5) is None
    tally.add(200, 1e9)
    tally.add(200, -1.0)  # a clock that was set back
    assert quantile(tally.counts().slow, 1.0) == BOUNDS[-1]


@pytest.mark.parametrize(
    ("variants", "rest"),
    [((), {}), ((ONE, ONE), {}), ((ONE,), {"weights": {"v2": 1}}), ((ONE,), {"shadows": {"v2": 1}}),
     ((ONE, TWO), {"shadows": {"v2": 1.5}}), ((ONE,), {"weights": {"v1": 0}})],
)  # fmt: skip
def test_a_plan_that_is_none_is_refused(variants: tuple[Variant, ...], rest: dict[str, dict[str, float]]) -> None:
    with pytest.raises(InvalidInput):
        Plan(variants, **rest)
