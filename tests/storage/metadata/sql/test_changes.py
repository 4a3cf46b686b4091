"""Change counters: whoever has seen a version of an experiment has seen every change up to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import OperationalError

from treering.core.uri import scheme_of
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.run import RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.sql.changes import count_purge, next_versions
from treering.storage.metadata.sql.dialects import WRITE, connect, dialect_of
from treering.storage.metadata.sql.tables import experiments, runs
from treering.testing.metadata_values import add_run, run_info, summary

DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
pytestmark = pytest.mark.parametrize("database_uri", DATABASES, indirect=True)

WRITERS = 4
RUNS = 12


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    yield opened
    opened.database.close()


@pytest.fixture
def engine(database_uri: str) -> Iterator[Engine]:
    opened = connect(*dialect_of(database_uri))
    yield opened
    opened.dispose()


def version_of(engine: Engine, run_id: str) -> tuple[int, int]:
    """(the run's version, its experiment's)."""
    joined = select(runs.c.version, experiments.c.version).join(experiments).where(runs.c.run_id == run_id)
    with engine.connect() as connection:
        own, whole = connection.execute(joined).one()
    return own, whole


def test_every_change_of_a_run_counts(store: MetadataStore, engine: Engine) -> None:
    run_id = store.runs.create(run_info(), {}).info.run_id
    other = store.runs.create(run_info(), {}).info.run_id
    used = DatasetInput(Dataset("d", "1", "local", "x"), {})
    changes: list[Callable[[], object]] = [
        lambda: store.runs.update(run_id, RunStatus.FINISHED, 5, None),
        lambda: store.runs.update(run_id, None, None, "renamed"),
        lambda: store.runs.apply([RunChanges(run_id, params={"a": "b"})], None),
        lambda: store.runs.apply([RunChanges(run_id, metrics={"m": summary(1.0)})], None),
        lambda: store.runs.apply([RunChanges(run_id, dataset_inputs=[used])], None),
        lambda: store.runs.set_lifecycle(run_id, Lifecycle.DELETED),
        lambda: store.runs.set_lifecycle(run_id, Lifecycle.ACTIVE),
        lambda: store.experiments.set_lifecycle("0", Lifecycle.DELETED),
        lambda: store.experiments.set_lifecycle("0", Lifecycle.ACTIVE),
    ]
    before = version_of(engine, run_id)[0]
    for change in changes:
        change()
        own, whole = version_of(engine, run_id)
        assert own == whole > before
        before = own
    assert version_of(engine, other)[0] == before


def test_the_time_of_deletion_is_kept(store: MetadataStore, engine: Engine) -> None:
    run_id = add_run(store).info.run_id

    def deleted() -> int | None:
        with engine.connect() as connection:
            time: int | None = connection.execute(select(runs.c.deleted).where(runs.c.run_id == run_id)).scalar_one()
        return time

    assert deleted() is None
    store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
    first = deleted()
    assert first
    store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
    assert deleted() == first
    store.runs.set_lifecycle(run_id, Lifecycle.ACTIVE)
    assert deleted() is None
    store.experiments.set_lifecycle("0", Lifecycle.DELETED)
    assert deleted()
    store.experiments.set_lifecycle("0", Lifecycle.ACTIVE)
    assert deleted() is None


def test_a_purge_counts_twice(store: MetadataStore, engine: Engine) -> None:
    add_run(store)
    statement = select(experiments.c.version, experiments.c.purged).where(experiments.c.id == 0)
    with engine.begin() as connection:
        version, purged = connection.execute(statement).one()
        count_purge(connection, [0])
        assert connection.execute(statement).one() == (version + 1, purged + 1)


def impatient(connection: Connection) -> None:
    """A lock that another transaction holds is an error soon."""
    statement = {
        "sqlite": "PRAGMA busy_timeout = 0",
        "postgresql": "SET lock_timeout = 100",
        "mysql": "SET innodb_lock_wait_timeout = 1",
    }[connection.dialect.name]
    connection.exec_driver_sql(statement)


def test_a_later_version_is_not_seen_before_an_earlier_one(store: MetadataStore, engine: Engine) -> None:
    first, second = (store.runs.create(run_info(), {}).info.run_id for _ in range(2))

    def change(connection: Connection, run_id: str) -> int:
        version = next_versions(connection, [0])[0]
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(version=version))
        return version

    def seen() -> dict[str, int]:
        statement = select(runs.c.run_id, runs.c.version).where(runs.c.version > before)
        with engine.connect() as connection:
            return {row.run_id: row.version for row in connection.execute(statement)}

    with engine.connect() as connection:
        before = connection.execute(select(experiments.c.version).where(experiments.c.id == 0)).scalar_one()
    writer = engine.execution_options(**{WRITE: True})
    with writer.connect() as early, writer.connect() as late:
        impatient(late)
        late.commit()
        mine = change(early, first)
        # It would take the version behind and be done first, so it has to wait.
        with pytest.raises(OperationalError):
            change(late, second)
        late.rollback()
        assert seen() == {}
        early.commit()
        assert seen() == {first: mine}
        assert change(late, second) == mine + 1
        late.commit()
    assert seen() == {first: mine, second: mine + 1}


def test_who_waited_for_a_version_counts_on_from_it(store: MetadataStore, engine: Engine) -> None:
    first, second = (store.runs.create(run_info(), {}).info.run_id for _ in range(2))
    writer = engine.execution_options(**{WRITE: True})
    started = threading.Event()

    def change() -> None:
        started.set()
        store.runs.apply([RunChanges(second, tags={"t": "1"})], None)

    thread = threading.Thread(target=change)
    with writer.begin() as connection:
        version = next_versions(connection, [0])[0]
        thread.start()
        started.wait()
        connection.execute(update(runs).where(runs.c.run_id == first).values(version=version))
    thread.join()
    assert version_of(engine, first) == (version, version + 1)
    assert version_of(engine, second) == (version + 1, version + 1)


def test_no_change_is_missed_among_concurrent_writers(store: MetadataStore, engine: Engine) -> None:
    run_ids = [store.runs.create(run_info(), {}).info.run_id for _ in range(RUNS)]
    done = threading.Event()
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for step in range(15):
                mine = [run_ids[(writer + step + index) % RUNS] for index in range(3)]
                store.runs.apply([RunChanges(run_id, tags={f"w{writer}": str(step)}) for run_id in mine], None)
                store.runs.create(run_info(), {})
        except BaseException as error:  # noqa: BLE001  # told below
            failures.append(error)

    seen: dict[int, int] = {}
    last = 0

    def look() -> None:
        nonlocal last
        with engine.connect() as connection:
            version = connection.execute(select(experiments.c.version).where(experiments.c.id == 0)).scalar_one()
        with engine.connect() as connection:
            changed = select(runs.c.id, runs.c.version).where(runs.c.experiment_id == 0, runs.c.version > last)
            seen.update((number, own) for number, own in connection.execute(changed))
        last = version

    def watch() -> None:
        while not done.is_set():
            look()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    watcher = threading.Thread(target=watch)
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    assert failures == []
    look()
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, version FROM runs WHERE experiment_id = 0")).all()
    assert seen == dict(rows)
    assert len(rows) == RUNS + WRITERS * 15
