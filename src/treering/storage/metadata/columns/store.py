"""A RunStore that answers searches from columns in memory, and leaves all else to the store behind it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.page import Page, Query
from treering.entities.run import Origin, Run, RunChanges, RunInfo
from treering.entities.run_table import RunTable
from treering.storage.metadata.base import Answer, Database, Delivery, MetadataStore, RunStore, SeriesKey
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import Places, Unanswerable
from treering.storage.metadata.columns.conditions import holds
from treering.storage.metadata.columns.grid import ColumnGrid
from treering.storage.metadata.columns.ordering import behind, check_order, cursor_at, leading
from treering.storage.metadata.columns.shelf import Shelf
from treering.storage.metadata.columns.table import table_at
from treering.storage.metadata.feed import RunFeed
from treering.storage.metadata.search.evaluate import check_size, compare
from treering.storage.metadata.search.fields import RUNS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.paging import Cursor, digest_of, read_token, write_token
from treering.storage.metadata.search.syntax import Search

__all__ = ["ColumnRuns", "with_columns"]

# Tables of fewer rows are made before anybody misses the columns.
_LARGE = 1000


def with_columns(store: MetadataStore, budget: int) -> MetadataStore:
    """`store` with searches for runs answered from columns of at most `budget` bytes, if its database feeds them."""
    if store.feed is None or budget <= 0:
        return store
    shelf = Shelf(store.feed, budget)
    runs = ColumnRuns(store.runs, store.feed, shelf)
    return replace(
        store, runs=runs, grid=ColumnGrid(store.grid, store.feed, shelf), database=_Closing(store.database, shelf)
    )


@dataclass(frozen=True, slots=True)
class _Closing:
    """A Database that is closed only when no block is being built any more."""

    database: Database
    shelf: Shelf

    @property
    def shared(self) -> bool:
        """See Database."""
        return self.database.shared

    def check(self) -> None:
        """See Database."""
        self.database.check()

    def close(self) -> None:
        """See Database."""
        self.shelf.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class _Part:
    """What one experiment adds to a page: places in order, one more than the page has.

    Attributes:
        cursors: Of all, where other experiments' are sorted among them; else of the page's last alone.
        known: Runs that are at hand.
        version: The block's.
    """

    experiment_id: str
    numbers: Sequence[int]
    cursors: Mapping[int, Cursor]
    known: Mapping[int, Run]
    version: int
    total: int


class ColumnRuns:
    """RunStore over another."""

    def __init__(self, store: RunStore, feed: RunFeed, shelf: Shelf) -> None:
        self._store = store
        self._feed = feed
        self._shelf = shelf

    def create(self, info: RunInfo, tags: Mapping[str, str]) -> Run:
        """See RunStore."""
        return self._store.create(info, tags)

    def get(self, run_id: str) -> Run:
        """See RunStore."""
        return self._store.get(run_id)

    def update(self, run_id: str, status: RunStatus | None, end_time: int | None, run_name: str | None) -> Run:
        """See RunStore."""
        return self._store.update(run_id, status, end_time, run_name)

    def set_lifecycle(self, run_id: str, stage: Lifecycle) -> None:
        """See RunStore."""
        self._store.set_lifecycle(run_id, stage)

    def stages(self, run_ids: Sequence[str]) -> Mapping[str, Lifecycle]:
        """See RunStore."""
        return self._store.stages(run_ids)

    def set_lifecycles(self, run_ids: Sequence[str], stage: Lifecycle) -> Sequence[str]:
        """See RunStore."""
        return self._store.set_lifecycles(run_ids, stage)

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """See RunStore."""
        return self._store.apply(changes, origin)

    def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
        """See RunStore."""
        return self._store.apply_each(waiting)

    def delivered(self, journal_id: str) -> int:
        """See RunStore."""
        return self._store.delivered(journal_id)

    def search(self, query: Query) -> Page[Run]:
        """See RunStore."""
        search = parse_search(RUNS, query.filter, query.order_by)
        check_size(query)
        digest = digest_of(RUNS.noun, query)
        start = read_token(query.page_token, digest, search.order)
        try:
            parts = self._find(search, query, start)
        except Unanswerable:
            return self._store.search(query)
        cursors = {number: cursor for part in parts for number, cursor in part.cursors.items()}
        numbers = [number for part in parts for number in part.numbers]
        if len(parts) > 1:

            def by_cursor(left: int, right: int) -> int:
                return compare(cursors[left], cursors[right], search.order)

            numbers.sort(key=functools.cmp_to_key(by_cursor))
        page = numbers[: query.max_results]
        token = write_token(digest, cursors[page[-1]]) if page and len(numbers) > len(page) else ""
        known = self._whole(parts, page)
        if len(known) < len(page):
            # Taken away for good since the columns were looked at: the store behind sees one moment.
            return self._store.search(query)
        total = sum(part.total for part in parts) if query.with_total else None
        return Page([known[number] for number in page], token, total)

    def _whole(self, parts: Sequence[_Part], page: Sequence[int]) -> dict[int, Run]:
        """The runs of a page by their numbers; what has to be read is kept for the next."""
        at_hand: dict[int, Run] = {}
        for part in parts:
            at_hand |= part.known
        known = {number: at_hand[number] for number in page if number in at_hand}
        wanted = [number for number in page if number not in known]
        if wanted:
            read = self._feed.runs(wanted)
            known |= read
            for part in parts:
                mine = {number: read[number] for number in part.numbers if number in read}
                self._shelf.show(part.experiment_id, mine, part.version)
        return known

    def table(self, query: Query) -> RunTable:
        """See RunStore."""
        search = parse_search(RUNS, query.filter, query.order_by)
        check_size(query)
        digest = digest_of(RUNS.noun, query)
        start = read_token(query.page_token, digest, search.order)
        try:
            return self._table(search, query, start, digest)
        except Unanswerable:
            return self._store.table(query)

    def _table(self, search: Search, query: Query, start: Cursor | None, digest: str) -> RunTable:
        """Out of one block alone. Raises Unanswerable where there are several, or it holds not all."""
        check_order(search.order)
        stamps = self._feed.stamps(query.experiment_ids)
        if len(stamps) != 1:
            raise Unanswerable
        [(experiment_id, stamp)] = stamps.items()
        now = not self._shelf.holds([experiment_id]) and self._is_most(search, query, experiment_id)
        if not self._shelf.has([experiment_id], now=now):
            raise Unanswerable
        with self._shelf.block(experiment_id, stamp) as block:
            if block is None:
                raise Unanswerable
            places, _ = _matching(block, search, query, start)
            page = places[: query.max_results]
            more = len(page) and len(places) > len(page)
            token = write_token(digest, cursor_at(block, search.order, int(page[-1]))) if more else ""
            return table_at(block, page, experiment_id, token)

    def _is_most(self, search: Search, query: Query, experiment_id: str) -> bool:
        """Whether a table may have so much of an experiment that building its columns costs no more than making it."""
        large = search.condition is None and query.max_results >= _LARGE
        return large and self._feed.count(experiment_id) <= 2 * query.max_results

    def _find(self, search: Search, query: Query, start: Cursor | None) -> list[_Part]:
        """What each experiment adds to the page. Raises Unanswerable."""
        check_order(search.order)
        stamps = self._feed.stamps(query.experiment_ids)
        if not self._shelf.has(list(stamps)):
            raise Unanswerable
        parts = []
        for experiment_id, stamp in stamps.items():
            with self._shelf.block(experiment_id, stamp) as block:
                if block is None:
                    raise Unanswerable
                places, total = _matching(block, search, query, start)
                numbers = block.numbers(places)
                needed = range(len(numbers)) if len(stamps) > 1 else range(query.max_results)[-1:]
                cursors = {
                    numbers[at]: cursor_at(block, search.order, int(places[at])) for at in needed if at < len(numbers)
                }
                parts.append(
                    _Part(experiment_id, numbers, cursors, block.shown(numbers), block.version, total),
                )
        return parts


def _matching(block: Block, search: Search, query: Query, start: Cursor | None) -> tuple[Places, int]:
    """Where the runs of a page are, and one more, in order; and how many match in all. Raises Unanswerable."""
    seen = block.seen(query.view)
    if search.condition is not None:
        seen &= holds(block, search.condition)
    places = np.flatnonzero(seen)
    total = len(places)
    if start is not None:
        places = behind(block, search.order, places, start)
    return leading(block, search.order, places, query.max_results + 1), total
