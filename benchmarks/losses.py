"""What is lost when a program is killed, and what a training loop notices of a network that is cut."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from figures import Figure
from servers import serving
from sides import MLFLOW, TREERING, Side

from networks import Network

__all__ = ["kills", "partition"]

WORKLOADS = Path(__file__).parent / "workloads"


def kills(folder: Path, *, quick: bool) -> list[Figure]:
    """SIGKILL at random moments, half of the trials into the local store and half through a server."""
    ours, theirs = (10, 2) if quick else (100, 10)
    with serving(TREERING, folder / "treering") as server:
        lost, twice, taken = _kills(TREERING, folder / "ours", f"http://127.0.0.1:{server.port}", ours)
    with serving(MLFLOW, folder / "mlflow") as server:
        their_lost, their_twice, their_taken = _kills(
            MLFLOW, folder / "theirs", f"http://127.0.0.1:{server.port}", theirs
        )
    what = f"{ours} SIGKILLs (MLflow, asynchronous: {theirs})"
    return [
        Figure("kills", f"{what}: points that calls had taken", "points", taken, their_taken, more_is_better=True),
        Figure("kills", f"{what}: lost of them", "%", 100 * lost / taken, 100 * their_lost / their_taken),
        Figure("kills", f"{what}: there twice", "points", twice, their_twice),
    ]


def partition(folder: Path, *, quick: bool) -> list[Figure]:
    """The network to the server is cut for a minute while training goes on."""
    length = 5.0 if quick else 60.0
    ours, theirs = _cut(TREERING, folder / "ours", length), _cut(MLFLOW, folder / "theirs", length)
    for side, found in ((TREERING, ours), (MLFLOW, theirs)):
        if found["stored"] != found["calls"] + 1:
            print(f"{side.name}: {found['stored']} points are stored of {found['calls'] + 1}", file=sys.stderr)
    what = f"network cut for {length:.0f} s"
    return [
        Figure("partition", f"{what}: points logged meanwhile", "points", ours["calls"], theirs["calls"], more_is_better=True),
        Figure("partition", f"{what}: a call", "µs", ours["median"] * 1e6, theirs["median"] * 1e6),
        Figure("partition", f"{what}: slowest call of 1,000", "µs", ours["p999"] * 1e6, theirs["p999"] * 1e6),
        Figure("partition", f"{what}: longest call", "ms", ours["longest"] * 1e3, theirs["longest"] * 1e3),
        Figure("partition", f"{what}: not stored afterwards", "points", *(f["calls"] + 1 - f["stored"] for f in (ours, theirs))),
    ]  # fmt: skip


def _kills(side: Side, folder: Path, url: str, trials: int) -> tuple[int, int, int]:
    """Points lost, points there twice, and points that calls had taken, over all trials."""
    folder.mkdir(parents=True, exist_ok=True)
    local = str(folder / "home") if side is TREERING else f"sqlite:///{folder / 'local.db'}"
    moments = random.Random(side.name)  # no secret
    promised: dict[str, dict[str, int]] = {local: {}, url: {}}
    environment = {**os.environ, "TREERING_HOME": str(folder / "home"), "TREERING_FLUSH_INTERVAL": "0.02"}
    for trial in range(trials):
        uri = (local, url)[trial % 2]
        told = folder / f"told{trial}"
        command = [side.python, str(WORKLOADS / "log_until_killed.py"), side.module, uri, str(told)]
        subprocess.run(
            [*command, str(moments.choice([0.0, 0.01, 0.05, 0.2, 0.6, 1.0]))],
            env=environment, cwd=folder, check=False, capture_output=True,
        )  # fmt: skip
        data = told.read_bytes()
        if not (count := int.from_bytes(data[:8], "little")):
            msg = f"{side.name} was not killed after its first point, but before."
            raise RuntimeError(msg)
        promised[uri][data[8:].decode()] = count
    if side is TREERING:
        subprocess.run([side.program, "sync"], env=environment, cwd=folder, check=True, capture_output=True)
    lost = twice = 0
    for uri, runs in promised.items():
        command = [side.python, str(WORKLOADS / "count_points.py"), side.module, uri, *runs]
        done = subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True)
        for run, (stored, double) in json.loads(done.stdout.strip().splitlines()[-1]).items():
            # The call that was under way may have come through.
            lost += max(runs[run] - stored, 0)
            twice += double
    return lost, twice, sum(sum(runs.values()) for runs in promised.values())


def _cut(side: Side, folder: Path, length: float) -> dict[str, Any]:
    with serving(side, folder / "server") as server:
        network = Network(server.port)
        command = [side.python, str(WORKLOADS / "log_for.py"), side.module, network.url, str(length + 4)]
        environment = {**os.environ, "TREERING_HOME": str(folder / "home")}
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(2)
            network.cut()
            time.sleep(length)
            network.mend(broken=False)
            said, complaint = process.communicate(timeout=600)
        finally:
            process.kill()
            network.close()
    if process.returncode:
        msg = f"{side.name}: {complaint[-3000:]}"
        raise RuntimeError(msg)
    return dict(json.loads(said.strip().splitlines()[-1]))
