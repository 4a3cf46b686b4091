"""Measures Treering beside MLflow and DVC and prints a table for each of them. Run it with `make bench`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import batch_scoring
import data_amounts
import data_commands
import drawing_lines
import evaluating
import fairness
import files
import ingesting
import loading_models
import logging_points
import losses
import pages
import reading_history
import searching
import soak
import starting
from figures import Figure, table
from sides import DVC, MLFLOW, TREERING, install_peer

import serving

THEMES: dict[str, Callable[..., list[Figure]]] = {
    "import": starting.importing,
    "local": logging_points.local,
    "remote": logging_points.remote,
    "batches": logging_points.batches,
    "artifacts": files.files,
    "kills": losses.kills,
    "partition": losses.partition,
    "ingest": ingesting.ingesting,
    "history": reading_history.reading_history,
    "lines": drawing_lines.drawing_lines,
    "scoring": batch_scoring.scoring,
    "serving": serving.serving,
    "soak": soak.soak,
    "search": searching.searching,
    "search-postgresql": searching.searching_postgresql,
    "grid": searching.grid,
    "frames": searching.frames,
    "models": loading_models.loading,
    "server": starting.starting,
    "pages": pages.first_load,
    "pages-table": pages.tables,
    "pages-charts": pages.charts,
    "pages-size": pages.sizes,
    "data": data_amounts.ten_thousand,
    "data-commands": data_commands.commands,
    "data-experiments": data_commands.experiments,
    "data-gigabyte": data_amounts.gigabyte,
    "data-million": data_amounts.million,
    "data-pipeline": data_commands.pipeline,
    "evaluation": evaluating.evaluating,
    "fairness": fairness.groups,
}


def main() -> int:
    """Run the themes that were asked for; a theme that fails is told and the others go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats and smaller stores")
    parser.add_argument("--only", action="append", choices=sorted(THEMES), help="this theme; may be given again")
    parser.add_argument("--runs", type=int, default=100_000, help="how many runs are searched (default 100,000)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    asked = arguments.only or list(THEMES)
    if not all(name.startswith("data") for name in asked):
        install_peer()
    figures: list[Figure] = []
    failed = 0
    before = os.getloadavg()[0]
    # Removing the folder may take minutes, and the figures need not wait for it.
    with tempfile.TemporaryDirectory(prefix="treering-bench-") as folder:
        for name in asked:
            more = {"runs": arguments.runs} if name.startswith(("search", "grid", "pages-table")) else {}
            began = time.perf_counter()
            try:
                figures += THEMES[name](Path(folder) / name, quick=arguments.quick, **more)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"{name}: failed: {error}", file=sys.stderr)
            else:
                print(f"{name}: measured in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        machine = (
            f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()},"
            f" load {before:.1f} before and {os.getloadavg()[0]:.1f} after"
        )
        for peer, python, module in (("MLflow", MLFLOW.python, "mlflow"), ("DVC", str(DVC.python), "dvc")):
            some = [figure for figure in figures if figure.peer == peer]
            if some:
                ours, theirs = _version(TREERING.python, "treering"), _version(python, module)
                print(f"\nTreering {ours} beside {peer} {theirs}; {machine}\n\n{table(some)}", flush=True)
        for peer in sorted({figure.peer for figure in figures} - {"MLflow", "DVC"}):
            print(
                f"\nTreering beside {peer}; {machine}\n\n{table([one for one in figures if one.peer == peer])}",
                flush=True,
            )
        if arguments.json:
            rows = [{**dataclasses.asdict(figure), "ratio": figure.ratio} for figure in figures]
            arguments.json.write_text(json.dumps({"machine": machine, "figures": rows}, indent=2) + "\n", "utf-8")
    return 1 if failed else 0


def _version(python: str, module: str) -> str:
    program = f"from importlib.metadata import version; print(version({module!r}))"
    return subprocess.run([python, "-c", program], capture_output=True, check=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
