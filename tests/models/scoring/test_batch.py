"""Whole jobs: the same predictions as of the model itself, in order, whatever the format, and nothing half."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from scoring_jobs import read, score, write
from treering.core.errors import Conflict, InvalidInput, NotFound, StorageFull, Unavailable
from treering.models.folder import SaveOptions, save
from treering.models.python_model import PythonModel
from treering.models.scoring import batch, scorer
from treering.models.scoring.outputs.text import TextOutput
from treering.models.scoring.parts import Parts

pytestmark = pytest.mark.usefixtures("small_pieces")


@pytest.mark.parametrize("source", ["csv", "csv.gz", "json", "jsonl", "jsonl.gz", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl.gz", "parquet"])
def test_each_format_gives_the_models_own_predictions(
    model: Path, linear: LinearRegression, rows: pd.DataFrame, tmp_path: Path, source: str, target: str
):
    given = write(rows, tmp_path / f"in.{source}")
    done = score(model, given, tmp_path / f"out.{target}", keep=("key",), chunk_rows=100)
    found = read(tmp_path / f"out.{target}")
    assert done.rows == len(rows)
    assert found["key"].tolist() == rows["key"].tolist()
    np.testing.assert_allclose(found["prediction"], linear.predict(rows[["a", "b"]]), rtol=1e-12, atol=1e-12)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([given.name, f"out.{target}"])


@pytest.mark.parametrize("source", ["csv", "parquet"])
def test_several_processes_keep_the_order(
    model: Path, linear: LinearRegression, rows: pd.DataFrame, tmp_path: Path, source: str
):
    for number in range(3):
        write(rows.iloc[number * 1000 : (number + 1) * 1000], tmp_path / f"in-{number}.{source}")
    done = score(model, f"{tmp_path}/in-*.{source}", tmp_path / "out.csv", keep=("*",), workers=2)
    found = read(tmp_path / "out.csv")
    assert done.workers == 2
    assert found["key"].tolist() == rows["key"].tolist()
    np.testing.assert_allclose(found["prediction"], linear.predict(rows[["a", "b"]]), rtol=1e-12, atol=1e-12)


def test_a_folder_is_scored_without_what_is_hidden(model: Path, rows: pd.DataFrame, tmp_path: Path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "_temporary").mkdir()
    write(rows.iloc[:10], tmp_path / "in" / "a.parquet")
    write(rows.iloc[10:20], tmp_path / "in" / "deep" / "b.parquet")
    write(rows, tmp_path / "in" / "_temporary" / "c.parquet")
    (tmp_path / "in" / "_SUCCESS").touch()
    score(model, tmp_path / "in", tmp_path / "out.parquet", keep=("key",))
    assert read(tmp_path / "out.parquet")["key"].tolist() == rows["key"].tolist()[:20]


def test_rows_without_a_line_end_and_with_windows_ones_are_scored(model: Path, tmp_path: Path):
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\r\n5,6")
    assert score(model, tmp_path / "in.csv", tmp_path / "out.csv").rows == 3


def test_whole_numbers_at_the_top_do_not_forbid_others_below(tmp_path: Path):
    (tmp_path / "in.csv").write_text("x,y\n" + "1,\n" * 200_000 + "0.5,text\n")  # more than what types are guessed by

    def sees(model_input: Any) -> Any:
        return model_input["x"] * 2

    save("pyfunc", sees, tmp_path / "sees", SaveOptions(watch=0))
    score(tmp_path / "sees", tmp_path / "in.csv", tmp_path / "out.csv", keep=("y",))
    found = read(tmp_path / "out.csv")
    assert found["prediction"].iloc[[0, -1]].tolist() == [2.0, 1.0]
    assert found["y"].iloc[-1] == "text"


def test_a_file_without_rows_gives_one_without_rows(model: Path, tmp_path: Path):
    (tmp_path / "in.csv").write_text("a,b\n")
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        assert score(model, tmp_path / "in.csv", tmp_path / name).rows == 0
    assert (tmp_path / "out.csv").read_text() == "prediction\n"
    assert read(tmp_path / "out.parquet").columns.tolist() == ["prediction"]


def test_a_value_that_is_no_number_names_its_row(model: Path, rows: pd.DataFrame, tmp_path: Path):
    good = rows[["a", "b"]].to_csv(index=False).splitlines()
    good[1234] = "oops,1"
    (tmp_path / "in.csv").write_text("\n".join(good))
    with pytest.raises(InvalidInput, match=r"in row 1234: .*'oops'"):
        score(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    lines = rows[["a", "b"]].to_json(orient="records", lines=True).splitlines() * 20
    lines[52345] = '{"a": "oops", "b": 1}'
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    with pytest.raises(InvalidInput, match="in row 52346: "):
        score(model, tmp_path / "in.jsonl", tmp_path / "out.csv")


class Fussy(PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        del context
        if (model_input["a"] < 0).any():
            message = "no negative numbers"
            raise ValueError(message)
        return model_input["a"] + (params or {}).get("more", 0)


@pytest.fixture(scope="module")
def fussy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "fussy"
    save("pyfunc", Fussy(), folder, SaveOptions(watch=0, input_example=(pd.DataFrame({"a": [1.0]}), {"more": 0.0})))
    return folder


@pytest.mark.parametrize("source", ["csv", "parquet"])
def test_a_row_that_the_model_fails_on_is_named(fussy: Path, tmp_path: Path, source: str):
    frame = pd.DataFrame({"a": np.arange(3000.0)})
    frame.loc[2221, "a"] = -1
    given = write(frame, tmp_path / f"in.{source}")
    with pytest.raises(InvalidInput, match=r"failed on row 2222 of .*: ValueError: no negative numbers"):
        score(fussy, given, tmp_path / "out.csv", chunk_rows=500)
    assert not (tmp_path / "out.csv").exists()


def test_parameters_reach_the_model(fussy: Path, tmp_path: Path):
    given = write(pd.DataFrame({"a": [1.0, 2.0]}), tmp_path / "in.csv")
    score(fussy, given, tmp_path / "out.csv", params={"more": 10.0})
    assert read(tmp_path / "out.csv")["prediction"].tolist() == [11.0, 12.0]


def test_a_job_goes_on_from_where_it_failed(fussy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    given = write(pd.DataFrame({"a": np.arange(3000.0)}), tmp_path / "in.csv")
    asked: list[int] = []
    real = scorer.alone

    def failing(recipe: Any, pieces: Any, part_of: Any) -> Any:
        for event in real(recipe, pieces, part_of):
            asked.append(getattr(event, "index", -1))
            yield event
            if asked[-1] == 1:
                message = "no more"
                raise Unavailable(message)

    monkeypatch.setitem(batch._HANDS._loaded, "alone", failing)
    with pytest.raises(Unavailable):
        score(fussy, given, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    asked.clear()
    monkeypatch.setitem(batch._HANDS._loaded, "alone", real)
    done = score(fussy, given, tmp_path / "out.csv", resume=True)
    assert 0 < done.resumed_rows < 3000
    assert read(tmp_path / "out.csv")["prediction"].tolist() == list(np.arange(3000.0))
    assert not list(tmp_path.glob(".*treering"))


def _half(fussy: Path, tmp_path: Path) -> Path:
    """A job that failed with its first parts done."""
    frame = pd.DataFrame({"a": np.arange(3000.0)})
    frame.loc[2900, "a"] = -1
    given = write(frame, tmp_path / "in.csv")
    with pytest.raises(InvalidInput):
        score(fussy, given, tmp_path / "out.csv")
    return given


def test_a_job_does_not_go_on_with_another_input(fussy: Path, tmp_path: Path):
    given = _half(fussy, tmp_path)
    given.write_text(given.read_text().replace("-1.0", "1.0"))
    with pytest.raises(InvalidInput, match="the input"):
        score(fussy, given, tmp_path / "out.csv", resume=True)
    assert list(tmp_path.glob(".out.csv.treering/*.part"))
    assert score(fussy, given, tmp_path / "out.csv").resumed_rows == 0


def test_a_part_that_a_crash_spoilt_is_made_again(fussy: Path, tmp_path: Path):
    given = _half(fussy, tmp_path)
    stat = given.stat()
    given.write_text(given.read_text().replace("-1.0", "91.0"))
    os.utime(given, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert given.stat().st_size == stat.st_size
    part = min(tmp_path.glob(".out.csv.treering/*.part"))
    part.write_bytes(b"7" * part.stat().st_size)
    with (part.parent / "done.jsonl").open("ab") as file:
        file.write(b'{"index": 99, "ro')  # cut by the crash
    score(fussy, given, tmp_path / "out.csv", resume=True)
    found = read(tmp_path / "out.csv")["prediction"].tolist()
    assert found[:100] == list(np.arange(100.0))
    assert len(found) == 3000


def test_two_jobs_do_not_write_one_output(model: Path, rows: pd.DataFrame, tmp_path: Path):
    given = write(rows, tmp_path / "in.csv")
    with Parts(str(tmp_path / "out.csv"), resume=False), pytest.raises(Conflict, match="Another process"):
        score(model, given, tmp_path / "out.csv")
    assert score(model, given, tmp_path / "out.csv").rows == len(rows)


def test_a_full_disk_is_told_and_what_is_done_is_kept(fussy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    given = write(pd.DataFrame({"a": np.arange(3000.0)}), tmp_path / "in.csv")
    real = TextOutput.append

    def full(self: TextOutput, part: str, columns: Any) -> None:
        if part.endswith("000002.part"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(self, part, columns)

    with monkeypatch.context() as patched:
        patched.setattr(TextOutput, "append", full)
        with pytest.raises(StorageFull, match="--resume goes on"):
            score(fussy, given, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert score(fussy, given, tmp_path / "out.csv", resume=True).resumed_rows > 0


def test_missing_columns_are_told_before_anything_is_read(model: Path, rows: pd.DataFrame, tmp_path: Path):
    given = write(rows.drop(columns="b"), tmp_path / "in.csv")
    with pytest.raises(InvalidInput, match=r"lacks columns .*\['b'\]"):
        score(model, given, tmp_path / "out.csv")
    with pytest.raises(InvalidInput, match="--keep"):
        score(model, write(rows, tmp_path / "in.csv"), tmp_path / "out.csv", keep=("c",))
    with pytest.raises(InvalidInput, match="Leave them out of what is kept"):
        frame = rows.assign(prediction=1)
        score(model, write(frame, tmp_path / "in.csv"), tmp_path / "out.csv", keep=("prediction",))
    with pytest.raises(NotFound):
        score(model, tmp_path / "nothing.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_model_that_takes_an_array_gets_the_columns_as_one(tmp_path: Path):
    array = np.random.default_rng(0).normal(size=(500, 3))
    fitted = LinearRegression().fit(array, array.sum(axis=1))
    save("sklearn", fitted, tmp_path / "m", SaveOptions(watch=0, input_example=array[:2]))
    frame = pd.DataFrame(np.round(array), columns=list("xyz")).astype(int).assign(label="z")
    for name in ("in.csv", "in.parquet", "in.jsonl"):
        given = write(frame, tmp_path / name)
        score(tmp_path / "m", given, tmp_path / "out.csv", columns=("x", "y", "z"), keep=("label",))
        found = read(tmp_path / "out.csv")
        np.testing.assert_allclose(found["prediction"], fitted.predict(np.round(array)))
        assert set(found["label"]) == {"z"}


SCRIPT = """
import sys
from treering.cli.main import main
sys.argv[1:1] = ["models", "predict"]
main()
"""


def _command(model: Path, given: Path, output: Path, *more: str, slowly: float = 0.05) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "-m", str(model), "-i", str(given), "-o", str(output), *more],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "SLOWLY": str(slowly), "TREERING_ALLOW_MODEL_CODE": "true"}, start_new_session=True,
    )  # fmt: skip


def slowly(model_input: Any) -> Any:
    time.sleep(float(os.environ.get("SLOWLY", "0")))
    return model_input["a"]


@pytest.fixture
def slow(tmp_path: Path) -> tuple[Path, Path, pd.DataFrame]:
    save("pyfunc", slowly, tmp_path / "slow", SaveOptions(watch=0))
    frame = pd.DataFrame({"a": np.arange(400_000.0)})
    frame.to_parquet(tmp_path / "in.parquet", row_group_size=10_000)
    return tmp_path / "slow", tmp_path / "in.parquet", frame


def _children(folder: Path) -> list[int]:
    """Processes that work on something in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"scoring.worker" in (entry / "cmdline").read_bytes():
                environment = (entry / "environ").read_bytes()
                if b"SLOWLY" in environment and str(folder).encode() in (entry / "cwd").readlink().as_posix().encode():
                    found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.parametrize("ended", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_command_leaves_nothing_half_and_goes_on(
    slow: tuple[Path, Path, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: signal.Signals
):
    monkeypatch.chdir(tmp_path)
    model, given, frame = slow
    output = tmp_path / "out.parquet"
    process = _command(model, given, output, "--workers", "2", "--chunk-rows", "2000")
    parts = tmp_path / ".out.parquet.treering"
    deadline = time.monotonic() + 120
    while len(list(parts.glob("*.part"))) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(ended)
    _, words = process.communicate(timeout=60)
    assert process.returncode == (130 if ended == signal.SIGINT else -9)
    assert not output.exists()
    if ended == signal.SIGINT:
        assert "--resume goes on" in words
        assert "Traceback" not in words
    while _children(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _children(tmp_path) == []
    again = _command(model, given, output, "--workers", "2", "--resume", slowly=0)
    _, words = again.communicate(timeout=120)
    assert again.returncode == 0, words
    assert "by an earlier try" in words
    assert pd.read_parquet(output)["prediction"].equals(frame["a"])
    assert not parts.exists()


def test_a_worker_that_dies_is_told(tmp_path: Path):
    def dies(model_input: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)
        return model_input

    save("pyfunc", dies, tmp_path / "dies", SaveOptions(watch=0))
    given = write(pd.DataFrame({"a": np.arange(3000.0)}), tmp_path / "in.csv")
    with pytest.raises(Unavailable, match=r"signal 9.*fewer --workers"):
        score(tmp_path / "dies", given, tmp_path / "out.csv", workers=2)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_rows(model: Path, tmp_path: Path):
    script = (
        "import sys\n"
        "from treering.models.scoring.batch import score\n"
        "from treering.models.scoring.job import BatchJob, Recipe\n"
        "model, given, output = sys.argv[1:]\n"
        "score(BatchJob(Recipe(model, 'parquet', 'parquet', keep=('*',)), (given,), output, workers=1))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    peaks = []
    for count in (200_000, 2_000_000):
        values = np.random.default_rng(0).normal(size=count)
        pd.DataFrame({"a": values, "b": values}).to_parquet(tmp_path / "in.parquet", row_group_size=100_000)
        done = subprocess.run(
            [sys.executable, "-c", script, str(model), str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout))
    # Ten times the rows are 48 MB more of data.
    assert peaks[1] - peaks[0] < 25_000, json.dumps(peaks)
