"""Canaries in a made-up world: requests, answers and rewards by chance, and a clock that is told."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.serving.traffic.canary import Canary, CanaryPlan
from treering.serving.traffic.router import Event, Plan, Router, Variant

OLD, NEW = Variant("v1", "iris", "1"), Variant("v2", "iris", "2")


@dataclass
class World:
    """A server under load, a second at a time."""

    seed: int = 0
    per_second: int = 100
    errors: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    rewards: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=lambda: {"v1": 100.0})

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.router = Router({"iris": Plan((OLD, NEW), self.weights)}, chance=self.chance.random)
        self.now = 1000.0
        self.events: list[Event] = []
        self.served = 0
        self.router.tick(self.now)

    def begin(self, **plan: Any) -> None:
        weights = self.router.endpoint("iris").plan.all_weights()
        made = CanaryPlan(**{"variant": "v2", "base": "v1", "seconds": 10.0, "requests": 20, **plan})
        self.router.steer("iris", Canary(made, weights, self.now))

    def live(self, seconds: int) -> str:
        """The name of the event that ended the canary, or nothing."""
        for _ in range(seconds):
            self.now += 1
            for _ in range(self.per_second):
                self.request()
            for event in self.router.tick(self.now):
                self.events.append(event)
                if event.kind in {"canary_promoted", "canary_rolled_back", "canary_aborted"}:
                    return event.kind
        return ""

    def request(self) -> None:
        self.served += 1
        variant = self.router.pick("iris").name
        status = 500 if self.chance.random() < self.errors.get(variant, 0.0) else 200
        took = self.chance.lognormvariate(0, 0.5) * self.seconds.get(variant, 0.005)
        request_id = b"%d" % self.served
        self.router.observe("iris", variant, status, took, request_id)
        if self.rewards:
            self.router.reward("iris", request_id, float(self.chance.random() < self.rewards[variant]))

    def shares(self) -> dict[str, float]:
        return dict(self.router.endpoint("iris").shares())


def test_a_canary_that_is_as_good_takes_all_steps_and_is_promoted() -> None:
    world = World(errors={"v1": 0.01, "v2": 0.01})
    world.begin()
    assert world.live(200) == "canary_promoted"
    stepped = [event.details["percent"] for event in world.events if event.kind == "canary_stepped"]
    assert stepped == [5, 25, 50]
    assert world.shares() == {"v1": 0.0, "v2": 1.0}
    assert world.router.pick("iris") == NEW
    # It stays so, and what was is written down.
    assert world.live(20) == ""
    kinds = [event.kind for event in world.router.endpoint("iris").history]
    assert kinds == ["canary_started", "canary_stepped", "canary_stepped", "canary_stepped", "canary_promoted"]


def test_a_step_takes_its_time_and_its_requests() -> None:
    world = World(per_second=10)
    world.begin(seconds=30, requests=40)
    world.live(29)
    assert world.shares()["v2"] == pytest.approx(0.05)
    world.live(40)  # half a request a second
    assert world.shares()["v2"] == pytest.approx(0.05)
    world.live(60)
    assert world.shares()["v2"] > 0.05


def test_one_that_always_fails_is_rolled_back_within_seconds() -> None:
    world = World(errors={"v2": 1.0})
    world.begin()
    assert world.live(5) == "canary_rolled_back"
    assert world.shares() == {"v1": 1.0, "v2": 0.0}
    assert "errors" in world.events[-1].reason
    # 1 in 20 of a few seconds: hardly anybody noticed.
    assert world.router.endpoint("iris").tallies["v2"].failed < 15


@pytest.mark.parametrize(
    ("worse", "says"),
    [
        ({"errors": {"v1": 0.01, "v2": 0.08}}, "more errors: "),
        ({"seconds": {"v1": 0.005, "v2": 0.02}}, "slower than 1.5 times"),
        ({"rewards": {"v1": 0.5, "v2": 0.3}}, "rewards are worse"),
    ],
)
def test_one_that_is_worse_is_rolled_back(worse: dict[str, Any], says: str) -> None:
    for seed in range(5):
        world = World(seed, **worse)
        world.begin(seconds=60.0)
        assert world.live(400) == "canary_rolled_back"
        assert says in world.events[-1].reason
        assert world.shares() == {"v1": 1.0, "v2": 0.0}


def test_a_tail_that_got_longer_is_enough() -> None:
    world = World(per_second=300)
    world.begin(seconds=100.0)
    slow = random.Random(5)

    def request() -> None:
        variant = world.router.pick("iris").name
        took = 0.005 if variant == "v1" or slow.random() > 0.04 else 0.5
        world.router.observe("iris", variant, 200, took * slow.uniform(0.8, 1.2))

    world.request = request  # type: ignore[method-assign]
    assert world.live(300) == "canary_rolled_back"
    assert "p99" in world.events[-1].reason or "p95" in world.events[-1].reason


def test_a_harmless_canary_is_rarely_rolled_back() -> None:
    ended = []
    for seed in range(60):
        world = World(seed, per_second=60, errors={"v1": 0.02, "v2": 0.02}, rewards={"v1": 0.2, "v2": 0.2})
        world.begin(seconds=20.0)
        ended.append(world.live(150))
    # 1 % for each of three guards, if they were exhausted.
    assert ended.count("canary_promoted") >= 57


def test_one_that_has_to_be_better_waits_until_that_is_sure() -> None:
    world = World(per_second=200, rewards={"v1": 0.2, "v2": 0.26})
    world.begin(objective="better")
    assert world.live(600) == "canary_promoted"
    assert "better by" in world.events[-1].reason
    same = World(rewards={"v1": 0.2, "v2": 0.2})
    same.begin(objective="better", limit=120.0)
    assert same.live(600) == "canary_rolled_back"
    assert "not promoted within 120 seconds" in same.events[-1].reason


def test_refused_requests_count_where_the_base_takes_them() -> None:
    # A new version that wants another column: its clients get 400, and nobody 500.
    world = World()
    world.begin()
    answered = iter(range(1_000_000))

    def request() -> None:
        variant = world.router.pick("iris").name
        wrong = next(answered) % 10 == 0
        world.router.observe("iris", variant, 400 if wrong or variant == "v2" else 200, 0.005)

    world.request = request  # type: ignore[method-assign]
    assert world.live(60) == "canary_rolled_back"


def test_full_queues_and_clients_that_leave_are_nobodys_fault() -> None:
    world = World()
    world.begin(seconds=1000.0)
    for _ in range(500):
        world.router.observe("iris", "v2", 429, 0.0)
        world.router.observe("iris", "v2", 499, 0.0)
    assert world.live(30) == ""
    assert world.router.endpoint("iris").tallies["v2"].failed == 0


@pytest.mark.parametrize("bad", [{"status": 500}, {"took": 5.0}])
def test_one_bad_moment_rolls_nothing_back(bad: dict[str, Any]) -> None:
    # A worker dies with a group in hand, or pauses: many requests of one variant fail, or are slow, at once.
    world = World()
    world.begin(seconds=60.0)
    world.live(10)
    for _ in range(64):
        world.router.observe("iris", "v2", bad.get("status", 200), bad.get("took", 0.005))
    assert world.live(100) == ""
    assert world.shares()["v2"] >= 0.25


def test_a_third_variant_keeps_its_share() -> None:
    other = Variant("other", "iris", "0")
    router = Router({"iris": Plan((OLD, NEW, other), {"v1": 60, "v2": 0, "other": 40})})
    router.tick(0.0)
    router.steer(
        "iris", Canary(CanaryPlan("v2", "v1", (50.0,), 0.0, 0), router.endpoint("iris").plan.all_weights(), 0.0)
    )
    assert dict(router.endpoint("iris").shares()) == pytest.approx({"v1": 0.3, "v2": 0.3, "other": 0.4})
    router.abort("iris", "canary", "Changed my mind.")
    assert dict(router.endpoint("iris").shares()) == pytest.approx({"v1": 0.6, "v2": 0.0, "other": 0.4})
    assert [event.kind for event in router.tick(1.0)] == ["canary_started", "canary_stepped", "canary_aborted"]


def test_keys_that_were_with_the_canary_stay_with_it() -> None:
    world = World()
    world.begin(seconds=1.0, requests=1)
    keys = [b"user-%d" % number for number in range(500)]
    with_it: set[bytes] = set()
    for _ in range(3):
        now = {key for key in keys if world.router.pick("iris", key) == NEW}
        assert with_it <= now
        with_it = now
        world.live(1)
    assert len(with_it) > 150


def test_a_variant_that_is_unloaded_ends_it() -> None:
    world = World()
    world.begin(seconds=1000.0)
    world.live(3)
    world.router.offer("iris", [OLD])
    assert world.live(1) == "canary_aborted"
    assert world.router.pick("iris") == OLD


def test_a_third_one_that_is_unloaded_does_not_end_it() -> None:
    other = Variant("other", "iris", "0")
    router = Router({"iris": Plan((OLD, NEW, other), {"v1": 60, "v2": 0, "other": 40})})
    router.tick(0.0)
    router.steer(
        "iris", Canary(CanaryPlan("v2", "v1", (50.0,), 0.0, 0), router.endpoint("iris").plan.all_weights(), 0.0)
    )
    router.offer("iris", [OLD, NEW])
    assert dict(router.endpoint("iris").shares()) == pytest.approx({"v1": 0.5, "v2": 0.5})
    assert router.tick(1.0)[-1].kind == "canary_promoted"
    assert dict(router.endpoint("iris").shares()) == pytest.approx({"v1": 0.0, "v2": 1.0})


def test_only_one_thing_moves_the_weights() -> None:
    world = World()
    world.begin()
    with pytest.raises(Conflict, match="Abort it first"):
        world.begin()
    with pytest.raises(Conflict, match="Abort it before"):
        world.router.change("iris", Plan((OLD, NEW), {"v1": 1, "v2": 1}))
    world.router.abort("iris", "canary")
    with pytest.raises(NotFound, match="no canary"):
        world.router.abort("iris", "canary")
    world.begin()


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": "v2"}, {"steps": ()}, {"steps": (50.0, 5.0)}, {"steps": (0.0, 5.0)}, {"steps": (5.0, 101.0)},
        {"alpha": 0.0}, {"alpha": 1.0}, {"seconds": -1.0}, {"requests": -1}, {"margin": -0.1}, {"errors": -0.1},
        {"latency": 0.5}, {"variant": "v9"}, {"base": "v9"},
    ],
)  # fmt: skip
def test_what_is_no_canary_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        World().begin(**wrong)


def test_a_base_without_requests_has_none_to_give() -> None:
    with pytest.raises(InvalidInput, match="gets no requests"):
        Canary(CanaryPlan("v2", "v1"), {"v1": 0.0, "v2": 0.0, "v3": 1.0}, 0.0)
