"""Libraries that import `mlflow` log to Treering what they log to MLflow."""

from __future__ import annotations

from typing import Any

import pytest

from peers import TORCH

pytestmark = [pytest.mark.framework, pytest.mark.peer]

# What is the time of day, or how long it took.
TIMES = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "eval_runtime"}
TIMES |= {"eval_samples_per_second", "eval_steps_per_second", "total_flos"}
TIME_TAGS = {"datetime_start", "datetime_complete"}


def without_times(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs to be compared: of what measures time, only that it is there and at which steps."""
    return [
        {
            **run,
            "metrics": {
                # Two equal points of one millisecond are one point, for both; which are is a matter of speed.
                key: [step for step, _ in points] if key in TIMES else sorted({(*point,) for point in points}) for key, points in run["metrics"].items()
            },
            "tags": {key: None if key in TIME_TAGS else value for key, value in run["tags"].items()},
        }
        for run in runs
    ]


def assert_alike(logged: Any) -> None:
    ours, theirs = without_times(logged.ours), without_times(logged.theirs)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one == other


def test_lightnings_logger(run_both: Any) -> None:
    logged = run_both(TORCH, "lightning_logger.py")
    assert_alike(logged)
    (run,) = logged.ours
    assert run["status"] == "FINISHED"
    assert len(run["metrics"]["val_loss"]) == 3
    assert run["params"]["nested/size"] == "3"
    assert sum(path.endswith(".ckpt") for path in run["artifacts"]) == 2


def test_optunas_callback_and_decorator(run_both: Any) -> None:
    logged = run_both(TORCH, "optuna_callback.py")
    assert_alike(logged)
    assert len(logged.ours) == 3
    assert set(logged.ours[0]["metrics"]) == {"distance", "inside"}


def test_transformers_callback(run_both: Any) -> None:
    logged = run_both(TORCH, "transformers_callback.py")
    assert_alike(logged)
    first, mine = logged.ours
    assert first["tags"]["team"] == "blue"
    assert [step for step, _ in first["metrics"]["loss"]] == [1, 2, 3, 4]
    assert mine["status"] == "FINISHED"


def test_accelerates_tracker(run_both: Any) -> None:
    logged = run_both(TORCH, "accelerate_tracker.py")
    assert_alike(logged)
    assert logged.ours[0]["params"] == {"rate": "0.1", "layers": "2"}
