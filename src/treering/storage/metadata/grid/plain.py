"""Answers a table's questions run by run, over any RunStore: right, but slow where there are many.

Runs are read page by page; who writes meanwhile may be seen on one page and not on another.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from treering.entities.grid import (
    Cell,
    Figures,
    GroupOrdering,
    GroupsQuery,
    KeyKind,
    KeysQuery,
    RowsQuery,
    RunGroup,
    RunGroups,
    RunKey,
    RunKeys,
    RunRows,
    RunValue,
    RunValues,
    Statistic,
    ValuesQuery,
)
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.page import Query, every
from treering.entities.run import PARENT_RUN_TAG, Run
from treering.storage.metadata.base import RunStore
from treering.storage.metadata.grid.terms import (
    DISTINCT,
    TEXT_KEYS,
    TIME_KEYS,
    Term,
    filter_of,
    group_terms,
    key_field,
    term,
    text_term,
)
from treering.storage.metadata.search.literals import number_in
from treering.storage.metadata.search.readers import RunReader
from treering.storage.metadata.search.syntax import Field, Scalar

__all__ = ["PlainGrid", "version_of"]

_AT_ONCE = 2000
_READER = RunReader()
# Stands for NaN in keys, since it is not equal to itself.
_NAN = ("nan",)

Value = TypeVar("Value")


def version_of(versions: Mapping[str, int]) -> str:
    """The state of some experiments in one word."""
    return ",".join(f"{experiment_id}:{versions[experiment_id]}" for experiment_id in sorted(versions, key=int))


class PlainGrid:
    """GridStore over a RunStore.

    Args:
        versions: How often the runs of each of these experiments changed; those that do not exist are left out.
    """

    def __init__(self, runs: RunStore, versions: Callable[[Sequence[str]], Mapping[str, int]]) -> None:
        self._runs = runs
        self._versions = versions

    def rows(self, query: RowsQuery) -> RunRows:
        """See GridStore."""
        terms = [term(text) for text in query.columns]
        version = version_of(self._versions(query.experiment_ids))
        asked = Query(query.filter, query.order_by, _AT_ONCE, "", query.view, query.experiment_ids)
        found = every(self._runs.search, asked)
        if query.parent is None:
            page = list(itertools.islice(found, query.offset, query.offset + query.limit))
            one = Query(query.filter, (), 1, "", query.view, query.experiment_ids, with_total=True)
            total = self._runs.search(one).total or 0
        else:
            family = list(self._below(query, query.parent, found))
            page, total = family[query.offset : query.offset + query.limit], len(family)
        infos = [run.info for run in page]
        return RunRows(
            total,
            [info.run_id for info in infos],
            [info.run_name for info in infos],
            [str(info.status) for info in infos],
            [info.experiment_id for info in infos],
            [info.start_time for info in infos],
            [info.end_time for info in infos],
            [info.user_id for info in infos],
            [info.lifecycle_stage is Lifecycle.ACTIVE for info in infos],
            [_parent(run) for run in page],
            self._children(query, page),
            [[_value(run, one.fields) for run in page] for one in terms],
            version,
        )

    def _below(self, query: RowsQuery, parent: str, found: Iterable[Run]) -> Iterator[Run]:
        if parent:
            return (run for run in found if _parent(run) == parent)
        there = {run.info.run_id for run in self._all(query.experiment_ids, query.view)}
        return (run for run in found if _parent(run) not in there)

    def _children(self, query: RowsQuery, page: Sequence[Run]) -> list[int]:
        if not page:
            return []
        listed = ", ".join("'" + run.info.run_id.replace("'", "''") + "'" for run in page)
        of_these = f"{key_field(KeyKind.TAG, PARENT_RUN_TAG)} IN ({listed})"
        counted = Counter(map(_parent, self._all(query.experiment_ids, query.view, of_these)))
        return [counted[run.info.run_id] for run in page]

    def groups(self, query: GroupsQuery) -> RunGroups:
        """See GridStore."""
        by, columns = group_terms(query)
        version = version_of(self._versions(query.experiment_ids))
        members: dict[tuple[object, ...], list[Run]] = {}
        values: dict[tuple[object, ...], list[Cell]] = {}
        # Newest first, as the runs of each group are listed.
        for run in self._all(query.experiment_ids, query.view, query.filter):
            cells = [_grouped(_value(run, one.fields), one) for one in by]
            key = tuple(_NAN if isinstance(cell, float) and math.isnan(cell) else cell for cell in cells)
            members.setdefault(key, []).append(run)
            values.setdefault(key, cells)
        groups = [
            RunGroup(
                values[key],
                len(runs),
                [run.info.run_id for run in runs[: query.members]],
                filter_of(by, values[key]),
                [_figures(runs, one) for one in columns],
            )
            for key, runs in members.items()
        ]
        total = sum(group.count for group in groups)
        page = _ordered(groups, query)[query.offset : query.offset + query.limit]
        return RunGroups(len(groups), total, page, version)

    def keys(self, query: KeysQuery) -> RunKeys:
        """See GridStore."""
        version = version_of(self._versions(query.experiment_ids))
        held: dict[tuple[KeyKind, str], list[Scalar]] = {}
        for run in self._all(query.experiment_ids, View.ACTIVE_ONLY):
            for kind, key, value in _held(run):
                held.setdefault((kind, key), []).append(value)
        wanted = query.text.lower()
        kinds = list(dict.fromkeys(query.kinds))
        found = [
            _key(kind, key, values) for (kind, key), values in held.items() if kind in kinds and wanted in key.lower()
        ]
        found.sort(key=lambda one: (-one.runs, kinds.index(one.kind), one.key))
        return RunKeys(found[: query.limit], len(found), version)

    def values(self, query: ValuesQuery) -> RunValues:
        """See GridStore."""
        wanted, text = query.text.lower(), text_term(query)
        values = (_value(run, text.fields) for run in self._all(query.experiment_ids, View.ACTIVE_ONLY))
        counted = Counter(str(value) for value in values if value is not None)
        found = [RunValue(value, runs) for value, runs in counted.items() if wanted in value.lower()]
        found.sort(key=lambda one: (-one.runs, one.value))
        return RunValues(found[: query.limit], len(found))

    def ids(self, experiment_ids: Sequence[str], text: str, view: View) -> Sequence[str]:
        """See GridStore."""
        return [run.info.run_id for run in self._all(experiment_ids, view, text)]

    def _all(self, experiment_ids: Sequence[str], view: View, text: str = "") -> Iterator[Run]:
        return every(self._runs.search, Query(text, (), _AT_ONCE, "", view, experiment_ids))


def _parent(run: Run) -> str:
    return run.data.tags.get(PARENT_RUN_TAG, "")


def _value(run: Run, fields: Sequence[Field]) -> Cell:
    for one in fields:
        for value in _READER.values(run, one):
            return value
    return None


def _grouped(cell: Cell, by: Term) -> Cell:
    """As values are in a group: of one kind for all runs, and 0.0 where it is -0.0."""
    if isinstance(cell, float) or (isinstance(cell, int) and len(by.fields) > 1):
        return cell + 0.0
    return cell


def _figures(runs: Sequence[Run], column: Term) -> Figures | None:
    cells = (_value(run, column.numbers) for run in runs)
    numbers = sorted(float(cell) for cell in cells if cell is not None and cell == cell)  # noqa: PLR0124  # NaN differs
    if not numbers:
        return None
    count = len(numbers)
    mean = sum(numbers) / count
    deviation = None
    if count > 1:
        deviation = math.sqrt(sum((one - mean) * (one - mean) for one in numbers) / (count - 1))
    median = numbers[count // 2] if count % 2 else (numbers[count // 2 - 1] + numbers[count // 2]) / 2
    return Figures(count, mean, numbers[0], numbers[-1], deviation, median)


def _ordered(groups: list[RunGroup], query: GroupsQuery) -> list[RunGroup]:
    order = query.order
    depth = len(query.by)
    ascending = [_places([group.values[at] for group in groups], descending=False) for at in range(depth)]
    ranks = list(zip(*ascending, strict=True)) if groups else []
    at = sorted(range(len(groups)), key=ranks.__getitem__)
    if order.by is GroupOrdering.COUNT:
        at.sort(key=lambda one: -groups[one].count if order.descending else groups[one].count)
    elif order.by is GroupOrdering.VALUE:
        other = [_places([group.values[at] for group in groups], descending=order.descending) for at in range(depth)]
        at.sort(key=lambda one: tuple(part[one] for part in other))
    else:
        figures = [_figure(group.columns[order.column], order.aggregate) for group in groups]
        by_figure = _places(figures, descending=order.descending)
        at.sort(key=by_figure.__getitem__)
    return [groups[one] for one in at]


def _figure(figures: Figures | None, aggregate: Statistic) -> float | None:
    if figures is None:
        return None
    match aggregate:
        case Statistic.MEAN:
            return figures.mean
        case Statistic.MIN:
            return figures.minimum
        case Statistic.MAX:
            return figures.maximum
        case Statistic.STD:
            return figures.deviation
        case Statistic.MEDIAN:
            return figures.median


def _places(cells: Sequence[Cell], *, descending: bool) -> list[int]:
    """Where each comes: numbers or texts first, then NaN, then None, in both directions."""
    proper = sorted({cell for cell in cells if cell is not None and cell == cell}, reverse=descending)  # noqa: PLR0124  # NaN differs
    place = {cell: number for number, cell in enumerate(proper)}
    return [
        len(place) + 1 if cell is None else place.get(cell, len(place))
        for cell in cells
    ]  # fmt: skip


def _held(run: Run) -> Iterator[tuple[KeyKind, str, Scalar]]:
    for key, summary in run.data.summaries.items():
        yield KeyKind.METRIC, key, summary.last.value
    for key, text in run.data.params.items():
        yield KeyKind.PARAM, key, text
    for key, text in run.data.tags.items():
        yield KeyKind.TAG, key, text
    for key in (*TEXT_KEYS, *TIME_KEYS):
        value: Scalar | None = getattr(run.info, key)
        if value is not None:
            yield KeyKind.ATTRIBUTE, key, value


def _key(kind: KeyKind, key: str, values: Sequence[Scalar]) -> RunKey:
    are_texts = kind in {KeyKind.PARAM, KeyKind.TAG} or (kind is KeyKind.ATTRIBUTE and key in TEXT_KEYS)
    distinct = min(len(set(values)), DISTINCT) if are_texts else 0
    stated: list[float | None] = []
    if kind is KeyKind.PARAM:
        stated = [number_in(str(value)) for value in values]
    elif not are_texts:
        stated = [float(value) for value in values]
    numeric = bool(stated) and None not in stated
    numbers = [one for one in stated if one is not None and one == one] if numeric else []  # noqa: PLR0124  # NaN
    low, high = min(numbers, default=None), max(numbers, default=None)
    return RunKey(kind, key, key_field(kind, key), len(values), distinct, numeric, low, high)
