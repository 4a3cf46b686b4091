"""Columns and plain Python give the same rows, groups, keys and values, whatever is asked."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treering.core.uri import scheme_of
from treering.entities.grid import (
    GroupOrder,
    GroupOrdering,
    GroupsQuery,
    KeyKind,
    KeysQuery,
    RowsQuery,
    Statistic,
    ValuesQuery,
)
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.metric import summary_rows
from treering.entities.page import Query, every
from treering.entities.run import PARENT_RUN_TAG, Run, RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import GridStore, MetadataStore
from treering.storage.metadata.columns.grid import ColumnGrid
from treering.storage.metadata.columns.sheet import Sheet
from treering.storage.metadata.columns.store import with_columns
from treering.storage.metadata.feed import FedRun, Stamp
from treering.storage.metadata.grid import plain as plain_module
from treering.testing.metadata_values import run_info, summary

DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
everywhere = pytest.mark.parametrize("database_uri", DATABASES, indirect=True)

LONG = "long " * 300
TEXTS = ["", "a", "A", "b'c", "ä`", LONG + "1", LONG + "2", "1.5", "-2", "inf", "nan", "1" * 1200, "x" * 300]
FLOATS = [0.0, -0.0, 0.5, 1.5, -3.25, 1e300, math.nan, math.inf, -math.inf]
KEYS = ["k", "odd `key", "m.min"]
FIELDS = [
    "attributes.status",
    "run_name",
    "attributes.start_time",
    "end_time",
    "duration",
    "params.k",
    "params.`odd ``key`",
    "params.k AS NUMBER",
    "tags.`k`",
    "tags.nowhere",
    "params.nowhere",
    "metrics.nowhere",
    "metrics.`k`",
    "metrics.`k`.min",
    "metrics.k.max",
    "metrics.k.count",
    "metrics.m.min",
    "metrics.m.count",
]
FILTERS = [
    "",
    "params.k = 'a'",
    f"tags.k != '{LONG}1'",
    f"params.k IN ('a', '{LONG}2')",
    f"tags.k LIKE '{LONG[:700]}%'",
    "metrics.k > 0 OR params.k IS NULL",
    "NOT status = 'FINISHED'",
    "datasets.name = 'x'",
    "params.k AS NUMBER > 1",
]
fields = st.sampled_from(FIELDS)
filters = st.sampled_from(FILTERS)
views = st.sampled_from(list(View))
orders = st.lists(st.tuples(fields, st.sampled_from(["ASC", "DESC"])).map(" ".join), max_size=3)


@dataclass(frozen=True, slots=True)
class Filled:
    """A store with columns and runs, and one without columns on the same database."""

    columns: MetadataStore
    plain: MetadataStore
    experiment_ids: Sequence[str]
    run_ids: Sequence[str]


class Never:
    """A store behind that is never to be asked."""

    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"the columns left {name} to the store behind them")


def open_both(uri: str) -> tuple[MetadataStore, MetadataStore]:
    load = METADATA.load(scheme_of(uri))
    return with_columns(load(uri), 1 << 30), load(uri)


def fill(store: MetadataStore, count: int, seed: int) -> tuple[list[str], list[str]]:
    """Runs of three experiments that differ in all that a table can show."""
    chance = random.Random(seed)
    ids = ["0", *(store.experiments.create(name, "/r", "", {}).experiment_id for name in ("one", "two"))]
    run_ids: list[str] = []
    for number in range(count):
        info = run_info(chance.choice(ids), run_name=chance.choice(["n", f"n{number}"]), start_time=chance.randrange(9))
        run_id = store.runs.create(info, {}).info.run_id
        tags = {key: chance.choice(TEXTS) for key in chance.sample(["k", "K"], chance.randrange(3))}
        if run_ids and chance.random() < 0.4:
            tags[PARENT_RUN_TAG] = chance.choice([*run_ids[-5:], "nobody", ""])
        params = {key: chance.choice(TEXTS) for key in chance.sample(KEYS, chance.randrange(4))}
        metrics = {
            key: summary(*(chance.choice(FLOATS) for _ in range(chance.randrange(1, 3))), key=key)
            for key in chance.sample(["k", "m", "m.min"], chance.randrange(4))
        }
        store.runs.apply([RunChanges(run_id, params=params, tags=tags, metrics=metrics)], None)
        if chance.random() < 0.5:
            store.runs.update(run_id, chance.choice(list(RunStatus)), 5 + chance.randrange(9), None)
        if chance.random() < 0.2:
            store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
        run_ids.append(run_id)
    return ids, run_ids


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    columns, plain = open_both(f"sqlite:///{tmp_path_factory.mktemp('grid') / 'x.db'}")
    with closing(columns.database), closing(plain.database):
        yield Filled(columns, plain, *fill(columns, 120, 7))


def alike(left: object, right: object) -> bool:
    """Equal, where NaN is equal to itself and figures may differ by how they were rounded."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9) or (math.isnan(left) and math.isnan(right)) or left == right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(alike, left, right))
    if hasattr(left, "__dataclass_fields__") and type(left) is type(right):
        names = left.__dataclass_fields__
        return all(alike(getattr(left, name), getattr(right, name)) for name in names)
    return left == right


