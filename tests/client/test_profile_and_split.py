"""`treering.data.profile` and `split`: from files and frames, into runs, and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from click.testing import CliRunner

import treering
from treering.cli.main import main
from treering.core.errors import InvalidInput, NotFound

N = 500


@pytest.fixture(autouse=True)
def _own_home(fresh: Any) -> None:
    fresh()


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, N),
            "city": rng.choice(["Oslo", "Rome"], N),
            "patient": [f"p{place % 50}" for place in range(N)],
            "day": pd.date_range("2024-01-01", periods=N, freq="h"),
            "y": rng.random(N) < 0.3,
        }
    )


@pytest.fixture
def path(frame: pd.DataFrame, tmp_path: Path) -> Path:
    frame.to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path / "patients.csv"


def test_a_frame_and_its_file_have_the_same_profile(frame: pd.DataFrame, path: Path, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "p.parquet")
    of_frame = treering.data.profile(frame, target="y", name="x")
    for other in (
        path,
        str(tmp_path / "p.parquet"),
        pl.from_pandas(frame),
        {name: frame[name].to_numpy() for name in frame},
    ):
        made = treering.data.profile(other, target="y", name="x")
        assert [column.counts for column in made.profile.columns] == [
            column.counts for column in of_frame.profile.columns
        ]
        assert made.findings == of_frame.findings
    assert of_frame.columns == ("age", "city", "patient", "day", "y")
    assert of_frame["age"].kind == "number"
    assert "500 rows" in repr(of_frame)
    assert "srcdoc" in of_frame._repr_html_()


def test_a_profile_is_written_and_read_again(frame: pd.DataFrame, tmp_path: Path) -> None:
    made = treering.data.profile(frame)
    made.to_html(tmp_path / "new" / "a.html")
    made.to_json(tmp_path / "a.json")
    assert type(made).from_json(tmp_path / "a.json").profile == made.profile
    half = treering.data.profile(frame[:100], against=tmp_path / "a.json")
    assert half["age"].edges == made["age"].edges
    assert half.merge(treering.data.profile(frame[100:], against=made)).rows == N
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["a.html", "a.json", "new"]
    with pytest.raises(InvalidInput, match="no profile at"):
        treering.data.profile(frame, against="gone.json")


def test_a_profile_goes_into_the_run(frame: pd.DataFrame) -> None:
    with treering.start_run() as run:
        treering.data.profile(frame, name="patients", log=True)
    assert "What to look at" in treering.artifacts.load_text(f"runs:/{run.info.run_id}/profiles/patients.html")
    assert treering.artifacts.load_dict(f"runs:/{run.info.run_id}/profiles/patients.json")["rows"] == N


def test_parts_come_by_name_and_in_order(frame: pd.DataFrame) -> None:
    train, test = treering.data.split(frame, 0.2, stratify="y")
    assert (len(train), len(test)) == (400, 100)
    assert sorted([*train.index, *test.index]) == list(range(N))
    assert test["y"].mean() == pytest.approx(frame["y"].mean(), abs=0.01)
    made = treering.data.split(frame, {"a": 0.5, "b": 0.5}, group="patient", seed=3)
    assert not set(made.a["patient"]) & set(made["b"]["patient"])
    assert len(made) == 2
    with pytest.raises(AttributeError, match="no part 'c'"):
        _ = made.c
    with pytest.raises(InvalidInput, match="no part 'c'"):
        made["c"]


def test_all_forms_of_one_table_are_split_in_the_same_way(frame: pd.DataFrame, path: Path, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "p.parquet")
    expected = treering.data.split(frame, seed=9)
    ages = expected.test["age"].tolist()
    arrays = {name: frame[name].to_numpy() for name in frame}
    assert treering.data.split(arrays, seed=9).test["age"].tolist() == ages
    assert treering.data.split(pl.from_pandas(frame), seed=9).test["age"].to_list() == ages
    assert treering.data.split(frame[["age"]].to_numpy(), seed=9).test[:, 0].tolist() == ages
    of_csv = treering.data.split(path, seed=9)
    assert pd.read_csv(of_csv.test)["age"].tolist() == ages
    of_parquet = treering.data.split(tmp_path / "p.parquet", seed=9)
    assert pd.read_parquet(of_parquet.test)["age"].tolist() == ages
    digests = {tuple(part.digest for part in one.record.parts) for one in (expected, of_csv, of_parquet)}
    assert len(digests) == 1


def test_files_appear_beside_the_source_and_nothing_else_does(path: Path) -> None:
    made = treering.data.split(path, (0.6, 0.2, 0.2), key="patient")
    assert [one.name for one in made] == ["patients.train.csv", "patients.validation.csv", "patients.test.csv"]
    assert sorted(one.name for one in path.parent.iterdir() if one.is_file()) == sorted(
        ["patients.csv", "patients.split.json", *(one.name for one in made)]
    )
    record = json.loads((path.parent / "patients.split.json").read_text("utf-8"))
    assert (record["method"], record["columns"]) == ("key", {"key": "patient"})


def test_parts_of_an_earlier_split_are_told_about(path: Path, tmp_path: Path) -> None:
    assert not treering.data.split(path, (0.6, 0.2, 0.2), out=tmp_path / "parts").warnings
    again = treering.data.split(path, 0.4, out=tmp_path / "parts")
    assert [warning.split(" is of an earlier split")[0] for warning in again.warnings] == [
        f"{path.stem}.validation.csv"
    ]
    (tmp_path / "parts" / f"{path.stem}.validation.csv").unlink()
    assert not treering.data.split(path, 0.4, out=tmp_path / "parts").warnings


def test_a_split_that_fails_leaves_nothing(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"1,2\n")
    before = sorted(path.parent.iterdir())
    with pytest.raises(InvalidInput, match=r"patients\.csv"):
        treering.data.split(path)
    assert sorted(path.parent.iterdir()) == before


def test_a_split_in_a_run_is_recorded(frame: pd.DataFrame, path: Path) -> None:
    with treering.start_run() as run:
        made = treering.data.split(frame, stratify="y", seed=4, name="patients")
        treering.data.split(path, log=False)
    kept = treering.get_run(run.info.run_id)
    record = json.loads(kept.data.tags["treering.split"])
    assert (record["method"], record["seed"], record["columns"]) == ("stratified", 4, {"stratify": "y"})
    used = {one.context: one for one in kept.inputs.dataset_inputs}
    assert set(used) == {"train", "test"}
    assert used["test"].dataset.digest == made.record.parts[1].digest
    assert used["test"].dataset.name == "patients.test"
    assert treering.artifacts.load_dict(f"runs:/{run.info.run_id}/split.json")["rows"] == N


def test_a_split_of_a_file_in_a_run_names_its_files(path: Path) -> None:
    with treering.start_run() as run:
        treering.data.split(path)
    used = treering.get_run(run.info.run_id).inputs.dataset_inputs
    assert sorted(one.dataset.name for one in used) == ["patients.test.csv", "patients.train.csv"]


def test_what_cannot_be_split_is_refused(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no column 'sex'"):
        treering.data.split(frame, group="sex")
    with pytest.raises(NotFound):
        treering.data.split(tmp_path / "gone.csv")
    with pytest.raises(InvalidInput, match="Only files"):
        treering.data.split(frame, out=tmp_path)
    with pytest.raises(InvalidInput, match="different lengths"):
        treering.data.split({"a": [1, 2], "b": [1]})
    with pytest.raises(InvalidInput, match="add up to 1"):
        treering.data.split(frame, float("nan"))
    with pytest.raises(InvalidInput, match="a matrix"):
        treering.data.profile([1, 2, 3])
    (tmp_path / "no_rows.csv").write_text("a,b\n")
    with pytest.raises(InvalidInput, match="no rows"):
        treering.data.split(tmp_path / "no_rows.csv")


def run(*words: Any) -> Any:
    return CliRunner().invoke(main, ["data", *map(str, words)])


def test_the_command_profile(path: Path, tmp_path: Path) -> None:
    done = run("profile", path, "--target", "y", "-o", tmp_path / "report.html")
    assert done.exit_code == 0, done.output
    assert "patients.csv: 500 rows, 5 columns, 0 duplicate rows" in done.stdout
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert run("profile", path, "-o", tmp_path / "p.json").exit_code == 0
    done = run("profile", path, "--against", tmp_path / "p.json", "--json")
    assert json.loads(done.stdout)["rows"] == N
    done = run("profile", path, "--target", "no")
    assert done.exit_code == 1
    assert "no column 'no'" in done.stderr


def test_the_command_split(path: Path, tmp_path: Path) -> None:
    done = run(
        "split",
        path,
        "--parts",
        "train=0.5,tune=0.25,test=0.25",
        "--group",
        "patient",
        "--seed",
        3,
        "-o",
        tmp_path / "parts",
    )
    assert done.exit_code == 0, done.output
    assert "train: 250 rows (50.0%)" in done.stdout
    assert len(list((tmp_path / "parts").iterdir())) == 4
    assert json.loads(run("split", path, "--json").stdout)["seed"] == 0
    assert run("split", path, "--parts", "most").exit_code == 2
    assert "add up to 1" in run("split", path, "--parts", "0.5,0.6").stderr
