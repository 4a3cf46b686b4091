"""Charts: ten runs with five metrics each as a page shows them, a series of a million points, and a zoom into it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from array import array
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from figures import Figure
from servers import Server, cpu_seconds, serving
from sides import MLFLOW, TREERING

from treering.client.connect import connect
from treering.core.settings import Settings
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch
from wire import Wire

__all__ = ["drawing_lines"]

KEYS = ["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
RUNS = 10
STEPS = 1000
POINTS = 300
LONG = "long"
REPEATS = 9
START = 1_700_000_000_000
WORKLOADS = Path(__file__).parent / "workloads"


def drawing_lines(folder: Path, *, quick: bool) -> list[Figure]:
    """The long series has a million points; a tenth of that in a quick run."""
    count = 100_000 if quick else 1_000_000
    folder.mkdir(parents=True, exist_ok=True)
    series = _series(folder / "series.json")
    with serving(TREERING, folder / "treering") as server:
        runs = _new_runs(server)
        _fill(server, runs, series, count, folder)
        asked: dict[str, Any] = {"run_ids": runs, "keys": KEYS, "points": POINTS}
        long: dict[str, Any] = {"run_ids": runs[:1], "keys": [LONG], "points": 800}
        middle = count // 2
        ours = {
            "page": _measured(server, [("/api/v1/metrics/lines", asked)]),
            "long": _measured(server, [("/api/v1/metrics/lines", long)]),
            "zoom": _measured(
                server, [("/api/v1/metrics/lines", long | {"first": middle, "last": middle + 999, "points": 1000})]
            ),
        }
    with serving(MLFLOW, folder / "mlflow") as server:
        runs = _new_runs(server)
        _fill_mlflow(folder / "mlflow" / "bench.db", runs, folder / "series.json", count)
        path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?"
        many = "&".join(f"run_ids={run}" for run in runs)
        alone = f"run_ids={runs[0]}&metric_key={LONG}"
        theirs = {
            # Its page asks for one metric at a time.
            "page": _measured(server, [(f"{path}{many}&metric_key={key}&max_results={POINTS}", None) for key in KEYS]),
            "long": _measured(server, [(f"{path}{alone}&max_results=800", None)]),
            "zoom": _measured(
                server, [(f"{path}{alone}&start_step={middle}&end_step={middle + 999}&max_results=1000", None)]
            ),
        }
    page = f"charts of {RUNS} runs x {len(KEYS)} metrics of {STEPS:,} steps, {POINTS} points a line"
    what = {"page": page, "long": f"chart of {count:,} points, 800 shown", "zoom": "1,000 steps of the middle of it"}
    figures = [
        Figure("lines", f"{what['page']}: received", "kB", ours["page"]["bytes"] / 1000, theirs["page"]["bytes"] / 1000)
    ]
    for name, text in what.items():
        figures.append(Figure("lines", text, "ms", ours[name]["ms"], theirs[name]["ms"]))
        figures.append(Figure("lines", "the same, the server's CPU", "ms", ours[name]["cpu"], theirs[name]["cpu"]))
    return figures


def _series(file: Path) -> dict[str, list[list[float]]]:
    """For each key one list of values for each run: curves with noise, as trainings have."""
    random = Random(0)
    series = {
        key: [
            [(2.0 if "loss" in key else -1.0) * 0.997**step + random.gauss(1, 0.03) for step in range(STEPS)]
            for _ in range(RUNS)
        ]
        for key in KEYS
    }
    file.write_text(json.dumps(series), "utf-8")
    return series


def _new_runs(server: Server) -> list[str]:
    with Wire(server.port) as wire:
        made = [wire.post("runs/create", {"experiment_id": "0", "start_time": START}) for _ in range(RUNS)]
    return [str(one["run"]["info"]["run_id"]) for one in made]


def _fill(server: Server, runs: list[str], series: dict[str, list[list[float]]], count: int, folder: Path) -> None:
    services = connect(replace(Settings(), tracking_uri=f"http://127.0.0.1:{server.port}"), folder)
    steps = array("q", range(STEPS))
    times = array("q", (START + 100 * step for step in steps))
    for place, run in enumerate(runs):
        columns = {key: MetricColumns(steps, times, array("d", rows[place])) for key, rows in series.items()}
        services.tracking.runs.log([LogBatch(run, series=columns)])
    for start in range(0, count, 10_000):
        part = array("q", range(start, start + 10_000))
        values = array("d", (step % 977 / 7 for step in part))
        long = MetricColumns(part, array("q", (START + step for step in part)), values)
        services.tracking.runs.log([LogBatch(runs[0], series={LONG: long})])
    services.close()


def _fill_mlflow(database: Path, runs: list[str], series: Path, count: int) -> None:
    program = [MLFLOW.python, str(WORKLOADS / "fill_lines.py"), str(database), str(series), LONG, str(count), *runs]
    subprocess.run(program, check=True)


def _measured(server: Server, asked: list[tuple[str, dict[str, Any] | None]]) -> dict[str, float]:
    """Bytes of the bodies as they are sent to a browser, and milliseconds that all answers take one after another."""
    taken, received = [], 0
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    before = cpu_seconds(server.pid)
    for _ in range(REPEATS):
        began, received = time.perf_counter(), 0
        for path, body in asked:
            headers = {"accept-encoding": "gzip, deflate, br, zstd"}
            if body:
                headers["content-type"] = "application/json"
            data = json.dumps(body).encode() if body else None
            connection.request("POST" if body else "GET", path, data, headers)
            answer = connection.getresponse()
            got = answer.read()
            if answer.status != http.client.OK:
                msg = f"{path} answered {answer.status}: {got[:500].decode(errors='replace')}"
                raise RuntimeError(msg)
            received += len(got)
        taken.append(time.perf_counter() - began)
    cpu = cpu_seconds(server.pid) - before
    connection.close()
    return {"bytes": received, "ms": median(taken) * 1000, "cpu": cpu / REPEATS * 1000}
