from __future__ import annotations

import json
from array import array
from pathlib import Path

import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.core.settings import read_settings
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs in two experiments of a database."""
    monkeypatch.setenv("TREERING_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    services = connect(read_settings())
    other = services.tracking.experiments.create("other").experiment_id
    for number, experiment in enumerate(["0", "0", other]):
        run = services.tracking.runs.create(NewRun(experiment, run_name=f"run{number}", start_time=1000 + number))
        params = {"lr": ("0.1", "0.01", "1e-3")[number]}
        services.tracking.runs.log([LogBatch(run.info.run_id, params=params, tags={"odd": str(number % 2)})])
    services.close()


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["runs", "search", *arguments])
    said = capsys.readouterr()
    assert caught.value.code == status, said.err
    return said.out, said.err


def test_all_experiments_are_searched_unless_some_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = printed(capsys, "--filter", "params.lr < 0.05", "--order-by", "params.lr AS NUMBER", "--json")
    assert [run["run_name"] for run in json.loads(out)] == ["run2", "run1"]
    out, _ = printed(capsys, "-x", "0", "-f", "params.lr < 0.05", "--json")
    assert [run["run_name"] for run in json.loads(out)] == ["run1"]
    out, _ = printed(capsys, "-e", "other", "--json")
    assert [run["run_name"] for run in json.loads(out)] == ["run2"]


def test_columns_and_the_total_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = printed(capsys, "-c", "params.lr", "-c", "tags.odd", "-c", "metrics.none", "-n", "1")
    head, row, last = out.splitlines()
    assert head.split() == ["id", "name", "status", "started", "params.lr", "tags.odd", "metrics.none"]
    assert row.split()[-2:] == ["1e-3", "0"]
    assert last.startswith("1 of 3 runs")
    assert "no column 'lr'" in printed(capsys, "-c", "lr", status=2)[1]


def test_columns_may_be_what_metrics_were_at_least_and_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    services = connect(read_settings())
    run = services.tracking.runs.create(NewRun("0", run_name="long"))
    points = MetricColumns(array("q", [0, 1, 2]), array("q", [1, 2, 3]), array("d", [0.5, 0.25, 0.75]))
    services.tracking.runs.log([LogBatch(run.info.run_id, series={"loss": points})])
    services.close()
    names = ["min", "max", "last", "count"]
    out, _ = printed(capsys, "-f", "metrics.loss.min < 0.3", *(f"-cmetrics.loss.{name}" for name in names))
    assert out.splitlines()[1].split()[-4:] == ["0.25", "0.75", "0.75", "3"]


def test_a_bad_filter_is_wrong_usage_and_shown_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = printed(capsys, "-f", "start_tme > now()", status=2)
    first, shown, caret = err.rstrip("\n").split("\n")
    assert first.startswith("Error: Runs have no attribute 'start_tme'.")
    assert first.endswith("Did you mean 'start_time'?")
    assert (shown, caret) == ("  start_tme > now()", "  ^")


def test_a_run_is_shown_deleted_and_restored(capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> str:
        with pytest.raises(SystemExit) as caught:
            main(["runs", *arguments])
        assert caught.value.code == 0
        return capsys.readouterr().out

    newest, oldest = (run["run_id"] for run in json.loads(said("list", "-x", "0", "--json")))
    told = said("describe", "-r", oldest)
    assert "run0" in told
    assert "0.1" in told
    assert "restore" in said("delete", "-r", oldest)
    assert [run["run_id"] for run in json.loads(said("list", "-x", "0", "--json"))] == [newest]
    assert oldest in said("list", "-x", "0", "--view", "deleted_only")
    said("restore", "-r", oldest)
    assert oldest in said("list", "-x", "0", "-f", "params.lr = 0.1")
