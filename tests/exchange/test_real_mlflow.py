from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exchange.alike import by_mark, content, content_of
from exchange.furnished import furnish
from peers import MLFLOW_2, MLFLOW_3, Peer, ready
from treering.assembly import Services, open_services
from treering.cli.main import main
from treering.core.settings import Settings
from treering.core.uri import file_uri
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow, open_target
from treering.exchange.own import OwnSource
from treering.exchange.report import Report

pytestmark = pytest.mark.peer

SCRIPTS = Path(__file__).parent / "scripts"
BOTH = pytest.mark.parametrize("peer", [MLFLOW_3, MLFLOW_2], ids=["mlflow-3", "mlflow-2"])


def environment(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "DO_NOT_TRACK": "1",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def run(peer: Peer, folder: Path, *command: str | Path) -> str:
    """What a program of an MLflow's environment prints; the first word of `command` names it."""
    program, *arguments = command
    done = subprocess.run(
        [ready(peer).with_name(str(program)), *arguments],
        env=environment(folder), cwd=folder, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def serving(peer: Peer, folder: Path) -> Iterator[str]:
    """MLflow's own server on a new database in `folder`, which takes artifacts through itself; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        ready(peer), "-m", "mlflow", "server", "--workers", "1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", folder / "artifacts",
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(folder), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 400
        while not _answers(url):
            assert process.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < end, (folder / "server.log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def brought(uri: str, services: Services) -> Report:
    report = Report()
    source = open_mlflow(uri, Settings())
    try:
        bring(source, services, Wishes(), report)
    finally:
        source.close()
    return report


def given(services: Services, place: Path, wishes: Wishes | None = None) -> None:
    report = Report()
    open_target(str(place), Settings())(OwnSource(services), wishes or Wishes(), report)
    assert report.problems == []


def read_back(peer: Peer, folder: Path, uri: str) -> dict[str, Any]:
    printed = run(peer, folder, "python", SCRIPTS / "read_back.py", uri)
    found: dict[str, Any] = json.loads(printed.partition("RESULT ")[2])
    return found


@BOTH
def test_a_database_that_mlflow_wrote(peer: Peer, tmp_path: Path, services: Services) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    run(peer, tmp_path, "python", SCRIPTS / "fill.py", uri, tmp_path / "ids.json", str(tmp_path / "files"))
    ids = json.loads((tmp_path / "ids.json").read_text())
    report = brought(uri, services)
    assert report.problems == []
    newer = peer is MLFLOW_3
    assert (report.runs.brought, report.logged_models.brought, report.versions.brought) == (4, int(newer), 2)
    parent = services.tracking.runs.get(ids["parent"])
    values = list(services.tracking.metrics.history(ids["parent"], "loss")[0].values)
    assert [str(value) for value in values] == ["nan", "inf", "-inf", "0.30000000000000004"]
    assert parent.inputs.dataset_inputs[0].context == "train"
    if newer:
        (model,) = parent.outputs.model_outputs
        (point,) = services.tracking.models.get(model.model_id).metrics
        assert (point.key, point.value, model.step) == ("accuracy", 0.75, 2)
    assert content_of(services) == content(open_mlflow(uri, Settings()))
    again = brought(uri, services)
    assert ([one.brought for one in again.rows().values()], again.problems) == ([0] * 7, [])


@BOTH
def test_a_folder_that_mlflow_wrote(peer: Peer, tmp_path: Path, services: Services) -> None:
    place = tmp_path / "mlruns"
    run(peer, tmp_path, "python", SCRIPTS / "fill.py", file_uri(place), tmp_path / "ids.json")
    report = brought(str(place), services)
    assert report.problems == []
    assert (report.runs.brought, report.versions.brought) == (4, 2)
    assert content_of(services) == content(open_mlflow(str(place), Settings()))
    again = brought(str(place), services)
    assert ([one.brought for one in again.rows().values()], again.problems) == ([0] * 7, [])


@BOTH
def test_mlflow_opens_the_folder_that_was_exported(peer: Peer, tmp_path: Path, services: Services) -> None:
    run_id = furnish(services)
    given(services, tmp_path / "mlruns", Wishes(for_mlflow_2=peer is MLFLOW_2))
    found = read_back(peer, tmp_path, file_uri(tmp_path / "mlruns"))
    assert found["experiments"]["trees"] == ["active", {"team": "forest", "a/b": "nested"}]
    assert found["experiments"]["gone"] == ["deleted", {"why": "old"}]
    stages = {one["name"]: (one["stage"], one["status"]) for one in found["runs"].values()}
    assert stages == {
        "grow ü": ("active", "FINISHED"), "still at it": ("active", "RUNNING"),
        "failed": ("deleted", "FAILED"), "lost": ("deleted", "RUNNING"),
    }  # fmt: skip
    there, mine = found["runs"][run_id], services.tracking.runs.get(run_id)
    assert there["params"] == mine.data.params
    assert there["tags"] == mine.data.tags
    assert (there["user"], there["times"]) == ("ada", [mine.info.start_time, mine.info.end_time])
    assert there["files"] == ["nested/config.json", "note ü.txt"]
    assert there["datasets"] == [["iris", "abc123", "{}", {"mlflow.data.context": "train"}]]
    for key in mine.data.metrics:
        columns, _ = services.tracking.metrics.history(run_id, key)
        wanted = sorted(
            [s, t, repr(v)] for s, t, v in zip(columns.steps, columns.timestamps, columns.values, strict=True)
        )
        assert sorted(there["points"][key]) == wanted, key
    assert found["registered"] == {"forest": ["many trees", {"a": "b"}, {"best": 1}]}
    versions = {name: (one["stage"], one["run"], one["tags"], one["there"]) for name, one in found["versions"].items()}
    assert versions == {
        "forest/1": ("None", run_id, {"t": "v"}, True), "forest/3": ("Production", run_id, {"t": "v"}, True),
    }  # fmt: skip
    if peer is MLFLOW_3:
        (made,), (read,) = mine.outputs.model_outputs, mine.inputs.model_inputs
        assert (there["reads"], there["writes"]) == ([read.model_id], [[made.model_id, 2]])
        model = found["models"][made.model_id]
        assert (model["name"], model["type"], model["status"], model["run"]) == ("forest", "sklearn", "READY", run_id)
        assert (model["params"], model["tags"]) == ({"p": "1"}, services.tracking.models.get(made.model_id).tags)
        assert model["points"] == [["accuracy", 0.75, 1, "iris", run_id]]


def test_mlflow_moves_the_folder_to_a_database_and_all_comes_back(tmp_path: Path, services: Services) -> None:
    furnish(services)
    given(services, tmp_path / "mlruns")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    run(MLFLOW_3, tmp_path, "mlflow", "migrate-filestore", "--source", tmp_path / "mlruns", "--target", uri)
    back = open_services(Settings(), tmp_path / "back")
    try:
        assert brought(uri, back).problems == []
        there, mine = content_of(back), content_of(services)
        for name, one in mine.items():
            if name.startswith("run "):
                # What MLflow does not move: carriage returns, and files of deleted experiments.
                one["tags"] = {key: text.replace("\r\n", "\n") for key, text in one["tags"].items()}
                if one["of"] == "gone deleted":
                    one["files"] = {}
        assert there == mine
    finally:
        back.close()


@BOTH
def test_a_server_gives_what_its_database_holds(
    peer: Peer, tmp_path: Path, services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Few on a page, so that each search has several.
    monkeypatch.setattr("treering.exchange.mlflow.server._PAGE", 2)
    monkeypatch.setattr("treering.exchange.mlflow.server._POINTS", 100)
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    with serving(peer, tmp_path) as url:
        run(peer, tmp_path, "python", SCRIPTS / "fill.py", url, tmp_path / "ids.json")

        def command() -> tuple[Any, dict[str, Any]]:
            with pytest.raises(SystemExit) as caught:
                main(["import", "mlflow", url, "--json"])
            return caught.value.code, json.loads(capsys.readouterr().out)

        status, report = command()
        assert (status, report["problems"]) == (0, [])
        newer = peer is MLFLOW_3
        points = 4 + 1 + 900 + int(newer)
        assert report["metric points"] == {"found": points, "brought": points, "present": 0}
        assert report["verified points"] == points
        assert (report["runs"]["brought"], report["artifact files"]["brought"]) == (4, 2)
        there = content_of(services)
        assert there == content(open_mlflow(url, Settings()))
        database = open_mlflow(f"sqlite:///{tmp_path / 'mlflow.db'}", Settings(), str(tmp_path / "artifacts"))
        assert there == content(database)
        status, again = command()
        assert (status, again["problems"]) == (0, [])
        assert {name: again[name]["brought"] for name in again if isinstance(again[name], dict)} == dict.fromkeys(
            [name for name in again if isinstance(again[name], dict)], 0
        )


def test_an_import_that_finds_a_difference_ends_with_one_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    run(MLFLOW_3, tmp_path, "python", SCRIPTS / "fill.py", uri, tmp_path / "ids.json", str(tmp_path / "files"))
    parent = json.loads((tmp_path / "ids.json").read_text())["parent"]
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))

    def status() -> Any:
        with pytest.raises(SystemExit) as caught:
            main(["import", "mlflow", uri])
        return caught.value.code

    assert status() == 0
    database = sqlite3.connect(tmp_path / "mlflow.db")
    database.execute("UPDATE params SET value = '4' WHERE run_uuid = ? AND key = 'depth'", (parent,))
    database.commit()
    database.close()
    capsys.readouterr()
    assert status() == 1
    assert f"Problem: run {parent}: params differ: depth" in capsys.readouterr().err


@BOTH
def test_everything_is_exported_to_a_server_and_comes_back(peer: Peer, tmp_path: Path, services: Services) -> None:
    furnish(services)
    back = open_services(Settings(), tmp_path / "back")
    with serving(peer, tmp_path) as url:

        def export() -> Report:
            report = Report()
            open_target(url, Settings())(OwnSource(services), Wishes(), report)
            return report

        first, again = export(), export()
        # MLflow 2 has none of the first, and so nothing that the version could be of.
        left_out = ["2 logged models are left out", "version 3 of forest: Invalid"] if peer is MLFLOW_2 else []
        assert [problem[:28] for problem in first.problems] == left_out
        assert first.verified == first.points.brought == first.points.found
        assert [one.brought for one in again.rows().values()] == [0] * 7
        assert [problem[:28] for problem in again.problems] == left_out
        assert brought(url, back).problems == []
    found, mine = by_mark(content_of(back)), by_mark(content_of(services))
    back.close()
    if peer is MLFLOW_2:
        mine = {name: one for name, one in mine.items() if not name.startswith(("model ", "version 3"))}
        for one in mine.values():
            if "writes" in one:
                one["writes"], one["reads"] = [], []
    assert found.keys() == mine.keys()
    for name, one in mine.items():
        for key in one if isinstance(one, dict) else range(len(one)):
            assert found[name][key] == one[key], f"{name} {key}"
