"""The predict protocol of TensorFlow Serving."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from treering.models.folder import SaveOptions, save

ROWS = [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("array", {"instances": ROWS}, {"predictions": [0, 1]}),
        ("array", {"instances": ROWS, "signature_name": "serving_default"}, {"predictions": [0, 1]}),
        ("array", {"inputs": ROWS}, {"outputs": [0, 1]}),
        ("table", {"instances": [{"a": 0, "b": 1}, {"b": 0, "a": 1}]}, {"predictions": [0, 1]}),
        ("table", {"inputs": {"a": [0, 1], "b": [1, 0]}}, {"outputs": [0, 1]}),
    ],
)
def test_rows_and_columns(asker: Any, folders: Path, name: str, body: Any, expected: Any):
    answer = asker(folders / name).post(body, kind="predict")
    assert (answer.status, json.loads(answer.body)) == (200, expected)


def test_parameters_and_bytes(asker: Any, folders: Path, tmp_path: Path):
    body = {"instances": [{"n": 1, "text": "a", "day": "2020-01-01"}], "parameters": {"k": 5}}
    assert json.loads(asker(folders / "echo").post(body, kind="predict").body) == {"predictions": {"k": 5}}
    example = pd.DataFrame({"picture": [b"\x00\xff", b""]})
    options = SaveOptions(input_example=example, pip_requirements=["pandas"])
    save("pyfunc", lambda rows: [len(one) for one in rows["picture"]], tmp_path / "m", options)
    row = {"picture": {"b64": base64.b64encode(b"\x00\x01\x02").decode()}}
    answer = asker(tmp_path / "m").post({"instances": [row]}, kind="predict")
    assert json.loads(answer.body) == {"predictions": [3]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no JSON"),
        ([1], "JSON object"),
        ({}, "exactly one of 'instances' and 'inputs'"),
        ({"instances": ROWS, "inputs": ROWS}, "exactly one"),
        ({"instances": ROWS, "surprise": 1}, "'surprise'"),
        ({"dataframe_split": {}}, "exactly one"),
        ({"instances": [[1.0]]}, "shape (1, 1)"),
    ],
)
def test_what_is_wrong_is_told(asker: Any, folders: Path, body: Any, words: str):
    answer = asker(folders / "array").post(body, kind="predict")
    assert answer.status == 400
    assert words in json.loads(answer.body)["error"]


def test_the_models_failure_and_other_bodies(asker: Any, folders: Path):
    assert asker(folders / "fail").post({"instances": ROWS}, kind="predict").status == 500
    assert asker(folders / "array").post(b"a\n1\n", "text/csv", kind="predict").status == 415
