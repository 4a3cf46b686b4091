"""Gathers the rows of a sheet into groups that share values, and sums up the numbers of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from treering.entities.grid import Cell, Figures, GroupOrder, GroupOrdering, GroupsQuery, RunGroup, Statistic
from treering.storage.metadata.columns.column import MISSING, Places, float_keys
from treering.storage.metadata.columns.sheet import Sheet
from treering.storage.metadata.grid.terms import Term, filter_of
from treering.storage.metadata.search.fields import RUNS, attribute
from treering.storage.metadata.search.syntax import Kind

__all__ = ["groups_of"]

Reals = npt.NDArray[np.float64]
_FEW = 2000


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the fields that are grouped by.

    Attributes:
        codes: For each row the number of its value, which ascend as the values do; the last is for none.
        values: All of them, NaN behind the others, and None last.
        proper: How many of them are neither NaN nor None.
    """

    codes: Places
    values: Sequence[Cell]
    proper: int

    def ranks(self, codes: Places, *, descending: bool) -> Places:
        """What these come by: NaN and None behind the others in both directions."""
        return np.where(codes < self.proper, self.proper - 1 - codes, codes) if descending else codes


def groups_of(
    sheet: Sheet, by: Sequence[Term], columns: Sequence[Term], query: GroupsQuery
) -> tuple[int, list[RunGroup]]:
    """How many groups there are, and those that are asked for. Raises Unanswerable."""
    if not len(sheet):
        return 0, []
    parts = [_part(sheet, one) for one in by]
    group_of, firsts = _combined(parts)
    counts = np.bincount(group_of, minlength=len(firsts))
    order = _order(sheet, parts, columns, query.order, group_of, firsts, counts)
    page = order[query.offset : query.offset + query.limit]
    if not len(page):
        return len(firsts), []
    # Of the rows of these groups alone; groups get numbers as they are shown.
    shown = np.full(len(firsts), -1, np.int64)
    shown[page] = np.arange(len(page))
    mine = shown[group_of]
    rows = np.flatnonzero(mine >= 0)
    mine = mine[rows]
    if columns:
        rows, mine = _by_group(rows, mine)
    figures = [_figures(_sums(sheet, one, rows, mine, len(page))) for one in columns]
    members = _members(sheet, rows, mine, len(page), query.members)
    found = []
    for number, group in enumerate(page.tolist()):
        row = firsts[group]
        values = [part.values[int(part.codes[row])] for part in parts]
        figures_here = [one[number] for one in figures]
        found.append(RunGroup(values, int(counts[group]), members[number], filter_of(by, values), figures_here))
    return len(firsts), found


def _part(sheet: Sheet, one: Term) -> _Part:
    """Raises Unanswerable."""
    if one.is_text:
        codes, texts = sheet.texts(one.fields[0])
        used = np.bincount(codes + 1, minlength=len(texts) + 1)[1:]
        listed = sorted(np.flatnonzero(used).tolist(), key=texts.__getitem__)
        # One more, for -1 to find.
        rank = np.full(len(texts) + 1, len(listed), np.int64)
        rank[listed] = np.arange(len(listed))
        return _Part(rank[codes], [*(texts[code] for code in listed), None], len(listed))
    values: npt.NDArray[Any]
    if len(one.fields) > 1 or one.fields[0].kind is Kind.NUMBER:
        values, present = sheet.numbers(one.fields)
        values = values + 0.0
    else:
        values, present = sheet.wholes(one.fields[0])
    distinct, inverse = np.unique(values[present], return_inverse=True)
    codes = np.full(len(sheet), len(distinct), np.int64)
    codes[present] = inverse.reshape(-1)
    nans = int(np.isnan(distinct).sum()) if distinct.dtype == np.float64 else 0
    return _Part(codes, [*distinct.tolist(), None], len(distinct) - nans)


def _combined(parts: Sequence[_Part]) -> tuple[Places, Places]:
    """For each row the number of its group, which ascend as the values do; and the first row of each group."""
    combined = parts[0].codes
    width = len(parts[0].values)
    for part in parts[1:]:
        combined, width = _dense(combined, width)
        combined, width = combined * len(part.values) + part.codes, width * len(part.values)
    combined, width = _dense(combined, width)
    firsts = np.zeros(width, np.int64)
    firsts[combined[::-1]] = np.arange(len(combined) - 1, -1, -1)
    return combined, firsts


def _dense(codes: Places, width: int) -> tuple[Places, int]:
    """The same codes without those that no row has."""
    if width > 4 * len(codes) + 1000:
        used, inverse = np.unique(codes, return_inverse=True)
        return inverse.reshape(-1), len(used)
    there = np.bincount(codes, minlength=width) > 0
    return (np.cumsum(there) - 1)[codes], int(there.sum())


