"""What is found in bodies."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.serving.predictions.forms import Inputs, NotUnderstood, answer_of, inputs_of

TABLE = Inputs(["a", "b"], [[1, 2], [3, 4]])


def tensor(name: str, shape: list[int], datatype: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, **more}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]], "index": [0, 1]}},
        {"dataframe_records": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"instances": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]},
        {"inputs": {"a": [1, 3], "b": [2, 4]}},
        {"inputs": [tensor("a", [2, 1], "INT64", data=[1, 3]), tensor("b", [2], "INT64", data=[[2], [4]])]},
    ],
)
def test_forms_with_names_become_one_table(body: Any) -> None:
    found = inputs_of("application/json; charset=utf-8", json.dumps(body).encode())
    assert (list(found.columns or ()), [list(row) for row in found.rows]) == (TABLE.columns, TABLE.rows)


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [[1, 2], [3, 4]]},
        {"inputs": [[1, 2], [3, 4]]},
        {"dataframe_split": {"data": [[1, 2], [3, 4]]}},
        {"inputs": [tensor("x", [2, 2], "FP64", data=[[1, 2], [3, 4]])]},
    ],
)
def test_columns_without_names_are_numbered(body: Any) -> None:
    found = inputs_of("application/json", json.dumps(body).encode())
    assert (found.columns, [list(row) for row in found.rows]) == (["0", "1"], [[1, 2], [3, 4]])


def test_parameters_are_apart() -> None:
    found = inputs_of("application/json", b'{"inputs": [1, 2], "params": {"top": 3}}')
    assert (found.columns, found.rows, found.params) == (["0"], [[1], [2]], {"top": 3})


def test_what_a_method_takes_is_kept_as_it_is() -> None:
    for body in ({"text": "hello", "top": 3}, [1, 2], "hello", 5, None):
        found = inputs_of("application/json", json.dumps(body).encode())
        assert (found.columns, found.value) == (None, body)


def test_csv_is_a_table() -> None:
    found = inputs_of("text/csv", b'\xef\xbb\xbfa,b,c\n1,"x, y",\n-2.5,z,nan\n')
    assert found.columns == ["a", "b", "c"]
    assert found.rows[0] == [1, "x, y", None]
    assert found.rows[1][:2] == [-2.5, "z"]


@pytest.mark.parametrize("kind", ["application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"])
def test_arrow_and_parquet_are_tables(kind: str) -> None:
    table, sink = pa.table({"a": [1, 3], "b": [2, 4]}), io.BytesIO()
    if kind.endswith("parquet"):
        pq.write_table(table, sink)
    else:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    found = inputs_of(kind, sink.getvalue())
    assert (found.columns, found.rows) == (TABLE.columns, TABLE.rows)
    with pytest.raises(NotUnderstood):
        inputs_of(kind, sink.getvalue()[:20])


@pytest.mark.parametrize(
    ("datatype", "form", "values"),
    [
        ("FP32", "f", [1.5, -2.0]), ("FP64", "d", [1.5, -2.25]), ("FP16", "e", [1.5, -2.0]), ("INT8", "b", [-1, 2]),
        ("UINT8", "B", [1, 255]), ("INT16", "h", [-1, 2]), ("UINT16", "H", [1, 2]), ("INT32", "i", [-1, 2]),
        ("UINT32", "I", [1, 2]), ("INT64", "q", [-1, 2]), ("UINT64", "Q", [1, 2]), ("BOOL", "?", [True, False]),
    ],
)  # fmt: skip
def test_binary_tensors_are_read(datatype: str, form: str, values: list[Any]) -> None:
    data = struct.pack(f"<2{form}", *values)
    head = json.dumps({"inputs": [tensor("x", [2], datatype, parameters={"binary_data_size": len(data)})]}).encode()
    found = inputs_of("application/octet-stream", head + data, len(head))
    assert (found.columns, [row[0] for row in found.rows]) == (["x"], values)


def test_binary_texts_and_small_floats_are_read() -> None:
    texts = b"".join(struct.pack("<I", len(text)) + text for text in (b"a", "ü".encode()))
    brain = struct.pack("<f", 1.5)[2:] + struct.pack("<f", -2.0)[2:]
    head = json.dumps(
        {
            "inputs": [
                tensor("t", [2, 1], "BYTES", parameters={"binary_data_size": len(texts)}),
                tensor("m", [2, 2, 1], "FP32", data=[1, 2, 3, 4]),
                tensor("b", [2], "BF16", parameters={"binary_data_size": len(brain)}),
            ]
        }
    ).encode()
    found = inputs_of("", head + texts + brain, len(head))
    assert found.columns == ["t", "m", "b"]
    assert found.rows == [["a", [1, 2], 1.5], ["ü", [3, 4], -2.0]]


@pytest.mark.parametrize(
    ("kind", "body", "length"),
    [
        ("application/json", b"{", -1),
        ("application/json", b"\xff", -1),
        ("application/json", b"[" * 100_000, -1),
        ("application/x-python-pickle", b"x", -1),
        ("text/csv", b"\xff\xfe", -1),
        ("text/csv", b"a,b\n1\n", -1),
        ("", b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', -1),
        ("", b'{"dataframe_records": [1]}', -1),
        ("", b'{"inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": [1]}]}', -1),
        ("", b'{"inputs": [{"name": "x", "shape": [-3], "datatype": "FP32", "data": [1]}]}', -1),
        ("", b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32"}]}', 67),
        ("", b"{}", 2),
        ("", b"{}", 900),
    ],
)
def test_what_is_not_understood_is_said_to_be(kind: str, body: bytes, length: int) -> None:
    with pytest.raises(NotUnderstood):
        inputs_of(kind, body, length)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"predictions": [1, 2]}, [1, 2]),
        ({"predictions": {"a": 1}}, {"a": 1}),
        ([1, 2], [1, 2]),
        ({"error": "x"}, {"error": "x"}),
        ({"model_name": "m", "outputs": [tensor("y", [2], "FP32", data=[1, 2])]}, [1, 2]),
        ({"model_name": "m", "outputs": [tensor("y", [2, 2], "FP32", data=[1, 2, 3, 4])]}, [[1, 2], [3, 4]]),
        (
            {
                "model_name": "m",
                "outputs": [tensor("y", [2], "FP32", data=[1, 2]), tensor("p", [2], "BYTES", data=["a", "b"])],
            },
            {"y": [1, 2], "p": ["a", "b"]},
        ),
    ],
)
def test_answers_are_predictions(body: Any, answer: Any) -> None:
    assert answer_of("application/json", json.dumps(body).encode()) == answer


def test_binary_answers_are_read() -> None:
    data = struct.pack("<2f", 1.5, 2.5)
    head = json.dumps(
        {"model_name": "m", "outputs": [tensor("y", [2], "FP32", parameters={"binary_data_size": 8})]}
    ).encode()
    assert answer_of("application/octet-stream", head + data, len(head)) == [1.5, 2.5]
    with pytest.raises(NotUnderstood):
        answer_of("image/png", b"x")


@given(
    st.sampled_from(["application/json", "text/csv", "", "application/vnd.apache.parquet"]),
    st.binary(max_size=300),
    st.integers(-1, 300),
)
def test_no_body_breaks_the_writer(kind: str, body: bytes, length: int) -> None:
    for look in (inputs_of, answer_of):
        try:
            look(kind, body, length)
        except NotUnderstood:
            continue


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["inputs", "instances", "dataframe_split", "dataframe_records", "columns", "data", "name",
                             "shape", "datatype", "parameters", "params", "outputs", "model_name", "binary_data_size"]),
            inner,
        ),
        max_leaves=20,
    )
)  # fmt: skip
def test_no_json_breaks_the_writer(body: Any) -> None:
    for look in (inputs_of, answer_of):
        try:
            look("application/json", json.dumps(body).encode())
        except NotUnderstood:
            continue
