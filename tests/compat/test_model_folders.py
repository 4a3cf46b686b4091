"""Model folders between Treering and the real MLflow: what one saves the other loads, and predicts the same."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from treering.models import example, mlmodel
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.python_model import PythonModel
from treering.models.signature import infer_signature
from treering.testing.flavours import TRUSTING

pytestmark = pytest.mark.peer

SCRIPT = Path(__file__).parent / "scripts" / "model_folders.py"
SMALL = pd.DataFrame({"a": [1.0, 2.0]})


class Adder(PythonModel):
    def __init__(self, number: int) -> None:
        self.number = number

    def load_context(self, context: Any) -> None:
        self.offset = int(Path(context.artifacts["offset"]).read_text())

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 -- the usual shape
        return model_input["a"] + self.number + self.offset + (params or {}).get("extra", 0)


def double(model_input: Any) -> Any:
    return np.asarray(model_input) * 2


def shout(words: list[str]) -> list[str]:
    return [word.upper() for word in words]


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, pd.Series]:
    return load_breast_cancer(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, table: Any, python_3: Path) -> Path:
    made = tmp_path_factory.mktemp("folders")
    rows, target = table
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target)
    save("sklearn", pipeline, made / "ours/pipeline", SaveOptions(input_example=rows.head(3), run_id="r" * 32))
    forest = RandomForestClassifier(5, random_state=0).fit(rows.to_numpy(), target)
    save("sklearn", forest, made / "ours/pickled", SaveOptions(flavour={"serialization_format": "cloudpickle"}))
    (made / "offset.txt").write_text("100")
    options = SaveOptions(input_example=(SMALL, {"extra": 2}), flavour={"artifacts": {"offset": made / "offset.txt"}})
    save("pyfunc", Adder(5), made / "ours/adder", options)
    save("pyfunc", double, made / "ours/double", SaveOptions(input_example=np.array([1.0, 2.0])))
    save("pyfunc", shout, made / "ours/shout", SaveOptions(input_example=["a", "b"]))
    environment = {"HOME": str(made), "PATH": os.environ["PATH"], "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [str(python_3), str(SCRIPT), str(made)], env=environment, cwd=made, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def answer(folder: Path) -> Any:
    return json.loads((folder / "answer.json").read_text())


def test_mlflow_predicts_with_our_folders(folder: Path, answer: Any, table: Any):
    rows, _ = table
    expected = load(folder / "ours/pipeline").predict(rows).tolist()
    assert answer["ours"]["pipeline"] == expected
    assert answer["ours"]["native"] == expected
    assert answer["ours"]["pickled"] == load(folder / "ours/pickled").predict(rows.to_numpy()).tolist()
    assert answer["ours"]["adder"] == [113.0, 114.0]
    assert answer["ours"]["adder example"] == [1.0, 2.0]
    assert answer["ours"]["double"] == [6.0]
    assert answer["ours"]["shout"] == ["X", "Y"]
    assert answer["ours"]["treering was needed"] is False


def test_we_predict_with_mlflows_folders(folder: Path, answer: Any, table: Any):
    rows, _ = table
    theirs = folder / "theirs"
    assert load(theirs / "pipeline").predict(rows).tolist() == answer["theirs"]["pipeline"]
    assert load(theirs / "pickled").predict(rows.to_numpy()).tolist() == answer["theirs"]["pickled"]
    assert load(theirs / "adder", TRUSTING).predict(SMALL, {"extra": 7}).tolist() == [113.0, 114.0]
    assert load(theirs / "double", TRUSTING).predict(np.array([3.0])).tolist() == [6.0]
    assert load(theirs / "shout", TRUSTING).predict(["x", "y"]) == ["X", "Y"]


@pytest.mark.parametrize("name", ["pipeline", "pickled", "adder", "double", "shout"])
def test_mlflows_mlmodel_file_survives(folder: Path, name: str):
    original = yaml.safe_load((folder / "theirs" / name / "MLmodel").read_text())
    kept = mlmodel.read(folder / "theirs" / name).to_dict()
    assert {key: value for key, value in original.items() if value is not None}.items() <= kept.items()


def test_mlflows_examples_are_read(folder: Path):
    adder = folder / "theirs/adder"
    data, params = example.read(adder, mlmodel.read(adder)) or (None, None)
    assert data.equals(SMALL)
    assert params == {"extra": 2}


def test_signatures_are_the_same_text(answer: Any):
    found = pd.DataFrame(
        {
            "long": [1, 2],
            "gaps": [0.5, None],
            "text": ["a", "b"],
            "flag": [True, False],
            "day": pd.to_datetime(["2020-01-01", "2020-01-02"]),
            "integer": np.array([1, 2], dtype="int32"),
            "float": np.array([1, 2], dtype="float32"),
            "lists": [[1.0, 2.0], [3.0]],
            "objects": [{"k": 1, "m": "x"}, {"k": 2}],
            "small": np.array([1, 2], dtype="uint8"),
            "bytes": [b"a", b"b"],
            "nullable": pd.array([1, None], dtype="Int64"),
            "empty": [None, None],
        }
    )
    samples = {
        "table": found,
        "array": np.ones((2, 3), dtype="float32"),
        "arrays": {"a": np.ones(3), "b": np.ones((3, 2), dtype="int64")},
        "dictionary": {"a": 1, "b": [1, 2], "c": "x", "d": None},
        "texts": ["a", "b"],
        "records": [{"a": 1, "b": "x"}, {"a": 2}],
        "number": 5,
        "nested": [[1, 2], [3]],
    }
    ours = {name: infer_signature(value).to_dict()["inputs"] for name, value in samples.items()}
    params = {"a": 1, "b": [1.5], "c": "x", "d": {"k": 1}}
    assert ours | {"params": infer_signature(params=params).to_dict()["params"]} == answer["signatures"]
