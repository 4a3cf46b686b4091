"""`treering models`: predictions from files, a server for a folder or a URI, and wrong usage."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import urllib3
from click.testing import CliRunner, Result
from sklearn.linear_model import Ridge

from treering.cli.commands.models import models
from treering.core.errors import InvalidInput, NotFound, NotSupported, PermissionDenied
from treering.core.settings import Settings
from treering.models.folder import SaveOptions, save

TABLE = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
BODY = json.dumps({"dataframe_split": TABLE.to_dict("split")})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save("sklearn", Ridge().fit(TABLE, [1.0, 2.0]), tmp_path / "m", SaveOptions(input_example=TABLE))
    return tmp_path / "m"


def _call(*arguments: str, text: str | None = None, settings: Settings | None = None) -> Result:
    result = CliRunner().invoke(models, list(arguments), input=text, obj=settings or Settings())
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_predict_reads_json_from_stdin(folder: Path):
    answer = json.loads(_call("predict", "-m", str(folder), text=BODY).stdout)
    assert answer["predictions"] == pytest.approx([1.25, 1.75])


def test_predict_reads_csv_and_writes_a_file(folder: Path, tmp_path: Path):
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    out = tmp_path / "out.json"
    done = _call("predict", "-m", f"file://{folder}", "-i", str(tmp_path / "in.csv"), "-o", str(out), "-t", "csv")
    assert done.stdout == ""
    assert json.loads(out.read_text())["predictions"] == pytest.approx([1.25, 1.75])


def test_wrong_input_is_told(folder: Path, tmp_path: Path):
    with pytest.raises(NotFound, match="--input-path"):
        _call("predict", "-m", str(folder), "-i", str(tmp_path / "missing.json"))
    with pytest.raises(NotFound, match="is no model"):
        _call("predict", "-m", str(tmp_path / "nothing"), text=BODY)
    with pytest.raises(InvalidInput, match="exactly one of the input fields"):
        _call("predict", "-m", str(folder), text="{}")
    with pytest.raises(NotSupported, match="--env-manager conda"):
        _call("predict", "-m", str(folder), "--env-manager", "conda", text=BODY)


@pytest.mark.parametrize(
    "arguments",
    [["serve"], ["serve", "-m", "x", "-p", "70000"], ["serve", "-m", "x", "-w", "0"], ["serve", "-m", "x", "-t", "0"],
     ["predict", "-m", "x", "-t", "xml"]],
)  # fmt: skip
def test_wrong_usage(arguments: list[str]):
    assert _call(*arguments).exit_code == 2


def double(rows: Any) -> Any:
    return rows * 2


def test_code_of_others_is_refused_unless_the_settings_allow_it(tmp_path: Path):
    save("pyfunc", double, tmp_path / "m")
    with pytest.raises(PermissionDenied, match="TREERING_ALLOW_MODEL_CODE"):
        _call("predict", "-m", str(tmp_path / "m"), text=BODY, settings=Settings(home=str(tmp_path / "home")))
    allowed = Settings(home=str(tmp_path / "home"), allow_model_code=True)
    assert "predictions" in _call("predict", "-m", str(tmp_path / "m"), text=BODY, settings=allowed).output


LAB = """
from sklearn.base import BaseEstimator, RegressorMixin

class Doubled(RegressorMixin, BaseEstimator):
    def predict(self, rows):
        return rows["a"].to_numpy() * 2
