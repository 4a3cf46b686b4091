"""Values of another type than the signature names are refused where they stand, and not made into something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treering.models.folder import SaveOptions, save
from treering.serving.hosting import FAILED, Answer, outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "m"
    options = SaveOptions(input_example=np.array([[1, 2]]), pip_requirements=["numpy"])
    save("pyfunc", lambda rows: rows, folder, options)
    return folder


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [[True, 1.0]]},
        {"instances": [[1, 2], [3, False]]},
        {"dataframe_split": {"data": [[True, 1.0]]}},
        {"dataframe_split": {"data": [[True, False]]}},
    ],
)
def test_truths_are_no_numbers(asker: Any, folders: Path, body: Any):
    answer = asker(folders / "array").post(body)
    assert answer.status == 400
    assert b"True" in answer.body or b"False" in answer.body


@pytest.mark.parametrize("rows", [[{"a": True, "b": 1.0}], [{"a": 0.5, "b": 1.0}, {"a": False, "b": 1.0}]])
def test_truths_are_no_numbers_in_a_column(asker: Any, folders: Path, rows: Any):
    answer = asker(folders / "table").post({"dataframe_records": rows})
    assert answer.status == 400
    assert b"column a" in answer.body


def test_whole_numbers_are_not_cut_off(asker: Any, whole: Path):
    host = asker(whole)
    assert host.ask({"inputs": [[1.0, 2]]}) == [[1, 2]]  # as whole as 1
    assert b"whole numbers" in host.post({"inputs": [[1.5, 2]]}).body
    request = {"inputs": [{"name": "x", "shape": [1.0, 2], "datatype": "INT64", "data": [1.0, 2]}]}
    assert host.post(request, kind="infer").status == 200
    request["inputs"][0]["data"] = [1.5, 2]
    assert b"'x'" in host.post(request, kind="infer").body


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": {"binary_data_output": 1}}, "binary_data_output"),
        ({"outputs": [{"name": "output-0", "parameters": {"binary_data": "yes"}}]}, "binary_data"),
        ({"inputs": [{"name": "x", "shape": [1.5, 2], "datatype": "FP64", "data": [1.0, 2.0]}]}, "'x' has the shape"),
    ],
)
def test_words_of_the_protocol_have_their_types(asker: Any, folders: Path, changes: Any, words: str):
    request = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0]}], **changes}
    answer = asker(folders / "array").post(request, kind="infer")
    assert answer.status == 400
    assert words in json.loads(answer.body)["error"]


@pytest.mark.parametrize("body", [{"signature_name": None}, {"parameters": 3}, {"params": []}])
def test_words_of_tensorflow_serving_have_their_types(asker: Any, folders: Path, body: Any):
    answer = asker(folders / "array").post({"instances": [[0.0, 1.0]], **body}, kind="predict")
    assert answer.status == 400
    assert next(iter(body)) in json.loads(answer.body)["error"]


def test_a_failure_of_the_model_is_told_from_a_wrong_request(asker: Any, folders: Path):
    rows = [[0.0, 1.0]]
    failed = asker(folders / "fail").post({"inputs": rows})
    assert (failed.status, outcome(failed)) == (400, 500)  # as MLflow has it, and as it is
    wrong = asker(folders / "array").post({"inputs": [[0.0]]})
    assert (wrong.status, outcome(wrong)) == (400, 400)
    assert outcome(Answer(200, b"", headers=((b"x", b"y"), FAILED))) == 200


def test_a_value_that_the_model_refuses_is_the_requests_fault(asker: Any, folders: Path):
    request = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1e308, 1e308]}]}
    infinite = {"instances": [[float("inf"), 1.0]]}
    host = asker(folders / "array")
    assert host.post(request, kind="infer").status in {200, 400}
    assert host.post(json.dumps(infinite).encode(), kind="invocations").status == 400
