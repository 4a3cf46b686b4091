"""Moving real databases up and down, with data in every table, and what is left when that goes wrong."""

from __future__ import annotations

import importlib.util
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    event,
    insert,
    select,
)

from treering.core.errors import InvalidInput, SchemaMismatch, TreeringError, Unavailable
from treering.core.uri import scheme_of
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.governance import NOBODY, ApprovalRule, Note, Promotion, PromotionState, VersionCheck
from treering.entities.lifecycle import Lifecycle
from treering.entities.page import Query
from treering.entities.run import ModelInput, ModelOutput, RunChanges
from treering.entities.view import SavedView
from treering.entities.webhook import Webhook, WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus
from treering.storage.metadata import METADATA, SCHEMAS
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.governing import RegistryDesk
from treering.storage.metadata.schema import Schema
from treering.storage.metadata.sql import migrate
from treering.storage.metadata.sql.dialects import connect, dialect_of
from treering.storage.metadata.sql.schema import REVISIONS, VERSION_TABLE
from treering.storage.metadata.sql.tables import metadata
from treering.testing.metadata_values import logged_model, model_version, run_info, segment, summary

DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
on_each = pytest.mark.parametrize("database_uri", DATABASES, indirect=True)

_FIRST = Path(migrate.__file__).parent / "migrations" / "versions" / "v0001_first.py"
_CHANGED = {"runs": {"version"}}  # counted anew by each revision
Rows = dict[str, list[dict[str, Any]]]


def first_tables() -> MetaData:
    spec = importlib.util.spec_from_file_location("v0001_first", _FIRST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: MetaData = module.metadata
    return found


@contextmanager
def schema_of(uri: str) -> Iterator[Schema]:
    with closing(SCHEMAS.load(scheme_of(uri))(uri)) as schema:
        yield schema


@contextmanager
def engine_of(uri: str) -> Iterator[Engine]:
    engine = connect(*dialect_of(uri))
    yield engine
    engine.dispose()


def opened(uri: str) -> MetadataStore:
    return METADATA.load(scheme_of(uri))(uri)


def value_for(column: Any, number: int) -> Any:
    kind = column.type
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, BigInteger | Integer):
        return 10_000_000_000_000 + number
    if isinstance(kind, LargeBinary):
        return bytes([0, 255, number])
    known = {"lifecycle": "active", "status": "FINISHED"}
    return known.get(column.name, f"{column.name} ü {number}")


def fill(connection: Connection, tables: MetaData, number: int) -> None:
    """One row in each table, with references that hold."""
    made: dict[str, dict[str, Any]] = {}
    for table in tables.sorted_tables:
        row = {column.name: value_for(column, number) for column in table.columns}
        if "id" in row:
            row["id"] = number
        for column in table.columns:
            for key in column.foreign_keys:
                row[column.name] = made[key.column.table.name][key.column.name]
        if table.name in {"run_params", "logged_model_params"}:
            row |= {"head": str(number / 2), "tail": None}
        connection.execute(insert(table).values(**row))
        made[table.name] = row


def dumped(uri: str, tables: MetaData) -> Rows:
    with engine_of(uri) as engine, engine.connect() as connection:
        return {
            table.name: sorted(
                (
                    {name: value for name, value in row.items() if name not in _CHANGED.get(table.name, ())}
                    for row in connection.execute(select(table)).mappings()
                ),
                key=repr,
            )
            for table in tables.sorted_tables
        }


def old_database(uri: str) -> Rows:
    """A database of the first revision with rows in all tables."""
    tables = first_tables()
    with schema_of(uri) as schema:
        assert schema.move("0001").before is None
    with engine_of(uri) as engine, engine.begin() as connection:
        for number in (1, 2):
            fill(connection, tables, number)
    return dumped(uri, tables)


def differences(uri: str, tables: MetaData) -> list[Any]:
    with engine_of(uri) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return list(compare_metadata(context, tables))


@on_each
def test_up_down_and_up_again_keeps_every_row(database_uri: str) -> None:
    tables = first_tables()
    before = old_database(database_uri)
    assert all(len(rows) >= 2 for rows in before.values())
    with schema_of(database_uri) as schema:
        for revision in (*REVISIONS, *reversed(REVISIONS), *REVISIONS):
            schema.move(revision)
            assert dumped(database_uri, tables) == before
        state = schema.state()
        assert (state.right, state.revision, list(state.missing)) == (True, REVISIONS[-1], [])
    store = opened(database_uri)
    assert {found.name for found in store.experiments.search(Query()).items} >= {"name ü 1", "name ü 2"}
    store.database.close()


