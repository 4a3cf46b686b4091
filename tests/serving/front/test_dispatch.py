"""Who gets what, and when: the dispatcher with workers that only note what they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

import pytest

from treering.serving.front.dispatch import Desk, Dispatcher
from treering.serving.front.lanes import Lane, Waiting
from treering.serving.front.targets import Target
from treering.serving.hosting import Answer, Policy, Route

OK = Answer(200, b"{}")


class Noting:
    """A worker that never answers by itself."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Sequence[tuple[str, Sequence[Any]]]]] = []
        self.ended = False

    def ask(self, number: int, alone: bool, parts: Sequence[tuple[str, Sequence[Any]]]) -> None:  # noqa: ARG002
        self.asked.append((number, parts))

    def stuck(self) -> None:
        self.ended = True

    @property
    def bodies(self) -> list[list[bytes]]:
        return [[call[2] for _, calls in parts for call in calls] for _, parts in self.asked]


class Heard:
    """Notes what clients are told."""

    def __init__(self) -> None:
        self.told: dict[bytes, int] = {}

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        self.told[waiting.call[2]] = answer.status


class Scene:
    """A dispatcher, one lane, and some workers."""

    def __init__(self, workers: int = 1, **policy: Any) -> None:
        self.dispatcher = Dispatcher(policy.pop("grace", 60.0))
        self.lane = Lane("lane", Policy(**policy))
        self.dispatcher.lanes["lane"] = self.lane
        self.targets = [Target(Route("POST", path, "lane"), self.lane, path) for path in ("/a", "/b")]
        self.heard = Heard()
        self.workers = [Noting() for _ in range(workers)]
        self.desks: list[Desk] = [self.dispatcher.add(worker) for worker in self.workers]

    def put(self, *names: str, path: int = 0, timeout: float = 60.0) -> list[Waiting]:
        now = monotonic()
        made = [
            Waiting((b"id", b"", name.encode(), (), b""), self.targets[path], self.heard, now, now + timeout)
            for name in names
        ]
        for waiting in made:
            self.dispatcher.put(waiting)
        return made

    def answer(self, worker: int = 0, status: int = 200) -> None:
        number, parts = self.workers[worker].asked[-1]
        count = sum(len(calls) for _, calls in parts)
        self.dispatcher.answered(self.desks[worker], number, 0.001, [OK._replace(status=status)] * count)


