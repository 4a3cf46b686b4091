"""The Open Inference Protocol: tensors in JSON and as bytes, by model, and what is told of those that do not fit."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.serving.hosting import Answer, Call
from treering.serving.models.datatypes import DTYPES
from treering.testing.flavours import TRUSTING

ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0]])


def tensor(name: str, values: Any, datatype: str = "FP64", **more: Any) -> dict[str, Any]:
    values = np.asarray(values)
    return {"name": name, "shape": list(values.shape), "datatype": datatype, "data": values.ravel().tolist(), **more}


def binary(inputs: list[tuple[str, str, list[int], bytes]], **more: Any) -> Call:
    """A request with its tensors as bytes, as tritonclient writes it."""
    told = [
        {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(data)}}
        for name, datatype, shape, data in inputs
    ]
    head = json.dumps({"inputs": told, **more}).encode()
    body = head + b"".join(data for *_, data in inputs)
    length = ((b"inference-header-content-length", str(len(head)).encode()),)
    return Call(b"id", b"application/octet-stream", body, length)


def outputs(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return {one["name"]: one for one in json.loads(answer.body)["outputs"]}


def raw_outputs(answer: Answer) -> dict[str, bytes]:
    assert answer.status == 200, answer.body
    assert answer.content_type == b"application/octet-stream"
    length = int(dict(answer.headers)[b"inference-header-content-length"])
    head, at = json.loads(answer.body[:length]), length
    found = {}
    for one in head["outputs"]:
        size = one["parameters"]["binary_data_size"]
        found[one["name"]] = answer.body[at : at + size]
        at += size
    assert at == len(answer.body)
    return found


def message(answer: Answer) -> str:
    assert answer.status == 400, answer.body
    return json.loads(answer.body)["error"]


@pytest.mark.parametrize("data", [ROWS.ravel().tolist(), ROWS.tolist()], ids=["flat", "nested"])
def test_a_tensor_in_json(asker: Any, folders: Path, data: Any):
    request = {"id": "q1", "inputs": [{"name": "any", "shape": [3, 2], "datatype": "FP64", "data": data}]}
    answer = asker(folders / "array").post(request, kind="infer")
    assert json.loads(answer.body) == {
        "model_name": "m",
        "model_version": "1",
        "id": "q1",
        "outputs": [{"name": "output-0", "datatype": "INT64", "shape": [3], "data": [0, 1, 1]}],
    }
    assert answer.rows == 3


def test_tensors_as_bytes_both_ways(asker: Any, folders: Path):
    call = binary([("x", "FP64", [3, 2], ROWS.tobytes())], parameters={"binary_data_output": True})
    (answer,) = asker(folders / "array").calls([call], "infer")
    assert np.frombuffer(raw_outputs(answer)["output-0"], "<i8").tolist() == [0, 1, 1]


def test_bytes_in_and_json_out_unless_bytes_are_asked_for(asker: Any, folders: Path):
    call = binary([("x", "FP64", [3, 2], ROWS.tobytes())])
    (answer,) = asker(folders / "array").calls([call], "infer")
    assert outputs(answer)["output-0"]["data"] == [0, 1, 1]
    one = binary(
        [("x", "FP64", [3, 2], ROWS.tobytes())], outputs=[{"name": "output-0", "parameters": {"binary_data": True}}]
    )
    (answer,) = asker(folders / "array").calls([one], "infer")
    assert len(raw_outputs(answer)["output-0"]) == 24
    both = binary(
        [("x", "FP64", [3, 2], ROWS.tobytes())],
        parameters={"binary_data_output": True},
        outputs=[{"name": "output-0", "parameters": {"binary_data": False}}],
    )
    (answer,) = asker(folders / "array").calls([both], "infer")
    assert outputs(answer)["output-0"]["data"] == [0, 1, 1]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of columns of several types that answers with what it was given."""
    from treering.models.python_model import PythonModel  # noqa: PLC0415 -- pickled by value, with its class

    class Echo(PythonModel):
        def predict(self, context: Any, model_input: Any) -> Any:  # noqa: ARG002 -- the usual shape
            return model_input

    folder = tmp_path_factory.mktemp("mixed") / "m"
    table = pd.DataFrame({"n": [1, 2, 3], "x": [0.5, 1.5, 2.5], "text": ["a", "b", "c"], "flag": [True, False, True]})
    save("pyfunc", Echo(), folder, SaveOptions(input_example=table, pip_requirements=["numpy"]))
    return folder


