"""The first page of a filtered, ordered search over many runs, through MLflow's endpoint on both servers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from figures import Figure
from servers import serving
from sides import MLFLOW, TREERING

from wire import Wire

sys.path.insert(0, str(Path(__file__).parent / "workloads"))
from runs import FILTER, ORDER, run_values

__all__ = ["searching"]


def searching(folder: Path, *, quick: bool, runs: int = 5000) -> list[Figure]:
    """Pages of 100 and 1000; each run has 10 params, 10 metrics, 5 tags."""
    count = min(runs, 1000) if quick else runs
    repeats = 5 if quick else 20
    folder.mkdir(parents=True, exist_ok=True)
    with serving(TREERING, folder / "treering") as server, Wire(server.port) as wire:
        _fill(wire, count)
        ours = _pages(wire, repeats)
    theirs_folder = folder / "mlflow"
    theirs_folder.mkdir(exist_ok=True)
    fill = [
        MLFLOW.python,
        str(Path(__file__).parent / "workloads" / "fill_mlflow.py"),
        str(theirs_folder / "bench.db"),
        str(count),
    ]
    subprocess.run(fill, check=True, capture_output=True)
    with serving(MLFLOW, theirs_folder) as server, Wire(server.port) as wire:
        theirs = _pages(wire, repeats)
    if ours.keys() != theirs.keys() or any(ours[size][1] != theirs[size][1] for size in ours):
        msg = "The two sides found different runs: the comparison is worth nothing."
        raise RuntimeError(msg)
    return [
        Figure("search", f"search over {count:,} runs, first page of {size:,}", "ms", ours[size][0] * 1000, theirs[size][0] * 1000)
        for size in ours
    ]  # fmt: skip


def _fill(wire: Wire, count: int) -> None:
    for number in range(count):
        _, name, params, metrics, tags = run_values(number)
        start = 1_700_000_000_000 + number
        created = wire.post("runs/create", {"experiment_id": "0", "start_time": start, "run_name": name})
        wire.post("runs/log-batch", {
            "run_id": created["run"]["info"]["run_id"],
            "params": [{"key": key, "value": value} for key, value in params.items()],
            "metrics": [{"key": key, "value": value, "timestamp": start, "step": 0} for key, value in metrics.items()],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        })  # fmt: skip


def _pages(wire: Wire, repeats: int) -> dict[int, tuple[float, list[str]]]:
    """Per page size: the median seconds, and the names of the runs that were found."""
    found = {}
    for size in (100, 1000):
        question = {"experiment_ids": ["0"], "filter": FILTER, "order_by": ORDER, "max_results": size}
        body = json.dumps(question).encode()
        taken = [wire.post_bytes("runs/search", body) for _ in range(repeats + 1)]
        names = [run["info"]["run_name"] for run in json.loads(taken[-1][1]).get("runs", [])]
        found[size] = median(seconds for seconds, _ in taken[1:]), names
    return found
