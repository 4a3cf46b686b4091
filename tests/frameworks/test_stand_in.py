"""Libraries that import `mlflow` log to Treering what they log to MLflow."""

from __future__ import annotations

from typing import Any

import pytest

from frameworks.comparing import comparable
from peers import TORCH

pytestmark = pytest.mark.framework


def test_lightnings_logger(run_both: Any) -> None:
    logged = run_both(TORCH, "lightning_logger.py")
    assert comparable(logged.ours) == comparable(logged.theirs)
    (run,) = logged.ours
    assert run["status"] == "FINISHED"
    assert len(run["metrics"]["val_loss"]) == 3
    assert run["params"]["nested/size"] == "3"
    assert sum(path.endswith(".ckpt") for path in run["artifacts"]) == 2


def test_optunas_callback_and_decorator(run_both: Any) -> None:
    logged = run_both(TORCH, "optuna_callback.py")
    assert comparable(logged.ours) == comparable(logged.theirs)
    assert len(logged.ours) == 3
    assert set(logged.ours[0]["metrics"]) == {"distance", "inside"}


def test_transformers_callback(run_both: Any) -> None:
    logged = run_both(TORCH, "transformers_callback.py")
    assert comparable(logged.ours) == comparable(logged.theirs)
    first, mine = logged.ours
    assert first["tags"]["team"] == "blue"
    assert [step for step, _ in first["metrics"]["loss"]] == [1, 2, 3, 4]
    assert mine["status"] == "FINISHED"


def test_accelerates_tracker(run_both: Any) -> None:
    logged = run_both(TORCH, "accelerate_tracker.py")
    assert comparable(logged.ours) == comparable(logged.theirs)
    assert logged.ours[0]["params"] == {"rate": "0.1", "layers": "2"}