MIXED = [
    tensor("x", [0.5, 1.5]),
    tensor("n", [1, 2], "INT32"),
    tensor("flag", [True, False], "BOOL"),
    tensor("text", ["ä", "b"], "BYTES"),
]


def test_a_table_is_one_tensor_a_column(asker: Any, mixed: Path):
    found = outputs(asker(mixed).post({"inputs": MIXED}, kind="infer"))
    assert {name: one["data"] for name, one in found.items()} == {
        "n": [1, 2], "x": [0.5, 1.5], "text": ["ä", "b"], "flag": [True, False],
    }  # fmt: skip
    assert {name: one["datatype"] for name, one in found.items()} == {
        "n": "INT64", "x": "FP64", "text": "BYTES", "flag": "BOOL",
    }  # fmt: skip


def test_a_column_may_be_written_as_a_table_of_one(asker: Any, folders: Path):
    inputs = [tensor("a", ROWS[:, :1]), tensor("b", ROWS[:, 1:])]
    assert outputs(asker(folders / "table").post({"inputs": inputs}, kind="infer"))["output-0"]["data"] == [0, 1, 1]


def test_a_table_of_numbers_may_be_one_tensor(asker: Any, folders: Path):
    request = {"inputs": [tensor("whole", ROWS)]}
    assert outputs(asker(folders / "table").post(request, kind="infer"))["output-0"]["data"] == [0, 1, 1]


def test_texts_as_bytes(asker: Any, mixed: Path):
    texts = b"".join(struct.pack("<I", len(one)) + one for one in ("ä".encode(), b""))
    call = binary(
        [
            ("x", "FP64", [2], np.array([0.5, 1.5]).tobytes()),
            ("n", "INT64", [2], np.array([1, 2]).tobytes()),
            ("flag", "BOOL", [2], b"\x01\x00"),
            ("text", "BYTES", [2], texts),
        ],
        outputs=[{"name": "text", "parameters": {"binary_data": True}}],
    )
    (answer,) = asker(mixed).calls([call], "infer")
    assert raw_outputs(answer) == {"text": texts}


def test_only_outputs_that_were_asked_for(asker: Any, mixed: Path):
    host = asker(mixed)
    found = outputs(host.post({"inputs": MIXED, "outputs": [{"name": "text"}, {"name": "n"}]}, kind="infer"))
    assert list(found) == ["text", "n"]
    wrong = host.post({"inputs": MIXED, "outputs": [{"name": "nope"}]}, kind="infer")
    assert "['nope']" in message(wrong)
    assert "'text'" in message(wrong)


def test_times_and_missing_columns(asker: Any, folders: Path):
    inputs = [tensor("n", [1, 2], "INT64"), tensor("text", ["a", "b"], "BYTES"), tensor("day", ["2020-01-01", "2021-05-05T10:00:00"], "BYTES")]  # fmt: skip
    found = outputs(asker(folders / "plain_echo").post({"inputs": inputs}, kind="infer"))  # `x` is not required
    assert found["day"]["data"][0].startswith("2020-01-01")
    assert set(found) == {"n", "text", "day"}


def test_parameters_reach_the_model(asker: Any, folders: Path):
    inputs = [tensor("n", [1], "INT64"), tensor("text", ["a"], "BYTES"), tensor("day", ["2020-01-01"], "BYTES")]
    host = asker(folders / "echo")
    answer = host.post({"inputs": inputs, "parameters": {"k": 7, "content_type": "pd"}}, kind="infer")
    assert outputs(answer)["k"]["data"] == [7]
    assert "'k'" in message(host.post({"inputs": inputs, "parameters": {"k": "seven"}}, kind="infer"))


@pytest.mark.parametrize("datatype", [name for name in DTYPES if name not in {"BF16", "BYTES"}])
def test_every_type_goes_through_json_and_bytes(asker: Any, folders: Path, datatype: str):
    values = np.array([[0, 1], [1, 0]], DTYPES[datatype])
    host = asker(folders / "bare")  # answers with what it is given
    assert outputs(host.post({"inputs": [tensor("x", values, datatype)]}, kind="infer"))["output-0"] == {
        "name": "output-0", "datatype": datatype, "shape": [2, 2], "data": [0, 1, 1, 0],
    }  # fmt: skip
    call = binary([("x", datatype, [2, 2], values.tobytes())], parameters={"binary_data_output": True})
    (answer,) = host.calls([call], "infer")
    assert raw_outputs(answer)["output-0"] == values.tobytes()


