from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.core.settings import read_settings
from treering.entities.run import LogBatch, NewRun


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["experiments", *arguments])
    said = capsys.readouterr()
    assert caught.value.code == status, said.err
    return said.err if status else said.out


def names(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [one["name"] for one in json.loads(printed(capsys, "search", "--json", *arguments))]


def test_from_making_one_to_restoring_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = (tmp_path / "files").as_uri()
    assert "'trees'" in printed(capsys, "create", "-n", "trees", "-l", place)
    told = json.loads(printed(capsys, "get", "-n", "trees", "--json"))
    assert told["artifact_location"] == place
    number = told["experiment_id"]
    assert "trees" in printed(capsys, "get", "-x", number)
    assert "'oaks'" in printed(capsys, "rename", "-x", number, "--new-name", "oaks")
    assert names(capsys, "--filter", "name LIKE 'oak%'") == ["oaks"]
    assert f"restore -x {number}" in printed(capsys, "delete", "-x", number)
    assert names(capsys) == ["Default"]
    assert names(capsys, "--view", "deleted_only") == ["oaks"]
    printed(capsys, "restore", "-x", number)
    assert names(capsys) == ["oaks", "Default"]
    assert "1 of 2 experiments" in printed(capsys, "search", "--max-results", "1")


def test_what_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "77" in printed(capsys, "get", "-x", "77", status=1)
    assert "--experiment-name" in printed(capsys, "get", status=2)


def test_runs_are_rows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    services = connect(read_settings())
    run = services.tracking.runs.create(NewRun("0", run_name="a, b")).info
    services.tracking.runs.log([LogBatch(run.run_id, params={"lr": "0.1"})])
    services.close()
    (row,) = csv.DictReader(io.StringIO(printed(capsys, "csv", "-x", "0")))
    assert (row["run_id"], row["params.lr"], row["tags.mlflow.runName"]) == (run.run_id, "0.1", "a, b")
    printed(capsys, "csv", "-x", "0", "-o", str(tmp_path / "runs.csv"))
    assert run.run_id in (tmp_path / "runs.csv").read_text("utf-8")


def test_an_objective_from_setting_it_to_taking_it_away(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, "objective", "set", "-n", "churn", "Call who will leave.", "-s", "recall >= 0.9",
                   "-s", "recall[old] >= 0.8", "--min-improvement", "0.01", "--owner", "sales")  # fmt: skip
    assert "churn" in told
    shown = printed(capsys, "objective", "show", "-n", "churn")
    assert all(word in shown for word in ("Call who will leave.", "sales", "recall", "old", ">= 0.8", "at least 0.01"))
    told = json.loads(printed(capsys, "objective", "show", "-n", "churn", "--json"))
    assert (told["primary"], len(told["criteria"])) == ("recall", 2)
    printed(capsys, "objective", "remove", "-n", "churn")
    assert json.loads(printed(capsys, "objective", "show", "-n", "churn", "--json")) is None
    assert "Nobody has said" in printed(capsys, "objective", "show", "-n", "churn")
    assert "77" in printed(capsys, "objective", "set", "-x", "77", "Call who will leave.", status=1)
    assert "no bound" in printed(capsys, "objective", "set", "-x", "0", "Call.", "-s", "recall high", status=1)
    assert "--experiment-name" in printed(capsys, "objective", "show", status=2)
