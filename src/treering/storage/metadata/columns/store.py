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
from treering.storage.metadata.base import Database, MetadataStore, RunStore, SeriesKey
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import Places, Unanswerable
from treering.storage.metadata.columns.conditions import holds
from treering.storage.metadata.columns.ordering import behind, check_order, cursor_at, leading
from treering.storage.metadata.columns.shelf import Shelf
from treering.storage.metadata.columns.table import table_at
from treering.storage.metadata.feed import RunFeed, Stamp
from treering.storage.metadata.search.evaluate import check_size, compare
from treering.storage.metadata.search.fields import RUNS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.paging import Cursor, digest_of, read_token, write_token
from treering.storage.metadata.search.syntax import Search

__all__ = ["ColumnRuns", "with_columns"]


def with_columns(store: MetadataStore, budget: int) -> MetadataStore:
    """`store` with searches for runs answered from columns of at most `budget` bytes, if its database feeds them."""
    if store.feed is None or budget <= 0:
        return store
    shelf = Shelf(store.feed, budget)
    runs = ColumnRuns(store.runs, store.feed, shelf)
    return replace(store, runs=runs, database=_Closing(store.database, shelf))


@dataclass(frozen=True, slots=True)
class _Closing:
    """A Database that is closed only when no block is being built any more."""

    database: Database
    shelf: Shelf

    def check(self) -> None:
        """See Database."""
        self.database.check()

    def close(self) -> None:
        """See Database."""
        self.shelf.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class _Found:
    """A run that a page may show."""

    number: int
    cursor: Cursor


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

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """See RunStore."""
        return self._store.apply(changes, origin)

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
            found, total = self._find(search, query, start)
        except Unanswerable:
            return self._store.search(query)
        page = found[: query.max_results]
        token = write_token(digest, page[-1].cursor) if page and len(found) > len(page) else ""
        return Page(self._feed.runs([one.number for one in page]), token, total if query.with_total else None)

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
        if len(stamps) != 1 or not self._shelf.has(list(stamps)):
            raise Unanswerable
        [(experiment_id, stamp)] = stamps.items()
        with self._shelf.block(experiment_id, stamp) as block:
            if block is None:
                raise Unanswerable
            places, _ = _matching(block, search, query, start)
            page = places[: query.max_results]
            more = len(page) and len(places) > len(page)
            token = write_token(digest, cursor_at(block, search.order, int(page[-1]))) if more else ""
            return table_at(block, page, experiment_id, token)

    def _find(self, search: Search, query: Query, start: Cursor | None) -> tuple[list[_Found], int]:
        """One run more than the page shows, and how many match in all. Raises Unanswerable."""
        check_order(search.order)
        stamps = self._feed.stamps(query.experiment_ids)
        if not self._shelf.has(list(stamps)):
            raise Unanswerable
        total = 0
        found: list[_Found] = []
        for experiment_id, stamp in stamps.items():
            mine, matching = self._find_in(experiment_id, stamp, search, query, start)
            found += mine
            total += matching
        if len(stamps) > 1:

            def by_cursor(left: _Found, right: _Found) -> int:
                return compare(left.cursor, right.cursor, search.order)

            found.sort(key=functools.cmp_to_key(by_cursor))
        return found, total

    def _find_in(
        self, experiment_id: str, stamp: Stamp, search: Search, query: Query, start: Cursor | None
    ) -> tuple[list[_Found], int]:
        with self._shelf.block(experiment_id, stamp) as block:
            if block is None:
                raise Unanswerable
            first, total = _matching(block, search, query, start)
            return _found(block, search, first, alone=len(query.experiment_ids) == 1), total


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


def _found(block: Block, search: Search, places: Places, *, alone: bool) -> list[_Found]:
    """With cursors where they are needed: of all that other experiments' are sorted among, else of the page's last."""
    numbers = block.numbers(places)
    if alone and len(numbers) > 1:
        last = _Found(numbers[-2], cursor_at(block, search.order, int(places[-2])))
        return [*(_Found(number, ()) for number in numbers[:-2]), last, _Found(numbers[-1], ())]
    return [
        _Found(number, cursor_at(block, search.order, place))
        for number, place in zip(numbers, places.tolist(), strict=True)
    ]
