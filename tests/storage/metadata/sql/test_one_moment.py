"""What one answer says is of one moment, whatever others commit between its statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import Engine, event

from treering.core.uri import scheme_of
from treering.entities.lifecycle import Lifecycle
from treering.entities.page import Query
from treering.entities.run import RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import add_run, summary

pytestmark = pytest.mark.parametrize(
    "database_uri",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    with closing(opened.database):
        yield opened


@pytest.fixture
def other(database_uri: str, store: MetadataStore) -> Iterator[MetadataStore]:
    """Another server on the same database."""
    del store
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    with closing(opened.database):
        yield opened


@contextmanager
def after_select(count: int, act: Callable[[], object]) -> Iterator[list[str]]:
    """Do `act` once, when so many SELECTs have been executed; the list says after which."""
    done: list[str] = []
    seen = 0

    def listener(*arguments: object) -> None:
        nonlocal seen
        statement = str(arguments[2])
        if not done and statement.startswith("SELECT"):
            seen += 1
            if seen == count:
                done.append(statement)
                act()

    event.listen(Engine, "after_cursor_execute", listener)
    try:
        yield done
    finally:
        event.remove(Engine, "after_cursor_execute", listener)


@pytest.mark.parametrize("statement", [1, 2])
def test_a_page_and_its_total(store: MetadataStore, other: MetadataStore, statement: int) -> None:
    for number in range(3):
        add_run(store, str(number), metrics={"m": 1.0})
    query = Query("metrics.m > 0", experiment_ids=["0"], with_total=True)
    with after_select(statement, lambda: add_run(other, "late", metrics={"m": 2.0})) as done:
        page = store.runs.search(query)
    assert done
    assert (page.total, len(page.items)) == (3, 3)
    page = store.runs.search(query)
    assert (page.total, len(page.items)) == (4, 4)


@pytest.mark.parametrize("statement", [1, 2])
def test_what_is_found_and_what_is_shown(store: MetadataStore, other: MetadataStore, statement: int) -> None:
    run_id = add_run(store, metrics={"m": 1.0}).info.run_id
    query = Query("metrics.m = 1", experiment_ids=["0"], with_total=True)
    change = RunChanges(run_id, metrics={"m": summary(2.0, key="m", step=9)})
    with after_select(statement, lambda: other.runs.apply([change], None)) as done:
        page = store.runs.search(query)
    assert done
    assert [run.data.summaries["m"].last.value for run in page.items] == [1.0]
    assert store.runs.search(query).items == []


@pytest.mark.parametrize("statement", [1, 2])
def test_a_run_that_is_removed_meanwhile(store: MetadataStore, other: MetadataStore, statement: int) -> None:
    runs = [add_run(store, str(number)).info.run_id for number in range(3)]

    def purge() -> None:
        other.runs.set_lifecycle(runs[1], Lifecycle.DELETED)
        other.upkeep.purge_runs([runs[1]])

    query = Query(experiment_ids=["0"], with_total=True)
    with after_select(statement, purge) as done:
        page = store.runs.search(query)
    assert done
    assert (page.total, len(page.items)) == (3, 3)
    page = store.runs.search(query)
    assert (page.total, len(page.items)) == (2, 2)