def test_half_of_a_single_is_read(asker: Any, folders: Path):
    values = np.array([1.5, -2.0], np.float32)
    upper = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    (answer,) = asker(folders / "bare").calls([binary([("x", "BF16", [2], upper)])], "infer")
    assert outputs(answer)["output-0"]["data"] == [1.5, -2.0]


def test_numbers_are_widened_and_never_narrowed(asker: Any, tmp_path: Path):
    rows = np.array([[1.0], [2.0], [3.0]], np.float32)
    save(
        "sklearn",
        LinearRegression().fit(rows, [1, 2, 3]),
        tmp_path / "m",
        SaveOptions(input_example=rows, pip_requirements=["numpy"]),
    )
    host = asker(tmp_path / "m")
    assert outputs(host.post({"inputs": [tensor("x", [[1.0]], "FP32")]}, kind="infer"))
    assert outputs(host.post({"inputs": [tensor("x", [[1]], "INT64")]}, kind="infer"))
    refused = message(host.post({"inputs": [tensor("x", [[0.1]], "FP64")]}, kind="infer"))
    assert "'x' is FP64" in refused
    assert "FP32" in refused


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([], "`$.inputs`"),
        ([{"name": "x"}], "datatype"),
        ([{"name": "x", "datatype": "FP99", "shape": [1], "data": [1]}], "FP99"),
        ([{"name": "x", "datatype": "FP64", "shape": [-1], "data": [1]}], "shape"),
        ([{"name": "x", "datatype": "FP64", "shape": [1, 2]}], "'x' has no data"),
        ([tensor("x", [[0, 1]], parameters={"binary_data_size": 16})], "'x'"),
        ([tensor("x", [[0.0, 1.0, 2.0]])], "'x' has the shape [1, 3], and the model takes [-1, 2]"),
        ([tensor("x", [0.0, 1.0])], "'x' has the shape [2]"),
        ([{"name": "x", "datatype": "FP64", "shape": [3, 2], "data": [1.0]}], "'x' has 1 values"),
        ([{"name": "x", "datatype": "FP64", "shape": [1 << 39, 2], "data": [1.0]}], "'x' has 1 values"),
        ([{"name": "x", "datatype": "FP64", "shape": [2, 2], "data": [[1.0, 2.0], [3.0]]}], "'x' has lists"),
        ([{"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [1.0, "two"]}], "'x'"),
        ([{"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [1.0, None]}], "'x'"),
        ([{"name": "x", "datatype": "INT8", "shape": [1, 2], "data": [1, 300]}], "'x'"),
        ([{"name": "x", "datatype": "UINT64", "shape": [1, 2], "data": [1, -1]}], "'x'"),
        ([{"name": "x", "datatype": "INT64", "shape": [1, 2], "data": [1, 1 << 70]}], "'x'"),
        ([{"name": "x", "datatype": "FP64", "shape": [1, 2], "data": "1 2"}], "data"),
        ([tensor("x", [[0, 1]]), tensor("x", [[0, 1]])], "'x' is there twice"),
        ([tensor("x", [[0, 1]]), tensor("y", [[0, 1]])], "takes one tensor"),
        ([tensor("x", [["a", "b"]], "BYTES")], "'x' is BYTES"),
    ],
)  # fmt: skip
def test_bad_tensors_are_told_by_name(asker: Any, folders: Path, inputs: Any, words: str):
    assert words in message(asker(folders / "array").post({"inputs": inputs}, kind="infer"))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([tensor("a", [1.0])], "missing inputs ['b']"),
        ([tensor("a", [1.0]), tensor("b", [1.0]), tensor("c", [1.0])], "does not know the inputs ['c']"),
        ([tensor("a", [1.0, 2.0]), tensor("b", [1.0])], "different lengths: {'a': 2, 'b': 1}"),
        ([tensor("a", [[1.0, 2.0]]), tensor("b", [1.0])], "'a' has the shape [1, 2]"),
        ([tensor("whole", [[1.0, 2.0, 3.0]])], "'whole' has the shape [1, 3], and the model takes [-1, 2]"),
        ([tensor("a", ["1"], "BYTES"), tensor("b", [1.0])], "'a' is BYTES"),
        ([tensor("a", 1.0), tensor("b", [1.0])], "'a' is a single value"),
    ],
)  # fmt: skip
def test_bad_columns_are_told_by_name(asker: Any, folders: Path, inputs: Any, words: str):
    assert words in message(asker(folders / "table").post({"inputs": inputs}, kind="infer"))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"\xff"', b"null", b"[" * 100_000, b'{"inputs":[{}]}', b'{"inputs":3}']
)
def test_noise_is_refused(asker: Any, folders: Path, body: bytes):
    assert "not understood" in message(asker(folders / "array").post(body, kind="infer"))


@pytest.mark.parametrize("length", [b"-1", b"x", b"99999", b"9" * 5000, b"", b"1e1"])
def test_a_wrong_length_of_the_head_is_told(asker: Any, folders: Path, length: bytes):
    call = binary([("x", "FP64", [3, 2], ROWS.tobytes())])._replace(
        headers=((b"inference-header-content-length", length),)
    )
    (answer,) = asker(folders / "array").calls([call], "infer")
    assert "Inference-Header-Content-Length" in message(answer)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (("x", "FP64", [3, 2], ROWS.tobytes()[:-1]), "needs 48 bytes as FP64, and has 47"),
        (("x", "FP64", [1 << 39, 2], ROWS.tobytes()), "needs"),
        (("x", "BYTES", [2], b"\x01\x00\x00\x00a"), "ends before its 2 values"),
        (("x", "BYTES", [1], b"\xff\xff\xff\xffa"), "ends before its 1 values"),
        (("x", "BYTES", [1 << 39], b""), "ends before its"),
        (("x", "BYTES", [1], b"\x01\x00\x00\x00abc"), "2 bytes behind"),
    ],
)  # fmt: skip
def test_bytes_that_do_not_make_the_tensor_are_told(asker: Any, folders: Path, told: Any, words: str):
    (answer,) = asker(folders / "array").calls([binary([told])], "infer")
    assert words in message(answer)
    assert "'x'" in message(answer)


