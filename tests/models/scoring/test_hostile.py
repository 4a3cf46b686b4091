"""Input that nobody should give, and models that nobody should make: told clearly, and nothing half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring_jobs import read, score, write
from treering.core.errors import AlreadyExists, Conflict, InvalidInput
from treering.models.folder import SaveOptions, save
from treering.models.scoring.parts import Parts

pytestmark = pytest.mark.usefixtures("small_pieces")


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_input_that_changes_while_it_is_read_gives_no_output(
    model: Path, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
):
    given = write(rows, tmp_path / f"in.{source}")
    real = Parts.note

    def touched(self: Parts, done: Any) -> None:
        real(self, done)
        if done.index == 0:
            frame = rows.assign(a=rows["a"] + 1)
            write(frame, tmp_path / f"new.{source}").replace(given)

    with monkeypatch.context() as patched:
        patched.setattr(Parts, "note", touched)
        with pytest.raises(Conflict, match=r"in\..* changed while it was read"):
            score(model, given, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == [given.name]
    assert score(model, given, tmp_path / "out.csv", resume=True).resumed_rows == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_thousand_files_become_one_in_their_order(model: Path, tmp_path: Path, workers: int):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(1000):
        (folder / f"{number:04}.csv").write_text(f"a,b,key\n{number},1,k{number}\n")
    done = score(model, folder, tmp_path / "out.parquet", keep=("key",), workers=workers)
    assert done.rows == 1000
    assert read(tmp_path / "out.parquet")["key"].tolist() == [f"k{number}" for number in range(1000)]


def test_files_whose_columns_differ_are_told(model: Path, tmp_path: Path):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("a,c\n1,2\n")
    with pytest.raises(InvalidInput, match=r"2\.csv lacks columns .*\['b'\]"):
        score(model, tmp_path / "*.csv", tmp_path / "out.csv")


def test_columns_stand_where_their_names_say_and_not_by_place(model: Path, tmp_path: Path):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("b,a\n2,1\n")
    score(model, tmp_path / "*.csv", tmp_path / "out.parquet")
    first, second = read(tmp_path / "out.parquet")["prediction"]
    assert first == second


@pytest.mark.parametrize("change", ["one less", "one more", "none", "a single value"])
def test_a_model_that_answers_with_another_number_of_rows_is_told(tmp_path: Path, change: str):
    def wrong(model_input: Any) -> Any:
        answer = model_input["a"].to_numpy()
        found = {"one less": answer[1:], "one more": np.append(answer, 0), "none": answer[:0], "a single value": 7.0}
        return found[change]

    save("pyfunc", wrong, tmp_path / "wrong", SaveOptions(watch=0))
    given = write(pd.DataFrame({"a": np.arange(300.0)}), tmp_path / "in.csv")
    with pytest.raises(InvalidInput, match=r"answered with \d+ rows when asked for 300.*"):
        score(tmp_path / "wrong", given, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "wrong"]


def test_a_model_may_answer_other_types_only_where_nothing_is_lost(tmp_path: Path):
    def fickle(model_input: Any) -> Any:
        return list(model_input["a"]) if model_input["a"].iloc[0] < 100 else [str(one) for one in model_input["a"]]

    save("pyfunc", fickle, tmp_path / "fickle", SaveOptions(watch=0))
    given = write(pd.DataFrame({"a": [f"{n}" for n in range(3000)]}).astype(float), tmp_path / "in.csv")
    score(tmp_path / "fickle", given, tmp_path / "out.csv")
    assert read(tmp_path / "out.csv")["prediction"].tolist() == list(range(3000))


def test_thousands_of_columns_pass_through(tmp_path: Path):
    def sums(model_input: Any) -> Any:
        return model_input.to_numpy().sum(axis=1)

    save("pyfunc", sums, tmp_path / "sums", SaveOptions(watch=0))
    names = [f"c{place}" for place in range(5_000)]
    given = write(pd.DataFrame(np.ones((3, 5_000)), columns=names), tmp_path / "in.csv")
    score(tmp_path / "sums", given, tmp_path / "out.parquet", keep=("*",))
    found = read(tmp_path / "out.parquet")
    assert found.shape == (3, 5_001)
    assert found["prediction"].tolist() == [5_000.0] * 3


@pytest.mark.parametrize("target", ["csv", "csv.gz", "jsonl", "parquet"])
def test_a_folder_of_files_holds_the_rows_in_their_order(model: Path, rows: pd.DataFrame, tmp_path: Path, target: str):
    given = write(rows, tmp_path / "in.csv")
    output = tmp_path / f"out.{target}"
    assert score(model, given, output, keep=("key",), folder=True).rows == len(rows)
    files = sorted(output.iterdir())
    assert len(files) > 5
    assert all(path.name.endswith(f".{target}") for path in files)
    found = pd.concat([read(path) for path in files])
    assert found["key"].tolist() == rows["key"].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", output.name]
    with pytest.raises(AlreadyExists, match="not replaced"):
        score(model, given, output, folder=True)
    (tmp_path / "empty.csv").write_text("a,b\n")
    score(model, tmp_path / "empty.csv", tmp_path / f"none.{target}", folder=True)
    assert len(list((tmp_path / f"none.{target}").iterdir())) == 1


def test_a_folder_that_filled_meanwhile_is_not_replaced(
    model: Path, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given = write(rows, tmp_path / "in.csv")
    real = Parts.publish

    def late(self: Parts) -> None:
        (tmp_path / "out.csv").mkdir()
        (tmp_path / "out.csv" / "theirs").touch()
        real(self)

    with monkeypatch.context() as patched:
        patched.setattr(Parts, "publish", late)
        with pytest.raises(AlreadyExists, match="--resume goes on"):
            score(model, given, tmp_path / "out.csv", folder=True)
    assert [path.name for path in (tmp_path / "out.csv").iterdir()] == ["theirs"]
    (tmp_path / "out.csv" / "theirs").unlink()
    assert score(model, given, tmp_path / "out.csv", folder=True, resume=True).resumed_rows == len(rows)


def test_an_input_may_be_replaced_by_its_output_but_not_among_others(model: Path, rows: pd.DataFrame, tmp_path: Path):
    given = write(rows, tmp_path / "in.csv")
    score(model, given, given, keep=("key", "a", "b"))
    assert read(given)["key"].tolist() == rows["key"].tolist()
    assert "prediction" in read(given).columns
    write(rows, tmp_path / "more.csv")
    with pytest.raises(InvalidInput, match="is the output, and one of the files"):
        score(model, tmp_path, given)
