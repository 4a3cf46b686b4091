"""Lightning, Keras, TensorFlow and Transformers, as MLflow logs them; where it is wrong, the tests say how."""

from __future__ import annotations

from typing import Any

import pytest

from frameworks.comparing import comparable
from peers import TENSORFLOW, TORCH

pytestmark = pytest.mark.framework

VALIDATION = {"validation_loss", "validation_mae"}


def test_lightning_and_tensorboard(run_both: Any) -> None:
    logged = run_both(TORCH, "lightning_train.py")
    # MLflow looks for early stopping of pytorch_lightning, and does not know that of lightning.
    stopping = {
        "monitor",
        "mode",
        "patience",
        "min_delta",
        "stopped_epoch",
        "restored_epoch",
        "best_score",
        "wait_count",
    }
    assert comparable(logged.ours, stopping) == comparable(logged.theirs, stopping)
    own, by_steps, board = logged.ours
    assert own["params"]["monitor"] == "val_loss"
    assert own["metrics"]["stopped_epoch"] == [[0, 1.0]]
    assert own["params"]["optimizer_name"] == "SGD"
    assert {"model_summary.txt", "checkpoints/latest_checkpoint.pth"} <= set(own["artifacts"])
    assert "checkpoints/epoch_1/checkpoint.weights.pth" in by_steps["artifacts"]
    assert [step for step, _ in by_steps["metrics"]["train_loss_step"]] == [1, 3, 5, 7]
    assert by_steps["tags"]["Mode"] == "testing"
    assert board["params"] == {"rate": "0.5", "kind": "sgd"}
    assert [step for step, _ in board["metrics"]["plain/loss"]] == [0, 1, 2, 3]


def test_keras(run_both: Any) -> None:
    logged = run_both(TORCH, "keras_train.py")
    # MLflow writes every validation at step 0, and fails at a tuple of validation data without TensorFlow.
    known = {*VALIDATION, "inputs"}
    assert comparable(logged.ours, known) == comparable(logged.theirs, known)
    epochs, steps, callback = logged.ours
    assert [step for step, _ in epochs["metrics"]["validation_loss"]] == [0, 1, 2]
    assert {context for _, context, _ in epochs["inputs"]} == {"train", "eval"}
    assert epochs["params"]["batch_size"] == "8"
    assert epochs["params"]["optimizer_name"] == "sgd"
    assert [step for step, _ in steps["metrics"]["loss"]] == [2, 4, 6, 8]
    assert callback["artifacts"] == ["model_summary.txt"]


def test_tensorflow(run_both: Any) -> None:
    logged = run_both(TENSORFLOW, "tensorflow_train.py")
    known = {*VALIDATION, "inputs"}
    assert comparable(logged.ours, known) == comparable(logged.theirs, known)
    first, every = logged.ours
    assert first["params"]["opt_learning_rate"].startswith("0.0")
    assert first["metrics"]["stopped_epoch"] == [[0, 1.0]]
    assert first["metrics"]["restored_epoch"] == [[0, 0.0]]
    assert "checkpoints/latest_checkpoint.h5" in first["artifacts"]
    assert any(path.startswith("tensorboard_logs/train/") for path in first["artifacts"])
    assert every["params"]["batch_size"] == "8"
    assert "checkpoints/epoch_1/checkpoint.weights.h5" in every["artifacts"]


def test_transformers(run_both: Any) -> None:
    logged = run_both(TORCH, "transformers_train.py")
    # MLflow leaves the making of the run to Transformers, which does not mark it as made by autologging.
    known = {"mlflow.autologging"}
    assert comparable(logged.ours, known) == comparable(logged.theirs, known)
    first, mine = logged.ours
    assert first["tags"]["mlflow.autologging"] == "transformers"
    assert "mlflow.autologging" not in mine["tags"]
    assert [step for step, _ in first["metrics"]["loss"]] == [1, 2, 3, 4]


def test_fitted_networks_are_logged_as_models(run_both: Any) -> None:
    logged = run_both(TORCH, "fitted_models.py")
    assert logged.ours[0]["signatures"] == logged.theirs[0]["signatures"]
    assert logged.ours[0]["measured"] == logged.theirs[0]["measured"]
    for ours, theirs in zip(logged.ours, logged.theirs, strict=True):
        assert [(one["name"], one["status"]) for one in ours["models"]] == [("model", "READY")]
        assert [one["name"] for one in theirs["models"]] == ["model"]


def test_a_fitted_model_of_tensorflow(run_ours: Any) -> None:
    (found,) = run_ours(TENSORFLOW, "tensorflow_fitted.py")
    assert [(one["name"], one["status"]) for one in found["models"]] == [("model", "READY")]


def test_a_fitted_model_of_transformers(run_ours: Any) -> None:
    first, second = run_ours(TORCH, "transformers_fitted.py")
    assert [(one["name"], one["status"]) for one in first["models"]] == [("model", "READY")]
    assert "loss" in first["linked"]
    assert second["models"] == []
