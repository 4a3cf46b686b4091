"""Bodies that are malformed, of the wrong type or shape, or meant to harm: a 4xx whose message names what is wrong."""

from __future__ import annotations

import gzip
import json
import pickle
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from model_server import ModelServer, Reply, served
from treering.models.folder import SaveOptions, save

ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
TARGET = [0, 1, 1, 0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A model of an array of two columns."""
    folder = tmp_path_factory.mktemp("array") / "model"
    save("sklearn", LogisticRegression().fit(ROWS, TARGET), folder, SaveOptions(input_example=ROWS))
    with served(folder, folder.parent / "run") as one:
        yield one


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A model of a table with the columns `width` and `height`."""
    folder = tmp_path_factory.mktemp("table") / "model"
    frame = pd.DataFrame(ROWS, columns=["width", "height"])
    save("sklearn", LogisticRegression().fit(frame, TARGET), folder, SaveOptions(input_example=frame))
    with served(folder, folder.parent / "run") as one:
        yield one


@pytest.fixture(autouse=True)
def _all_is_well_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "server" in request.fixturenames:
        one: ModelServer = request.getfixturevalue("server")
        assert one.post({"inputs": ROWS[:2].tolist()}).json() == {"predictions": [0, 1]}
        assert one.metric("treering_model_worker_restarts_total") == 0


def refused(reply: Reply, *words: str, status: int = 400) -> None:
    assert reply.status == status, reply.body[:500]
    assert len(reply.body) < 5_000  # what is wrong, and not all that was sent
    for word in words:
        assert word.lower() in reply.message.lower(), reply.message
    assert "Traceback" not in reply.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ["json"]),
        (b"{", ["json"]),
        (b"nothing", ["json"]),
        (b"\xff\xfe{}", []),
        (b'{"inputs": [[1, 2]]} trailing', ["json"]),
        (b"null", []),
        (b"[]", []),
        (b"17", []),
        (b'"inputs"', []),
        (b"{}", ["inputs", "instances", "dataframe_split"]),
        (b'{"inputs": [[1, 2]], "instances": [[1, 2]]}', []),
        (b'{"outputs": [[1, 2]]}', ["inputs"]),
        (b'{"inputs": null}', []),
        (b'{"inputs": []}', []),
        (b'{"inputs": [[]]}', []),
        (b'{"inputs": [[1]]}', ["shape"]),
        (b'{"inputs": [[1, 2, 3]]}', ["shape"]),
        (b'{"inputs": [[1, 2], [3]]}', []),
        (b'{"inputs": [[[1, 2]]]}', ["shape"]),
        (b'{"inputs": [["a", "b"]]}', []),
        (b'{"inputs": [[{}, []]]}', []),
        (b'{"inputs": "abc"}', []),
        (b'{"dataframe_split": {"columns": ["a"]}}', []),
        (b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', []),
        (b'{"dataframe_split": [1]}', []),
        (b'{"dataframe_records": {"a": 1}}', []),
        (b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", []),
        (b'{"inputs": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}", []),
        (b'{"inputs": [[' + b"9" * 100_000 + b", 1]]}", []),
        (b'{"inputs": [[1e400, 1]]}', []),
    ],
    ids=range(30),
)
def test_what_no_model_of_arrays_can_use_is_refused(server: ModelServer, body: bytes, words: list[str]):
    refused(server.post(body), *words)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused_with_their_place_or_predicted(server: ModelServer, word: str):
    reply = server.post(f'{{"inputs": [[0.5, 1], [{word}, 1]]}}'.encode())
    # JSON itself has no such numbers; where they are read, the model refuses them, and it is told where they are.
    refused(reply)
    assert "json" in reply.message.lower() or "column 0 has no finite number in row 1" in reply.message.lower()


def test_what_is_missing_is_told_by_its_place(server: ModelServer, tables: ModelServer):
    refused(server.post({"inputs": [[0.5, 1], [1, None]]}), "column 1", "row 1")
    refused(tables.post({"dataframe_records": [{"width": 1.0, "height": 2.0}, {"width": 1.0}]}), "'height'", "row 1")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"dataframe_records": [{"width": 1.0}]}, ["height"]),
        ({"dataframe_records": [{"width": 1.0, "height": "tall"}]}, ["height"]),
        ({"dataframe_split": {"columns": ["width", "hight"], "data": [[1.0, 2.0]]}}, ["height"]),
        ({"dataframe_split": {"columns": ["width", "height"], "data": [[1.0, "x"]]}}, ["height"]),
        ({"dataframe_split": {"columns": ["width", "width"], "data": [[1.0, 2.0]]}}, ["width"]),
        ({"dataframe_split": {"columns": ["width", {}], "data": [[1.0, 2.0]]}}, ["column"]),
        ({"dataframe_split": {"columns": 7, "data": [[1.0, 2.0]]}}, []),
        ({"dataframe_split": {"columns": ["width", "height"], "data": []}}, ["row"]),
        ({"inputs": {"width": [1.0, 2.0], "height": [1.0]}}, []),
        ({"inputs": {"width": [1.0]}}, ["height"]),
        ({"instances": [{"width": 1.0, "height": [1, 2]}]}, ["height"]),
    ],
    ids=range(11),
)
def test_the_column_that_is_wrong_is_named(tables: ModelServer, body: Any, words: list[str]):
    refused(tables.post(body), *words)


