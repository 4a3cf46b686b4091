"""A GridStore that answers from columns in memory, and leaves what they cannot to the one behind it.

The first question about an experiment builds its columns: a person waits for the
table anyway, and will ask again as soon as it scrolls.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from treering.entities.grid import (
    Cell,
    GroupsQuery,
    KeysQuery,
    RowsQuery,
    RunGroups,
    RunKey,
    RunKeys,
    RunRows,
    RunValues,
    ValuesQuery,
)
from treering.entities.lifecycle import View
from treering.entities.run import PARENT_RUN_TAG
from treering.storage.metadata.base import GridStore
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import Places, Unanswerable
from treering.storage.metadata.columns.conditions import holds
from treering.storage.metadata.columns.family import children_of, count_children, tops
from treering.storage.metadata.columns.groups import groups_of
from treering.storage.metadata.columns.keys import keys_of, values_of
from treering.storage.metadata.columns.ordering import check_order
from treering.storage.metadata.columns.sheet import Sheet
from treering.storage.metadata.columns.shelf import Shelf
from treering.storage.metadata.feed import RunFeed
from treering.storage.metadata.grid.plain import version_of
from treering.storage.metadata.grid.terms import group_terms, term, text_term
from treering.storage.metadata.search.fields import RUNS, attribute
from treering.storage.metadata.search.grammar import parse_filter, parse_search
from treering.storage.metadata.search.syntax import Condition, Entity, Field, Kind, Search

__all__ = ["ColumnGrid"]

# Orderings, and lists of keys, that are remembered; an ordering of 100,000 runs takes 1.6 MB.
_REMEMBERED = 8
_LARGEST_REMEMBERED = 2_000_000

_PARENT = (Field(Entity.TAG, PARENT_RUN_TAG, Kind.TEXT),)
_BY_DEFAULT = RUNS.order

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Desk:
    """The blocks of a question, in the order of their experiments' ids, for the caller alone."""

    experiment_ids: Sequence[str]
    blocks: Sequence[Block]

    @property
    def version(self) -> str:
        """Of what they hold."""
        pairs = zip(self.experiment_ids, self.blocks, strict=True)
        return version_of({experiment_id: block.version for experiment_id, block in pairs})