def assert_alike(left: object, right: object) -> None:
    assert alike(left, right), f"{left}\n{right}"


many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def chosen(data: st.DataObject, filled: Filled) -> list[str]:
    return data.draw(st.lists(st.sampled_from([*filled.experiment_ids, "99"]), max_size=4))


@many
@given(st.data())
def test_rows(filled: Filled, data: st.DataObject) -> None:
    query = RowsQuery(
        chosen(data, filled),
        data.draw(filters),
        data.draw(orders),
        data.draw(views),
        data.draw(st.integers(0, 130)),
        data.draw(st.integers(1, 130)),
        data.draw(st.lists(fields, max_size=5)),
        data.draw(st.one_of(st.none(), st.just(""), st.sampled_from(filled.run_ids))),
    )
    assert_alike(filled.columns.grid.rows(query), filled.plain.grid.rows(query))


@many
@given(st.data())
def test_rows_stand_where_a_search_finds_them(filled: Filled, data: st.DataObject) -> None:
    ids, text, order, view = chosen(data, filled), data.draw(filters), data.draw(orders), data.draw(views)
    found = [run.info.run_id for run in every(filled.plain.runs.search, Query(text, order, 50, "", view, ids))]
    rows = filled.columns.grid.rows(RowsQuery(ids, text, order, view, 0, 500))
    assert (list(rows.run_ids), rows.total) == (found, len(found))
    assert filled.columns.grid.ids(ids, text, view) == filled.plain.grid.ids(ids, text, view)


@many
@given(st.data())
def test_groups(filled: Filled, data: st.DataObject) -> None:
    columns = data.draw(st.lists(fields, max_size=3))
    by_column = [GroupOrdering.COLUMN] if columns else []
    order = GroupOrder(
        data.draw(st.sampled_from([GroupOrdering.COUNT, GroupOrdering.VALUE, *by_column])),
        data.draw(st.integers(0, max(0, len(columns) - 1))),
        # Extremes are exact, so that their order is the same where sums are rounded otherwise.
        data.draw(st.sampled_from([Statistic.MIN, Statistic.MAX, Statistic.MEDIAN])),
        data.draw(st.booleans()),
    )
    query = GroupsQuery(
        chosen(data, filled),
        data.draw(st.lists(fields, min_size=1, max_size=3)),
        data.draw(filters),
        data.draw(views),
        columns,
        order,
        data.draw(st.integers(0, 5)),
        data.draw(st.integers(1, 100)),
        data.draw(st.integers(0, 4)),
    )
    found = filled.columns.grid.groups(query)
    assert_alike(found, filled.plain.grid.groups(query))
    for group in found.groups[:3]:
        both = f"({query.filter}) AND {group.filter}" if query.filter else group.filter
        rows = filled.columns.grid.rows(RowsQuery(query.experiment_ids, both, (), query.view))
        assert (rows.total, list(rows.run_ids[: query.members])) == (group.count, list(group.run_ids)), group.filter