def test_columns_that_nobody_knows_are_passed_over_as_mlflow_does(tables: ModelServer):
    assert tables.post({"dataframe_records": [{"width": 0.0, "height": 1.0, "more": "x"}]}).json() == {
        "predictions": [0]
    }


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"width,height\n1.0,tall\n", "text/csv"),
        (b"width\n1.0\n", "text/csv"),
        (b"\xff\xfe\x00", "text/csv"),
        (b"", "text/csv"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "application/vnd.apache.parquet"),
        (b"", "application/vnd.apache.parquet"),
        (b"ARROW1\0\0" + b"x" * 50, "application/vnd.apache.arrow.stream"),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f", "application/vnd.apache.arrow.stream"),
    ],
    ids=[
        "a word",
        "a column less",
        "no text",
        "empty",
        "Parquet damaged",
        "Parquet empty",
        "Arrow damaged",
        "Arrow huge",
    ],
)
def test_tables_in_other_forms_that_cannot_be_read_are_refused(tables: ModelServer, data: bytes, content_type: str):
    refused(tables.post(data, content_type=content_type))


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return (Path.touch, (self.place,))


@pytest.mark.parametrize(
    "content_type",
    ["application/octet-stream", "application/vnd.bentoml+pickle", "application/x-pickle", "application/python-pickle"],
)
def test_no_body_is_ever_unpickled(server: ModelServer, tmp_path: Path, content_type: str):
    place = tmp_path / "made"
    for data in (pickle.dumps(Bomb(place)), pickle.dumps(np.array([[Bomb(place), 1]], dtype=object))):
        for path in ("/invocations", _infer(server)):
            reply = server.post(data, path, content_type)
            assert reply.status in {400, 415}, reply.body
    assert not place.exists()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("text/plain", 415), ("image/png", 415), ("multipart/form-data; boundary=x", 415), ("a" * 5000, 415), ("/", 415)],
)
def test_kinds_of_content_that_nobody_reads_are_refused(server: ModelServer, content_type: str, status: int):
    reply = server.post({"inputs": [[1, 2]]}, content_type=content_type)
    refused(reply, status=status)


@pytest.mark.parametrize("coding", ["br", "zstd", "no-such", "gzip, gzip, gzip"])
def test_a_coding_that_nobody_reads_is_refused_and_not_taken_for_broken_json(server: ModelServer, coding: str):
    refused(server.post(b"\x1f\x8b", **{"Content-Encoding": coding}), "encoding", status=415)


def test_compressed_bodies_are_read_and_bombs_are_not(server: ModelServer):
    body = json.dumps({"inputs": ROWS[:2].tolist()}).encode()
    coded = {"Content-Encoding": "gzip"}
    assert server.post(gzip.compress(body), **coded).json() == {"predictions": [0, 1]}
    refused(server.post(gzip.compress(body)[:-9], **coded))
    refused(server.post(body, **coded))
    # A gigabyte of nothing in a megabyte: it is given up at the limit, and never held whole.
    bomb = gzip.compress(b" " * (1 << 30), 9)
    refused(server.post(bomb, **coded), "bytes", status=413)
    held = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text("utf-8"))
    assert held
    assert int(held[1]) < 500 << 10


# The Open Inference Protocol


def _infer(server: ModelServer) -> str:
    return f"/v2/models/{_name(server)}/infer"


def _name(server: ModelServer) -> str:
    first = server.get("/v2/models").json()["models"][0]
    return str(first["name"] if isinstance(first, dict) else first)


