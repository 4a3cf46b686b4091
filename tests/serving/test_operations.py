"""What an operator needs: liveness, counters, the OpenAPI document, ids, the port, the end of the process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import urllib3

from treering.core.errors import InvalidInput, NotFound, Unavailable
from treering.serving.front.options import ServingOptions, what_of_models
from treering.serving.front.running import Where
from treering.serving.front.running import serve as run_server
from treering.serving.ports import bind

ROWS = [[0.0, 1.0], [1.0, 0.0]]


def test_it_says_that_it_lives(serve: Any, folders: Path):
    client = serve(folders / "array")
    for path in ("/ping", "/health"):
        assert client.get(path).status == 200
        assert client.get(path).data == b"\n"
    assert client.get("/version").data


def test_requests_are_counted_by_route_and_status(serve: Any, folders: Path):
    client = serve(folders / "array")
    client.ask({"inputs": ROWS})
    client.post("{")
    client.get("/no/such/path")
    text = client.get("/metrics").data.decode()
    assert (
        'treering_model_requests_total{route="/invocations",model="model",version="1",variant="v1",status="200"} 1.0'
        in text
    )
    assert (
        'treering_model_requests_total{route="/invocations",model="model",version="1",variant="v1",status="400"} 1.0'
        in text
    )
    assert 'treering_model_requests_total{route="other",model="",version="",variant="",status="404"} 1.0' in text
    assert "/no/such/path" not in text
    assert (
        'treering_model_request_seconds_count{route="/invocations",model="model",version="1",variant="v1"} 2.0' in text
    )
    assert 'treering_model_predict_seconds_count{lane="model/1"} 2.0' in text
    assert "treering_model_requests_in_flight 0.0" in text


def test_the_openapi_document_knows_the_model(serve: Any, folders: Path):
    client = serve(folders / "table")
    document = client.get("/openapi.json").json()
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]
    shapes = content["application/json"]["schema"]["oneOf"]
    records = next(one["properties"]["dataframe_records"] for one in shapes if "dataframe_records" in one["properties"])
    assert records["items"]["properties"]["a"] == {"type": "number", "format": "double"}
    assert records["items"]["required"] == ["a", "b"]
    # Whoever copies the example gets an answer.
    assert len(client.ask(content["application/json"]["example"])) == 4


@pytest.mark.parametrize("name", ["array", "echo", "bare"])
def test_every_kind_of_model_is_described(serve: Any, folders: Path, name: str):
    document = serve(folders / name).get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/invocations", "/ping", "/health", "/version", "/metrics"}


def test_a_request_keeps_its_name_if_it_is_one(serve: Any, folders: Path):
    client = serve(folders / "array")
    assert client.get("/ping", **{"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    made_up = client.get("/ping", **{"X-Request-Id": "a b\tc"}).headers["x-request-id"]
    assert made_up
    assert made_up != "a b\tc"


def test_wrong_paths_and_methods(serve: Any, folders: Path):
    client = serve(folders / "array")
    assert client.get("/nowhere").json()["error_code"] == "ENDPOINT_NOT_FOUND"
    assert client.get("/invocations").status == 405
    assert client.get("/invocations").json()["error_code"] == "METHOD_NOT_ALLOWED"


def test_a_port_in_use_is_told():
    with bind("127.0.0.1", 0) as taken, pytest.raises(Unavailable, match="in use"):
        bind("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_told(host: str):
    with pytest.raises(InvalidInput, match="Check --host and --port"):
        bind(host, 0)


def test_answers_are_not_held_back():
    with bind("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_no_model_no_server(tmp_path: Path):
    with pytest.raises(NotFound, match="MLmodel"):
        models = [{"name": "m", "version": "1", "folder": tmp_path}]
        run_server(ServingOptions("models", what_of_models(models)), Where(port=0))


def _program(folder: Path, workers: int) -> list[str]:
    program = textwrap.dedent(f"""
        from treering.models.load_options import LoadOptions
        from treering.serving.front.options import ServingOptions, what_of_models
        from treering.serving.front.running import Where, serve
        if __name__ == "__main__":
            models = [{{"name": "m", "version": "1", "folder": {str(folder)!r}}}]
            options = ServingOptions("models", what_of_models(models, LoadOptions(allow_code=True)), workers={workers})
            serve(options, Where(port=0), lambda url: print(url, flush=True))
            print("ended")
    """)
    script = folder.parent / f"serve_{workers}.py"
    script.write_text(program)
    return [sys.executable, str(script)]


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_process_answers_and_ends_in_order(folders: Path, workers: int):
    process = subprocess.Popen(
        _program(folders / "array", workers), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        # The socket listens already; who comes early waits in its queue.
        answer = urllib3.request("POST", f"{url}/invocations", body=json.dumps({"inputs": ROWS}), timeout=60)
        assert answer.json() == {"predictions": [0, 1]}
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.strip()) == (0, "ended"), err
    finally:
        process.kill()
        process.communicate()


def test_a_served_model_loads_neither_stores_nor_databases():
    program = (
        "import sys, treering.serving.front.process; names = ['sqlalchemy', 'treering.tracking', 'treering.registry',"
        " 'treering.storage', 'pandas', 'sklearn', 'numpy']; print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
