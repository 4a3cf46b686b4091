"""MLflow's own client against a server whose registry is governed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

pytestmark = pytest.mark.peer


def test_mlflows_client_is_told_what_happens_and_refused_what_is_guarded(
    serve: Callable[..., AbstractContextManager[str]], python_3: Path, tmp_path: Path
) -> None:
    allowed = {"webhook_allowed_schemes": "http", "webhook_allow_private_ips": "true"}
    script = Path(__file__).parent / "scripts" / "governed_registry.py"
    with serve(tmp_path / "home", **allowed) as server:
        done = subprocess.run(
            [str(python_3), str(script)],
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "DO_NOT_TRACK": "1", "MLFLOW_TRACKING_URI": server},
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
