"""Deliveries that arrive together share one transaction.

Whoever comes while another writes waits its turn, and the first whose turn it is
writes for all who wait. Nobody waits for company: alone, a delivery goes at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from treering.core.errors import TreeringError, Unavailable
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.page import Page, Query
from treering.entities.run import Origin, Run, RunChanges, RunInfo
from treering.entities.run_table import RunTable
from treering.storage.metadata.base import Answer, Delivery, MetadataStore, RunStore, SeriesKey

__all__ = ["GroupedRuns", "with_grouped_deliveries"]

_MOST = 64
"""Deliveries in one transaction; more would make the first wait too long."""


def with_grouped_deliveries(store: MetadataStore) -> MetadataStore:
    """`store`, whose runs take deliveries together."""
    return replace(store, runs=GroupedRuns(store.runs))


@dataclass(slots=True)
class _Waiting:
    """A delivery and, once it was tried, what became of it."""

    delivery: Delivery
    result: Answer | None = None


class GroupedRuns:
    """A RunStore that holds a RunStore."""

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs
        self._turn = threading.Lock()
        # Adding at one end and taking from the other needs no lock.
        self._queue: deque[_Waiting] = deque()

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """See RunStore."""
        mine = _Waiting((changes, origin))
        self._queue.append(mine)
        with self._turn:
            # Where many wait, it may take more than one transaction until it is this one's.
            while mine.result is None:
                self._write([self._queue.popleft() for _ in range(min(_MOST, len(self._queue)))])
        if isinstance(mine.result, TreeringError):
            raise mine.result
        return mine.result

    def _write(self, group: Sequence[_Waiting]) -> None:
        results: Sequence[Answer] = ()
        try:
            results = self._runs.apply_each([one.delivery for one in group])
        finally:
            # Where it raised what nobody foresaw, the others must not wait for ever.
            for place, one in enumerate(group):
                one.result = results[place] if results else _broken()

    def create(self, info: RunInfo, tags: Mapping[str, str]) -> Run:
        """See RunStore."""
        return self._runs.create(info, tags)

    def get(self, run_id: str) -> Run:
        """See RunStore."""
        return self._runs.get(run_id)

    def update(self, run_id: str, status: RunStatus | None, end_time: int | None, run_name: str | None) -> Run:
        """See RunStore."""
        return self._runs.update(run_id, status, end_time, run_name)

    def set_lifecycle(self, run_id: str, stage: Lifecycle) -> None:
        """See RunStore."""
        self._runs.set_lifecycle(run_id, stage)

    def stages(self, run_ids: Sequence[str]) -> Mapping[str, Lifecycle]:
        """See RunStore."""
        return self._runs.stages(run_ids)

    def set_lifecycles(self, run_ids: Sequence[str], stage: Lifecycle) -> Sequence[str]:
        """See RunStore."""
        return self._runs.set_lifecycles(run_ids, stage)

    def search(self, query: Query) -> Page[Run]:
        """See RunStore."""
        return self._runs.search(query)

    def table(self, query: Query) -> RunTable:
        """See RunStore."""
        return self._runs.table(query)

    def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
        """See RunStore."""
        return self._runs.apply_each(waiting)

    def delivered(self, journal_id: str) -> int:
        """See RunStore."""
        return self._runs.delivered(journal_id)


def _broken() -> Unavailable:
    return Unavailable(
        "A delivery that was written together with this one failed in a way that nobody foresaw, and nothing"
        " of both was stored. Send this one again; the log says more."
    )
