"""A long history of one metric: by each product's own client, page by page over HTTP, and as a chart."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
from array import array
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from figures import Figure
from servers import Server, cpu_seconds, serving
from sides import MLFLOW, TREERING, Side

from treering.client.connect import connect
from treering.core.settings import Settings
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch
from wire import Wire

__all__ = ["fill_history", "new_run", "reading_history"]

KEY = "loss"
PAGE = 25_000
CHART = 2500
WORKLOADS = Path(__file__).parent / "workloads"


def reading_history(folder: Path, *, quick: bool) -> list[Figure]:
    """A million points; a tenth of that in a quick run."""
    count = 100_000 if quick else 1_000_000
    with serving(TREERING, folder / "treering") as server:
        run_id = new_run(server)
        fill_history(server, run_id, count, folder)
        ours = _measured(TREERING, server, run_id, count)
        asked = {"run_ids": [run_id], "keys": [KEY], "max_points": CHART}
        ours["chart"] = _chart(server, "/api/v1/metrics/sample", json.dumps(asked).encode())
    with serving(MLFLOW, folder / "mlflow") as server:
        run_id = new_run(server)
        database = str(folder / "mlflow" / "bench.db")
        fill = [MLFLOW.python, str(WORKLOADS / "fill_history.py"), database, run_id, KEY, str(count)]
        subprocess.run(fill, check=True)
        theirs = _measured(MLFLOW, server, run_id, count)
        names = f"run_ids={run_id}&metric_key={KEY}&max_results={CHART}"
        theirs["chart"] = _chart(server, f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{names}")
    if ours["total"] != theirs["total"]:
        msg = "The two sides gave different points: the comparison is worth nothing."
        raise RuntimeError(msg)
    what = f"history of {count:,} points"
    rows = [
        ("received", f"{what}, by each one's client"),
        ("read", f"{what}, and every point looked at"),
        ("pages", f"{what}, in pages of {PAGE:,} over MLflow's protocol"),
        ("cpu", "the same, the server's CPU"),
        ("chart", f"chart of {what}, {CHART:,} points"),
    ]
    return [Figure("history", text, "ms", ours[name] * 1000, theirs[name] * 1000) for name, text in rows]


def new_run(server: Server) -> str:
    with Wire(server.port) as wire:
        made = wire.post("runs/create", {"experiment_id": "0", "start_time": 1_700_000_000_000})
    return str(made["run"]["info"]["run_id"])


def fill_history(server: Server, run_id: str, count: int, folder: Path) -> None:
    services = connect(replace(Settings(), tracking_uri=f"http://127.0.0.1:{server.port}"), folder)
    for start in range(0, count, 10_000):
        steps = range(start, min(start + 10_000, count))
        columns = MetricColumns(
            array("q", steps), array("q", (1_700_000_000_000 + step for step in steps)), array("d", (step / 7 for step in steps))
        )  # fmt: skip
        services.tracking.runs.log([LogBatch(run_id, series={KEY: columns})])
    services.close()


def _measured(side: Side, server: Server, run_id: str, count: int) -> dict[str, Any]:
    command = [
        side.python,
        str(WORKLOADS / "read_history.py"),
        side.module,
        f"http://127.0.0.1:{server.port}",
        run_id,
        KEY,
    ]
    taken = dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    if (taken["points"], taken["last"]) != (count, count - 1):
        msg = f"{side.name} gave {taken['points']} points of {count}."
        raise RuntimeError(msg)
    before, began = cpu_seconds(server.pid), time.perf_counter()
    token, seen = "", 0
    with Wire(server.port) as wire:
        while True:
            asked = {"run_id": run_id, "metric_key": KEY, "max_results": PAGE} | (
                {"page_token": token} if token else {}
            )
            _, data = wire.ask(f"/api/2.0/mlflow/metrics/get-history?{urllib.parse.urlencode(asked)}")
            page = json.loads(data)
            seen += len(page["metrics"])
            token = page.get("next_page_token", "")
            if not token:
                break
    if seen != count:
        msg = f"{side.name} gave {seen} points of {count} in pages."
        raise RuntimeError(msg)
    return taken | {"pages": time.perf_counter() - began, "cpu": cpu_seconds(server.pid) - before}


def _chart(server: Server, path: str, body: bytes | None = None) -> float:
    with Wire(server.port) as wire:
        return median(wire.ask(path, body)[0] for _ in range(5))