@many
@given(st.data())
def test_keys_and_values(filled: Filled, data: st.DataObject) -> None:
    ids = chosen(data, filled)
    text = data.draw(st.sampled_from(["", "K", "m.", "time", "'"]))
    kinds = data.draw(st.lists(st.sampled_from(list(KeyKind)), min_size=1, max_size=4))
    keys = KeysQuery(ids, text, kinds, data.draw(st.integers(1, 20)))
    assert_alike(filled.columns.grid.keys(keys), filled.plain.grid.keys(keys))
    field = data.draw(
        st.sampled_from(["run_name", "status", "params.k", "tags.k", "tags.`mlflow.parentRunId`", "tags.x"])
    )
    values = ValuesQuery(ids, field, data.draw(st.sampled_from(["", "A", "LONG", "1"])), data.draw(st.integers(1, 9)))
    assert_alike(filled.columns.grid.values(values), filled.plain.grid.values(values))


def test_columns_answer_all_but_datasets_and_patterns_of_long_texts(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid: Any = filled.columns.grid
    monkeypatch.setattr(grid, "_behind", Never())
    ids = filled.experiment_ids
    for text in FILTERS:
        if "datasets" not in text and "LIKE" not in text:
            grid.rows(RowsQuery(ids, text, view=View.ALL))
            grid.ids(ids, text, View.ALL)
    for field in FIELDS:
        grid.rows(RowsQuery(ids, "", [field], columns=FIELDS, parent=""))
        grid.groups(GroupsQuery(ids, [field, "tags.k"], columns=FIELDS, members=2))
    grid.keys(KeysQuery(ids))
    grid.values(ValuesQuery(ids, "tags.k"))


def test_scrolling_does_not_sort_again(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_orders: list[object] = []
    ordered = Sheet.ordered

    def counted(self: Sheet, order: Any, rows: Any) -> Any:
        sorted_orders.append(order)
        return ordered(self, order, rows)

    monkeypatch.setattr(Sheet, "ordered", counted)
    query = RowsQuery(["0"], "metrics.k IS NOT NULL", ["metrics.m DESC", "run_id DESC"], limit=5)
    for offset in range(0, 20, 5):
        filled.columns.grid.rows(replace(query, offset=offset))
    assert len(sorted_orders) == 1
    filled.columns.grid.rows(replace(query, view=View.ALL))
    assert len(sorted_orders) == 2


@everywhere
def test_what_another_process_changes_is_seen_at_once(database_uri: str) -> None:
    columns, plain = open_both(database_uri)
    with closing(columns.database), closing(plain.database):
        ids, run_ids = fill(plain, 40, 3)
        chance = random.Random(5)
        query = RowsQuery(ids, "", ["metrics.k", "run_id"], View.ALL, columns=FIELDS, limit=100)
        groups = GroupsQuery(ids, ["params.k", "status"], columns=["metrics.k"], members=3)
        seen = set()
        for step in range(12):
            one = chance.choice(run_ids)
            if step % 3 == 0:
                plain.runs.set_lifecycles([one], chance.choice(list(Lifecycle)))
            elif step % 3 == 1:
                plain.runs.set_lifecycles([one], Lifecycle.ACTIVE)
                change = RunChanges(one, tags={"k": f"{LONG}{step}"}, metrics={"k": summary(step, key="k", step=step)})
                plain.runs.apply([change], None)
            else:
                plain.runs.set_lifecycles(run_ids[step : step + 1], Lifecycle.DELETED)
                plain.upkeep.purge_runs(run_ids[step : step + 1])
                run_ids.remove(run_ids[step])
            rows = columns.grid.rows(query)
            seen.add(rows.version)
            assert_alike(rows, plain.grid.rows(query))
            assert_alike(columns.grid.groups(groups), plain.grid.groups(groups))
            assert_alike(columns.grid.keys(KeysQuery(ids)), plain.grid.keys(KeysQuery(ids)))
        assert len(seen) > 8


class Fed:
    """A feed of the runs of a store in memory, which never change."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = dict(enumerate(runs))

    def stamps(self, experiment_ids: Sequence[str]) -> Mapping[str, Stamp]:
        return {one: Stamp(1, 0) for one in experiment_ids}

    def changed(self, experiment_id: str, since: int) -> Iterator[Sequence[FedRun]]:
        assert (experiment_id, since) == ("0", -1)
        yield [
            FedRun(
                number, 1, run.info.run_id, run.info.run_name, str(run.info.status), run.info.artifact_uri,
                run.info.user_id, run.info.start_time, run.info.end_time, True, run.data.params, run.data.tags,
                summary_rows(run.data.summaries),
            )
            for number, run in self._runs.items()
        ]  # fmt: skip

    def numbers(self, experiment_id: str) -> Sequence[int]:
        return list(self._runs) if experiment_id == "0" else []

    def count(self, experiment_id: str) -> int:
        return len(self.numbers(experiment_id))

    def runs(self, numbers: Sequence[int]) -> Mapping[int, Run]:
        return {number: self._runs[number] for number in numbers}


def test_ten_thousand_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    # A store in memory orders all runs for each page.
    monkeypatch.setattr(plain_module, "_AT_ONCE", 10_000)
    plain = METADATA.load("memory")("memory://")
    for number in range(10_000):
        run_id = plain.runs.create(run_info(run_name=f"run {number}", start_time=number // 7), {}).info.run_id
        params = {"lr": f"{number % 13 / 100}", "seed": str(number)}
        metrics = {key: summary((number * prime) % 1009 / 8, key=key) for key, prime in (("a", 7), ("b", 11))}
        plain.runs.apply([RunChanges(run_id, params=params, metrics=metrics)], None)
    runs = plain.runs.search(Query(experiment_ids=["0"], max_results=10_000)).items
    columns = with_columns(replace(plain, feed=Fed(runs)), 1 << 30)
    order = GroupOrder(GroupOrdering.COLUMN, 0, Statistic.MEAN)
    rows = RowsQuery(
        ["0"], "params.lr != '0.05'", ["metrics.a DESC"], offset=9000, columns=["metrics.b", "params.seed"]
    )
    groups = GroupsQuery(["0"], ["params.lr"], columns=["metrics.a", "params.seed"], order=order, members=5)
    assert_alike(replace(columns.grid.rows(rows), version=""), replace(plain.grid.rows(rows), version=""))
    assert_alike(columns.grid.groups(groups).groups, plain.grid.groups(groups).groups)
    assert_alike(columns.grid.keys(KeysQuery(["0"])).keys, plain.grid.keys(KeysQuery(["0"])).keys)
    for field in ("params.lr", "params.seed"):
        asked = ValuesQuery(["0"], field, "7", 50)
        assert_alike(columns.grid.values(asked), plain.grid.values(asked))
    columns.database.close()


def test_many_ask_at_once_while_columns_are_built(tmp_path: Path) -> None:
    columns, plain = open_both(f"sqlite:///{tmp_path / 'x.db'}")
    with closing(columns.database), closing(plain.database):
        ids, _ = fill(plain, 60, 11)
        asked: list[Callable[[GridStore], object]] = [
            lambda grid: grid.rows(RowsQuery(ids, "", ["metrics.k"], columns=FIELDS)),
            lambda grid: grid.rows(RowsQuery(list(reversed(ids)), "", ["run_name DESC"])),
            lambda grid: grid.groups(GroupsQuery(ids[1:], ["tags.k"], columns=["metrics.k"])),
            lambda grid: grid.keys(KeysQuery(ids[:2])),
        ]
        behind = columns.grid
        assert isinstance(behind, ColumnGrid)
        with ThreadPoolExecutor(8) as pool:
            answers = [(ask, pool.submit(ask, behind)) for _ in range(6) for ask in asked]
        for ask, answer in answers:
            assert_alike(answer.result(), ask(plain.grid))


def test_without_columns_the_store_behind_answers(tmp_path: Path) -> None:
    store = METADATA.load("sqlite")(f"sqlite:///{tmp_path / 'x.db'}")
    # Too little for any block.
    columns = with_columns(store, 1)
    with closing(columns.database):
        ids, _ = fill(store, 20, 2)
        query = RowsQuery(ids, "", ["metrics.k"], columns=FIELDS)
        assert isinstance(columns.grid, ColumnGrid)
        assert_alike(columns.grid.rows(query), store.grid.rows(query))
        assert_alike(columns.grid.keys(KeysQuery(ids)), store.grid.keys(KeysQuery(ids)))