"""


def test_names_that_are_trusted_are_read_and_the_others_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a_lab_of_tests.py").write_text(LAB)
    monkeypatch.syspath_prepend(tmp_path)
    made = importlib.import_module("a_lab_of_tests").Doubled()
    pickled = {"serialization_format": "pickle"}
    save("sklearn", made, tmp_path / "m", SaveOptions(pip_requirements=[], flavour=pickled))
    settings = Settings(home=str(tmp_path / "home"))
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    files = ["predict", "-m", str(tmp_path / "m"), "-i", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")]
    with pytest.raises(PermissionDenied):
        _call(*files, "--trust", "another.*", settings=settings)
    assert not (tmp_path / "out.csv").exists()
    for trust in ("a_lab_of_tests.*", "*"):
        _call(*files, "--trust", trust, settings=settings)
        assert pd.read_csv(tmp_path / "out.csv")["prediction"].tolist() == [0.0, 2.0]
    asked = _call("predict", "-m", str(tmp_path / "m"), "--trust", "*", text=BODY, settings=settings)
    assert json.loads(asked.stdout)["predictions"] == [0.0, 2.0]


def test_scan_tells_safe_models_from_others(tmp_path: Path):
    save("sklearn", Ridge().fit(TABLE, [1, 2]), tmp_path / "safe")
    save("pyfunc", double, tmp_path / "code")
    assert _call("scan", str(tmp_path / "safe")).exit_code == 0
    done = _call("scan", str(tmp_path / "code"), "--json")
    assert done.exit_code == 1
    report = json.loads(done.output)
    assert not report["safe"]
    assert "cloudpickle.cloudpickle._make_function" in report["findings"][0]["names"]


def _process(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from treering.cli.main import main; main()", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip


def test_serve_answers_until_it_is_told_to_stop(folder: Path):
    process = _process("models", "serve", "-m", str(folder), "-p", "0")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.partition(" at ")[2].partition(" ")[0]
        answer = urllib3.request("POST", url, body=BODY, headers={"Content-Type": "application/json"}, timeout=60)
        assert answer.json()["predictions"] == pytest.approx([1.25, 1.75])
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    finally:
        process.kill()
        process.communicate()


def test_serve_of_nothing_fails_with_a_message(tmp_path: Path):
    process = _process("models", "serve", "-m", str(tmp_path), "-p", "0")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is no model" in err
    assert "Traceback" not in err


def test_a_models_uri_is_fetched(folder: Path, monkeypatch: pytest.MonkeyPatch):
    # The place where URIs become folders has tests of its own; here only that the command goes through it.
    asked: list[str] = []

    def session(_settings: Settings) -> Any:
        return nullcontext(SimpleNamespace(tracking=None, registry=None))

    def locate(uri: str, *_stores: Any) -> str:
        asked.append(uri)
        return "memory://there"

    def download(_services: Any, _uri: str, _target: Path) -> Path:
        return folder

    monkeypatch.setattr("treering.cli.models.fetching.session", session)
    monkeypatch.setattr("treering.cli.models.fetching.locate", locate)
    monkeypatch.setattr("treering.cli.models.fetching.download_tree", download)
    answer = _call("predict", "-m", "models:/m/1", text=BODY)
    assert asked == ["models:/m/1"]
    assert json.loads(answer.stdout)["predictions"] == pytest.approx([1.25, 1.75])


def test_files_are_scored_by_the_ending_of_their_names(folder: Path, tmp_path: Path):
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    out = tmp_path / "out.parquet"
    done = _call("predict", "-m", str(folder), "-i", str(tmp_path / "in.csv"), "-o", str(out), "--keep", "a, b")
    assert done.stdout == ""
    assert "2 rows in" in done.stderr
    found = pd.read_parquet(out)
    assert found.columns.tolist() == ["a", "b", "prediction"]
    assert found["prediction"].tolist() == pytest.approx([1.25, 1.75])
    done = _call("predict", "-m", str(folder), "-i", f"{tmp_path}/*.csv", "-o", str(tmp_path / "out.jsonl"))
    assert [json.loads(line)["prediction"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == (
        pytest.approx([1.25, 1.75])
    )
    _call("predict", "-m", str(folder), "-i", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--parts")
    assert pd.read_csv(tmp_path / "out.csv" / "part-000000.csv")["prediction"].tolist() == pytest.approx([1.25, 1.75])
    with pytest.raises(InvalidInput, match="is a folder"):
        _call("predict", "-m", str(folder), "-i", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"))


def test_options_for_files_and_for_requests_are_told_apart(folder: Path, tmp_path: Path):
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    given = ["predict", "-m", str(folder), "-i", str(tmp_path / "in.csv")]
    with pytest.raises(InvalidInput, match="--content-type is for requests, and --resume for files"):
        _call(*given, "-t", "csv", "--resume")
    with pytest.raises(InvalidInput, match="needs --input-path and --output-path"):
        _call(*given)
    with pytest.raises(InvalidInput, match="Name it by --output-format"):
        _call(*given, "-o", str(tmp_path / "out"))
    with pytest.raises(InvalidInput, match="Choose jsonl"):
        _call(*given, "-o", str(tmp_path / "out.json"))
    with pytest.raises(InvalidInput, match="JSON object"):
        _call(*given, "-o", str(tmp_path / "out.csv"), "--params", "[1]")
    with pytest.raises(InvalidInput, match="NAME=VALUE"):
        _call(*given, "-o", str(tmp_path / "out.csv"), "--env", "x")
    with pytest.raises(InvalidInput, match="Choose one by --env-manager"):
        _call(*given, "-o", str(tmp_path / "out.csv"), "-r", "numpy")


def test_requirements_of_a_model_are_changed(folder: Path):
    done = _call("update-pip-requirements", "-m", str(folder), "add", "numpy==2.0", "extra-package")
    assert done.stdout.splitlines()[-1] == "extra-package"
    assert "numpy==2.0\n" in (folder / "requirements.txt").read_text()
    _call("update-pip-requirements", "-m", str(folder), "remove", "extra-package")
    assert "extra-package" not in (folder / "conda.yaml").read_text()
    assert _call("update-pip-requirements", "-m", str(folder), "swap", "x").exit_code == 2


def test_a_command_runs_again_in_the_models_environment(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Real environments are built in tests/environments; here the one that is there stands for them.
    seen: list[Any] = []

    def ready(manager: str, specification: Any, root: Path, _tell: Any) -> Path:
        seen.append((manager, specification, root))
        return Path(sys.executable)

    monkeypatch.setattr("treering.cli.models.elsewhere.ready", ready)
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    settings = Settings(environments_root=str(tmp_path / "root"))
    out = tmp_path / "out.csv"
    done = _call(
        "predict", "-m", str(folder), "-i", str(tmp_path / "in.csv"), "-o", str(out), "--keep", "a", "--resume",
        "--env-manager", "uv", "--install-mlflow", "-r", "numpy==2.0", "--env", "A=1",
        "--trust", "a.*", "--trust", "b.C", settings=settings,
    )  # fmt: skip
    assert done.exit_code == 0
    assert pd.read_csv(out).columns.tolist() == ["a", "prediction"]
    manager, specification, root = seen[0]
    assert (manager, root) == ("uv", tmp_path / "root")
    assert "numpy==2.0" in specification.requirements
    assert "mlflow" in specification.ours
    assert any(one.startswith("pyarrow") for one in specification.ours)
    assert _call("prepare-env", "-m", str(folder), settings=settings).stdout.strip() == sys.executable
    assert seen[1][0] == "virtualenv"
    assert not any(one.startswith("pyarrow") for one in seen[1][1].ours)
    failed = _call("predict", "-m", str(folder), "-i", "nothing.csv", "-o", str(out), "--env-manager", "uv")
    assert failed.exit_code == 1