def test_bytes_beside_the_inputs_are_told(asker: Any, folders: Path):
    call = binary([("x", "FP64", [3, 2], ROWS.tobytes())])
    more = call._replace(body=call.body + b"123")
    assert "3 bytes that belong to none" in message(asker(folders / "array").calls([more], "infer")[0])
    less = call._replace(body=call.body[:-8])
    assert "48 bytes of it are behind the JSON, where 40 are left" in message(
        asker(folders / "array").calls([less], "infer")[0]
    )


def test_other_types_of_body_are_refused(asker: Any, folders: Path):
    answer = asker(folders / "array").post(b"a,b\n1,2\n", "text/csv", kind="infer")
    assert answer.status == 415
    assert "application/json" in json.loads(answer.body)["error"]


def test_one_that_is_wrong_harms_no_other(asker: Any, folders: Path):
    good, bad = {"inputs": [tensor("x", ROWS)]}, {"inputs": [tensor("x", [[1.0]])]}
    answers = asker(folders / "array").together(good, bad, good, {}, good, kind="infer")
    assert [one.status for one in answers] == [200, 400, 200, 400, 200]
    assert all(outputs(answers[place])["output-0"]["data"] == [0, 1, 1] for place in (0, 2, 4))


def test_a_models_failure_is_the_servers(asker: Any, folders: Path):
    answer = asker(folders / "fail").post({"inputs": [tensor("x", ROWS)]}, kind="infer")
    assert answer.status == 500
    assert "secret place" not in answer.body.decode()


def test_several_named_tensors(asker: Any, tmp_path: Path):
    example = {"a": np.ones((2, 3)), "b": np.arange(2, dtype=np.int32)}
    save(
        "pyfunc",
        lambda given: given["a"].sum(axis=1) + given["b"],
        tmp_path / "m",
        SaveOptions(input_example=example, pip_requirements=["numpy"]),
    )
    host = asker(tmp_path / "m")
    request = {"inputs": [tensor("b", [5], "INT32"), tensor("a", np.ones((1, 3)))]}
    assert outputs(host.post(request, kind="infer"))["output-0"]["data"] == [8.0]
    assert "['b']" in message(host.post({"inputs": request["inputs"][1:]}, kind="infer"))
    assert load(tmp_path / "m", TRUSTING).predict(example).tolist() == [3.0, 4.0]
