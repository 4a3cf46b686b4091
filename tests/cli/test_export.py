from __future__ import annotations

import csv
import io
import sqlite3
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from treering.cli.main import main
from treering.client.connect import connect
from treering.client.frames import FRAMES
from treering.core.settings import read_settings
from treering.entities.metric import MetricColumns
from treering.entities.page import Query
from treering.entities.run import LogBatch, NewRun
from treering.exchange.tables import TABLES


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


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["export", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def columns_of_search_runs() -> list[str]:
    services = connect(read_settings())
    table = services.tracking.runs.table(Query(experiment_ids=["0"]))
    services.close()
    return list(FRAMES.load("pandas").runs([table]).columns)


def log(name: str, params: dict[str, str], tags: dict[str, str] | None = None, value: float = 0.0) -> str:
    services = connect(read_settings())
    new = services.tracking.runs.create(NewRun("0", run_name=name)).info.run_id
    series = {"loss": MetricColumns([0], [5], [value])}
    services.tracking.runs.log([LogBatch(new, params, tags or {}, series)])
    services.close()
    return new


def exported(tmp_path: Path, *arguments: str, status: int = 0) -> list[dict[str, str]]:
    target = tmp_path / "out.csv"
    assert run("csv", str(target), *arguments) == status
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


def test_the_columns_are_those_of_search_runs(tmp_path: Path) -> None:
    log("third", {"p1": "x", "late": "y"}, {"team": "red"})
    exported(tmp_path)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == columns_of_search_runs()


def test_the_standard_output_takes_the_rows_and_nothing_else(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("csv", "-", "--order-by", "metrics.loss ASC") == 0
    captured = capfdbinary.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out.decode(), newline="")))
    assert [row["metrics.loss"] for row in rows] == ["0.5", "1.5"]
    assert captured.err == b"Wrote 2 runs.\n"


def test_a_nan_is_told_from_a_metric_that_is_not_there(tmp_path: Path) -> None:
    run_id = log("odd", {}, value=float("nan"))
    services = connect(read_settings())
    services.tracking.runs.create(NewRun("0", run_name="empty"))
    services.close()
    values = {row["run_id"]: row["metrics.loss"] for row in exported(tmp_path)}
    assert values.pop(run_id) == "nan"
    assert sorted(values.values()) == ["", "0.5", "1.5"]


FORMULAS = {
    "equals": "=1+1", "plus": "+cmd|' /C calc'!A0", "minus": "-2+3", "at": "@SUM(A1)", "tab": "\t=1", "return": "\r=1",
}  # fmt: skip
NUMBERS = {"negative": "-0.5", "signed": "+3", "tiny": "-1e-9", "infinite": "-inf", "odd": "nan", "word": "a=b"}


def test_no_text_becomes_a_formula_and_numbers_stay(tmp_path: Path) -> None:
    log("=HYPERLINK()", {**FORMULAS, **NUMBERS}, {"-tag": "=2"}, value=-1.5)
    (row,) = exported(tmp_path, "--filter", "metrics.loss < 0")
    assert {key: row[f"params.{key}"] for key in FORMULAS} == {key: f"'{text}" for key, text in FORMULAS.items()}
    assert {key: row[f"params.{key}"] for key in NUMBERS} == NUMBERS
    assert (row["metrics.loss"], row["tags.-tag"], row["tags.mlflow.runName"]) == ("-1.5", "'=2", "'=HYPERLINK()")
    (row,) = exported(tmp_path, "--filter", "metrics.loss < 0", "--raw")
    assert {key: row[f"params.{key}"] for key in FORMULAS} == FORMULAS


def test_keys_of_the_history_are_texts_as_well(tmp_path: Path) -> None:
    services = connect(read_settings())
    new = services.tracking.runs.create(NewRun("0")).info.run_id
    services.tracking.runs.log([LogBatch(new, series={"-key": MetricColumns([0], [5], [-2.0])})])
    services.close()
    (row,) = exported(tmp_path, "--history", "--filter", "metrics.`-key` < 0")
    assert (row["key"], row["value"]) == ("'-key", "-2.0")


def test_what_fails_midway_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "out.csv"
    target.parent.mkdir()
    target.write_text("old")
    database = sqlite3.connect(tmp_path / "runs.db")
    # The second run that is read cannot be.
    (last,) = database.execute("SELECT max(id) FROM segments").fetchone()
    database.execute("UPDATE segments SET data = x'00' WHERE id = ?", (last,))
    database.commit()
    database.close()
    assert run("csv", str(target), "--history", "--order-by", "metrics.loss ASC") == 1
    assert (target.read_text(), list(target.parent.iterdir())) == ("old", [target])
    target.unlink()
    assert run("csv", str(target), "--history", "--order-by", "metrics.loss ASC") == 1
    assert list(target.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a device that is always full")
def test_a_full_disk_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("csv", "/dev/full") == 1
    assert "cannot be written: No space left" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("csv", str(tmp_path / "none" / "out.csv")) == 1
    assert "Name a file in a folder that exists" in capsys.readouterr().err


def test_parquet_has_types_and_nulls(tmp_path: Path) -> None:
    run_id = log("odd", {"p0": "-1"}, value=float("nan"))
    services = connect(read_settings())
    services.tracking.runs.create(NewRun("0", run_name="empty", start_time=7))
    services.close()
    target = tmp_path / "out.parquet"
    assert run("parquet", str(target)) == 0
    table = pq.read_table(target)
    assert table.column_names == columns_of_search_runs()
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert (types["start_time"], types["metrics.loss"], types["params.p0"]) == (
        "timestamp[ms, tz=UTC]",
        "double",
        "string",
    )
    rows = {row["run_id"]: row for row in table.to_pylist()}
    assert str(rows.pop(run_id)["metrics.loss"]) == "nan"
    assert sorted(str(row["metrics.loss"]) for row in rows.values()) == ["0.5", "1.5", "None"]


def test_parquet_of_points(tmp_path: Path) -> None:
    target = tmp_path / "points.parquet"
    assert run("parquet", str(target), "--history", "--order-by", "metrics.loss ASC") == 0
    table = pq.read_table(target)
    assert [str(field.type) for field in table.schema] == [
        "string",
        "string",
        "int64",
        "timestamp[ms, tz=UTC]",
        "double",
    ]
    assert table["value"].to_pylist() == [0.1, 0.5, 0.1, 1.5]
    assert [row["timestamp"].timestamp() for row in table.to_pylist()[:2]] == [0.005, 0.006]


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "treering.exchange.tables.parquet", raising=False)
    monkeypatch.setattr(TABLES, "_loaded", {})
    assert run("parquet", str(tmp_path / "out.parquet")) == 1
    assert "pip install 'treering[pandas]'" in capsys.readouterr().err
    assert not (tmp_path / "out.parquet").exists()
