"""Bodies made to hurt: each is refused with words, soon, and the next one is answered."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROWS = [[0.0, 1.0], [1.0, 0.0]]


def nested(depth: int, inside: bytes = b"1") -> bytes:
    return b"[" * depth + inside + b"]" * depth


def infer(**changes: Any) -> bytes:
    one = {"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0], **changes}
    return json.dumps({"inputs": [one]}).encode()


FORMS = ("inputs", "instances", "dataframe_split", "dataframe_records")
BODIES = [
    *[b'{"%b":%b}' % (form.encode(), nested(depth)) for form in FORMS for depth in (70, 500, 900, 100_000)],
    *[b'{"%b":[[1%b, 2]]}' % (form.encode(), b"0" * size) for form in FORMS[:2] for size in (400, 5000, 200_000)],
    b'{"inputs":[[1e999999999, 2]]}',
    b'{"inputs":[[NaN, Infinity]]}',
    b'{"inputs":[["\\ud800", "\\u0000"]]}',
    b'{"inputs":[[{"a":1}, 2]]}',
    b'{"inputs":{"__class__":"x"}}',
    b'{"dataframe_split":{"columns":[["a"],{"b":1},3],"data":[[1,2]]}}',
    b'{"dataframe_split":{"columns":["a","b"],"data":[[1,2]],"index":3}}',
    b'{"dataframe_split":{"columns":7,"data":8}}',
    b'{"dataframe_split":{"columns":["a","b"],"data":[[1,2]],"index":[1,2,3]}}',
    b'{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3]]}}',
    b'{"dataframe_records":[{"a":[1,2],"b":{}}]}',
    b'{"dataframe_records":[{"a":1,"b":2},null]}',
    b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",  # a pickle
    b"PK\x03\x04",
    b"\xef\xbb\xbf{}",
    b'{"inputs":[[1,2]]}garbage',
]


@pytest.mark.parametrize("name", ["array", "table"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:24].decode("latin-1"))
def test_bodies_of_invocations(asker: Any, folders: Path, name: str, body: bytes):
    host = asker(folders / name)
    for kind in ("invocations", "predict"):
        answer = host.post(body, kind=kind)
        assert answer.status == 400, answer.body[:500]
        assert len(answer.body) < 20_000
        json.loads(answer.body)
    assert host.ask({"instances": ROWS}) == [0, 1]


@pytest.mark.parametrize(
    "body",
    [
        infer(shape=[1 << 39] * 200_000),
        infer(shape=[1] * 40),
        infer(shape=[0]),
        infer(shape=[0, 2], data=[]),
        infer(shape=[]),
        infer(data=[[[1.0]], [2.0]]),
        infer(data={"a": 1}),
        infer(name="x" * 100_000, data=[1]),
        b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":%b}]}' % nested(900),
        b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1%b,2]}]}' % (b"0" * 5000),
        b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT64","data":[1%b,2]}]}' % (b"0" * 5000),
        b'{"inputs":[{"datatype":"FP64","datatype":"BYTES","name":"x","shape":[1],"data":["a"]}]}',
        b'{"inputs":[' + b"{}," * 50_000 + b"{}]}",
    ],
    ids=range(13),
)
def test_bodies_of_the_open_protocol(asker: Any, folders: Path, body: bytes):
    host = asker(folders / "array")
    answer = host.post(body, kind="infer")
    assert answer.status == 400, answer.body[:500]
    assert json.loads(answer.body)["error"]


@pytest.mark.parametrize("kind", ["text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"])  # fmt: skip
def test_files_that_are_none(asker: Any, folders: Path, kind: str):
    sink = io.BytesIO()
    pd.DataFrame(ROWS, columns=["a", "b"]).to_parquet(sink)
    good = sink.getvalue()
    noise = np.random.default_rng(1).bytes(4096)
    bodies = [
        b"",
        b"\x00" * 1000,
        noise,
        good[:-4],
        good[: len(good) // 2],
        b"PAR1" + noise + b"PAR1",
        b'"a,b\n' * 2000,
    ]
    host = asker(folders / "table")
    for body in bodies:
        answer = host.post(body, kind)
        assert answer.status == 400, (body[:20], answer.body[:300])
        assert b"unexpected" not in answer.body


def test_one_bad_request_among_many_is_found_without_asking_each(asker: Any, tmp_path: Path):
    from treering.models.folder import SaveOptions, save  # noqa: PLC0415 -- only here
    from treering.models.python_model import PythonModel  # noqa: PLC0415 -- pickled by value, with its class

    class Choosy(PythonModel):
        batchable = True
        asked = 0

        def predict(self, context: Any, model_input: Any) -> Any:  # noqa: ARG002 -- the usual shape
            Choosy.asked += 1
            if (model_input < 0).any():
                msg = "negative"
                raise ValueError(msg)
            return [Choosy.asked] * len(model_input)

    save("pyfunc", Choosy(), tmp_path / "m", SaveOptions(input_example=np.ones((2, 1)), pip_requirements=["numpy"]))
    # Answers that count up are no answers to rows, so the trial would refuse it; the host is told to believe it.
    host = asker(tmp_path / "m")
    object.__setattr__(next(iter(host.host._held.values())), "rowwise", True)
    bodies = [{"inputs": [[-1.0 if place == 41 else 1.0]]} for place in range(64)]
    answers = host.together(*bodies)
    assert [place for place, one in enumerate(answers) if one.status != 200] == [41]
    counts = [json.loads(one.body)["predictions"][0] for one in answers if one.status == 200]
    assert max(counts) - min(counts) < 14