@on_each
def test_going_back_leaves_the_tables_of_then(database_uri: str) -> None:
    with schema_of(database_uri) as schema:
        schema.move(REVISIONS[-1])
        schema.move("0001")
        missing = set(schema.state().missing)
    assert {"webhooks", "runs.deleted", "experiments.purged", "index ix_runs_experiment_id_version"} <= missing
    assert {"views", "run_models", "index ix_datasets_name_digest"} <= missing
    if scheme_of(database_uri) == "sqlite":
        assert differences(database_uri, first_tables()) == []


def filled(uri: str) -> MetadataStore:
    """A store with something of everything, made as users do."""
    store = opened(uri)
    experiment = store.experiments.create("ü", "file:///a", "", {"k": "v"}).experiment_id
    for number in range(3):
        run_id = store.runs.create(run_info(experiment, run_name=f"r{number}"), {"t": "x" * 300}).info.run_id
        changes = RunChanges(
            run_id,
            params={"lr": f"0.{number}"},
            metrics={"loss": summary(1.0, 2.0)},
            segments=[segment(run_id, count=2)],
            dataset_inputs=[DatasetInput(Dataset("d", f"{number}", "local", "s"))],
        )
        store.runs.apply([changes], None)
    store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
    model = store.logged_models.create(logged_model(experiment))
    store.logged_models.log_params(model.model_id, {"depth": "3"})
    store.registered_models.create("m", "", {})
    made = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
    store.webhooks.create(Webhook("w", "w", "https://e.org", (made,), WebhookStatus.ACTIVE, 1, 1), "hush")
    store.model_versions.create(model_version("m", run_id=run_id))
    store.governance.put_rule(ApprovalRule("m", "alias:champion"), NOBODY)

    def work(desk: RegistryDesk) -> None:
        desk.put_promotion(Promotion("p", "m", 1, "alias:champion", PromotionState.PENDING, "ann", "why", 1))
        desk.put_check(VersionCheck("m", 1, "gate", True, "", "", "", 1))
        desk.add_note(Note("n", "m", 1, "ann", "x", 1))

    store.governance.within("m", work)
    store.outbox.lease("w", "somebody", 1, 2)
    store.views.create(SavedView("v", experiment, "best", "workspace", "q=1", True, "", 1, 1))
    return store


def everything(store: MetadataStore) -> list[Any]:
    experiments = store.experiments.search(Query()).items
    query = Query(experiment_ids=[one.experiment_id for one in experiments])
    return [
        experiments,
        store.runs.search(query).items,
        [store.series.data(store.series.segments(run.info.run_id, "loss")) for run in store.runs.search(query).items],
        store.logged_models.search(query, ()).items,
        store.registered_models.search(Query()).items,
        store.model_versions.search(Query()).items,
    ]


@on_each
def test_a_store_in_use_survives_the_way_back_and_forth(database_uri: str) -> None:
    store = filled(database_uri)
    before = everything(store)
    numbers = Query("params.lr < 0.15", ["params.lr AS NUMBER"], experiment_ids=["1"])
    ordered = [run.info.run_name for run in store.runs.search(numbers).items]
    assert ordered == ["r0", "r1"]
    store.database.close()
    with schema_of(database_uri) as schema:
        assert list(schema.lost("0001")) == [
            "1 webhooks", "1 times at which a run was deleted", "1 saved views",
            "3 changes in the history of the registry", "1 rules of approval", "1 promotions", "1 outcomes of checks",
            "1 notes on versions", "1 messages for webhooks",
        ]  # fmt: skip
        assert schema.lost(REVISIONS[-1]) == []
        schema.move("0001")
    store = opened(database_uri)  # which migrates it
    assert everything(store) == before
    assert [run.info.run_name for run in store.runs.search(numbers).items] == ordered
    assert list(store.webhooks.search(Query()).items) == []
    assert list(store.views.list("1", "")) == []
    assert [item.deleted for item in store.upkeep.deleted()] == [None]
    store.database.close()


