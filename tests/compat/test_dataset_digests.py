from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "scripts" / "dataset_digests.py"


def described(python: str, library: str, folder: Path) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [python, "-W", "ignore", str(SCRIPT), library],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "DO_NOT_TRACK": "1"},
        timeout=600,
    )
    return json.loads(done.stdout)


@pytest.mark.peer
def test_a_dataset_is_described_as_mlflow_describes_it(python_3: Path, tmp_path: Path) -> None:
    theirs = described(str(python_3), "mlflow", tmp_path)
    ours = described(sys.executable, "treering", tmp_path)
    assert {name: one["digest"] for name, one in ours.items()} == {name: one["digest"] for name, one in theirs.items()}
    # MLflow gives up on the schema of a table that it cannot describe whole; the others are compared whole.
    assert {name: one for name, one in ours.items() if theirs[name]["schema"]} == {
        name: one for name, one in theirs.items() if one["schema"]
    }
