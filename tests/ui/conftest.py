"""A real server over a store with generated runs, and a browser to look at it."""

from __future__ import annotations

import base64
import json
import math
import random
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# Playwright takes any Chromium; its own download is not needed.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src/treering/server/static"
STEPS = 300


class Site(NamedTuple):
    """Where the server is, and what lies in it."""

    url: str
    experiment_id: str
    empty_id: str
    run_id: str
    parent_id: str
    model_run_id: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server process with generated data; it is ended afterwards."""
    if not (STATIC / "index.html").is_file():
        pytest.fail("The web UI is not built. Run `make ui`.")
    home = tmp_path_factory.mktemp("home")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).with_name("treering")), "server", "--port", str(port)]
    command += [
        "--backend-store-uri",
        f"sqlite:///{home / 'treering.db'}",
        "--artifacts-destination",
        str(home / "files"),
    ]
    with (home / "log").open("wb") as log, subprocess.Popen(command, cwd=home, stdout=log, stderr=log) as process:
        try:
            _wait(url, process, home / "log")
            yield fill(url)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"No browser was found; one of {', '.join(BROWSERS)} is needed.")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


def fill(url: str) -> Site:
    """Log runs, files and models through the server's own API."""
    call = _Caller(url)
    chance = random.Random(7)
    experiment = call("experiments", {"name": "cifar10-resnet", "tags": {"team": "vision"}})["experiment_id"]
    empty = call("experiments", {"name": "empty"})["experiment_id"]
    call("experiments", {"name": "llm-finetune", "tags": {"stage": "draft"}})
    start = int(time.time() * 1000) - 3_600_000
    runs = [_training_run(call, experiment, number, start + number * 60_000, chance) for number in range(40)]
    parent = call("runs", {"experiment_id": experiment, "run_name": "sweep-1", "user_id": "ada", "start_time": start})
    _log(
        call, parent["run_id"], params={"search": "grid"}, tags={"mlflow.note.content": "A grid over lr.\nBest: 3e-4."}
    )
    for number in range(3):
        _training_run(call, experiment, 50 + number, start + 5_000, chance, parent["run_id"])
    for run in [*runs, parent["run_id"]][:-2]:
        call(
            f"runs/{run}",
            {"status": "FAILED" if run == runs[5] else "FINISHED", "end_time": start + 3_000_000},
            "PATCH",
        )
    for name, content in _files().items():
        path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{runs[0]}/artifacts/{name}"
        call.send("PUT", path, content, "application/octet-stream")
    _models(call, runs)
    return Site(url, experiment, empty, runs[0], parent["run_id"], runs[0])


class _Caller:
    """Sends JSON to the native API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        answer = self.send(method, f"/api/v1/{path}", json.dumps(body).encode(), "application/json")
        return json.loads(answer) if answer else None

    def send(self, method: str, path: str, body: bytes, content_type: str) -> bytes:
        request = urllib.request.Request(self._url + path, body, {"content-type": content_type}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            pytest.fail(f"{method} {path}: {error.read().decode()}")


def _training_run(
    call: _Caller, experiment: str, number: int, start: int, chance: random.Random, parent: str = ""
) -> str:
    words = ("swift-carp", "calm-hare", "bold-lynx", "quiet-owl", "lucky-fox", "brisk-wren")
    name = f"{words[number % 6]}-{number}"
    tags = {"mlflow.parentRunId": parent} if parent else {}
    run = call(
        "runs", {"experiment_id": experiment, "run_name": name, "user_id": "ada", "start_time": start, "tags": tags}
    )
    rate = (3e-4, 1e-3, 1e-4)[number % 3]
    params = {
        "lr": str(rate),
        "optimizer": ("adamw", "adam", "sgd")[number % 3],
        "depth": str(18 + 16 * (number % 4)),
        "batch_size": "128",
    }
    pace, floor = 40 + chance.random() * 120, 0.25 + chance.random() * 0.4
    loss = [floor + 2.3 * math.exp(-step / pace) + chance.gauss(0, 0.01) for step in range(STEPS)]
    series = {
        "val/loss": loss,
        "val/acc": [max(0.0, 0.98 - value / 3.2 + chance.gauss(0, 0.004)) for value in loss],
        "train/loss": [value * 0.9 + chance.gauss(0, 0.02) for value in loss],
        "train/lr": [rate * (1 + math.cos(math.pi * step / STEPS)) / 2 for step in range(STEPS)],
        "test/auc": [0.9 + chance.random() / 12],
        "system/gpu_percent": [70 + 12 * math.sin(step / 25 + number) + chance.random() * 4 for step in range(STEPS)],
    }
    _log(
        call,
        run["run_id"],
        params=params,
        tags={"owner": "vision"},
        series={key: _columns(values, start) for key, values in series.items()},
        datasets=[
            {
                "dataset": {"name": "cifar10", "digest": "5f1c2a", "source_type": "local", "source": "{}"},
                "tags": {"mlflow.data.context": "train"},
            }
        ],
    )
    return run["run_id"]


def _log(call: _Caller, run_id: str, **batch: Any) -> None:
    call("runs/log", {"batches": [{"run_id": run_id, **batch}]})


def _columns(values: Sequence[float], start: int) -> dict[str, str]:
    count = len(values)

    def packed(kind: str, column: Sequence[float]) -> str:
        return base64.b64encode(struct.pack(f"<{count}{kind}", *column)).decode()

    return {
        "steps": packed("q", range(count)),
        "timestamps": packed("q", [start + 500 * step for step in range(count)]),
        "values": packed("d", values),
    }


def _models(call: _Caller, runs: Sequence[str]) -> None:
    description = "Tells ten kinds of pictures apart."
    call("registered-models", {"name": "cifar10", "description": description, "tags": {"task": "vision"}})
    for run in runs[:3]:
        call("registered-models/cifar10/versions", {"name": "cifar10", "source": f"runs:/{run}/model", "run_id": run})
    call("registered-models/cifar10/aliases/champion", {"version": 2}, "PUT")
    call("registered-models/cifar10/versions/3/stage", {"stage": "Staging"})


def _files() -> dict[str, bytes]:
    rows = "\n".join(f"{index},{index * 0.5},cat" for index in range(30))
    return {
        "summary.txt": b"All went well.\n",
        "config.json": b'{"model": {"depth": 18, "width": 64}, "epochs": 30}',
        "tables/predictions.csv": f"id,score,label\n{rows}\n".encode(),
        "plots/curve.png": _png(320, 200),
        "report.html": b"<h1>Report</h1><p>Fine.</p><script>parent.document.title = 'taken'</script>",
        "weights.bin": bytes(4096),
    }


def _png(width: int, height: int) -> bytes:
    """A picture with a slanted gradient."""
    rows = b"".join(
        b"\0" + bytes(part for x in range(width) for part in (x * 255 // width, y * 255 // height, 160))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"The server ended: {log.read_text()}")
        try:
            with urllib.request.urlopen(url + "/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The server did not answer within a minute: {log.read_text()}")
