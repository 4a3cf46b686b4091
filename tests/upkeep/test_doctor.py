"""A real store is damaged in each way that the doctor knows, and it says which, why, and what to do."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import treering
from server_process import Server
from treering.assembly import Services, open_services
from treering.cli.main import main
from treering.core.clock import now
from treering.core.settings import Settings, read_settings
from treering.core.uri import local_path
from treering.entities.lifecycle import LoggedModelStatus, RunStatus
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun
from treering.registry.base import NewModelVersion
from treering.storage.journal.folder import orphans
from treering.storage.metadata import SCHEMAS
from treering.tracking.base import NewLoggedModel
from treering.upkeep.checks.artifacts import check_artifacts
from treering.upkeep.doctor import examine
from treering.upkeep.finding import Case, Examined, Finding

PARTS = ["versions", "settings", "disk", "database", "journals", "runs", "series", "artifacts"]
A_DAY = 86_400_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a store is, or will be; nothing is set but that."""
    for name in [name for name in os.environ if name.startswith(("TREERING_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def services(home: Path) -> Iterator[Services]:
    opened = open_services(Settings(), home)
    yield opened
    opened.close()


@pytest.fixture
def run_id(services: Services) -> str:
    """A finished run with points and a file, so that there is something to damage."""
    made = services.tracking.runs.create(NewRun("0"))
    steps = list(range(3000))
    values = [random.random() for _ in steps]  # does not compress
    services.tracking.runs.log([LogBatch(made.info.run_id, series={"loss": MetricColumns(steps, steps, values)})])
    services.open_artifacts(made.info.artifact_uri).write("a.txt", [b"x"])
    services.tracking.runs.update(made.info.run_id, RunStatus.FINISHED, now())
    return made.info.run_id


def case_of(home: Path, **given: Any) -> Case:
    return Case(read_settings(), f"sqlite:///{home / 'treering.db'}", home, **given)


def found(case: Case) -> dict[str, Examined]:
    return {one.part: one for one in examine(case)}


def only(case: Case, part: str) -> Finding:
    """The one finding of a part; nothing else is wrong."""
    results = found(case)
    assert [one.part for one in results.values() if one.findings] == [part], results
    (finding,) = results[part].findings
    assert finding.why
    assert finding.next
    return finding


def change(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "treering.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def run_program(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


KILLED = (
    "import os, signal, treering\n"
    "run = treering.start_run()\n"
    "treering.log_metric('late', 1.0)\n"
    "print(run.info.run_id, flush=True)\n"
    "os.kill(os.getpid(), signal.SIGKILL)\n"
)


def killed_program() -> str:
    """A program that logs, and is killed before it could deliver; its run."""
    done = run_program(KILLED, TREERING_FLUSH_INTERVAL="1000")
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.strip()


@pytest.mark.usefixtures("run_id")
def test_a_store_in_use_is_well(home: Path) -> None:
    results = found(case_of(home))
    assert list(results) == PARTS
    assert [one for one in results.values() if one.findings or one.skipped] == []
    assert "3000 points" in results["series"].summary


@pytest.mark.parametrize(
    "database_uri",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)
def test_a_store_on_a_database_server(home: Path, database_uri: str) -> None:
    opened = open_services(Settings(backend_store_uri=database_uri), home)
    run_id = opened.tracking.runs.create(NewRun("0", start_time=now() - 3 * A_DAY)).info.run_id
    opened.tracking.runs.log([LogBatch(run_id, series={"loss": MetricColumns([0, 1], [1, 2], [0.1, 0.2])})])
    case = Case(Settings(), database_uri, home)
    assert run_id in only(case, "runs").what
    assert only(Case(Settings(), database_uri, home, fix=True), "runs").fixed
    results = found(case)
    assert list(results) == PARTS
    assert not any(one.findings or one.skipped for one in results.values())
    assert "1 blocks, 2 points" in results["series"].summary
    opened.close()
    with closing(SCHEMAS.load(database_uri.partition(":")[0])(database_uri)) as schema:
        schema.move("0001")
    assert only(case, "database").next == "treering db upgrade"


def test_where_there_is_nothing_yet_nothing_is_wrong_or_made(home: Path) -> None:
    results = found(case_of(home))
    assert list(results) == PARTS
    assert [one for one in results.values() if one.findings] == []
    assert [one.part for one in results.values() if one.skipped] == ["database", "runs", "series", "artifacts"]
    assert not home.exists()


# Settings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"TREERING_TRACKING_URL": "x"}, "TREERING_TRACKING_URL is set, and there is no such setting"),
        ({"TREERING_PORT": "1", "MLFLOW_PORT": "2"}, "TREERING_PORT and MLFLOW_PORT are both set"),
        ({"TREERING_EXPERIMENT_NAME": "a", "MLFLOW_EXPERIMENT_ID": "1"}, "TREERING_EXPERIMENT_NAME is set, and has no"),
        ({"TREERING_TRACKING_PASSWORD": "hidden"}, "TREERING_TRACKING_PASSWORD is set, and has no effect"),
        ({"TREERING_TRACKING_TOKEN": "t", "TREERING_TRACKING_USERNAME": "u"}, "TREERING_TRACKING_USERNAME is set"),
        ({"TREERING_CAPTURE": "some"}, "TREERING_CAPTURE is 'some'"),
        ({"TREERING_JOURNAL_FULL": "explode"}, "TREERING_JOURNAL_FULL is 'explode'"),
        ({"TREERING_TRACKING_CA_FILE": "/nowhere.pem"}, "TREERING_TRACKING_CA_FILE names /nowhere.pem"),
        ({"TREERING_S3_UPLOAD_EXTRA_ARGS": "{"}, "is no JSON object"),
        ({"TREERING_S3_IGNORE_TLS": "true"}, "TREERING_S3_IGNORE_TLS is on"),
        ({"TREERING_SERVE_ARTIFACTS": "no", "TREERING_DIRECT_ARTIFACTS": "yes"}, "TREERING_DIRECT_ARTIFACTS is set"),
        ({"TREERING_OFFLINE": "yes", "MLFLOW_TRACKING_URI": "http://h"}, "MLFLOW_TRACKING_URI names a server"),
    ],
)
@pytest.mark.usefixtures("run_id")
def test_settings_that_contradict(
    given: dict[str, str], words: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    finding = only(case_of(home), "settings")
    assert words in finding.what
    assert "hidden" not in finding.what + finding.why + finding.next


def test_a_misspelt_setting_is_recognised(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_TRACKING_URL", "x")
    assert "Did you mean TREERING_TRACKING_URI?" in only(case_of(home), "settings").why


def test_an_extra_that_is_missing_is_named(home: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None; sys.modules['boto3'] = None\n"
        "from pathlib import Path\n"
        "from treering.core.settings import Settings\n"
        "from treering.upkeep.doctor import examine\n"
        "from treering.upkeep.finding import Case\n"
        "case = Case(Settings(default_artifact_root='s3://b/x'), 'postgresql://h/x', Path(sys.argv[1]))\n"
        "for one in examine(case):\n"
        "    for finding in one.findings: print(one.part, finding.next)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False)
    assert "versions pip install 'treering[s3]'" in done.stdout, done.stderr
    assert "database Install it with: pip install 'treering[postgresql]'" in done.stdout


# Disk and database


@pytest.mark.usefixtures("run_id")
def test_a_full_disk(home: Path) -> None:
    assert "MB left" in only(case_of(home, least_free=1 << 60), "disk").what


@pytest.mark.usefixtures("run_id", "services")
def test_an_older_schema(home: Path) -> None:
    with closing(SCHEMAS.load("sqlite")(f"sqlite:///{home / 'treering.db'}")) as schema:
        schema.move("0001", backup=False)
        killed = case_of(home, fix=True)
        finding = only(killed, "database")
        assert schema.state().revision == "0001"  # the doctor does not migrate
    assert "revision 0001; this Treering needs" in finding.what
    assert finding.next == "treering db upgrade"


@pytest.mark.usefixtures("run_id")
def test_a_newer_schema(home: Path) -> None:
    change(home, "UPDATE treering_schema SET version_num = '9999'")
    assert only(case_of(home), "database").next == "pip install --upgrade treering"


@pytest.mark.usefixtures("run_id")
def test_a_lost_table(home: Path) -> None:
    change(home, "DROP TABLE webhooks")
    assert "lacks webhooks" in only(case_of(home), "database").what


@pytest.mark.usefixtures("run_id")
def test_rows_without_their_parents(home: Path) -> None:
    change(home, "PRAGMA foreign_keys = OFF", "DELETE FROM runs")
    results = found(case_of(home))
    assert any("segments belong to rows of runs that are not" in one.what for one in results["database"].findings)
    assert results["runs"].skipped


def damage_page(path: Path) -> None:
    """Overwrite pages in the middle, where points lie."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * 16_384)


def test_a_damaged_database(home: Path, run_id: str, services: Services) -> None:
    assert run_id
    services.close()
    damage_page(home / "treering.db")
    results = found(case_of(home))
    assert results["database"].findings
    assert "damaged" in results["database"].findings[0].what
    assert "backup" in results["database"].findings[0].next
    assert results["series"].skipped


def test_what_is_no_database(home: Path) -> None:
    home.mkdir()
    (home / "treering.db").write_text("no database at all, but long enough to look at" * 100)
    assert "damaged, or no database" in only(case_of(home), "database").what


def test_another_programs_database(home: Path) -> None:
    home.mkdir()
    change(home, *(f"CREATE TABLE {table} (id INTEGER)" for table in ("alembic_version", "experiments", "runs")))
    finding = only(case_of(home), "database")
    assert "belongs to MLflow" in finding.what
    assert "treering import mlflow" in finding.next


@pytest.mark.parametrize("uri", ["postgresql://x:secret@127.0.0.1:1/x", "mysql://x:secret@127.0.0.1:1/x"])
def test_a_database_that_is_away(uri: str, home: Path) -> None:
    finding = only(Case(Settings(), uri, home), "database")
    assert "cannot be reached" in finding.what
    assert "secret" not in finding.what + finding.next


# Journals and runs


def test_what_a_killed_program_left_is_found_and_delivered(home: Path, services: Services) -> None:
    run_id = killed_program()
    finding = only(case_of(home), "journals")
    assert finding.next == "treering sync"
    assert "waits for delivery to the store beside it" in finding.what
    assert "Delivered" in only(case_of(home, fix=True), "journals").fixed
    run = services.tracking.runs.get(run_id)
    assert (run.info.status, run.data.metrics) == (RunStatus.KILLED, {"late": 1.0})
    assert not any(one.findings for one in found(case_of(home)).values())


@pytest.mark.usefixtures("services")
def test_what_cannot_be_delivered_still_waits(home: Path) -> None:
    done = run_program(KILLED, TREERING_TRACKING_URI="http://127.0.0.1:1", TREERING_OFFLINE="1")
    assert done.returncode == -signal.SIGKILL, done.stderr
    for fix in (False, True):
        assert "http://127.0.0.1:1" in only(case_of(home, fix=fix), "journals").what
    assert len(orphans(home / "journal")) == 1


@pytest.mark.usefixtures("services")
def test_a_damaged_journal(home: Path) -> None:
    killed_program()
    (path,) = orphans(home / "journal")
    whole = path.read_bytes()
    middle = whole.index(b"late") if b"late" in whole else len(whole) // 2
    path.write_bytes(whole[:middle] + b"\xff" + whole[middle + 1 :])
    findings = found(case_of(home))["journals"].findings
    assert any("damaged stretches" in finding.what for finding in findings)
    path.write_bytes(b"nothing of the kind")
    assert "is no journal that this version of Treering reads" in only(case_of(home), "journals").what


@pytest.mark.usefixtures("services")
def test_what_a_store_refused(home: Path) -> None:
    (home / "journal" / "x.refused-files").mkdir(parents=True)
    (home / "journal" / "y.files").mkdir()
    (home / "journal" / "x.refused").write_text('{"why": "deleted"}\n' * 3)
    whats = [finding.what for finding in found(case_of(home))["journals"].findings]
    assert len(whats) == 3
    assert "refused 3 records" in whats[0]
    assert "refused 0 files" in whats[1]
    assert "without the journal" in whats[2]


def test_a_dead_run_is_found_and_ended(home: Path, services: Services) -> None:
    began = now() - 3 * A_DAY
    run = services.tracking.runs.create(NewRun("0", start_time=began))
    points = MetricColumns([0], [began + A_DAY], [1.0])
    services.tracking.runs.log([LogBatch(run.info.run_id, series={"m": points})])
    fresh = services.tracking.runs.create(NewRun("0"))
    finding = only(case_of(home), "runs")
    assert run.info.run_id in finding.what
    assert fresh.info.run_id not in finding.what
    assert not found(case_of(home, dead_after=4 * A_DAY))["runs"].findings
    assert only(case_of(home, fix=True), "runs").fixed
    ended = services.tracking.runs.get(run.info.run_id).info
    assert (ended.status, ended.end_time) == (RunStatus.KILLED, began + A_DAY)
    assert services.tracking.runs.get(fresh.info.run_id).info.status is RunStatus.RUNNING
    assert not found(case_of(home))["runs"].findings


def test_a_run_that_a_living_program_has_open_is_left_alone(home: Path, services: Services) -> None:
    code = (
        "import treering\n"
        "with treering.start_run() as run:\n"
        "    treering.log_param('a', 1)\n"
        "    treering.flush() if hasattr(treering, 'flush') else None\n"
        "    print(run.info.run_id, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=dict(os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        run_id = program.stdout.readline().strip()
        results = found(case_of(home, fix=True, dead_after=-A_DAY))
        assert "1 of running programs" in results["journals"].summary
        assert not results["runs"].findings
        assert services.tracking.runs.get(run_id).info.status is RunStatus.RUNNING
        program.communicate("\n")


def test_a_run_that_begins_in_the_future(home: Path, services: Services) -> None:
    services.tracking.runs.create(NewRun("0", start_time=now() + A_DAY))
    assert "begin in the future" in only(case_of(home), "runs").what


def test_a_rule_that_is_none(home: Path, services: Services) -> None:
    services.tracking.experiments.create("x", tags={"treering.retention": "for ever"})
    assert "rule of the experiment 'x' is not clear" in only(case_of(home), "runs").what


# Points


def test_a_block_that_rots(home: Path, run_id: str) -> None:
    with closing(sqlite3.connect(home / "treering.db")) as connection:
        number, data = connection.execute("SELECT id, data FROM segments ORDER BY id LIMIT 1").fetchone()
        rotten = data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]
        connection.execute("UPDATE segments SET data = ? WHERE id = ?", (rotten, number))
        connection.commit()
    finding = only(case_of(home), "series")
    assert f"loss of the run {run_id}" in finding.what
    assert "its checksum is wrong" in finding.why


def test_a_block_that_is_gone(home: Path, run_id: str) -> None:
    change(home, "DELETE FROM segments WHERE id = (SELECT MAX(id) FROM segments)")
    assert f"loss of the run {run_id} (2000 of 3000)" in only(case_of(home), "series").what


# Artifacts


def ready_model(services: Services, *files: tuple[str, bytes]) -> tuple[str, Path]:
    model = services.tracking.models.create(NewLoggedModel("0", "m"))
    for name, data in files:
        services.open_artifacts(model.artifact_uri).write(name, [data])
    services.tracking.models.finalize(model.model_id, LoggedModelStatus.READY)
    return model.model_id, local_path(model.artifact_uri)


WHOLE = b"flavors:\n  python_function:\n    loader_module: x\n    model_path: model.pkl\nmodel_id: x\n"


def test_a_whole_model_is_well(home: Path, services: Services) -> None:
    ready_model(services, ("MLmodel", WHOLE), ("model.pkl", b"x"))
    services.tracking.models.create(NewLoggedModel("0", "still being written"))
    assert not any(one.findings for one in found(case_of(home)).values())


def test_a_model_without_files(home: Path, services: Services) -> None:
    model_id, _ = ready_model(services)
    finding = only(case_of(home), "artifacts")
    assert model_id in finding.what
    assert "has no files" in finding.what


def test_a_model_that_lacks_a_file(home: Path, services: Services) -> None:
    ready_model(services, ("MLmodel", WHOLE))
    assert "lacks model.pkl" in only(case_of(home), "artifacts").what


def test_a_model_whose_description_is_damaged(home: Path, services: Services) -> None:
    ready_model(services, ("MLmodel", b"{[:"), ("model.pkl", b"x"))
    assert "cannot be loaded" in only(case_of(home), "artifacts").what


def test_a_version_that_points_nowhere(home: Path, services: Services) -> None:
    run = services.tracking.runs.create(NewRun("0")).info
    services.registry.models.create("kept")
    services.registry.versions.create(NewModelVersion("kept", f"{run.artifact_uri}/elsewhere", run.run_id))
    finding = only(case_of(home), "artifacts")
    assert "The version 1 of the registered model kept has no files" in finding.what


def test_folders_of_nobody(home: Path, run_id: str, services: Services) -> None:
    deleted, _ = ready_model(services, ("MLmodel", WHOLE), ("model.pkl", b"x"))
    services.tracking.models.delete(deleted)  # may be restored, so its files belong to somebody
    stray = home / "artifacts" / "0" / ("f" * 32) / "artifacts"
    stray.mkdir(parents=True)
    finding = only(case_of(home), "artifacts")
    assert str(stray.parent) in finding.what
    assert run_id not in finding.what


@pytest.mark.usefixtures("run_id")
def test_pieces_of_files(home: Path) -> None:
    fresh, old = (home / "artifacts" / "0" / f".treering-part-{name}" for name in "ab")
    for path in (fresh, old):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 200_000,) * 2)
    assert "1 pieces of files" in only(case_of(home), "artifacts").what
    assert only(case_of(home, fix=True), "artifacts").fixed == "Removed 1."
    assert (fresh.exists(), old.exists()) == (True, False)


def test_a_place_that_cannot_be_used_is_a_finding(home: Path, services: Services) -> None:
    services.tracking.experiments.create("far", "gopher://nowhere/x")
    other = services.tracking.experiments.get_by_name("far").experiment_id
    model = services.tracking.models.create(NewLoggedModel(other, "m"))
    services.tracking.models.finalize(model.model_id, LoggedModelStatus.READY)
    findings = check_artifacts(case_of(home), services).findings
    assert ["cannot be read" in finding.what for finding in findings] == [True]


# Servers


def test_a_server_that_is_well(tmp_path: Path) -> None:
    server = Server(["--port", "0"], tmp_path / "served").wait_ready()
    try:
        results = found(Case(Settings(), server.url, tmp_path / "home"))
    finally:
        server.end(signal.SIGTERM)
    assert list(results) == ["versions", "settings", "disk", "server", "journals"]
    assert not any(one.findings for one in results.values())
    assert treering.__version__ in results["server"].summary


def test_a_server_that_is_away(tmp_path: Path) -> None:
    finding = only(Case(Settings(), "http://127.0.0.1:1", tmp_path / "home"), "server")
    assert "cannot be reached" in finding.what
    assert "Check that it runs" in finding.next


class _Odd(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said = {"version": "9.9.0", "database": "sqlite", "default_artifact_root": "", "serves_artifacts": True}
        body = json.dumps({**said, "time": now() - 3_600_000}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_a_server_of_another_version_and_time(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _Odd) as odd:
        thread = threading.Thread(target=odd.serve_forever)
        thread.start()
        try:
            case = Case(Settings(), f"http://127.0.0.1:{odd.server_port}", tmp_path / "home")
            findings = found(case)["server"].findings
        finally:
            odd.shutdown()
            thread.join()
    assert [finding.what.split(",")[0] for finding in findings][:1] == ["The server is Treering 9.9.0"]
    assert "behind this one" in findings[1].what


# The command


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", *arguments])
    out, err = capsys.readouterr()
    assert caught.value.code == status, out + err
    return out


@pytest.mark.usefixtures("run_id")
def test_the_command_is_status_0_where_all_is_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nothing is wrong." in said(capsys, status=0)
    for store in (str(home), f"sqlite:///{home / 'treering.db'}"):
        result = json.loads(said(capsys, "--json", "--store", store, status=0))
        assert result["ok"] is True
        assert [part["part"] for part in result["parts"]] == PARTS


@pytest.mark.usefixtures("services")
def test_the_command_says_what_why_and_what_next(capsys: pytest.CaptureFixture[str], services: Services) -> None:
    run = services.tracking.runs.create(NewRun("0", start_time=now() - 3 * A_DAY)).info.run_id
    out = said(capsys, status=1)
    assert "[!] runs" in out
    assert run in out
    assert "next: treering doctor --fix" in out
    assert "1 thing is wrong." in out
    result = json.loads(said(capsys, "--json", status=1))
    assert (result["ok"], [part["part"] for part in result["parts"] if part["findings"]]) == (False, ["runs"])
    assert "Nothing is wrong." in said(capsys, "--dead-after", "4d", status=0)
    assert "done: Ended 1 as KILLED" in said(capsys, "--fix", status=0)
    assert "Nothing is wrong." in said(capsys, status=0)


def test_the_command_refuses_what_is_no_age(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--dead-after", "soon"])
    assert caught.value.code == 2
    assert "is no age" in capsys.readouterr().err