def _input(server: ModelServer) -> str:
    return str(server.get(f"/v2/models/{_name(server)}").json()["inputs"][0]["name"])


def _tensor(server: ModelServer, **more: Any) -> dict[str, Any]:
    return {"name": _input(server), "shape": [1, 2], "datatype": "FP64", "data": [1.0, 0.0], **more}


def test_a_right_tensor_is_answered(server: ModelServer):
    answer = server.post({"id": "7", "inputs": [_tensor(server)]}, _infer(server))
    assert answer.status == 200
    assert answer.json()["id"] == "7"
    assert answer.json()["outputs"][0]["data"] == [1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": [1, 3]}, ["shape"]),
        ({"shape": [2, 2]}, ["shape"]),
        ({"shape": [-1, 2]}, ["shape"]),
        ({"shape": [1 << 62, 1 << 62]}, ["shape"]),
        ({"shape": "two"}, ["shape"]),
        ({"shape": [1.5, 2]}, ["shape"]),
        ({"shape": []}, ["shape"]),
        ({"datatype": "FP128"}, ["FP128"]),
        ({"datatype": 7}, ["datatype"]),
        ({"datatype": "BYTES", "data": ["a", "b"]}, []),
        ({"datatype": "INT32", "data": [1.5, 2.0]}, []),
        ({"datatype": "INT8", "data": [1000, 0]}, []),
        ({"data": ["a", "b"]}, []),
        ({"data": None}, []),
        ({"data": [[1.0], [2.0, 3.0]]}, []),
        ({"parameters": {"binary_data_size": 16}}, []),
    ],
    ids=range(16),
)
def test_a_tensor_that_does_not_fit_is_told_by_its_field(server: ModelServer, change: dict[str, Any], words: list[str]):
    refused(server.post({"inputs": [_tensor(server, **change)]}, _infer(server)), *words)


def test_the_tensor_that_lacks_is_named(tables: ModelServer):
    width, height = ({"name": name, "shape": [1], "datatype": "FP64", "data": [1.0]} for name in ("width", "height"))
    assert tables.post({"inputs": [width, height]}, _infer(tables)).status == 200
    refused(tables.post({"inputs": [width]}, _infer(tables)), "height")
    refused(tables.post({"inputs": [width, {**height, "name": "hight"}]}, _infer(tables)), "height")


@pytest.mark.parametrize(
    "body",
    [{}, {"inputs": []}, {"inputs": {}}, {"inputs": [7]}, {"inputs": None}, {"outputs": []}, []],
    ids=range(7),
)
def test_a_request_without_tensors_is_refused(server: ModelServer, body: Any):
    refused(server.post(body, _infer(server)))


def test_an_output_or_a_model_that_is_not_there_is_told(server: ModelServer):
    body = {"inputs": [_tensor(server)], "outputs": [{"name": "none such"}]}
    refused(server.post(body, _infer(server)), "none such")
    for path in ("/v2/models/other/infer", f"/v2/models/{_name(server)}/versions/99/infer"):
        assert server.post({"inputs": []}, path).status == 404


def _binary(server: ModelServer, size: int, data: bytes, stated: str | None = None, **more: Any) -> Reply:
    tensor = {"name": _input(server), "shape": [1, 2], "datatype": "FP64", "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [{**tensor, **more}]}).encode()
    length = {"Inference-Header-Content-Length": stated if stated is not None else str(len(head))}
    return server.post(head + data, _infer(server), "application/octet-stream", **length)


def test_tensors_in_binary_are_read_and_what_their_head_claims_is_checked(server: ModelServer):
    good = struct.pack("<2d", 1.0, 0.0)
    assert _binary(server, 16, good).status == 200
    refused(_binary(server, 16, good[:-1]))
    refused(_binary(server, 16, good + b"x"))
    refused(_binary(server, 8, good[:8]))
    refused(_binary(server, -16, good))
    refused(_binary(server, 1 << 62, good))
    refused(_binary(server, 16, good, shape=[1 << 40, 1 << 40]))
    refused(_binary(server, 16, good, datatype="BYTES"))
    for stated in ("-1", "0", "99999", "x", "1e3", ""):
        refused(_binary(server, 16, good, stated))


def test_lengths_inside_bytes_are_checked(server: ModelServer):
    for data in (b"\xff\xff\xff\xff", b"\x01\0\0\0", b"\x05\0\0\0ab", b"\0"):
        refused(_binary(server, len(data), data, datatype="BYTES"))
