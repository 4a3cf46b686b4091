from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.errors import InvalidInput, NotFound, Unavailable
from treering.entities.run import Origin, RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import Answer, Delivery, MetadataStore
from treering.storage.metadata.grouped import GroupedRuns
from treering.storage.metadata.memory.runs import MemoryRuns
from treering.testing.metadata_values import run_info


class Gate(MemoryRuns):
    """Remembers how deliveries came, and holds the first until it is let go."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store.runs._state)  # type: ignore[attr-defined]
        self.groups: list[int] = []
        self.entered, self.let_go = threading.Event(), threading.Event()

    def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
        self.groups.append(len(waiting))
        self.entered.set()
        assert self.let_go.wait(30)
        return super().apply_each(waiting)


def wait_for(count: int, grouped: GroupedRuns) -> None:
    deadline = time.monotonic() + 30
    while len(grouped._queue) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def store() -> MetadataStore:
    return METADATA.load("memory")("memory://")


def test_what_waits_goes_together_and_each_gets_its_own_answer(store: MetadataStore) -> None:
    run_id = store.runs.create(run_info(), {}).info.run_id
    gate = Gate(store)
    grouped = GroupedRuns(gate)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(grouped.apply, [RunChanges(run_id, params={"a": "1"})], None)
        assert gate.entered.wait(30)
        others = [
            pool.submit(grouped.apply, [RunChanges(run_id, params={"b": "1"})], Origin("journal", 5)),
            pool.submit(grouped.apply, [RunChanges(run_id, params={"a": "2"})], None),
            pool.submit(grouped.apply, [RunChanges("nothing")], None),
        ]
        wait_for(3, grouped)
        gate.let_go.set()
        first.result()
        others[0].result()
        with pytest.raises(InvalidInput, match="cannot be"):
            others[1].result()
        with pytest.raises(NotFound):
            others[2].result()
    assert gate.groups == [1, 3]
    assert store.runs.get(run_id).data.params == {"a": "1", "b": "1"}
    assert grouped.delivered("journal") == 5


def test_a_fault_that_nobody_foresaw_leaves_nobody_waiting(store: MetadataStore) -> None:
    class Broken(Gate):
        def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
            super().apply_each([])
            if len(waiting) > 1:
                raise ZeroDivisionError
            return [[] for _ in waiting]

    gate = Broken(store)
    grouped = GroupedRuns(gate)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(grouped.apply, [], None)
        assert gate.entered.wait(30)
        others = [pool.submit(grouped.apply, [], None) for _ in range(2)]
        wait_for(2, grouped)
        gate.let_go.set()
        first.result()
        faults = {type(one.exception()) for one in others}
    assert faults == {ZeroDivisionError, Unavailable}