@on_each
def test_what_runs_read_and_wrote_is_known_after_a_migration(database_uri: str) -> None:
    store = opened(database_uri)
    ids = [store.runs.create(run_info(), {}).info.run_id for _ in range(3)]
    model = store.logged_models.create(logged_model()).model_id
    store.runs.apply(
        [
            RunChanges(ids[0], model_outputs=[ModelOutput(model, 1), ModelOutput(model, 2), ModelOutput("m-other")]),
            RunChanges(ids[1], model_inputs=[ModelInput(model)], model_outputs=[ModelOutput(model)]),
        ],
        None,
    )
    store.database.close()
    with schema_of(database_uri) as schema:
        assert schema.lost("0002") == []
        schema.move("0002")
    # As if a migration had been killed where tables cannot be taken back.
    with engine_of(database_uri) as engine, engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX ix_datasets_name_digest ON datasets (name, digest)")
    store = opened(database_uri)
    assert list(store.relations.writers(model, 9).items) == [ids[1], ids[0]]
    assert list(store.relations.readers(model, 9).items) == [ids[1]]
    assert list(store.relations.models(ids[0], 9).items) == [model]
    assert store.relations.models(ids[2], 9).total == 0
    store.database.close()


@on_each
def test_a_newer_database_is_refused_by_every_way_in(database_uri: str) -> None:
    opened(database_uri).database.close()
    with engine_of(database_uri) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with schema_of(database_uri) as schema:
        assert (schema.state().newer, schema.state().right) == (True, False)
        for revision in REVISIONS:
            with pytest.raises(SchemaMismatch, match=r"9999.*newer.*pip install --upgrade treering"):
                schema.move(revision)
    with pytest.raises(SchemaMismatch, match="newer"):
        opened(database_uri)


@on_each
def test_what_was_taken_away_is_named(database_uri: str) -> None:
    opened(database_uri).database.close()
    with engine_of(database_uri) as engine, engine.begin() as connection:
        Table("views", MetaData()).drop(connection)
        connection.exec_driver_sql("ALTER TABLE experiments DROP COLUMN purged")
    with schema_of(database_uri) as schema:
        state = schema.state()
    assert (state.right, set(state.missing)) == (False, {"views", "experiments.purged"})


@on_each
def test_a_migration_that_fails_leaves_what_was(database_uri: str) -> None:
    before = old_database(database_uri)

    def fail(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> tuple[str, Any]:
        return ("NONSENSE" if "CREATE TABLE webhooks" in statement else statement), parameters

    with schema_of(database_uri) as schema:
        engine = schema._session._engine  # type: ignore[attr-defined]
        event.listen(engine, "before_cursor_execute", fail, retval=True)
        with pytest.raises(
            TreeringError, match=r"The migration from 0001 to 0005 failed.*treering db upgrade"
        ) as caught:
            schema.move(REVISIONS[-1])
        event.remove(engine, "before_cursor_execute", fail)
        assert schema.state().revision == "0001"
        whole = scheme_of(database_uri) != "mysql"
        assert ("is as it was" in caught.value.message) == whole
        assert ("experiments.purged" in schema.state().missing) == whole
        assert dumped(database_uri, first_tables()) == before
        schema.move(REVISIONS[-1])
        assert schema.state().right
    assert dumped(database_uri, first_tables()) == before


def test_an_unknown_revision_is_refused(tmp_path: Path) -> None:
    with schema_of(f"sqlite:///{tmp_path / 'x.db'}") as schema:
        assert not schema.exists()
        with pytest.raises(InvalidInput, match="Known ones: 0001, 0002, 0003, 0004, 0005"):
            schema.move("0000")
        assert not schema.exists()


def backups(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.backup"))


def read_revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0])


def test_a_file_is_copied_before_each_move(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "x.db"
    uri = f"sqlite:///{path}"
    store = filled(uri)
    before = everything(store)
    store.database.close()
    path.chmod(0o600)
    with schema_of(uri) as schema:
        moved = schema.move("0001")
        assert [str(found) for found in backups(tmp_path)] == [moved.backup]
        assert f"x.db.{REVISIONS[-1]}-" in moved.backup
        assert schema.move("0001").backup == ""  # nothing to do
    assert stat.S_IMODE(Path(moved.backup).stat().st_mode) == 0o600
    opened(uri).database.close()
    second = next(found for found in backups(tmp_path) if ".0001-" in found.name)
    assert str(second) in caplog.text
    assert read_revision(second) == "0001"
    copy = opened(f"sqlite:///{moved.backup}")
    assert everything(copy) == before
    copy.database.close()
    with schema_of(uri) as schema:
        schema.move("0001", backup=False)
    assert len(backups(tmp_path)) == 2


@on_each
def test_many_may_start_at_once_on_an_older_database(database_uri: str, tmp_path: Path) -> None:
    before = old_database(database_uri)
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: opened(database_uri), range(6)))
    for store in stores:
        store.database.check()
        store.database.close()
    assert dumped(database_uri, first_tables()) == before
    assert len(backups(tmp_path)) == (scheme_of(database_uri) == "sqlite")


