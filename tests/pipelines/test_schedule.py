from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.pipelines.schedule import Claim, Plan, claim_of, follow
from treering.pipelines.stop import Stop


class Work:
    """Remembers what was done and what at the same time; stages that meet wait for each other."""

    def __init__(self, meet: dict[str, threading.Barrier] | None = None, failing: tuple[str, ...] = ()) -> None:
        self.meet = meet or {}
        self.failing = failing
        self.begun: list[str] = []
        self.busy: set[str] = set()
        self.together: set[frozenset[str]] = set()
        self.guard = threading.Lock()

    def __call__(self, address: str) -> str:
        with self.guard:
            self.begun.append(address)
            self.busy.add(address)
            self.together |= {frozenset((address, other)) for other in self.busy}
        if address in self.meet:
            self.meet[address].wait(timeout=60)
        with self.guard:
            self.busy.discard(address)
        if address in self.failing:
            raise InvalidInput(address)
        return address.upper()


def run(plan: Plan, work: Callable[[str], Any], *, go_on: bool = True) -> list[tuple[str, Any]]:
    ended: list[tuple[str, Any]] = []

    def settled(address: str, result: Any) -> bool:
        ended.append((address, result))
        return go_on or not isinstance(result, BaseException)

    follow(plan, work, settled, Stop())
    return ended


NEEDS = {"b": ["a"], "c": ["a"], "d": ["b", "c"]}


def test_one_job_follows_the_plan_in_this_thread() -> None:
    threads = set()

    def work(address: str) -> str:
        threads.add(threading.current_thread())
        return address

    assert [address for address, _ in run(Plan("abcd", NEEDS), work)] == list("abcd")
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_a_stage_begins_when_all_it_needs_are_over(jobs: int) -> None:
    work = Work()
    ended = run(Plan("abcd", NEEDS, jobs=jobs), work)
    assert sorted(ended) == [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]
    assert work.begun[0] == "a"
    assert work.begun[-1] == "d"


def test_independent_stages_are_at_work_at_the_same_time() -> None:
    both = threading.Barrier(2)
    work = Work({"b": both, "c": both})
    run(Plan("abcd", NEEDS, jobs=2), work)
    assert frozenset("bc") in work.together


def test_no_more_than_the_jobs_are_at_work() -> None:
    pairs = threading.Barrier(2)
    work = Work(dict.fromkeys("abcdef", pairs))
    run(Plan("abcdef", {}, jobs=2), work)
    assert len(work.begun) == 6
    # Four at once would have met in another way; each met just one other at a time.
    assert all(len(pair) <= 2 for pair in work.together)


def test_of_a_mutex_one_runs_at_a_time() -> None:
    claims = {name: Claim(frozenset({"db"})) for name in "abc"} | {"d": Claim()}
    work = Work()
    run(Plan("abcd", {}, claims, jobs=4), work)
    assert not {frozenset("ab"), frozenset("ac"), frozenset("bc")} & work.together


def test_a_resource_is_not_overdrawn() -> None:
    claims = {"a": Claim(resources={"gpu": 1}), "b": Claim(resources={"gpu": 1}), "c": Claim(resources={"gpu": 2})}
    work = Work()
    run(Plan("abc", {}, claims, {"gpu": 2}, jobs=3), work)
    assert not {frozenset("ac"), frozenset("bc")} & work.together


def test_of_a_resource_nobody_counted_there_is_what_the_greediest_wants() -> None:
    both = threading.Barrier(2)
    claims = {"a": Claim(resources={"gpu": 1}), "b": Claim(resources={"gpu": 1}), "c": Claim(resources={"gpu": 2})}
    work = Work({"a": both, "b": both})
    run(Plan("abc", {}, claims, jobs=3), work)
    assert frozenset("ab") in work.together


def test_who_wants_more_than_there_is_is_refused_before_anything_begins() -> None:
    work = Work()
    with pytest.raises(InvalidInput, match="'b' wants 3 of the resource 'gpu', of which there is 2"):
        run(Plan("ab", {}, {"b": Claim(resources={"gpu": 3})}, {"gpu": 2}, jobs=2), work)
    assert work.begun == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_a_failure_nothing_begins_where_that_is_wanted(jobs: int) -> None:
    work = Work(failing=("a",))
    ended = run(Plan("abcd", NEEDS, jobs=jobs), work, go_on=False)
    assert [address for address, _ in ended] == ["a"]
    assert isinstance(ended[0][1], InvalidInput)
    assert work.begun == ["a"]


def test_what_is_at_work_at_a_failure_is_waited_for() -> None:
    failed = threading.Event()
    begun, ended = threading.Barrier(2), []

    def work(address: str) -> None:
        if address == "c":
            pytest.fail("it was begun after the failure")
        begun.wait(timeout=60)
        if address == "a":
            raise InvalidInput(address)
        assert failed.wait(timeout=60)

    def settled(address: str, result: object) -> bool:
        ended.append(address)
        failed.set()
        return result is None

    follow(Plan("abc", {}, jobs=2), work, settled, Stop())
    assert ended == ["a", "b"]


def test_an_interruption_asks_all_to_stop_and_waits_for_them() -> None:
    stop = Stop()
    begun, ended = threading.Barrier(3), []

    def work(address: str) -> None:
        begun.wait(timeout=60)
        asked = threading.Event()
        stop.add(asked.set)
        assert asked.wait(timeout=60)
        ended.append(address)

    def settled(_address: str, _result: object) -> bool:
        raise KeyboardInterrupt

    def quick(address: str) -> None:
        begun.wait(timeout=60) if address == "q" else work(address)

    with pytest.raises(KeyboardInterrupt):
        follow(Plan("qab", {}, jobs=3), quick, settled, stop)
    assert sorted(ended) == ["a", "b"]
    assert stop.asked


@pytest.mark.parametrize(
    ("meta", "claim"),
    [
        (None, Claim()),
        ({"other": 1}, Claim()),
        ({"treering": {"mutex": "db"}}, Claim(frozenset({"db"}))),
        ({"treering": {"mutex": ["db", "net"], "resources": {"gpu": 2}}}, Claim(frozenset({"db", "net"}), {"gpu": 2})),
    ],
)
def test_claims_stand_under_meta(meta: object, claim: Claim) -> None:
    assert claim_of("train", meta) == claim


@pytest.mark.parametrize(
    "said", [{"mutex": 1}, {"resources": ["gpu"]}, {"resources": {"gpu": "one"}}, {"resources": {"gpu": -1}}]
)
def test_a_claim_that_cannot_be_understood_is_told(said: object) -> None:
    with pytest.raises(InvalidInput, match=r"'train'.*mutex: NAME"):
        claim_of("train", {"treering": said})