def run(play: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(play())  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_free_worker_takes_at_once_and_a_busy_one_takes_what_came_meanwhile():
    async def play() -> None:
        scene = Scene()
        scene.put("1")
        await settle()
        scene.put("2", "3", "4")
        await settle()
        assert scene.workers[0].bodies == [[b"1"]]
        scene.answer()
        assert scene.workers[0].bodies == [[b"1"], [b"2", b"3", b"4"]]
        assert scene.heard.told == {b"1": 200}

    run(play)


def test_a_group_is_no_longer_than_the_policy_says():
    async def play() -> None:
        scene = Scene(group=2)
        scene.put("1", "2", "3", "4", "5")
        await settle()
        for _ in range(3):
            scene.answer()
        assert scene.workers[0].bodies == [[b"1", b"2"], [b"3", b"4"], [b"5"]]
        assert len(scene.heard.told) == 5

    run(play)


def test_a_group_does_not_grow_over_all_bounds_of_bytes():
    async def play() -> None:
        scene = Scene()
        large = "x" * (9 << 20)
        scene.put(large, large, "small")
        await settle()
        assert [len(one) for one in scene.workers[0].bodies] == [1]
        scene.answer()
        assert [len(one) for one in scene.workers[0].bodies] == [1, 2]

    run(play)


def test_free_workers_share_what_waits():
    async def play() -> None:
        scene = Scene(workers=2)
        scene.put("1", "2", "3", "4")
        await settle()
        assert sorted(len(worker.bodies[0]) for worker in scene.workers) == [2, 2]

    run(play)


def test_several_routes_of_a_lane_go_together_and_each_gets_its_own_answer():
    async def play() -> None:
        scene = Scene()
        scene.put("a1")
        await settle()
        scene.put("a2")
        scene.put("b1", path=1)
        scene.put("a3")
        scene.answer()
        number, parts = scene.workers[0].asked[-1]
        assert [(path, len(calls)) for path, calls in parts] == [("/a", 2), ("/b", 1)]
        scene.dispatcher.answered(scene.desks[0], number, 0.0, [OK, OK._replace(status=201), OK._replace(status=202)])
        assert scene.heard.told == {b"a1": 200, b"a2": 200, b"a3": 201, b"b1": 202}

    run(play)


def test_what_is_dropped_is_not_asked():
    async def play() -> None:
        scene = Scene()
        scene.put("1")
        await settle()
        (second, _) = scene.put("2", "3")
        scene.dispatcher.drop(second)
        scene.answer()
        assert scene.workers[0].bodies[-1] == [b"3"]

    run(play)


def test_a_lane_that_is_full_refuses_though_not_while_somebody_is_free():
    async def play() -> None:
        scene = Scene(waiting=0, group=1)
        scene.put("1")
        await settle()
        scene.put("2")
        assert scene.heard.told == {b"2": 429}
        scene.answer()
        scene.put("3")
        await settle()
        assert scene.heard.told == {b"1": 200, b"2": 429}
        assert scene.workers[0].bodies[-1] == [b"3"]

    run(play)


def test_what_is_late_is_told_so_where_it_waits_and_where_it_is_worked_on():
    async def play() -> None:
        scene = Scene(grace=0.05)
        scene.put("1", timeout=0.05)
        await settle()
        scene.put("2", timeout=0.05)
        scene.put("3", timeout=60)
        for _ in range(200):
            await asyncio.sleep(0.01)
            if scene.workers[0].ended:
                break
        assert scene.heard.told == {b"1": 504, b"2": 504}
        assert scene.workers[0].ended
        scene.dispatcher.remove(scene.desks[0])
        other = Noting()
        scene.dispatcher.add(other)
        await settle()
        assert other.bodies == [[b"3"]]

    run(play)


def test_what_a_dead_worker_had_is_asked_again_alone_and_only_once():
    async def play() -> None:
        scene = Scene()
        scene.put("1", "2")
        await settle()
        scene.put("3")
        scene.dispatcher.remove(scene.desks[0])
        second = Noting()
        desk = scene.dispatcher.add(second)
        await settle()
        assert second.bodies == [[b"1"]]
        scene.dispatcher.remove(desk)  # so it was this one
        assert scene.heard.told == {b"1": 500}
        third = Noting()
        desk = scene.dispatcher.add(third)
        await settle()
        assert third.bodies == [[b"2"]]
        scene.dispatcher.answered(desk, third.asked[-1][0], 0.0, [OK])
        await settle()
        assert third.bodies == [[b"2"], [b"3"]]

    run(play)


def test_what_may_not_be_asked_again_is_told():
    async def play() -> None:
        scene = Scene(again=False)
        scene.put("1")
        await settle()
        scene.dispatcher.remove(scene.desks[0])
        assert scene.heard.told == {b"1": 503}

    run(play)


def test_a_delay_lets_a_group_grow_and_no_longer_than_it_says():
    async def play() -> None:
        scene = Scene(delay=0.1, group=3)
        scene.put("1")
        await settle()
        scene.put("2")
        await settle()
        assert scene.workers[0].bodies == []
        scene.put("3")
        await settle()
        assert scene.workers[0].bodies == [[b"1", b"2", b"3"]]
        scene.answer()
        scene.put("4")
        for _ in range(200):
            await asyncio.sleep(0.01)
            if len(scene.workers[0].bodies) == 2:
                break
        assert scene.workers[0].bodies[1] == [b"4"]

    run(play)


def test_a_lane_of_several_hands_fills_them_and_leaves_the_one_of_others_free():
    async def play() -> None:
        scene = Scene(group=1, at_once=2)
        scene.put("1", "2", "3")
        await settle()
        assert scene.workers[0].bodies == [[b"1"], [b"2"]]
        other = Lane("other", Policy())
        scene.dispatcher.lanes["other"] = other
        target = Target(Route("POST", "/c", "other"), other, "/c")
        now = monotonic()
        scene.dispatcher.put(Waiting((b"", b"", b"c", (), b""), target, scene.heard, now, now + 60))
        await settle()
        assert scene.workers[0].bodies[-1] == [b"c"]

    run(play)


def test_without_hope_everybody_is_told_at_once():
    async def play() -> None:
        scene = Scene()
        scene.dispatcher.remove(scene.desks[0])
        scene.put("1")
        scene.dispatcher.give_up("It does not load.")
        scene.put("2")
        assert scene.heard.told == {b"1": 503, b"2": 503}
        worker = Noting()
        scene.dispatcher.add(worker)
        scene.put("3")
        await settle()
        assert worker.bodies == [[b"3"]]

    run(play)


@pytest.mark.parametrize("lanes", [1, 3])
def test_lanes_take_turns(lanes: int):
    async def play() -> None:
        scene = Scene(group=1)
        others = [Lane(f"l{number}", Policy(group=1)) for number in range(lanes)]
        now = monotonic()
        for lane in others:
            scene.dispatcher.lanes[lane.name] = lane
            target = Target(Route("POST", f"/{lane.name}", lane.name), lane, lane.name)
            for _ in range(3):
                waiting = Waiting((b"", b"", lane.name.encode(), (), b""), target, scene.heard, now, now + 60)
                scene.dispatcher.put(waiting)
        await settle()
        for _ in range(3 * lanes - 1):
            scene.answer()
        order = [one[0] for one in scene.workers[0].bodies]
        assert order == [lane.name.encode() for lane in others] * 3

    run(play)