class _Memory:
    """What was found out last about some blocks, as long as they do not change; shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, tuple[list[tuple[weakref.ref[Block], int]], object]] = OrderedDict()

    def get(self, key: object, desk: _Desk, make: Callable[[], Answer], weigh: Callable[[Answer], int]) -> Answer:
        """What `make` makes, or made of the same blocks in the same state."""
        key = (*desk.experiment_ids, key)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
        if known is not None and all(
            ref() is block and version == block.version
            for (ref, version), block in zip(known[0], desk.blocks, strict=True)
        ):
            return known[1]  # type: ignore[return-value]  # made by the same `make`, since the key is the same
        made = make()
        if weigh(made) <= _LARGEST_REMEMBERED:
            with self._lock:
                self._kept[key] = [(weakref.ref(block), block.version) for block in desk.blocks], made
                self._kept.move_to_end(key)
                while len(self._kept) > _REMEMBERED:
                    self._kept.popitem(last=False)
        return made


@dataclass(frozen=True, slots=True)
class _Ordered:
    """All that match: for each block its places, and the rows of the sheet of them in order."""

    places: Sequence[Places]
    rows: Places


class ColumnGrid:
    """GridStore over another."""

    def __init__(self, behind: GridStore, feed: RunFeed, shelf: Shelf) -> None:
        self._behind = behind
        self._feed = feed
        self._shelf = shelf
        self._memory = _Memory()

    def rows(self, query: RowsQuery) -> RunRows:
        """See GridStore."""
        search = parse_search(RUNS, query.filter, query.order_by)
        terms = [term(text) for text in query.columns]
        try:
            check_order(search.order)
            with self._desk(query.experiment_ids) as desk:
                found = self._memory.get(
                    ("rows", search, query.view, query.parent),
                    desk,
                    lambda: self._ordered(desk, search, query),
                    lambda made: len(made.rows),
                )
                sheet = Sheet(list(zip(desk.blocks, found.places, strict=True)), self._feed.runs)
                page = found.rows[query.offset : query.offset + query.limit]
                shown = [sheet.cells(one.fields, page) for one in terms]
                return self._page(desk, sheet, query, page, len(found.rows), shown)
        except Unanswerable:
            return self._behind.rows(query)

    def _ordered(self, desk: _Desk, search: Search, query: RowsQuery) -> _Ordered:
        """Raises Unanswerable."""
        places = self._matching(desk, search.condition, query.view)
        if query.parent == "":
            masks = tops(desk.blocks, query.view)
            places = [found[mask[found]] for found, mask in zip(places, masks, strict=True)]
        elif query.parent is not None:
            masks = [children_of(block, query.parent) for block in desk.blocks]
            places = [found[mask[found]] for found, mask in zip(places, masks, strict=True)]
        sheet = Sheet(list(zip(desk.blocks, places, strict=True)), self._feed.runs)
        return _Ordered(places, sheet.ordered(search.order, np.arange(len(sheet))))

    def _matching(self, desk: _Desk, condition: Condition | None, view: View) -> list[Places]:
        """Raises Unanswerable."""
        found = []
        for block in desk.blocks:
            seen = block.seen(view)
            if condition is not None:
                seen &= holds(block, condition)
            found.append(np.flatnonzero(seen))
        return found

    def _page(
        self, desk: _Desk, sheet: Sheet, query: RowsQuery, page: Places, total: int, shown: list[list[Cell]]
    ) -> RunRows:
        experiments, active = [""] * len(page), [False] * len(page)
        for number, block, places, where in sheet.split(page):
            rows = range(len(page)) if isinstance(where, slice) else where.tolist()
            for row, is_active in zip(rows, block.active(places), strict=True):
                experiments[row], active[row] = desk.experiment_ids[number], is_active
        run_ids = self._texts(sheet, "run_id", page)
        starts = sheet.wholes(attribute("start_time", Kind.TIME), page)[0].tolist()
        ends, ended = sheet.wholes(attribute("end_time", Kind.TIME), page)
        return RunRows(
            total,
            run_ids,
            self._texts(sheet, "run_name", page),
            self._texts(sheet, "status", page),
            experiments,
            starts,
            [end if there else None for end, there in zip(ends.tolist(), ended.tolist(), strict=True)],
            self._texts(sheet, "user_id", page),
            active,
            [str(cell or "") for cell in sheet.cells(_PARENT, page)],
            count_children(desk.blocks, query.view, run_ids),
            shown,
            desk.version,
        )

    def _texts(self, sheet: Sheet, key: str, page: Places) -> list[str]:
        return [str(cell) for cell in sheet.cells((attribute(key, Kind.TEXT),), page)]

    def groups(self, query: GroupsQuery) -> RunGroups:
        """See GridStore."""
        condition = parse_filter(RUNS, query.filter)
        by, columns = group_terms(query)
        try:
            with self._desk(query.experiment_ids) as desk:
                places = self._matching(desk, condition, query.view)
                sheet = Sheet(list(zip(desk.blocks, places, strict=True)), self._feed.runs)
                total, groups = groups_of(sheet, by, columns, query)
                return RunGroups(total, len(sheet), groups, desk.version)
        except Unanswerable:
            return self._behind.groups(query)

    def keys(self, query: KeysQuery) -> RunKeys:
        """See GridStore."""
        try:
            with self._desk(query.experiment_ids) as desk:
                found = self._memory.get("keys", desk, lambda: keys_of(desk.blocks), lambda made: 20 * len(made))
                version = desk.version
        except Unanswerable:
            return self._behind.keys(query)
        return _listed(found, query, version)

    def values(self, query: ValuesQuery) -> RunValues:
        """See GridStore."""
        asked = text_term(query)
        try:
            with self._desk(query.experiment_ids) as desk:
                return values_of(desk.blocks, asked.fields[0], query, self._feed.runs)
        except Unanswerable:
            return self._behind.values(query)

    def ids(self, experiment_ids: Sequence[str], text: str, view: View) -> Sequence[str]:
        """See GridStore."""
        condition = parse_filter(RUNS, text)
        try:
            with self._desk(experiment_ids) as desk:
                places = self._matching(desk, condition, view)
                sheet = Sheet(list(zip(desk.blocks, places, strict=True)), self._feed.runs)
                rows = sheet.ordered(_BY_DEFAULT, np.arange(len(sheet)))
                return self._texts(sheet, "run_id", rows)
        except Unanswerable:
            return self._behind.ids(experiment_ids, text, view)

    @contextmanager
    def _desk(self, experiment_ids: Sequence[str]) -> Iterator[_Desk]:
        """The columns of those experiments that exist, as they are now. Raises Unanswerable."""
        stamps = self._feed.stamps(experiment_ids)
        # In one order, so that two that want the same blocks cannot wait for each other.
        names = sorted(stamps, key=int)
        if not self._shelf.has(names, now=True):
            raise Unanswerable
        with ExitStack() as stack:
            blocks = []
            for name in names:
                block = stack.enter_context(self._shelf.block(name, stamps[name]))
                if block is None:
                    raise Unanswerable
                blocks.append(block)
            yield _Desk(names, blocks)


def _listed(found: Sequence[RunKey], query: KeysQuery, version: str) -> RunKeys:
    wanted = query.text.lower()
    kinds = list(dict.fromkeys(query.kinds))
    keys = [one for one in found if one.kind in kinds and wanted in one.key.lower()]
    keys.sort(key=lambda one: (-one.runs, kinds.index(one.kind), one.key))
    return RunKeys(keys[: query.limit], len(keys), version)
