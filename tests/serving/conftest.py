"""Models to serve, and real servers on loopback to ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import urllib3
import uvicorn
from sklearn.linear_model import LogisticRegression

from treering.models.folder import SaveOptions, save
from treering.models.python_model import PythonModel
from treering.serving.front.embedded import create_app
from treering.serving.front.options import ServingOptions, what_of_models
from treering.serving.ports import bind
from treering.testing.flavours import TRUSTING


class Client:
    """Asks one server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self._http.request("GET", self.address + path, headers=headers)

    def post(self, body: bytes | str, content_type: str | None = "application/json", **more: str):
        headers = {"Content-Type": content_type} if content_type else {}
        return self._http.request("POST", f"{self.address}/invocations", body=body, headers=headers | more)

    def ask(self, body: Mapping[str, Any]) -> Any:
        """The predictions for a body that must be understood."""
        answer = self.post(json.dumps(body))
        assert answer.status == 200, answer.data
        return answer.json()["predictions"]

    def close(self) -> None:
        self._http.clear()


Serve = Callable[..., Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a folder; the arguments are options of the server."""
    with ExitStack() as stack:

        def start(folder: Path, **options: Any) -> Client:
            traces = options.pop("show_traces", False)
            models = [{"name": "model", "version": "1", "folder": folder}]
            what = what_of_models(models, TRUSTING, show_traces=traces)
            app = create_app(replace(ServingOptions("models", what), **options))
            listener = stack.enter_context(bind("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=5))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")

            def stop() -> None:
                client.close()
                server.should_exit = True
                thread.join()

            stack.callback(stop)
            return client

        yield start


class Echo(PythonModel):
    """Answers with what it was given."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 -- the usual shape
        return params or model_input


def fail(rows: Any) -> Any:
    msg = f"secret place /somewhere/else {rows}"
    raise RuntimeError(msg)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of models: `array`, `table`, `echo` (columns and a parameter), `bare` (no signature), `fail`."""
    made = tmp_path_factory.mktemp("models")
    rows = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    table = pd.DataFrame(rows, columns=["a", "b"])
    target = [0, 1, 1, 0]
    save("sklearn", LogisticRegression().fit(rows, target), made / "array", SaveOptions(input_example=rows))
    save("sklearn", LogisticRegression().fit(table, target), made / "table", SaveOptions(input_example=table))
    mixed = pd.DataFrame(
        {"n": [1, 2], "x": [0.5, None], "text": ["a", "b"], "day": pd.to_datetime(["2020-01-01", "2020-01-02"])}
    )
    save("pyfunc", Echo(), made / "echo", SaveOptions(input_example=(mixed, {"k": 1})))
    save("pyfunc", Echo(), made / "plain_echo", SaveOptions(input_example=mixed))
    save("pyfunc", Echo(), made / "bare")
    save("pyfunc", fail, made / "fail")
    return made
