"""Group fairness of a million predictions, in process, beside Fairlearn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from figures import Figure
from sides import ROOT, TREERING, install_peer

sys.path.insert(0, str(ROOT / "tests"))
from peers import Peer

__all__ = ["FAIRLEARN", "groups"]

WORKLOAD = Path(__file__).parent / "workloads" / "group_fairness.py"
FAIRLEARN = Peer("fairlearn", ("fairlearn>=0.12", "numpy>=1.26"))


def groups(_folder: Path, *, quick: bool) -> list[Figure]:
    """Six groups: the same rates on both sides, and ours with the intervals of 1,000 bootstrap samples.

    Fairlearn counts once, and draws a few samples for a single metric: a thousand for all would take it hours.
    """
    rows = 100_000 if quick else 1_000_000
    install_peer(FAIRLEARN)
    ours = _measured(TREERING.python, "treering", rows)
    theirs = _measured(str(FAIRLEARN.python), "fairlearn", rows)
    # Both have to have found the same before their times say anything.
    for name, value in theirs["found"].items():
        if abs(value - ours["found"][name]) > 1e-9:
            msg = f"{name} is {ours['found'][name]} here and {value} there."
            raise RuntimeError(msg)
    return [
        Figure(
            "fairness", f"Rates of 6 groups over {rows:,} rows; ours with intervals and AUC", "s",
            ours["seconds"], theirs["seconds"], limit=0.5, peer="Fairlearn",
        ),
        Figure(
            "fairness",
            f"The same with intervals: of one metric from {theirs['samples']} samples there, of all from 1,000 here", "s",
            ours["seconds"], theirs["with_intervals"], limit=0.5, peer="Fairlearn",
        ),
    ]  # fmt: skip


def _measured(python: str, side: str, rows: int) -> dict[str, dict[str, float] | float]:
    done = subprocess.run([python, str(WORKLOAD), side, str(rows)], check=True, capture_output=True, text=True)
    measured: dict[str, dict[str, float] | float] = json.loads(done.stdout)
    return measured
