"""A store with columns in front passes the suites of all stores, and finds what the others find, in their order."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from treering.core.ids import new_run_id
from treering.core.uri import scheme_of
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.page import Page, Query
from treering.entities.run import Run, RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore, RunStore
from treering.storage.metadata.columns import block as block_module
from treering.storage.metadata.columns import shelf as shelf_module
from treering.storage.metadata.columns.shelf import Shelf
from treering.storage.metadata.columns.store import ColumnRuns, with_columns
from treering.storage.metadata.feed import RunFeed
from treering.testing.metadata import ApplySuite, ExperimentSuite, PagingSuite, RunSuite, SearchSuite, ThreadSuite
from treering.testing.metadata_search import FILTERS, ORDERS, fill
from treering.testing.metadata_values import add_run, found_names, run_info, summary

DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
everywhere = pytest.mark.parametrize("database_uri", DATABASES, indirect=True)


def at_once(work: Callable[[], None]) -> None:
    work()


def opened(uri: str, budget: int = 1 << 30, counted: Callable[[Query], object] = lambda _: None) -> MetadataStore:
    """A store whose columns are there from the first search on; `counted` is told what they could not answer."""
    store = METADATA.load(scheme_of(uri))(uri)
    assert store.feed is not None
    shelf = Shelf(store.feed, budget, at_once, eager=True)
    return replace(store, runs=ColumnRuns(_Behind(store.runs, counted), store.feed, shelf))


class _Behind:
    """The store behind, which tells when it is asked to search."""

    def __init__(self, runs: RunStore, counted: Callable[[Query], object]) -> None:
        self._runs = runs
        self._counted = counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)

    def search(self, query: Query) -> Page[Run]:
        self._counted(query)
        return self._runs.search(query)


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    made = opened(database_uri)
    with closing(made.database):
        yield made


@pytest.fixture
def other(database_uri: str) -> Iterator[MetadataStore]:
    """Another process on the same database, without columns."""
    made = METADATA.load(scheme_of(database_uri))(database_uri)
    with closing(made.database):
        yield made


@everywhere
class TestExperiments(ExperimentSuite):
    pass


@everywhere
class TestRuns(RunSuite):
    pass


@everywhere
class TestApply(ApplySuite):
    pass


@everywhere
class TestSearch(SearchSuite):
    pass


@everywhere
class TestPaging(PagingSuite):
    pass


@everywhere
class TestThreads(ThreadSuite):
    pass


@everywhere
def test_only_what_columns_cannot_hold_is_left_to_the_store_behind(database_uri: str) -> None:
    left: list[str] = []
    store = opened(database_uri, counted=lambda query: left.append(query.filter))
    fill(store)
    for text in FILTERS:
        found_names(store, text)
    for order_by in ORDERS:
        found_names(store, "", order_by)
    store.database.close()
    assert {text for text in left if not text.startswith("dataset")} == set()
    assert left != []


@everywhere
def test_pages_are_turned_with_either_store(database_uri: str) -> None:
    behind = METADATA.load(scheme_of(database_uri))(database_uri)
    store = opened(database_uri)
    fill(store)
    for order_by, names in ORDERS.items():
        for first in (0, 1):
            turned, token = "", ""
            for number in range(first, first + len(names)):
                query = Query(order_by=order_by, experiment_ids=["0"], max_results=1, page_token=token)
                page = (store, behind)[number % 2].runs.search(query)
                turned += page.items[0].info.run_name
                token = page.next_token
            assert (turned, token) == (names, "")
    store.database.close()
    behind.database.close()


@everywhere
def test_a_change_by_another_process_is_seen_at_once(database_uri: str) -> None:
    store, other = opened(database_uri), METADATA.load(scheme_of(database_uri))(database_uri)
    run_id = add_run(store, "a", params={"p": "1"}).info.run_id
    assert found_names(store, "") == ["a"]
    other.runs.apply([RunChanges(run_id, tags={"t": "1"}, metrics={"m": summary(2.0)})], None)
    assert found_names(store, "tags.t = '1' AND metrics.m = 2 AND params.p = '1'") == ["a"]
    other.runs.update(run_id, RunStatus.FINISHED, 7, "b")
    assert found_names(store, "status = 'FINISHED' AND end_time = 7") == ["b"]
    other.runs.apply([RunChanges(run_id, deleted_tags=["t"])], None)
    assert found_names(store, "tags.t IS NOT NULL") == []
    other.runs.set_lifecycle(run_id, Lifecycle.DELETED)
    assert found_names(store, "") == []
    other.experiments.set_lifecycle("0", Lifecycle.DELETED)
    other.experiments.set_lifecycle("0", Lifecycle.ACTIVE)
    other.runs.set_lifecycle(run_id, Lifecycle.ACTIVE)
    assert found_names(store, "") == ["b"]
    for opened_one in (store, other):
        opened_one.database.close()


def test_over_budget_the_store_behind_answers(tmp_path: Path) -> None:
    left: list[Query] = []
    store = opened(f"sqlite:///{tmp_path / 'x.db'}", 20_000, left.append)
    add_run(store, "small")
    assert found_names(store, "") == ["small"]
    assert left == []
    other = store.experiments.create("other", "/r", "", {}).experiment_id
    for number in range(50):
        store.runs.create(run_info(other, run_name=f"{number}" + "x" * 900), {})
    for _ in range(3):
        assert len(store.runs.search(Query(experiment_ids=[other])).items) == 50
    assert len(left) == 3
    assert found_names(store, "") == ["small"]
    assert len(left) == 3
    store.database.close()


def test_columns_are_built_beside_after_the_second_search(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    behind = METADATA.load("sqlite")(uri)
    store = with_columns(behind, 1 << 30)
    add_run(store, "a")
    runs = store.runs
    assert isinstance(runs, ColumnRuns)
    for _ in range(3):
        assert found_names(store, "") == ["a"]
    # Waits for the thread.
    store.database.close()
    assert with_columns(behind, 0) is behind
    assert with_columns(METADATA.load("memory")("memory://"), 1 << 30).feed is None


KEYS = ["a", "b"]
NUMBERS = [0.0, -0.0, 1.5, -2.0, 3.0, math.nan, math.inf, -math.inf, 1e-300]
TEXTS = ["", "x", "X", "xy", "ä", "10", "9", "x" * 300, "x" * 300 + "y", "x" * 1100, "\U0001f600", "\ufffd"]
FIELDS = [f"{entity}.{key}" for entity in ("metrics", "params", "tags") for key in (*KEYS, "none")]
ATTRIBUTES = ["run_name", "status", "start_time", "end_time", "user_id"]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from([*FIELDS, *ATTRIBUTES]))
    if draw(st.integers(0, 5)) == 0:
        return f"{name} IS {draw(st.sampled_from(['', 'NOT ']))}NULL"
    if name.startswith("metrics") or name.endswith("time"):
        number = draw(st.sampled_from(["0", "1.5", "-2", "3", "5", "2.5", "1e300", "99999999999999999999"]))
        return f"{name} {draw(st.sampled_from(['=', '!=', '<', '<=', '>', '>=']))} {number}"
    text = draw(st.sampled_from(TEXTS))
    how = draw(st.sampled_from(["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"]))
    if how.endswith("IN"):
        return f"{name} {how} ({quoted(text)}, {quoted(draw(st.sampled_from(TEXTS)))})"
    if how.endswith("LIKE"):
        return f"{name} {how} {quoted(text[:20] + draw(st.sampled_from(['', '%', '_'])))}"
    return f"{name} {how} {quoted(text)}"


filters = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"NOT ({text})"),
    ),
    max_leaves=4,
)
orders = st.lists(
    st.tuples(st.sampled_from([*FIELDS, *ATTRIBUTES]), st.sampled_from(["", " ASC", " DESC"])).map("".join), max_size=3
)


@dataclass
class Twins:
    """A store with columns and one in memory that get the same."""

    store: MetadataStore
    memory: MetadataStore
    run_ids: list[str] = field(default_factory=list)

    def both(self, act: Callable[[MetadataStore], object]) -> None:
        act(self.store)
        act(self.memory)

    def change(self, draw: st.DrawFn) -> None:
        kind = draw(st.sampled_from(["create", "create", "metric", "metric", "param", "tag", "update", "lifecycle"]))
        if kind == "create" or not self.run_ids:
            info = run_info(
                draw(st.sampled_from(["0", "1"])),
                run_id=new_run_id(),
                run_name=draw(st.sampled_from(TEXTS)),
                start_time=draw(st.integers(0, 4)),
            )
            self.run_ids.append(info.run_id)
            self.both(lambda store: store.runs.create(info, {}))
            return
        run_id = draw(st.sampled_from(self.run_ids))
        if kind == "lifecycle":
            stage = draw(st.sampled_from(list(Lifecycle)))
            self.both(lambda store: store.runs.set_lifecycle(run_id, stage))
            return
        self.both(lambda store: store.runs.set_lifecycle(run_id, Lifecycle.ACTIVE))
        key, text = draw(st.sampled_from(KEYS)), draw(st.sampled_from(TEXTS))
        if kind == "update":
            status, end_time = draw(st.sampled_from(list(RunStatus))), draw(st.none() | st.integers(0, 4))
            self.both(lambda store: store.runs.update(run_id, status, end_time, None))
        elif kind == "metric":
            number, step = draw(st.sampled_from(NUMBERS)), draw(st.integers(0, 3))
            change = RunChanges(run_id, metrics={key: summary(number, key=key, step=step)})
            self.both(lambda store: store.runs.apply([change], None))
        elif kind == "tag":
            self.both(lambda store: store.runs.apply([RunChanges(run_id, tags={key: text})], None))
        elif key not in self.memory.runs.get(run_id).data.params:
            self.both(lambda store: store.runs.apply([RunChanges(run_id, params={key: text})], None))


def walked(store: MetadataStore, query: Query) -> list[tuple[list[str], str, int | None]]:
    """Run ids, token and total of each page."""
    pages = []
    while True:
        page = store.runs.search(query)
        pages.append(([run.info.run_id for run in page.items], page.next_token, page.total))
        if not page.next_token:
            return pages
        query = replace(query, page_token=page.next_token)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("twins")


# Each example is a database; making a failure smaller would make hundreds.
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    database=None,
)
@given(data=st.data())
def test_columns_find_what_the_memory_store_finds(folder: Path, data: st.DataObject) -> None:
    uri = f"sqlite:///{folder / new_run_id()}.db"
    behind = METADATA.load("sqlite")(uri)
    twins = Twins(opened(uri), METADATA.load("memory")("memory://"))
    twins.both(lambda store: store.experiments.create("other", "/r", "", {}))
    for _ in range(4):
        for _ in range(data.draw(st.integers(1, 6))):
            twins.change(data.draw)
        query = Query(
            data.draw(filters),
            data.draw(orders),
            data.draw(st.integers(1, 5)),
            view=data.draw(st.sampled_from(list(View))),
            experiment_ids=data.draw(st.sampled_from([["0"], ["1"], ["0", "1"], ["1", "0", "7"]])),
            with_total=True,
        )
        found = walked(twins.store, query)
        assert found == walked(behind, query)
        # The memory store writes other tokens; its pages are the same.
        assert [(ids, total) for ids, _, total in found] == [
            (ids, total) for ids, _, total in walked(twins.memory, query)
        ]
    for run_id in twins.run_ids:
        assert twins.store.runs.get(run_id).info == twins.memory.runs.get(run_id).info
    twins.store.database.close()
    behind.database.close()


@everywhere
def test_concurrent_writers_leave_the_columns_right(store: MetadataStore, other: MetadataStore) -> None:
    run_ids = [add_run(store, str(number)).info.run_id for number in range(8)]

    def write(writer: int) -> None:
        for step in range(20):
            run_id = run_ids[(writer * 3 + step) % len(run_ids)]
            other.runs.apply([RunChanges(run_id, metrics={"m": summary(float(step), step=step)})], None)
            other.runs.create(run_info(run_name=f"{writer}-{step}", start_time=step), {})

    def search(reader: int) -> None:
        for _ in range(20):
            view = (View.ALL, View.ACTIVE_ONLY)[reader]
            page = store.runs.search(Query("", ["metrics.m DESC"], experiment_ids=["0"], view=view, with_total=True))
            assert page.total == len(page.items)

    with ThreadPoolExecutor(5) as pool:
        work = [pool.submit(write, number) for number in range(3)] + [
            pool.submit(search, number) for number in range(2)
        ]
    for one in work:
        one.result()
    for query in (
        Query("metrics.m >= 5", ["metrics.m DESC"], experiment_ids=["0"], max_results=5, with_total=True),
        Query("", ["start_time", "run_name DESC"], experiment_ids=["0"], max_results=9, with_total=True),
    ):
        assert walked(store, query) == walked(other, query)


@everywhere
def test_runs_that_another_process_removes_are_gone_at_once(store: MetadataStore, other: MetadataStore) -> None:
    run_ids = [add_run(store, str(number)).info.run_id for number in range(6)]
    query = Query("", ["run_name"], experiment_ids=["0"], with_total=True)
    assert store.runs.search(query).total == 6
    other.runs.set_lifecycle(run_ids[2], Lifecycle.DELETED)
    other.upkeep.purge_runs([run_ids[2]])
    page = store.runs.search(query)
    assert ([run.info.run_name for run in page.items], page.total) == (["0", "1", "3", "4", "5"], 5)


@everywhere
def test_a_run_removed_between_the_columns_and_its_row(database_uri: str, other: MetadataStore) -> None:
    behind = METADATA.load(scheme_of(database_uri))(database_uri)
    assert behind.feed is not None
    run_ids = [add_run(other, str(number)).info.run_id for number in range(4)]
    feed = _Removing(behind.feed, other, run_ids[1])
    store = ColumnRuns(behind.runs, feed, Shelf(feed, 1 << 30, at_once, eager=True))
    with closing(behind.database):
        page = store.search(Query("", ["run_name"], experiment_ids=["0"], with_total=True))
    assert ([run.info.run_name for run in page.items], page.total) == (["0", "2", "3"], 3)


class _Removing:
    """A feed that removes a run just before it is read."""

    def __init__(self, feed: RunFeed, store: MetadataStore, run_id: str) -> None:
        self._feed = feed
        self._store = store
        self._run_id = run_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._feed, name)

    def runs(self, numbers: Sequence[int]) -> Mapping[int, Run]:
        self._store.runs.set_lifecycle(self._run_id, Lifecycle.DELETED)
        self._store.upkeep.purge_runs([self._run_id])
        return self._feed.runs(numbers)


def test_what_is_remembered_of_searches_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "_REMEMBERED", 20)
    behind = METADATA.load("sqlite")(f"sqlite:///{tmp_path / 'x.db'}")
    assert behind.feed is not None
    started: list[int] = []

    def start(work: Callable[[], None]) -> None:
        started.append(1)
        work()

    shelf = Shelf(behind.feed, 1 << 30, start)
    for number in range(100):
        shelf.has([f"once {number}"])
        assert len(shelf._entries) <= 20
    for number in range(100):
        assert not shelf.has([f"twice {number}"])
        # Nothing is known of it, so it gets no block; and it is not tried again and again.
        assert not shelf.has([f"twice {number}"])
        assert not shelf.has([f"twice {number}"])
        assert len(shelf._entries) <= 20
    assert (len(started), shelf._working) == (100, 0)
    assert not shelf.has(["0"])
    assert shelf.has(["0"])
    shelf.close()
    behind.database.close()


def test_who_closes_waits_for_what_is_built(tmp_path: Path) -> None:
    behind = METADATA.load("sqlite")(f"sqlite:///{tmp_path / 'x.db'}")
    assert behind.feed is not None
    waiting: list[Callable[[], None]] = []
    shelf = Shelf(behind.feed, 1 << 30, waiting.append, eager=True)
    assert not shelf.has(["0"])
    closing_thread = threading.Thread(target=shelf.close)
    closing_thread.start()
    closing_thread.join(0.05)
    assert closing_thread.is_alive()
    waiting[0]()
    closing_thread.join()
    assert not shelf.has(["0"])
    assert len(waiting) == 1
    behind.database.close()


def test_a_machine_without_threads_searches_all_the_same(tmp_path: Path) -> None:
    behind = METADATA.load("sqlite")(f"sqlite:///{tmp_path / 'x.db'}")
    assert behind.feed is not None

    def refuse(work: Callable[[], None]) -> None:
        del work
        msg = "can't start new thread"
        raise RuntimeError(msg)

    shelf = Shelf(behind.feed, 1 << 30, refuse, eager=True)
    store = replace(behind, runs=ColumnRuns(behind.runs, behind.feed, shelf))
    add_run(store, "a")
    assert [found_names(store, "") for _ in range(2)] == [["a"], ["a"]]
    shelf.close()
    behind.database.close()


@everywhere
def test_whoever_wants_a_table_of_nearly_all_runs_gets_the_columns_at_once(database_uri: str) -> None:
    store = METADATA.load(scheme_of(database_uri))(database_uri)
    assert store.feed is not None
    started: list[Callable[[], None]] = []
    shelf = Shelf(store.feed, 1 << 30, started.append)
    columns = ColumnRuns(store.runs, store.feed, shelf)
    with closing(store.database):
        for number in range(3):
            add_run(store, str(number))
        everything = Query("", ["run_name"], 1000, experiment_ids=["0"])
        for other in (replace(everything, max_results=2), replace(everything, filter="run_name = '1'")):
            columns.table(other)
            assert not shelf.holds(["0"])
        # Only one of these can have begun the building beside, which has not been done yet.
        assert len(started) == 1
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(columns.table, everything)
            assert not wait([waiting], 0.05).done
            started[0]()
            assert list(waiting.result().run_ids) == list(store.runs.table(everything).run_ids)
        shelf.close()
        fresh = Shelf(store.feed, 1 << 30, started.append)
        columns = ColumnRuns(store.runs, store.feed, fresh)
        assert list(columns.table(everything).run_ids) == list(store.runs.table(everything).run_ids)
        assert fresh.holds(["0"])
        assert len(started) == 1
        assert store.feed.count("0") == 3
        assert store.feed.count("7") == 0


def test_whole_runs_are_kept_up_to_so_many_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_module, "_SHOWN_VALUES", 100)
    store = METADATA.load("sqlite")(f"sqlite:///{tmp_path / 'x.db'}")
    assert store.feed is not None
    add_run(store, "small", metrics={"m": 1.0})
    add_run(store, "large", metrics={f"m{number}": 1.0 for number in range(200)})
    shelf = Shelf(store.feed, 1 << 30, at_once, eager=True)
    columns = ColumnRuns(store.runs, store.feed, shelf)
    query = Query("", ["run_name"], experiment_ids=["0"])
    with closing(store.database):
        for _ in range(2):
            assert [len(run.data.summaries) for run in columns.search(query).items] == [200, 1]
        stamp = store.feed.stamps(["0"])["0"]
        with shelf.block("0", stamp) as block:
            assert block is not None
            numbers = block.numbers(np.arange(2))
            assert [run.info.run_name for run in block.shown(numbers).values()] == ["small"]
            assert block._shown_values == sum(map(block_module._values, block.shown(numbers).values())) <= 100
            block.keep([])
            assert block._shown_values == 0
