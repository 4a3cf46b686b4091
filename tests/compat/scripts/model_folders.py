"""Run by the real MLflow: reads the folders that Treering saved, and saves the same models itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = Path(sys.argv[1])
TABLE, TARGET = load_breast_cancer(return_X_y=True, as_frame=True)
SMALL = pd.DataFrame({"a": [1.0, 2.0]})


class Adder(mlflow.pyfunc.PythonModel):
    def __init__(self, number: int) -> None:
        self.number = number

    def load_context(self, context: Any) -> None:
        self.offset = int(Path(context.artifacts["offset"]).read_text())

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 -- the usual shape
        return model_input["a"] + self.number + self.offset + (params or {}).get("extra", 0)


def double(model_input: Any) -> Any:
    return np.asarray(model_input) * 2


def shout(model_input: list[str]) -> list[str]:
    return [word.upper() for word in model_input]


def plain(value: Any) -> list[Any]:
    return np.asarray(value).tolist()


def read(name: str) -> mlflow.pyfunc.PyFuncModel:
    return mlflow.pyfunc.load_model(str(FOLDER / "ours" / name))


def ask_ours() -> dict[str, object]:
    return {
        "pipeline": plain(read("pipeline").predict(TABLE)),
        "native": plain(mlflow.sklearn.load_model(str(FOLDER / "ours/pipeline")).predict(TABLE)),
        "pickled": plain(read("pickled").predict(TABLE.to_numpy())),
        "adder": plain(read("adder").predict(SMALL, params={"extra": 7})),
        "adder example": plain(read("adder").input_example["a"]),
        "double": plain(read("double").predict(np.array([3.0]))),
        "shout": plain(read("shout").predict(["x", "y"])),
        "treering was needed": "treering" in sys.modules,
    }


def save_theirs() -> dict[str, object]:
    theirs = FOLDER / "theirs"
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(TABLE, TARGET)
    signature = infer_signature(TABLE, pipeline.predict(TABLE))
    mlflow.sklearn.save_model(pipeline, theirs / "pipeline", input_example=TABLE.head(3), signature=signature)
    forest = RandomForestClassifier(5, random_state=0).fit(TABLE.to_numpy(), TARGET)
    mlflow.sklearn.save_model(forest, theirs / "pickled", serialization_format="cloudpickle")
    offset = FOLDER / "their_offset.txt"
    offset.write_text("100")
    mlflow.pyfunc.save_model(
        theirs / "adder",
        python_model=Adder(5),
        artifacts={"offset": str(offset)},
        input_example=(SMALL, {"extra": 2}),
    )
    mlflow.pyfunc.save_model(theirs / "double", python_model=double, input_example=np.array([1.0, 2.0]))
    mlflow.pyfunc.save_model(theirs / "shout", python_model=shout, input_example=["a", "b"])
    return {"pipeline": plain(pipeline.predict(TABLE)), "pickled": plain(forest.predict(TABLE.to_numpy()))}


def signatures() -> dict[str, object]:
    table = pd.DataFrame(
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
        "table": table,
        "array": np.ones((2, 3), dtype="float32"),
        "arrays": {"a": np.ones(3), "b": np.ones((3, 2), dtype="int64")},
        "dictionary": {"a": 1, "b": [1, 2], "c": "x", "d": None},
        "texts": ["a", "b"],
        "records": [{"a": 1, "b": "x"}, {"a": 2}],
        "number": 5,
        "nested": [[1, 2], [3]],
    }
    found = {name: infer_signature(value).to_dict()["inputs"] for name, value in samples.items()}
    params = {"a": 1, "b": [1.5], "c": "x", "d": {"k": 1}}
    return found | {"params": infer_signature(None, None, params).to_dict()["params"]}


if __name__ == "__main__":
    answer = {"ours": ask_ours(), "theirs": save_theirs(), "signatures": signatures()}
    (FOLDER / "answer.json").write_text(json.dumps(answer))
