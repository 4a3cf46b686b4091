"""Evaluating a classifier on a million rows: what it takes beside the model's own answers, on both sides."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from figures import Figure
from sides import MLFLOW, TREERING, Side

__all__ = ["evaluating"]

_PROGRAM = Path(__file__).resolve().parent / "workloads" / "evaluated_model.py"
_ROWS, _FEWER = 1_000_000, 100_000


def evaluating(folder: Path, *, quick: bool) -> list[Figure]:
    """Both evaluate the same model by the same rows, in turns, and must find the same metrics."""
    folder.mkdir(parents=True)
    rows, repeats = (_FEWER, 1) if quick else (_ROWS, 3)
    taken: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": [], "all": []}
    for _ in range(repeats):
        taken["ours"].append(_evaluated(TREERING, folder, rows, "plain"))
        taken["theirs"].append(_evaluated(MLFLOW, folder, rows, "plain"))
        taken["all"].append(_evaluated(TREERING, folder, rows, "all"))
        _same(taken["ours"][-1]["metrics"], taken["theirs"][-1]["metrics"])
    cpu = {name: median(one["cpu"] for one in some) for name, some in taken.items()}
    wall = {name: median(one["wall"] for one in some) for name, some in taken.items()}
    predict = median(one["predict"] for some in taken.values() for one in some)
    words = f"{rows:,} rows x 10 columns"
    return [
        Figure("evaluation", f"evaluate {words}, processor", "s", cpu["ours"], cpu["theirs"]),
        Figure("evaluation", "the same, elapsed", "s", wall["ours"], wall["theirs"]),
        Figure("evaluation", "the same with slices, groups, value, explanation, processor", "s", cpu["all"], None),
        Figure("evaluation", "the model's own answers alone, processor", "s", predict, None),
    ]


def _evaluated(side: Side, folder: Path, rows: int, more: str) -> dict[str, Any]:
    command = [side.python, "-W", "ignore", str(_PROGRAM), side.module, str(folder), str(rows), more]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        msg = f"{side.name} failed: {done.stderr[-2000:]}"
        raise RuntimeError(msg)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _same(ours: dict[str, float], theirs: dict[str, float]) -> None:
    alone = sorted(set(ours) ^ set(theirs))
    wrong = {
        name: (ours[name], theirs[name]) for name in set(ours) & set(theirs) if abs(ours[name] - theirs[name]) > 1e-9
    }
    if alone or wrong:
        msg = f"the metrics differ: {alone or wrong}"
        raise RuntimeError(msg)
