"""A real server as a process of its own, and a caller of its API; knows nothing of tests, so programs use it, too."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["STATIC", "Caller", "columns", "running"]

STATIC = Path(__file__).parents[2] / "src/treering/server/static"
PATIENCE = 60


class Caller:
    """Sends JSON to the native API, and files to the server. What is refused raises RuntimeError."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        answer = self.send(method, f"/api/v1/{path}", json.dumps(body).encode(), "application/json")
        return json.loads(answer) if answer else None

    def get(self, path: str) -> Any:
        return json.loads(self.send("GET", f"/api/v1/{path}", None, "application/json"))

    def log(self, run_id: str, **batch: Any) -> None:
        self("runs/log", {"batches": [{"run_id": run_id, **batch}]})

    def put(self, artifact_uri: str, files: Mapping[str, bytes]) -> None:
        """Store files below an artifact URI that the server keeps itself."""
        folder = artifact_uri.removeprefix("mlflow-artifacts:").strip("/")
        for name, content in files.items():
            path = f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{quote(name)}"
            self.send("PUT", path, content, "application/octet-stream")

    def send(self, method: str, path: str, body: bytes | None, content_type: str) -> bytes:
        request = urllib.request.Request(self._url + path, body, {"content-type": content_type}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            msg = f"{method} {path}: {error.read().decode()}"
            raise RuntimeError(msg) from error


def columns(values: Sequence[float], start: int, pace: int = 500, every: int = 1, first: int = 0) -> dict[str, str]:
    """A series as the API takes it: a point every `every` steps from `first`, `pace` milliseconds a step."""
    count = len(values)
    steps = range(first, first + count * every, every)

    def packed(kind: str, column: Sequence[float]) -> str:
        return base64.b64encode(struct.pack(f"<{count}{kind}", *column)).decode()

    return {
        "steps": packed("q", steps),
        "timestamps": packed("q", [start + pace * step for step in steps]),
        "values": packed("d", values),
    }


@contextmanager
def running(home: Path, port: int = 0, repository: str = "none") -> Iterator[str]:
    """The URL of a server whose store is in `home`; it is ended with the block. Port 0 is any free one.

    Args:
        repository: The folder of the repository that it shows.
    """
    if not (STATIC / "index.html").is_file():
        msg = "The web UI is not built. Run `make ui`."
        raise RuntimeError(msg)
    port = port or _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).with_name("treering")), "server", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{home / 'treering.db'}"]
    command += ["--artifacts-destination", str(home / "files")]
    variables = os.environ | {"TREERING_REPOSITORY": repository}
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen(command, cwd=home, env=variables, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(url, process, home / "log")
            yield url
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            msg = f"The server ended: {log.read_text()}"
            raise RuntimeError(msg)
        try:
            with urllib.request.urlopen(url + "/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    msg = f"The server did not answer within a minute: {log.read_text()}"
    raise RuntimeError(msg)
