"""Other people's clients of model servers: what they ask of their own servers they get from ours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from model_server import ModelServer, model_server
from peers import BENTOML, MLFLOW_3, SERVING, Peer, ready
from treering.models.folder import SaveOptions, save

pytestmark = pytest.mark.peer

SCRIPTS = Path(__file__).parent / "scripts" / "serving"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of a model that takes an `array`, and of one that takes a `table`."""
    folder = tmp_path_factory.mktemp("models")
    rows, target = load_iris(return_X_y=True)
    table = pd.DataFrame(rows, columns=["a", "b", "c", "d"])
    for name, data in (("array", rows), ("table", table)):
        model = LogisticRegression(max_iter=1000).fit(data, target)
        save("sklearn", model, folder / name, SaveOptions(input_example=data[:3]))
    return folder


@pytest.fixture(scope="module")
def array_server(models: Path) -> Iterator[ModelServer]:
    with model_server(models / "array", models / "array-run") as server:
        yield server


@pytest.fixture(scope="module")
def table_server(models: Path) -> Iterator[ModelServer]:
    with model_server(models / "table", models / "table-run") as server:
        yield server


def run(peer: Peer, script: Path, *arguments: str, folder: Path) -> str:
    environment = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "BENTOML_DO_NOT_TRACK": "True",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [str(ready(peer)), str(script), *arguments],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"{script.name} failed:\n{done.stdout[-8000:]}\n{done.stderr[-8000:]}"
    return done.stdout


def _name(server: ModelServer) -> str:
    first = server.get("/v2/models").json()["models"][0]
    return str(first["name"] if isinstance(first, dict) else first)


def test_the_http_client_of_triton(array_server: ModelServer, tmp_path: Path):
    said = run(SERVING, SCRIPTS / "triton_http.py", array_server.url, _name(array_server), folder=tmp_path)
    assert said.endswith("all is well\n")


def test_the_grpc_client_of_triton_and_reflection(models: Path, tmp_path: Path):
    port = _free_port()
    python = ready(SERVING)
    with model_server(models / "array", tmp_path / "run", "--grpc-port", str(port), python=python) as server:
        said = run(SERVING, SCRIPTS / "triton_grpc.py", f"127.0.0.1:{port}", _name(server), folder=tmp_path)
    assert said.endswith("all is well\n")


@pytest.mark.parametrize("kind", ["array", "table"])
def test_the_scoring_client_of_mlflow(request: pytest.FixtureRequest, kind: str, tmp_path: Path):
    server: ModelServer = request.getfixturevalue(f"{kind}_server")
    assert run(MLFLOW_3, SCRIPTS / "scoring_client.py", server.url, kind, folder=tmp_path).endswith("all is well\n")


@pytest.mark.parametrize("kind", ["array", "table"])
def test_what_the_openapi_document_says_holds(request: pytest.FixtureRequest, kind: str, tmp_path: Path):
    server: ModelServer = request.getfixturevalue(f"{kind}_server")
    command = [
        str(ready(SERVING).parent / "schemathesis"), "run", f"{server.url}/openapi.json", "--checks", "all",
        "--max-examples", "40", "--seed", "1", "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all",
        # That a tensor has as many values as its shape says is nothing that a JSON schema can tell.
        "--exclude-checks", "positive_data_acceptance", "--request-timeout", "60", "--max-response-time", "60",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False, timeout=800,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-12_000:]
    assert server.metric("treering_model_worker_restarts_total") == 0


SERVICE = SCRIPTS / "summing_service.py"


@pytest.fixture(scope="module")
def their_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service on BentoML's own server, to see what is right."""
    folder = tmp_path_factory.mktemp("bentoml")
    port = _free_port()
    environment = {
        "HOME": str(folder), "PATH": os.environ["PATH"], "BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(folder),
        "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    command = [str(ready(BENTOML)), "-m", "bentoml", "serve", "summing_service:Summing", "--working-dir", str(SCRIPTS)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], env=environment, stdout=log, stderr=log, cwd=folder
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def our_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same file, with another import."""
    folder = tmp_path_factory.mktemp("service")
    text = SERVICE.read_text("utf-8")
    assert "import bentoml\n" in text
    (folder / "summing_service.py").write_text(
        text.replace("import bentoml\n", "import treering as bentoml\n"), "utf-8"
    )
    # Pydantic, which the service uses as BentoML's do, is nothing that Treering brings.
    with model_server("summing_service:Summing", folder, python=ready(SERVING)) as server:
        yield server.url


def test_the_client_of_bentoml_gets_the_same_from_both(their_service: str, our_service: str, tmp_path: Path):
    ours, theirs = (
        json.loads(run(BENTOML, SCRIPTS / "service_client.py", address, folder=tmp_path))
        for address in (our_service, their_service)
    )
    assert ours == theirs


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
