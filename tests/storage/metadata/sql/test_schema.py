"""New, old, newer and foreign databases; many starters at once; databases that are not there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, update
from sqlalchemy.engine import ExceptionContext

from treering.core.errors import DamagedData, InvalidInput, SchemaMismatch, StorageFull, TreeringError, Unavailable
from treering.core.uri import scheme_of
from treering.entities.page import Query
from treering.entities.run import RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.sql.dialects import connect, dialect_of
from treering.storage.metadata.sql.migrate import alembic_config
from treering.storage.metadata.sql.schema import REVISIONS, VERSION_TABLE
from treering.storage.metadata.sql.tables import metadata, run_params
from treering.testing.metadata_values import run_info


def _open(uri: str) -> MetadataStore:
    return METADATA.load(scheme_of(uri))(uri)


def test_the_known_revisions_are_those_in_the_folder() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert tuple(reversed([revision.revision for revision in script.walk_revisions()])) == REVISIONS


def test_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    _open(uri).database.close()
    engine = create_engine(uri)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_params_of_an_older_database_become_numbers(database_uri: str) -> None:
    if scheme_of(database_uri) == "memory":
        return  # it keeps nothing
    store = _open(database_uri)
    values = ["0.1", "0.1", "ten", "1e400", "-7", "x" * 300]
    for number, value in enumerate(values):
        run = store.runs.create(run_info(run_name=str(number)), {})
        store.runs.apply([RunChanges(run.info.run_id, params={"p": value, f"other{number}": "5"})], None)
    store.database.close()
    dialect, url = dialect_of(database_uri)
    engine = connect(dialect, url)
    with engine.begin() as connection:
        connection.execute(update(run_params).values(number=None))
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    engine.dispose()
    store = _open(database_uri)
    found = store.runs.search(Query("params.p AS NUMBER IS NOT NULL", ["params.p AS NUMBER"], experiment_ids=["0"]))
    assert [run.data.params["p"] for run in found.items] == ["-7", "0.1", "0.1", "1e400"]
    assert len(store.runs.search(Query("params.other2 = 5", experiment_ids=["0"])).items) == 1
    store.database.close()


def test_a_newer_schema_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    store = _open(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaMismatch, match=r"9999.*newer.*pip install --upgrade treering"):
        store.database.check()
    store.database.close()
    with pytest.raises(SchemaMismatch, match="newer"):
        _open(f"sqlite:///{path}")


def test_a_database_of_mlflow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        for table in ("alembic_version", "experiments", "runs"):
            connection.execute(f"CREATE TABLE {table} (id INTEGER)")
    connection.close()
    with pytest.raises(SchemaMismatch, match="treering import mlflow"):
        _open(f"sqlite:///{path}")


def test_many_may_start_at_once(database_uri: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: _open(database_uri), range(6)))
    for store in stores:
        assert [found.name for found in store.experiments.search(Query()).items] == ["Default"]
        store.database.check()
        store.database.close()


def test_a_schema_that_appears_between_two_looks_is_taken(database_uri: str) -> None:
    faults = 0

    def lose_the_race(_: ExceptionContext) -> None:
        nonlocal faults
        faults += 1
        if faults == 1:
            _open(database_uri).database.close()

    event.listen(Engine, "handle_error", lose_the_race)
    try:
        store = _open(database_uri)
    finally:
        event.remove(Engine, "handle_error", lose_the_race)
    assert bool(faults) == (scheme_of(database_uri) != "memory")
    store.database.check()
    store.database.close()


def test_what_is_written_is_there_after_opening_again(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'deep' / 'x.db'}"
    store = _open(uri)
    run = store.runs.create(run_info(), {"a": "b"})
    store.database.close()
    again = _open(uri)
    assert again.runs.get(run.info.run_id) == run
    again.database.close()


def test_opening_a_current_database_does_not_load_alembic(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    _open(uri).database.close()
    code = (
        "import sys; from treering.storage.metadata import METADATA;"
        f"METADATA.load('sqlite')({uri!r}).database.close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("uri", ["postgresql://x:secret@127.0.0.1:1/x", "mysql://x:secret@127.0.0.1:1/x"])
def test_a_server_that_does_not_answer_is_unavailable(uri: str) -> None:
    with pytest.raises(Unavailable, match=r"cannot be reached.*Check") as caught:
        _open(uri)
    assert "secret" not in caught.value.message
    assert "SELECT" not in caught.value.message


def test_a_folder_or_another_file_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        _open(f"sqlite:///{tmp_path}")
    (tmp_path / "text").write_text("no database at all, but long enough to look at" * 100)
    with pytest.raises(DamagedData):
        _open(f"sqlite:///{tmp_path / 'text'}")


@pytest.mark.parametrize("uri", ["sqlite:/x", "mysql://[::1", "postgresql://h:port/x"])
def test_a_malformed_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput):
        METADATA.load("sqlite")(uri)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    store = _open(f"sqlite:///{tmp_path / 'x.db'}")
    run_id = store.runs.create(run_info(), {}).info.run_id
    engine = store.runs._session._engine  # type: ignore[attr-defined]
    before = store.runs.get(run_id)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def limit(connection: sqlite3.Connection, record: object) -> None:
        del record
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "connect", limit)
    engine.dispose()
    with pytest.raises(StorageFull, match="full; nothing was half-written"):
        store.runs.apply([RunChanges(run_id, tags={"t": "1", "big": "x" * 1_000_000})], None)
    assert store.runs.get(run_id) == before
    store.database.close()


def test_a_value_that_does_not_fit_is_refused_without_sql(tmp_path: Path) -> None:
    store = _open(f"sqlite:///{tmp_path / 'x.db'}")
    for info in (run_info(start_time=1 << 70), run_info(run_name="\ud800")):
        with pytest.raises(TreeringError, match="cannot be stored") as caught:
            store.runs.create(info, {})
        assert "INSERT" not in caught.value.message
    store.database.close()
