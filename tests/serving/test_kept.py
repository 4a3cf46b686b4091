"""What a real model's server keeps: every form of a request becomes the same table in the log."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from treering.monitoring.predictions.reading import read
from treering.serving.predictions.options import LogOptions

ROWS = [[0.0, 1.0], [1.0, 0.0]]


def tensor(**more: Any) -> dict[str, Any]:
    return {"name": "input-0", "shape": [2, 2], "datatype": "FP64", **more}


def bodies() -> Mapping[str, tuple[str, bytes, str, dict[str, str]]]:
    table = pd.DataFrame(ROWS, columns=["a", "b"])
    parquet, stream = io.BytesIO(), io.BytesIO()
    table.to_parquet(parquet)
    with pa.ipc.new_stream(stream, pa.Schema.from_pandas(table)) as writer:
        writer.write_table(pa.Table.from_pandas(table))
    head = json.dumps({"inputs": [tensor(parameters={"binary_data_size": 32})]}).encode()
    kind = "application/json"
    return {
        "split": ("/invocations", json.dumps({"dataframe_split": table.to_dict("split")}).encode(), kind, {}),
        "records": ("/invocations", json.dumps({"dataframe_records": table.to_dict("records")}).encode(), kind, {}),
        "csv": ("/invocations", table.to_csv(index=False).encode(), "text/csv", {}),
        "parquet": ("/invocations", parquet.getvalue(), "application/vnd.apache.parquet", {}),
        "arrow": ("/invocations", stream.getvalue(), "application/vnd.apache.arrow.stream", {}),
        "v1": ("/v1/models/model:predict", json.dumps({"instances": table.to_dict("records")}).encode(), kind, {}),
        "v2": ("/v2/models/model/infer", json.dumps({"inputs": [tensor(data=ROWS)]}).encode(), kind, {}),
        "v2-binary": (
            "/v2/models/model/infer", head + struct.pack("<4d", 0.0, 1.0, 1.0, 0.0), "application/octet-stream",
            {"Inference-Header-Content-Length": str(len(head))},
        ),
        "v2-binary-out": (
            "/v2/models/model/infer",
            json.dumps({"inputs": [tensor(data=ROWS)], "parameters": {"binary_data_output": True}}).encode(), kind, {},
        ),
    }  # fmt: skip


def test_every_form_is_kept_as_the_same_table(serve: Callable[..., Any], folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    client = serve(folders / "table", predictions=LogOptions(str(folder)))
    asked = bodies()
    for name, (path, body, kind, headers) in asked.items():
        answer = client._http.request(
            "POST", client.address + path, body=body, headers={"content-type": kind, "x-request-id": name, **headers}
        )
        assert answer.status == 200, (name, answer.data)
    kept = _wait(folder, len(asked))
    for name, one in kept.items():
        assert one.withheld == "", name
        assert one.answer == [0, 1], name
        assert [list(map(float, row)) for row in one.rows or ()] == ROWS, name
        assert one.columns == (["0", "1"] if name.startswith("v2") else ["a", "b"]), name


def test_requests_that_fail_are_kept_with_their_status(
    serve: Callable[..., Any], folders: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    client = serve(folders / "table", predictions=LogOptions(str(folder), rules={"a": "drop"}))
    client.post('{"dataframe_records": [{"a": "secret", "b": 1}]}', **{"x-request-id": "wrong"})
    client.post("no json at all", **{"x-request-id": "broken"})
    kept = _wait(folder, 2)
    assert {name: one.status for name, one in kept.items()} == {"wrong": 400, "broken": 400}
    assert kept["wrong"].columns == ["b"]
    assert "it is no JSON" in kept["broken"].withheld
    assert "secret" not in str(kept)


def _wait(folder: Path, count: int) -> dict[str, Any]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if len(found := {one.request_id: one for one in read(folder)}) == count:
            return found
        time.sleep(0.05)
    pytest.fail(f"only {sorted(found)} were kept")
