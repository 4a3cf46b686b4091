"""How long it takes until each product can be used: import, command line, server; and what the server holds."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from figures import Figure, alternate
from servers import serving
from sides import MLFLOW, TREERING, Side

__all__ = ["importing", "starting"]


def importing(_folder: Path, *, quick: bool) -> list[Figure]:
    """`import` in a fresh interpreter, and `--help`."""
    repeats = 3 if quick else 9
    ours, theirs = alternate([lambda: _import(TREERING), lambda: _import(MLFLOW)], repeats)
    # Treering loads its parts when they are first asked for: what a script that logs really waits for.
    names = "start_run", "log_metric", "search_runs", "MlflowClient"
    our_use, their_use = alternate([lambda: _import(TREERING, *names), lambda: _import(MLFLOW, *names)], repeats)
    our_help, their_help = alternate([lambda: _help(TREERING), lambda: _help(MLFLOW)], repeats)
    return [
        Figure("import", "import", "ms", ours * 1000, theirs * 1000),
        Figure("import", "import and what logs and searches", "ms", our_use * 1000, their_use * 1000),
        Figure("import", "--help, whole process", "ms", our_help * 1000, their_help * 1000),
    ]


def starting(folder: Path, *, quick: bool) -> list[Figure]:
    """From the start of the program to the first 200 on /health, on a database that exists."""
    repeats = 1 if quick else 3
    ours, theirs, lean = [], [], []
    for number in range(repeats + 1):
        with serving(TREERING, folder / "treering") as server:
            ours.append((server.start, server.resident))
        with serving(MLFLOW, folder / "mlflow") as server:
            theirs.append((server.start, server.resident))
        with serving(MLFLOW, folder / "mlflow", "--workers", "1", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as server:
            lean.append((server.start, server.resident))
        if number == 0:  # the first start makes the database
            ours.clear(), theirs.clear(), lean.clear()
    (our_start, our_memory), (their_start, their_memory), (lean_start, lean_memory) = (
        sorted(side)[len(side) // 2] for side in (ours, theirs, lean)
    )
    return [
        Figure("server", "server start", "s", our_start, their_start),
        Figure("server", "server start, MLflow cut down to one worker and no jobs", "s", our_start, lean_start),
        Figure("server", "server memory, all processes", "MB", our_memory / 1e6, their_memory / 1e6),
        Figure("server", "server memory, MLflow cut down likewise", "MB", our_memory / 1e6, lean_memory / 1e6),
    ]


def _import(side: Side, *names: str) -> float:
    lines = ["import time", "began = time.perf_counter()", f"import {side.module}"]
    lines += [f"{side.module}.{name}" for name in names]
    program = "\n".join([*lines, "print(time.perf_counter() - began)"])
    return float(subprocess.run([side.python, "-c", program], capture_output=True, check=True, text=True).stdout)


def _help(side: Side) -> float:
    began = time.perf_counter()
    subprocess.run([side.program, "--help"], capture_output=True, check=True)
    return time.perf_counter() - began