def _order(  # noqa: PLR0913, PLR0917  # all that is known of the groups
    sheet: Sheet,
    parts: Sequence[_Part],
    columns: Sequence[Term],
    order: GroupOrder,
    group_of: Places,
    firsts: Places,
    counts: Places,
) -> Places:
    """All groups in order; they are numbered by their values, which break ties."""
    if order.by is GroupOrdering.COUNT:
        return np.argsort(-counts if order.descending else counts, kind="stable")
    if order.by is GroupOrdering.VALUE:
        ranks = [part.ranks(part.codes[firsts], descending=order.descending) for part in parts]
        return np.lexsort(ranks[::-1])
    rows, in_order = _by_group(np.arange(len(sheet)), group_of)
    sums = _sums(sheet, columns[order.column], rows, in_order, len(firsts), order.aggregate)
    values = sums.figure(order.aggregate)
    keys = float_keys(values, descending=order.descending)
    missing = sums.counts < (2 if order.aggregate is Statistic.STD else 1)
    keys[missing] = MISSING
    return np.argsort(keys, kind="stable")


def _by_group(rows: Places, group_of: Places) -> tuple[Places, Places]:
    """The rows of one group behind those of another, and their groups."""
    # Of 16 bits they are sorted several times as fast.
    small = group_of.astype(np.int16) if len(group_of) and group_of.max() < 1 << 15 else group_of
    at = np.argsort(small, kind="stable")
    return rows[at], group_of[at]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Figures of all groups; where a group has no number they are of no meaning."""

    counts: Places
    mean: Reals
    minimum: Reals
    maximum: Reals
    deviation: Reals
    median: Reals

    def figure(self, aggregate: Statistic) -> Reals:
        match aggregate:
            case Statistic.MEAN:
                return self.mean
            case Statistic.MIN:
                return self.minimum
            case Statistic.MAX:
                return self.maximum
            case Statistic.STD:
                return self.deviation
            case Statistic.MEDIAN:
                return self.median


def _sums(  # of which rows, and in which groups they are
    sheet: Sheet, column: Term, rows: Places, group_of: Places, groups: int, only: Statistic | None = None
) -> _Sums:
    """Of rows that stand group by group. Raises Unanswerable.

    The median costs most, and is left out where `only` another figure is wanted.
    """
    values, present = sheet.numbers(column.numbers, rows)
    kept = present & ~np.isnan(values)
    if not kept.all():
        values, group_of = values[kept], group_of[kept]
    counts = np.bincount(group_of, minlength=groups)
    some = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[some]
    empty = np.full(groups, np.nan)
    mean, low, high, deviation, median = (empty.copy() for _ in range(5))
    # Infinities and overflows give what floats give.
    with np.errstate(all="ignore"):
        if len(some):
            mean[some] = np.add.reduceat(values, starts) / counts[some]
            low[some], high[some] = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
            apart = values - mean[group_of]
            deviation[some] = np.sqrt(np.add.reduceat(apart * apart, starts) / (counts[some] - 1))
        if len(some) and only in {None, Statistic.MEDIAN}:
            median[some] = _medians(values, group_of, starts, counts[some])
    return _Sums(counts, mean, low, high, deviation, median)


def _medians(values: Reals, group_of: Places, starts: Places, counts: Places) -> Reals:
    lower, upper = starts + (counts - 1) // 2, starts + counts // 2
    if len(starts) > _FEW:
        by_value = values[np.lexsort((values, group_of))]
    else:
        by_value = values.copy()
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
            by_value[start : start + count].partition([(count - 1) // 2, count // 2])
    found: Reals = np.where(lower == upper, by_value[lower], (by_value[lower] + by_value[upper]) / 2)
    return found


def _figures(sums: _Sums) -> list[Figures | None]:
    columns = (sums.mean, sums.minimum, sums.maximum, sums.deviation, sums.median)
    return [
        Figures(count, mean, low, high, deviation if count > 1 else None, median) if count else None
        for count, mean, low, high, deviation, median in zip(
            sums.counts.tolist(), *(column.tolist() for column in columns), strict=True
        )
    ]


def _members(sheet: Sheet, rows: Places, mine: Places, groups: int, most: int) -> list[list[str]]:
    """Of each group the ids of its newest runs. Raises Unanswerable."""
    if not most:
        return [[] for _ in range(groups)]
    # Numbers that ascend with the order, so that one sorting by group keeps it.
    newest = sheet.ordered(RUNS.order, rows)
    place = np.zeros(len(sheet), np.int64)
    place[rows] = mine
    group = place[newest]
    at = np.argsort(group, kind="stable")
    newest, group = newest[at], group[at]
    counts = np.bincount(group, minlength=groups)
    starts = np.cumsum(counts) - counts
    first = np.arange(len(newest)) - starts[group] < most
    newest, group = newest[first], group[first]
    members: list[list[str]] = [[] for _ in range(groups)]
    cells = sheet.cells((attribute("run_id", Kind.TEXT),), newest)
    for number, run_id in zip(group.tolist(), cells, strict=True):
        members[number].append(str(run_id))
    return members
