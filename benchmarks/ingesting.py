"""Eight clients that send points to one server at once: points a second, the slowest requests, bytes on disk."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from figures import Figure
from servers import cpu_seconds, serving
from sides import MLFLOW, TREERING, Side

__all__ = ["ingesting"]

CLIENTS = 8
WORKLOADS = Path(__file__).parent / "workloads"


@dataclass(frozen=True)
class Taken:
    """What one side did.

    Attributes:
        rate: Points a second, all clients together.
        slow: Seconds that 99 of 100 requests stay below.
        cpu: Seconds of the server's processors for a million points.
        disk: Bytes of the database for a point.
    """

    rate: float
    slow: float
    cpu: float
    disk: float


def ingesting(folder: Path, *, quick: bool) -> list[Figure]:
    """MLflow's own JSON to both servers, in requests of 100 and of 1,000 points of 10 metrics."""
    figures = []
    for size in (100, 1000):
        ours = _side(TREERING, folder / f"treering-{size}", 60 if quick else 300, size)
        theirs = _side(MLFLOW, folder / f"mlflow-{size}", 4 if quick else 20, size)
        most = theirs.rate
        what = f"{CLIENTS} clients, MLflow's JSON, {size} points a request"
        figures += [
            Figure("ingest", f"{what}: stored", "/s", ours.rate, theirs.rate, more_is_better=True),
            Figure("ingest", f"{what}: 99th percentile", "ms", ours.slow * 1000, theirs.slow * 1000),
            Figure("ingest", f"{what}: server's CPU per point", "µs", ours.cpu, theirs.cpu),
            Figure("ingest", f"{what}: on disk per point", "bytes", ours.disk, theirs.disk),
        ]
    own = _own_client(folder / "own", 20 if quick else 100)
    what = f"{CLIENTS} clients, log_series of Treering beside MLflow's JSON: stored"
    return [*figures, Figure("ingest", what, "/s", own, most, more_is_better=True)]


def _own_client(folder: Path, count: int) -> float:
    """Points a second from the first call until the last client knows that all of its own are stored."""
    size = 10_000
    with serving(TREERING, folder) as server:
        arguments = [f"http://127.0.0.1:{server.port}", str(count), str(size), "10"]
        seconds, _ = _together([TREERING.python, str(WORKLOADS / "log_series.py"), *arguments], folder)
    return CLIENTS * count * size / seconds


def _side(side: Side, folder: Path, count: int, size: int) -> Taken:
    with serving(side, folder) as server:
        before = cpu_seconds(server.pid)
        command = [TREERING.python, str(WORKLOADS / "post_batches.py"), str(server.port), str(count), str(size), "10"]
        seconds, taken = _together(command, folder)
        cpu = cpu_seconds(server.pid) - before
    points = CLIENTS * count * size
    taken.sort()
    disk = sum(path.stat().st_size for path in folder.glob("bench.db*"))
    return Taken(points / seconds, taken[int(len(taken) * 0.99)], cpu / points * 1e6, disk / points)


def _together(command: list[str], folder: Path) -> tuple[float, list[float]]:
    """Seconds from the common start to the last end, and those of all requests."""
    clients = [
        subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(CLIENTS)
    ]
    try:
        for client in clients:
            if client.stdout is None or client.stdout.readline() != "ready\n":
                msg = "A client did not get ready; its messages stand above."
                raise RuntimeError(msg)
        began = time.perf_counter()
        for client in clients:
            client.stdin.write("go\n")
            client.stdin.flush()
        answers = [client.stdout.readline() for client in clients]
        seconds = time.perf_counter() - began
        if any(client.wait(60) for client in clients):
            msg = "A client's requests failed; its messages stand above."
            raise RuntimeError(msg)
    finally:
        for client in clients:
            client.kill()
            client.wait()
    return seconds, [one for answer in answers for one in json.loads(answer)]
