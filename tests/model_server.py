"""`treering serve` as a process of its own, and sockets to it on which anything can be said."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

__all__ = ["PATIENCE", "ModelServer", "Reply", "Wire", "failing", "model_server", "served", "until"]

PATIENCE = 60.0
_URL = re.compile(r"https?://[\w.:\[\]]+")


class Reply(NamedTuple):
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """What an error says."""
        told = self.json()
        return str(told.get("message") or told.get("error"))


class Wire:
    """A connection on which bytes are written as they are, and answers are read one by one."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, head_only: bool = False) -> Reply | None:
        """The next answer; None where the server has closed. An interim answer counts as one."""
        try:
            line = self._file.readline()
        except ConnectionError:
            return None
        if not line:
            return None
        assert line.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), line
        status = int(line.split()[1])
        headers = {}
        while (field := self._file.readline()) not in {b"\r\n", b""}:
            name, _, value = field.partition(b":")
            headers[name.decode("ascii").lower()] = value.strip().decode("latin-1")
        if head_only or status < 200 or status in {204, 304}:
            return Reply(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Reply(status, headers, b"".join(self._chunks()))
        if "content-length" in headers:
            return Reply(status, headers, self._file.read(int(headers["content-length"])))
        return Reply(status, headers, self._file.read())

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._file.readline().partition(b";")[0], 16):
            yield self._file.read(size)
            self._file.readline()
        while self._file.readline() not in {b"\r\n", b""}:
            pass

    def ended(self) -> bool:
        """Whether the server has closed, or closes within the time that tests wait; what it still says is dropped."""
        try:
            while self._file.read(1 << 16):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ModelServer:
    """A server process."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def wire(self) -> Wire:
        return Wire(self.port)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.request("GET", path)

    def post(self, body: Any, path: str = "/invocations", content_type: str = "application/json", **more: str) -> Reply:
        """Ask with bytes as they are, or with anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, data, {"Content-Type": content_type, **more})

    def workers(self) -> list[int]:
        """The processes that hold the model."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and b"treering.serving.workers" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
        return sorted(found)

    def metric(self, beginning: str) -> float:
        """The sum of all series of /metrics that begin so."""
        text = self.get("/metrics").body.decode()
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(beginning))

    def end(self, sign: int = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE)


@contextmanager
def model_server(
    target: Path | str,
    folder: Path,
    *options: str,
    settings: Mapping[str, str] | None = None,
    python: Path | None = None,
) -> Iterator[ModelServer]:
    """`treering serve` of `target` until the block ends; its messages stand in a file below `folder`.

    `python` is that of another environment, in which Treering runs from this tree.
    """
    command = ["-m", "treering", "serve", str(target), "--port", "0", *options]
    with _running(command, folder, settings, python) as server:
        yield server


@contextmanager
def served(
    model: Path, folder: Path, *, patience: Mapping[str, float] | None = None, **options: Any
) -> Iterator[ModelServer]:
    """A server of a model with options that no command line has, such as how long it waits for slow clients."""
    with _running(_program(model, patience, options), folder) as server:
        yield server


def failing(model: Path, folder: Path) -> tuple[int, str]:
    """How a server ends that cannot start: its status and its messages."""
    process, log = _start(_program(model, None, {}), folder)
    process.wait(PATIENCE)
    return process.returncode, log.read_text("utf-8")


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


_PROGRAM = """
import json, sys
from treering.core.errors import TreeringError
from treering.core.log import show_log
from treering.models.load_options import LoadOptions
from treering.serving.front.options import Patience, ServingOptions, what_of_models
from treering.serving.front.running import Where, serve

show_log("INFO")
folder, patience, options = json.loads(sys.argv[1])
what = what_of_models([{"name": "model", "version": "1", "folder": folder}], LoadOptions(allow_code=True))
asked = ServingOptions("models", what, patience=Patience(**patience), **options)
try:
    serve(asked, Where(port=0), lambda url: print(url, flush=True))
except TreeringError as error:
    sys.exit(str(error))
"""


def _program(model: Path, patience: Mapping[str, float] | None, options: Mapping[str, Any]) -> list[str]:
    return ["-c", _PROGRAM, json.dumps([str(model), dict(patience or {}), dict(options)])]


@contextmanager
def _running(
    command: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None, python: Path | None = None
) -> Iterator[ModelServer]:
    process, log = _start(command, folder, settings, python)
    try:
        until(lambda: process.poll() is not None or _URL.search(log.with_suffix(".out").read_text("utf-8")) is not None)
        found = _URL.search(log.with_suffix(".out").read_text("utf-8"))
        assert found, log.read_text("utf-8")
        server = ModelServer(process, found[0], log)
        until(lambda: server.get("/v2/health/ready").status == 200)
        yield server
    finally:
        process.kill()
        process.wait()


def _start(
    command: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None, python: Path | None = None
) -> tuple[subprocess.Popen[bytes], Path]:
    folder.mkdir(parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "MLFLOW_"))}
    clean |= {"TREERING_HOME": str(folder / "home"), "TREERING_ALLOW_MODEL_CODE": "true", "OMP_NUM_THREADS": "1"}
    if python is not None:
        clean["PYTHONPATH"] = str(Path(__file__).parent.parent / "src")
    log = folder / f"serve-{time.monotonic_ns()}.log"
    # A file and no pipe: a model may print more than a pipe holds.
    with log.open("w") as errors, log.with_suffix(".out").open("w") as out:
        process = subprocess.Popen(
            [str(python or sys.executable), *command],
            env={**clean, **(settings or {})}, cwd=folder, stdout=out, stderr=errors,
        )  # fmt: skip
    return process, log
