"""POST /invocations: the forms that are read, what comes back, and how bad input is told."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from treering.models.folder import SaveOptions, save
from treering.models.loading import load

ROWS = [[0.0, 1.0], [1.0, 0.0]]
TABLE = {"columns": ["a", "b"], "data": ROWS}
RECORDS = [{"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 0.0}]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": ROWS},
        {"instances": ROWS},
        {"inputs": [[0, 1], [1, 0]]},
        {"dataframe_split": TABLE},
        {"dataframe_records": RECORDS},
    ],
    ids=["inputs", "instances", "whole numbers", "split", "records"],
)
def test_a_model_of_arrays_takes_every_form(serve: Any, folders: Path, body: Any):
    assert serve(folders / "array").ask(body) == [0, 1]


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": TABLE},
        {"dataframe_split": {**TABLE, "index": [5, 6]}},
        {"dataframe_records": RECORDS},
        {"dataframe_records": [{**row, "extra": "x"} for row in RECORDS]},
        {"inputs": {"a": [0, 1], "b": [1, 0]}},
        {"inputs": RECORDS},
        {"instances": RECORDS},
        {"instances": ROWS},
    ],
    ids=["split", "split with index", "records", "extra column", "columns", "inputs", "instances", "rows"],
)
def test_a_model_of_tables_takes_every_form(serve: Any, folders: Path, body: Any):
    assert serve(folders / "table").ask(body) == [0, 1]


def test_csv_and_parquet(serve: Any, folders: Path):
    client = serve(folders / "table")
    frame = pd.DataFrame(RECORDS)
    assert client.post(frame.to_csv(index=False), "text/csv; charset=utf-8").json() == {"predictions": [0, 1]}
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    assert client.post(buffer.getvalue(), "application/vnd.apache.parquet").json() == {"predictions": [0, 1]}


def test_the_answer_is_that_of_the_model_in_this_process(serve: Any, folders: Path):
    rows = np.random.default_rng(0).normal(size=(50, 2))
    expected = load(folders / "array").predict(rows).tolist()
    assert serve(folders / "array").ask({"inputs": rows.tolist()}) == expected


def test_no_content_type_means_json(serve: Any, folders: Path):
    assert serve(folders / "array").post(json.dumps({"inputs": ROWS}), None).json() == {"predictions": [0, 1]}


def test_values_become_what_the_signature_says_and_nan_is_null(serve: Any, folders: Path):
    records = [
        {"n": 1.0, "x": 2, "text": "a", "day": "2020-05-01"},
        {"n": 2, "x": None, "text": "b", "day": "2020-05-02"},
    ]
    answer = serve(folders / "plain_echo").post(json.dumps({"dataframe_records": records}))
    assert b"NaN" not in answer.data
    assert answer.json()["predictions"] == [
        {"n": 1, "x": 2.0, "text": "a", "day": "2020-05-01T00:00:00"},
        {"n": 2, "x": None, "text": "b", "day": "2020-05-02T00:00:00"},
    ]


def test_nan_in_the_request_is_read_as_pythons_json_writes_it(serve: Any, folders: Path):
    answer = serve(folders / "bare").post('{"inputs": [NaN, 1.0, Infinity]}')
    assert answer.json() == {"predictions": [None, 1.0, None]}


def test_parameters_reach_the_model(serve: Any, folders: Path):
    client = serve(folders / "echo")
    body = {"dataframe_records": [{"n": 1, "x": 0.5, "text": "a", "day": "2020-01-01"}]}
    assert client.ask({**body, "params": {"k": 7}}) == {"k": 7}
    assert client.ask(body) == {"k": 1}
    wrong = client.post(json.dumps({**body, "params": {"k": "seven"}}))
    assert wrong.status == 400
    assert "'k'" in wrong.json()["message"]


def test_a_chat_is_answered_without_a_wrapper(serve: Any, folders: Path):
    chat = {"messages": [{"role": "user", "content": "hello"}]}
    assert serve(folders / "bare").post(json.dumps(chat)).json() == chat


ONE_FORM = "The input must be a JSON dictionary with exactly one of the input fields"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{not json", "Failed to parse input from JSON. Ensure that input is a valid JSON formatted string."),
        ("", "Failed to parse input from JSON"),
        (b"\xff\xfe", "Failed to parse input from JSON"),
        ("[" * 100_000, "Failed to parse input from JSON"),
        ("[1, 2]", ONE_FORM),
        ("3", ONE_FORM),
        ("{}", ONE_FORM),
        (json.dumps({"inputs": ROWS, "instances": ROWS}), ONE_FORM),
        (json.dumps({"inputs": ROWS, "params": 3}), "'params' must be a dictionary"),
        (json.dumps({"dataframe_split": [1]}), "Dataframe split format must be a dictionary. Got a list"),
        (json.dumps({"dataframe_records": {"a": 1}}), "Dataframe records format must be a list of records"),
        (
            json.dumps({"dataframe_split": {"columns": ["a"], "data": ROWS}}),
            "Provided dataframe_split field is not a valid dataframe representation in 'split' format",
        ),
        (json.dumps({"dataframe_split": {"rows": ROWS}}), "Provided dataframe_split field is not a valid dataframe"),
        (json.dumps({"dataframe_records": [1]}), "Provided dataframe_records field is not a valid dataframe"),
        (json.dumps({"dataframe_records": [{"a": 1.0}]}), "missing inputs ['b']"),
        (json.dumps({"dataframe_records": [{"a": "old", "b": 1.0}]}), "column a"),
        (json.dumps({"instances": 3}), "instances must be a list"),
    ],
)  # fmt: skip
def test_bad_bodies_are_told(serve: Any, folders: Path, body: Any, message: str):
    answer = serve(folders / "table").post(body)
    assert answer.status == 400
    assert answer.json()["error_code"] == "BAD_REQUEST"
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    "inputs", [[[1.0]], [[[1.0, 2.0]]], [["a", "b"]], [[1.0, 2.0], [3.0]], {"a": 1}, None],
    ids=["too few", "too deep", "text", "ragged", "dictionary", "null"],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_told(serve: Any, folders: Path, inputs: Any):
    answer = serve(folders / "array").post(json.dumps({"inputs": inputs}))
    assert answer.status == 400
    assert answer.json()["error_code"] == "BAD_REQUEST"


@pytest.mark.parametrize("body", [b'"\xff', b"\x00\x01"], ids=["bad text", "noise"])
def test_bad_tables_are_told(serve: Any, folders: Path, body: bytes):
    client = serve(folders / "table")
    for kind in ("text/csv", "application/vnd.apache.parquet"):
        answer = client.post(body, kind)
        assert answer.status == 400
        assert answer.json()["error_code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/json; version=1", "application/json; charset=latin-1", "nonsense"],
)
def test_other_types_are_refused(serve: Any, folders: Path, content_type: str):
    answer = serve(folders / "array").post(json.dumps({"inputs": ROWS}), content_type)
    assert answer.status == 415
    assert answer.json()["error_code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_body_that_is_too_large_is_refused(serve: Any, folders: Path):
    client = serve(folders / "array", body=64)
    assert client.ask({"inputs": ROWS}) == [0, 1]
    answer = client.post(json.dumps({"inputs": ROWS * 10}))
    assert answer.status == 413
    assert answer.json()["error_code"] == "REQUEST_TOO_LARGE"
    in_parts = client.post(iter([b"x" * 40, b"x" * 40]))  # of no stated length
    assert in_parts.status == 413


def test_a_models_failure_tells_nothing_of_the_server_unless_asked(serve: Any, folders: Path, caplog: Any):
    answer = serve(folders / "fail").post(json.dumps({"inputs": ROWS}), **{"X-Request-Id": "mine-1"})
    assert answer.status == 400
    assert "Encountered an unexpected error while evaluating the model" in answer.json()["message"]
    assert "mine-1" in answer.json()["message"]
    assert b"secret place" not in answer.data
    assert "stack_trace" not in answer.json()
    assert "secret place" in caplog.text
    told = serve(folders / "fail", show_traces=True).post(json.dumps({"inputs": ROWS}))
    assert "secret place" in told.json()["stack_trace"]


def test_an_answer_without_a_form_in_json_is_the_models_fault(serve: Any, tmp_path: Path):
    save("pyfunc", lambda _rows: object(), tmp_path / "m")
    answer = serve(tmp_path / "m").post('{"inputs": [1]}')
    assert answer.status == 400
    assert "unexpected error while evaluating the model" in answer.json()["message"]


def test_a_model_that_takes_too_long_is_given_up_and_the_server_lives(serve: Any, tmp_path: Path):
    # Waits for a file that the test makes, so that nothing here depends on how fast the machine is.
    gate = tmp_path / "gate"

    def wait(rows: Any) -> Any:
        import pathlib  # noqa: PLC0415 -- the function is pickled by value
        import time  # noqa: PLC0415

        while not pathlib.Path(str(rows[0])).exists():
            time.sleep(0.01)
        return [1]

    save("pyfunc", wait, tmp_path / "m", SaveOptions())
    client = serve(tmp_path / "m", timeout=0.2, waiting=1)
    body = json.dumps({"inputs": [str(gate)]})
    late = client.post(body)
    assert late.status == 504
    assert late.json()["error_code"] == "DEADLINE_EXCEEDED"
    # The thread is still busy, one request may wait, and the next is sent away.
    statuses: list[int] = []
    askers = [threading.Thread(target=lambda: statuses.append(client.post(body).status)) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert set(statuses) <= {429, 504}
    assert 429 in statuses
    assert client.get("/ping").status == 200
    gate.touch()
    for _ in range(200):
        answer = client.post(body)
        if answer.status == 200:
            break
    assert answer.json() == {"predictions": [1]}