def test_what_was_written_a_moment_ago_is_in_the_copy(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    store = filled(uri)
    # Still open: its last transactions are in the log beside the file.
    assert (tmp_path / "x.db-wal").stat().st_size > 0
    before = everything(store)
    with schema_of(uri) as schema:
        moved = schema.move("0001")
    copy = opened(f"sqlite:///{moved.backup}")
    assert everything(copy) == before
    copy.database.close()
    store.database.close()


def test_without_room_for_a_copy_nothing_is_changed(tmp_path: Path) -> None:
    before = old_database(f"sqlite:///{tmp_path / 'x.db'}")
    code = (
        "import resource, signal, sys\n"
        "from treering.storage.metadata import SCHEMAS\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))\n"
        f"SCHEMAS.load('sqlite')('sqlite:///{tmp_path / 'x.db'}').move('0005')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "was not migrated, because no copy of it could be made" in done.stderr
    assert "--no-backup" in done.stderr
    assert [found.name for found in tmp_path.iterdir() if "000" in found.name] == []
    assert dumped(f"sqlite:///{tmp_path / 'x.db'}", first_tables()) == before


def test_a_disk_that_fills_up_meanwhile_leaves_what_was(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    before = old_database(uri)
    code = (
        "import resource, signal\n"
        "from sqlalchemy import Engine, event\n"
        "from treering.storage.metadata import SCHEMAS\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "@event.listens_for(Engine, 'connect')\n"
        "def limit(connection, record):\n"
        "    connection.execute('PRAGMA cache_size = 1')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))\n"
        f"SCHEMAS.load('sqlite')({uri!r}).move('0005', backup=False)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "The migration from 0001 to 0005 failed: nothing of it was done" in done.stderr, done.stderr
    with schema_of(uri) as schema:
        assert schema.state().revision == "0001"
        assert list(schema.damages()) == []
    assert dumped(uri, first_tables()) == before
    opened(uri).database.close()
    assert dumped(uri, first_tables()) == before


@on_each
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET version",
        "CREATE TABLE webhooks",
        "CREATE INDEX ix_webhook_messages_state_finished",
        f"UPDATE {VERSION_TABLE}",
    ],
)
def test_a_killed_migration_is_done_by_the_next_start(database_uri: str, statement: str) -> None:
    before = old_database(database_uri)
    code = (
        "import os, signal\n"
        "from sqlalchemy import Engine, event\n"
        "from treering.storage.metadata import METADATA\n"
        "@event.listens_for(Engine, 'before_cursor_execute')\n"
        "def die(c, cursor, statement, *more):\n"
        f"    if {statement!r} in statement.strip().replace('\\n', ' '):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        f"METADATA.load({scheme_of(database_uri)!r})({database_uri!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with schema_of(database_uri) as schema:
        # Where tables are no part of a transaction, each revision that is done stays done.
        done_before = "0003" if "messages" in statement and scheme_of(database_uri) == "mysql" else "0001"
        assert schema.state().revision == done_before
    assert dumped(database_uri, first_tables()) == before
    opened(database_uri).database.close()
    assert dumped(database_uri, first_tables()) == before
    with schema_of(database_uri) as schema:
        assert schema.state().right


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(f"sqlite:///{path}").database.close()
    with schema_of(f"sqlite:///{path}") as schema:
        assert list(schema.damages()) == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM runs")
        connection.commit()
    with schema_of(f"sqlite:///{path}") as schema:
        assert any("of run_params belong to rows of runs that are not there" in line for line in schema.damages())


@pytest.mark.mariadb
def test_mariadb_checks_its_tables(new_mariadb: Callable[[], str]) -> None:
    uri = new_mariadb()
    filled(uri).database.close()
    with schema_of(uri) as schema:
        assert list(schema.damages()) == []


def test_a_server_that_is_away_is_unavailable() -> None:
    with (
        schema_of("postgresql://x:secret@127.0.0.1:1/x") as schema,
        pytest.raises(Unavailable, match="cannot be reached"),
    ):
        schema.state()


def test_metadata_is_what_state_compares(tmp_path: Path) -> None:
    with schema_of(f"sqlite:///{tmp_path / 'x.db'}") as schema:
        schema.move("0001")
        missing = schema.state().missing
    named = {part.split(".")[0] for part in missing if not part.startswith("index ")}
    assert named <= set(metadata.tables)
