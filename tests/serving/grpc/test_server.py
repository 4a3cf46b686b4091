"""gRPC on a real server: the same queues, variants and limits as HTTP."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import urllib3

from treering.core.errors import Unavailable
from treering.serving.front.embedding import running
from treering.serving.front.options import ServingOptions
from treering.serving.front.running import Where

grpc = pytest.importorskip("grpc")

from treering.serving.grpc.definitions import message  # noqa: E402 -- needs the extra

ROWS = np.array([[0.0, 1.0], [1.0, 0.0]])


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def options(folder: Path, **more: Any) -> ServingOptions:
    what = {
        "models": [{"name": "m", "version": "1", "folder": str(folder)}],
        "loading": {"allow_code": True, "quiet": True},
    }
    return ServingOptions("models", what, **more)


def request(rows: Any = ROWS, model: str = "m") -> Any:
    made = message("inference.ModelInferRequest")(model_name=model)
    made.inputs.add(name="x", datatype="FP64", shape=rows.shape)
    made.raw_input_contents.append(rows.tobytes())
    return made


def infer(channel: Any) -> Any:
    return channel.unary_unary(
        "/inference.GRPCInferenceService/ModelInfer",
        request_serializer=lambda one: one.SerializeToString(),
        response_deserializer=message("inference.ModelInferResponse").FromString,
    )


def test_it_answers_beside_http_and_is_counted_with_it(folders: Path):
    port = free_port()
    with running(options(folders / "array", body=4096), Where(port=0, grpc_port=port)) as server:
        body = json.dumps({"inputs": ROWS.tolist()})
        answer = urllib3.request(
            "POST", f"{server.url}/invocations", body=body, headers={"Content-Type": "application/json"}
        )
        assert answer.json() == {"predictions": [0, 1]}
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = infer(channel)
            waiting = [call.future(request(), timeout=60) for _ in range(40)]
            for one in waiting:
                assert np.frombuffer(one.result().raw_output_contents[0], "<i8").tolist() == [0, 1]
            told = dict(waiting[0].trailing_metadata())
            assert (told["x-treering-model"], told["x-treering-version"]) == ("m", "1")
            with pytest.raises(grpc.RpcError) as missing:
                call(request(model="nope"), timeout=60)
            assert missing.value.code() == grpc.StatusCode.NOT_FOUND
            with pytest.raises(grpc.RpcError) as large:
                call(request(np.ones((1000, 2))), timeout=60)
            assert large.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        counts = urllib3.request("GET", f"{server.url}/metrics").data.decode()
        assert any('/v2/models/{model}/infer"' in line and line.endswith(" 40") for line in counts.splitlines()), counts


def test_a_port_in_use_ends_the_server_with_the_reason(folders: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = Where(port=0, grpc_port=taken.getsockname()[1])
        with pytest.raises(Unavailable, match="in use"), running(options(folders / "array"), where):
            pass


def test_a_client_that_goes_away_leaves_nothing_behind(folders: Path):
    port = free_port()
    with running(options(folders / "array"), Where(port=0, grpc_port=port)) as server:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            for one in [infer(channel).future(request()) for _ in range(30)]:
                one.cancel()
            assert infer(channel)(request(), timeout=60).model_name == "m"
        counts = urllib3.request("GET", f"{server.url}/metrics").data.decode()
        assert not any("queue" in line and "length" in line and not line.endswith((" 0", " 0.0")) for line in counts.splitlines() if not line.startswith("#"))  # fmt: skip
