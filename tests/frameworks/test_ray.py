"""Batch scoring by Ray Data, with the real Ray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frameworks.conftest import SCRIPTS, laboratory
from peers import RAY, run

pytestmark = pytest.mark.framework


def test_a_registered_model_scores_a_data_set_of_ray(tmp_path: Path) -> None:
    printed = run(
        laboratory(RAY), SCRIPTS / "ray_scoring.py", folder=tmp_path, TREERING_HOME=str(tmp_path / "home"),
        RAY_ENABLE_UV_RUN_RUNTIME_ENV="0", RAY_USAGE_STATS_ENABLED="0", TREERING_CAPTURE="off",
    )  # fmt: skip
    found = json.loads(printed.strip().splitlines()[-1])
    assert found["keys"]
    assert found["largest"] < 1e-8
    assert found["columns"] == [["key", "prediction"], ["key", "a", "b", "prediction"]]
    assert found["refused"]
