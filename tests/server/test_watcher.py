"""Watching for changes: asked once for all, told once each, and at rest while nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from treering.core.errors import InvalidInput, Unavailable
from treering.server.watcher import Watcher

PATIENCE = 60
PERIOD = 0.005


class Counters:
    """Versions that a test sets, and what was asked."""

    def __init__(self, **versions: str) -> None:
        self.versions = versions
        self.asked: list[list[str]] = []
        self.error: Exception | None = None

    def __call__(self, experiment_ids: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(sorted(experiment_ids))
        if self.error is not None:
            raise self.error
        return {name: self.versions[name] for name in experiment_ids if name in self.versions}

    async def until_asked(self, more: int = 2) -> None:
        wanted = len(self.asked) + more
        async with asyncio.timeout(PATIENCE):
            while len(self.asked) < wanted:  # noqa: ASYNC110 - counted by another thread
                await asyncio.sleep(PERIOD)


def test_each_listener_is_told_of_its_own() -> None:
    counters = Counters(a="1", b="1")

    async def work() -> None:
        watcher = Watcher(counters, period=PERIOD)
        with watcher.listen(["a"]) as one, watcher.listen(["a", "b", "none"]) as two:
            assert await watcher.versions(one) == {"a": "1"}
            assert await watcher.versions(two) == {"a": "1", "b": "1"}
            counters.versions["b"] = "2"
            assert await two.changes(PATIENCE) == {"b": "2"}
            counters.versions["a"] = "2"
            assert await one.changes(PATIENCE) == await two.changes(PATIENCE) == {"a": "2"}
            assert await one.changes(PERIOD) == {}
            del counters.versions["a"]
            assert await one.changes(PATIENCE) == {"a": ""}

    asyncio.run(work())


def test_changes_gather_while_nobody_reads_them() -> None:
    counters = Counters(a="0", b="0")

    async def work() -> None:
        watcher = Watcher(counters, period=PERIOD)
        with watcher.listen(["a", "b"]) as slow:
            await watcher.versions(slow)
            for version in range(1, 20):
                counters.versions |= {"a": str(version), "b": str(version)}
                await counters.until_asked()
            await counters.until_asked()
            assert await slow.changes(PATIENCE) == {"a": "19", "b": "19"}

    asyncio.run(work())


def test_what_changed_before_a_listener_knew_is_told_as_well() -> None:
    counters = Counters(a="1")

    async def work() -> None:
        watcher = Watcher(counters, period=PERIOD)
        with watcher.listen(["a"]) as one:
            await watcher.versions(one)
            # The second is told what the first knew, and then what came after that.
            counters.versions["a"] = "2"
            with watcher.listen(["a"]) as two:
                hello = await watcher.versions(two)
                if hello == {"a": "1"}:
                    assert await two.changes(PATIENCE) == {"a": "2"}
                else:
                    assert hello == {"a": "2"}

    asyncio.run(work())


def test_one_question_for_all_and_none_while_nobody_listens() -> None:
    counters = Counters(a="1", b="1", c="1")

    async def work() -> None:
        watcher = Watcher(counters, period=PERIOD)
        with watcher.listen(["a"]), watcher.listen(["a", "b"]):
            with watcher.listen(["c"]):
                await counters.until_asked()
                assert counters.asked[-1] == ["a", "b", "c"]
            await counters.until_asked()
            assert counters.asked[-1] == ["a", "b"]
        assert watcher.listeners == 0
        async with asyncio.timeout(PATIENCE):
            while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - nobody says so
                await asyncio.sleep(0)
        with watcher.listen(["b"]) as again:
            await watcher.versions(again)
            counters.versions["b"] = "2"
            assert await again.changes(PATIENCE) == {"b": "2"}

    asyncio.run(work())


def test_a_database_that_does_not_answer_is_asked_again() -> None:
    counters = Counters(a="1")

    async def work() -> None:
        watcher = Watcher(counters, period=PERIOD)
        with watcher.listen(["a"]) as one:
            await watcher.versions(one)
            counters.error = Unavailable("gone")
            await counters.until_asked()
            counters.versions["a"], counters.error = "2", None
            assert await one.changes(PATIENCE) == {"a": "2"}

    asyncio.run(work())


def test_a_fault_ends_the_streams_so_that_pages_connect_again() -> None:
    counters = Counters(a="1")

    async def work() -> None:
        watcher = Watcher(counters, period=PERIOD)
        with watcher.listen(["a"]) as one:
            await watcher.versions(one)
            counters.error = RuntimeError("a fault")
            await asyncio.wait_for(one.until_end(), PATIENCE)
        counters.error = None
        with watcher.listen(["a"]) as again:
            await watcher.versions(again)
            counters.versions["a"] = "2"
            assert await again.changes(PATIENCE) == {"a": "2"}

    asyncio.run(work())


def test_the_end_is_told_and_final() -> None:
    async def work() -> None:
        watcher = Watcher(None)
        assert not watcher.live
        with watcher.listen(["a"]) as one:
            assert await watcher.versions(one) == {}
            watcher.end()
            await asyncio.wait_for(one.until_end(), PATIENCE)
            with pytest.raises(Unavailable, match="ending"), watcher.listen(["a"]):
                pass

    asyncio.run(work())


@pytest.mark.parametrize("names", [[], [str(number) for number in range(1001)]])
def test_how_much_may_be_asked(names: list[str]) -> None:
    watcher = Watcher(Counters(), most=1)
    with pytest.raises(InvalidInput, match="experiment_ids"), watcher.listen(names):
        pass
    assert watcher.listeners == 0
