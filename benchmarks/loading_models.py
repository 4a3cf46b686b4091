"""From the start of a process to a model's first answer: how long it takes, and the most memory that it holds."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from figures import Figure
from sides import MLFLOW, TREERING, Side

__all__ = ["loading"]

_PROGRAM = Path(__file__).resolve().parent / "workloads" / "loaded_model.py"
# What is loaded, and whether the targets hold for it: 5 times as fast, in a quarter of the memory.
_MODELS = {
    "pipeline": ("a scaler and a logistic regression, asked with an array", True),
    "forest": ("a forest of 100 trees, asked with an array", True),
    "table": ("the pipeline, asked with a data frame", False),
    "neighbours": ("nearest neighbours, which need scikit-learn itself", False),
}
_TIMES, _SHARE = 5, 4


def loading(folder: Path, *, quick: bool) -> list[Figure]:
    """Both products load the same folders, in turns."""
    folder.mkdir(parents=True)
    subprocess.run([TREERING.python, str(_PROGRAM), str(folder)], check=True, capture_output=True)
    figures = []
    for name, (what, held) in _MODELS.items():
        ours, theirs = _in_turns([TREERING, MLFLOW], folder, name, 3 if quick else 7)
        times, share = (_TIMES, _SHARE) if held else (None, None)
        figures += [
            Figure("models", f"first answer of {what}", "ms", ours[0] * 1000, theirs[0] * 1000, times=times),
            Figure("models", "the same, memory", "MB", ours[1] / 1e6, theirs[1] / 1e6, times=share),
        ]
    return figures


def _in_turns(sides: Sequence[Side], folder: Path, name: str, repeats: int) -> list[tuple[float, float]]:
    taken: list[list[tuple[float, float]]] = [[] for _ in sides]
    answers = set()
    for number in range(repeats + 1):
        for some, side in zip(taken, sides, strict=True):
            wall, memory, answer = _asked(side, folder, name)
            answers.add(answer)
            if number:  # the first reads the disk
                some.append((wall, memory))
    if len(answers) > 1:
        msg = f"the answers differ: {answers}"
        raise RuntimeError(msg)
    return [(median(wall for wall, _ in some), median(memory for _, memory in some)) for some in taken]


def _asked(side: Side, folder: Path, name: str) -> tuple[float, float, bytes]:
    command = [side.python, str(_PROGRAM), side.module, str(folder), name]
    variables = {**os.environ, "PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=variables, stdout=said, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            msg = f"{side.module} could not load {name}"
            raise RuntimeError(msg)
        said.seek(0)
        return wall, used.ru_maxrss * 1024, said.read().strip()
