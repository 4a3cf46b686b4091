from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server_process import Server
from treering.assembly import Services, open_services
from treering.cli.main import main
from treering.core.errors import NotFound
from treering.core.settings import Settings
from treering.entities.run import NewRun
from treering.registry.base import NewModelVersion

PROGRAM = "from treering.cli.main import main; main()"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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


def deleted_runs(services: Services, count: int, experiment_id: str = "0") -> list[str]:
    run_ids = []
    for _ in range(count):
        info = services.tracking.runs.create(NewRun(experiment_id)).info
        services.open_artifacts(info.artifact_uri).write("a.txt", [b"x"])
        services.tracking.runs.delete(info.run_id)
        run_ids.append(info.run_id)
    return run_ids


def registered(services: Services, run_id: str) -> None:
    services.registry.models.create("kept")
    uri = services.tracking.runs.get(run_id).info.artifact_uri
    services.registry.versions.create(NewModelVersion("kept", f"{uri}/m", run_id))


def there(services: Services, run_ids: list[str]) -> list[str]:
    found = []
    for run_id in run_ids:
        try:
            services.tracking.runs.get(run_id)
        except NotFound:
            continue
        found.append(run_id)
    return found


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["gc", *arguments])
    out, err = capsys.readouterr()
    assert caught.value.code == status, out + err
    return out, err


def answered(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, *arguments, "--json", status=status)[0])
    return found


def test_where_nothing_was_deleted_nothing_happens(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == ("Nothing was deleted that could go.\n", "")


def test_a_dry_run_only_tells(capsys: pytest.CaptureFixture[str], services: Services) -> None:
    run_ids = deleted_runs(services, 2)
    registered(services, run_ids[0])
    out, err = said(capsys, "--dry-run")
    assert out.count("would go") == 1
    assert out.count("kept: version 1 of the registered model kept") == 1
    assert err == ""
    assert there(services, run_ids) == run_ids
    removal = answered(capsys, "--dry-run")["removal"]
    assert sorted(one["item"]["item_id"] for one in removal if not one["kept"]) == [run_ids[1]]


def test_what_goes_goes_and_what_is_kept_is_kept(capsys: pytest.CaptureFixture[str], services: Services) -> None:
    run_ids = deleted_runs(services, 3)
    active = services.tracking.runs.create(NewRun("0")).info.run_id
    registered(services, run_ids[0])
    out, err = said(capsys)
    assert "Removed 2." in out
    assert "gc: 2 of 2 things removed" in err
    assert there(services, [*run_ids, active]) == [run_ids[0], active]
    assert "Removed 0." in said(capsys)[0]


def test_only_what_was_deleted_long_ago(capsys: pytest.CaptureFixture[str], services: Services, home: Path) -> None:
    old, fresh = deleted_runs(services, 2)
    with closing(sqlite3.connect(home / "treering.db")) as connection:
        connection.execute("UPDATE runs SET deleted = deleted - 31 * 86400000 WHERE run_id = ?", (old,))
        connection.commit()
    assert "deleted too recently" in said(capsys, "--older-than", "32d", "--dry-run")[0]
    assert "Removed 1." in said(capsys, "--older-than", "30d12h")[0]
    assert there(services, [old, fresh]) == [fresh]


def test_only_what_is_named(capsys: pytest.CaptureFixture[str], services: Services) -> None:
    one, two, three = deleted_runs(services, 3)
    other = services.tracking.experiments.create("other").experiment_id
    inside = deleted_runs(services, 2, other)
    said(capsys, "--run-ids", f"{one}, {three}")
    assert there(services, [one, two, three, *inside]) == [two, *inside]
    said(capsys, "--experiment-ids", other)
    assert there(services, [two, *inside]) == [two]


def test_what_cannot_be_removed_is_status_1(capsys: pytest.CaptureFixture[str], services: Services) -> None:
    far = services.tracking.experiments.create("far", "gopher://nowhere/x").experiment_id
    run_id = services.tracking.runs.create(NewRun(far)).info.run_id
    services.tracking.runs.delete(run_id)
    others = deleted_runs(services, 1)
    out, err = said(capsys, status=1)
    assert "failed" in out
    assert f"run {run_id}: " in err
    assert there(services, [run_id, *others]) == [run_id]
    assert run_id in answered(capsys, status=1)["problems"][0]


def test_an_age_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'soon' is no age" in said(capsys, "--older-than", "soon", status=2)[1]


def test_through_a_server(capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(["--port", "0"], home).wait_ready()
    try:
        services = open_services(Settings(), home, proxied=True)
        run_ids = deleted_runs(services, 3)
        registered(services, run_ids[0])
        places = [services.tracking.runs.get(run_id).info.artifact_uri for run_id in run_ids]
        monkeypatch.setenv("TREERING_TRACKING_URI", server.url)
        assert "Removed 2." in said(capsys)[0]
        assert there(services, run_ids) == [run_ids[0]]
        kept = [len(list(services.open_artifacts(uri).walk())) for uri in places]
        assert kept == [1, 0, 0]
        services.close()
    finally:
        server.end(signal.SIGTERM)


def test_killed_in_the_middle_and_repeated(capsys: pytest.CaptureFixture[str], services: Services, home: Path) -> None:
    run_ids = deleted_runs(services, 350)
    registered(services, run_ids[0])
    kept = services.tracking.runs.create(NewRun("0")).info
    services.open_artifacts(kept.artifact_uri).write("a.txt", [b"x"])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "gc"], env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as program:
        assert program.stderr is not None
        line = program.stderr.readline()
        program.kill()
    assert b"things removed" in line
    left = there(services, run_ids)
    assert run_ids[0] in left
    assert len(left) < 350
    said(capsys)
    assert there(services, run_ids) == [run_ids[0]]
    for info in (kept, services.tracking.runs.get(run_ids[0]).info):
        assert [found.path for found in services.open_artifacts(info.artifact_uri).walk()] == ["a.txt"]
    with closing(sqlite3.connect(home / "treering.db")) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_rules_of_experiments(capsys: pytest.CaptureFixture[str], services: Services) -> None:
    tracking = services.tracking
    experiment = tracking.experiments.create("short", tags={"treering.retention": "90d"}).experiment_id
    broken = tracking.experiments.create("broken", tags={"treering.retention": "for ever"}).experiment_id
    old = tracking.runs.create(NewRun(experiment, start_time=1000)).info.run_id
    kept = tracking.runs.create(NewRun(experiment, start_time=1000, tags={"treering.keep": "true"})).info.run_id
    untouched = tracking.runs.create(NewRun(broken, start_time=1000)).info.run_id
    for run_id in (old, kept, untouched):
        tracking.runs.update(run_id, end_time=2000, status=tracking.runs.get(run_id).info.status.FINISHED)
    out, err = said(capsys, "--dry-run", status=1)
    assert "would be deleted, and go" in out
    assert "kept: it has the tag treering.keep" in out
    assert "rule of the experiment 'broken' is not clear" in err
    assert tracking.runs.get(old).info.lifecycle_stage == "active"

    first = answered(capsys, "--older-than", "30d", status=1)
    assert {one["run_id"]: one["deleted"] for one in first["retention"]} == {old: True, kept: False}
    assert tracking.runs.get(old).info.lifecycle_stage == "deleted"
    assert [one["kept"] for one in first["removal"]] == ["it was deleted too recently"]
    said(capsys, status=1)
    assert there(services, [old, kept, untouched]) == [kept, untouched]
