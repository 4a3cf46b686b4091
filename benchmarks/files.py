"""Artifacts through the server: one large file and many small ones, there and back, and what memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from figures import Figure
from servers import Server, serving
from sides import MLFLOW, TREERING, Side

__all__ = ["files"]

WORKLOAD = Path(__file__).parent / "workloads" / "files.py"
MIB = 1 << 20


def files(folder: Path, *, quick: bool) -> list[Figure]:
    """Each product's own client and server; and MLflow's client against Treering's server."""
    size, count = (256 if quick else 1024), (200 if quick else 1000)
    _make(folder / "data", size, count)
    with serving(TREERING, folder / "treering") as server:
        before = _peak(server)
        ours = _move(TREERING, server, folder / "data", count)
        grown = _peak(server) - before
        borrowed = _move(MLFLOW, server, folder / "data", count)
    with serving(MLFLOW, folder / "mlflow") as server:
        theirs = _move(MLFLOW, server, folder / "data", count)
    figures = []
    for name, amount, unit, what in (
        ("large", size, "MiB/s", f"a file of {size} MiB"),
        ("small", count, "files/s", f"{count} small files"),
    ):
        for way, word in (("up", "sent"), ("down", "fetched")):
            key = f"{name}_{way}"
            for label, took in (("", ours), (", by MLflow's client", borrowed)):
                figures.append(
                    Figure("artifacts", f"{what} {word}{label}", unit, amount / took[key], amount / theirs[key], more_is_better=True)
                )  # fmt: skip
    figures.append(
        Figure("artifacts", "memory that it took the client", "MB", ours["grown"] / 1e6, theirs["grown"] / 1e6)
    )
    figures.append(Figure("artifacts", "memory that it took Treering's server", "MB", grown / 1e6, grown / 1e6))
    return figures


def _make(folder: Path, size: int, count: int) -> None:
    (folder / "small").mkdir(parents=True)
    block = os.urandom(MIB)
    (folder / "warm.bin").write_bytes(block[:100])
    with (folder / "large.bin").open("wb") as file:
        for number in range(size):
            file.write(number.to_bytes(8, "big") + block[8:])
    for number in range(count):
        (folder / "small" / f"{number:05}.txt").write_bytes(block[number : number + 2000])


def _move(side: Side, server: Server, folder: Path, count: int) -> dict[str, Any]:
    uri = f"http://127.0.0.1:{server.port}"
    command = [side.python, str(WORKLOAD), side.module, uri, str(folder), str(count)]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    if done.returncode:
        msg = f"{side.name}: {done.stderr[-3000:]}"
        raise RuntimeError(msg)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _peak(server: Server) -> int:
    """Bytes: the most that the server's process has held."""
    for line in Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
