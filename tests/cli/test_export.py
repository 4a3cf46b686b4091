from __future__ import annotations

import csv
from pathlib import Path

import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.core.settings import read_settings
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    services = connect(read_settings())
    for number in range(2):
        run = services.tracking.runs.create(NewRun("0", run_name=f"run{number}", start_time=1000 + number))
        series = {"loss": MetricColumns([0, 1], [5, 6], [0.1, 0.5 + number])}
        params = {f"p{number}": 'a,"b"\nc'}
        services.tracking.runs.log([LogBatch(run.info.run_id, params=params, series=series)])
    services.close()


def exported(tmp_path: Path, *arguments: str, status: int = 0) -> list[dict[str, str]]:
    target = tmp_path / "out.csv"
    with pytest.raises(SystemExit) as caught:
        main(["export", "csv", str(target), *arguments])
    assert caught.value.code == status
    if not target.exists():
        return []
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_runs_are_rows_with_the_columns_of_all(tmp_path: Path) -> None:
    first, second = exported(tmp_path, "--order-by", "metrics.loss ASC")
    assert (first["metrics.loss"], second["metrics.loss"]) == ("0.5", "1.5")
    assert (first["params.p0"], first["params.p1"], second["params.p1"]) == ('a,"b"\nc', "", 'a,"b"\nc')
    assert first["start_time"] == "1970-01-01T00:00:01.000+00:00"
    assert len(exported(tmp_path, "--filter", "metrics.loss > 1")) == 1


def test_every_point_is_a_row_of_the_history(tmp_path: Path) -> None:
    rows = exported(tmp_path, "--history", "--order-by", "metrics.loss ASC")
    points = [(row["key"], row["step"], row["timestamp"], row["value"]) for row in rows]
    last = [("loss", "1", "6", "0.5"), ("loss", "1", "6", "1.5")]
    assert points == [("loss", "0", "5", "0.1"), last[0], ("loss", "0", "5", "0.1"), last[1]]


def test_an_unknown_experiment_leaves_no_file(tmp_path: Path) -> None:
    assert exported(tmp_path, "--experiment", "none", status=1) == []
