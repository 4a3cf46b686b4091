"""The same program evaluates the same models with MLflow and with Treering, and finds the same."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "scripts" / "evaluations.py"
SAVED = SCRIPT.with_name("saved_evaluations.py")


def evaluated(python: str, library: str, folder: Path) -> dict[str, Any]:
    return printed(python, folder, SCRIPT, library)


def printed(python: str, folder: Path, script: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-W", "ignore", str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "DO_NOT_TRACK": "1",
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
        },
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def differences(theirs: Any, ours: Any, at: str = "") -> list[str]:
    """Where the two differ; numbers may by what adding in another order makes of them."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = sorted({*theirs, *ours})
        alone = [f"{at}/{key}: only one has it" for key in keys if (key in theirs) != (key in ours)]
        both = [key for key in keys if key in theirs and key in ours]
        return [*alone, *(one for key in both for one in differences(theirs[key], ours[key], f"{at}/{key}"))]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = enumerate(zip(theirs, ours, strict=True))
        return [one for place, pair in pairs for one in differences(*pair, f"{at}[{place}]")]
    if isinstance(theirs, float) or isinstance(ours, float):
        # MLflow's tables hold ten digits.
        same = math.isclose(theirs, ours, rel_tol=1e-9, abs_tol=1e-9 if "/tables/" in at else 1e-12)
        return [] if same else [f"{at}: {theirs} and {ours}"]
    return [] if theirs == ours else [f"{at}: {theirs!r:.300} and {ours!r:.300}"]


@pytest.mark.peer
@pytest.mark.timeout(900)
def test_an_evaluation_finds_logs_and_refuses_what_mlflow_finds_logs_and_refuses(
    python_3: Path, tmp_path: Path
) -> None:
    theirs = evaluated(str(python_3), "mlflow", tmp_path)
    ours = evaluated(sys.executable, "treering", tmp_path)
    assert len(ours["found"]) >= 25
    assert differences(theirs, ours) == []
    # What either one saved, the other one reads.
    for folder in ("savedmlflow", "savedtreering"):
        by_mlflow = printed(str(python_3), tmp_path, SAVED, "mlflow", folder)
        by_us = printed(sys.executable, tmp_path, SAVED, "treering", folder)
        assert "confusion_matrix" in by_us["artifacts"]
        assert by_us == by_mlflow
