"""`log_metric` in a loop, into the local store and through a server; and whole batches over HTTP."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from figures import Figure
from servers import Server, serving
from sides import MLFLOW, TREERING, Side

from wire import Wire

__all__ = ["batches", "local", "remote"]

WORKLOAD = Path(__file__).parent / "workloads" / "log_metric.py"
BATCH = 1000


def local(folder: Path, *, quick: bool) -> list[Figure]:
    """Into each product's own local store."""
    # Each side gets as many points as it takes in a few seconds: a rate does not depend on it.
    ours = _log(TREERING, str(folder / "home"), folder, 20_000 if quick else 200_000)
    theirs = _log(MLFLOW, f"sqlite:///{folder / 'mlflow.db'}", folder, 200 if quick else 2_000)
    return _figures("log_metric, local store", ours, theirs)


def remote(folder: Path, *, quick: bool) -> list[Figure]:
    """Through each product's own server, by each product's own client."""
    with serving(TREERING, folder / "treering") as server:
        ours = _log(TREERING, f"http://127.0.0.1:{server.port}", folder, 20_000 if quick else 200_000)
    with serving(MLFLOW, folder / "mlflow") as server:
        theirs = _log(MLFLOW, f"http://127.0.0.1:{server.port}", folder, 50 if quick else 300)
    return _figures("log_metric, through a server", ours, theirs)


def batches(folder: Path, *, quick: bool) -> list[Figure]:
    """MLflow's own JSON from the same plain HTTP client to both servers."""
    repeats = 10 if quick else 60
    with serving(TREERING, folder / "treering") as server:
        ours = _batches(server, repeats)
    with serving(MLFLOW, folder / "mlflow") as server:
        theirs = _batches(server, repeats)
    return [
        Figure("batches", f"log_batch of {BATCH} over HTTP, MLflow's JSON", "ms", ours * 1000, theirs * 1000),
        Figure("batches", "the same, points a second", "/s", BATCH / ours, BATCH / theirs, more_is_better=True),
    ]


def _batches(server: Server, repeats: int) -> float:
    with Wire(server.port) as wire:
        run = wire.post("runs/create", {"experiment_id": "0", "start_time": 1_700_000_000_000})["run"]["info"]["run_id"]
        taken = []
        for number in range(repeats + 3):
            metrics = [
                {"key": f"k{index % 10}", "value": index / 7, "timestamp": 1_700_000_000_000 + index, "step": number * BATCH + index}
                for index in range(BATCH)
            ]  # fmt: skip
            body = json.dumps({"run_id": run, "metrics": metrics}).encode()
            taken.append(wire.post_bytes("runs/log-batch", body)[0])
    return median(taken[3:])


def _log(side: Side, uri: str, folder: Path, count: int) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [side.python, str(WORKLOAD), side.module, uri, str(count)]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    if done.returncode:
        msg = f"{side.name}: {done.stderr[-3000:]}"
        raise RuntimeError(msg)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _figures(what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[Figure]:
    theme = what.replace(", ", " ")
    return [
        Figure(theme, f"{what}: a call", "µs", ours["call"] * 1e6, theirs["call"] * 1e6),
        Figure(theme, f"{what}: slowest call of 100", "µs", ours["p99"] * 1e6, theirs["p99"] * 1e6),
        Figure(theme, f"{what}: stored", "/s", ours["stored"], theirs["stored"], more_is_better=True),
    ]
