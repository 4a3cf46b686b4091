"""Boosting libraries, statsmodels, Optuna and scikit-learn: one script each, logged as MLflow logs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from peers import BOOSTING

pytestmark = pytest.mark.framework

RunBoth = Callable[..., Any]
RunOurs = Callable[..., list[dict[str, Any]]]


def same(logged: Any, *parts: str) -> None:
    assert len(logged.ours) == len(logged.theirs)
    for ours, theirs in zip(logged.ours, logged.theirs, strict=True):
        for part in parts or ours:
            assert ours[part] == theirs[part], part


def test_xgboost_training_and_estimators(run_both: RunBoth) -> None:
    same(run_both(BOOSTING, "xgboost_train.py"), "status", "params", "metrics", "tags", "artifacts", "inputs")


def test_lightgbm_training_and_estimators(run_both: RunBoth) -> None:
    same(run_both(BOOSTING, "lightgbm_train.py"))


def test_scikit_learn_estimators_searches_and_what_is_measured_later(run_both: RunBoth) -> None:
    same(run_both(BOOSTING, "sklearn_fit.py"))


def test_statsmodels(run_both: RunBoth) -> None:
    logged = run_both(BOOSTING, "statsmodels_fit.py")
    for run in logged.theirs:
        # MLflow also logs the catch-all parameter itself, without a value, and stores infinity as the largest number.
        for logged_params in (run["params"], *(model["params"] for model in run["models"])):
            if "_empty" in logged_params.get("kwargs", ""):
                del logged_params["kwargs"]
        for points in run["metrics"].values():
            points[:] = [[step, float("inf") if value == sys.float_info.max else value] for step, value in points]
    assert [len(run["models"]) for run in logged.ours] == [1, 1, 1, 1]
    same(logged)


def test_catboost(run_ours: RunOurs) -> None:
    estimator, booster = run_ours(BOOSTING, "catboost_fit.py")
    assert estimator["params"]["depth"] == "2"
    assert estimator["params"]["early_stopping_rounds"] == "3"
    metrics = estimator["metrics"]
    steps = [step for step, _ in metrics["validation-Logloss"]]
    assert steps == list(range(len(steps)))
    assert metrics["stopped_iteration"] == [[0, len(steps) - 1]]
    best = int(metrics["best_iteration"][0][1])
    assert metrics["best_validation-Logloss"][0][1] == pytest.approx(metrics["validation-Logloss"][best][1])
    assert "CatBoostClassifier_score_rows" in metrics
    assert "feature_importance_PredictionValuesChange.png" in estimator["artifacts"]
    assert [one["status"] for one in estimator["models"]] == ["READY"]
    assert len(booster["metrics"]["learn-RMSE"]) == 3


def test_optuna_runs_a_study_with_a_run_for_each_trial(run_ours: RunOurs) -> None:
    study, good, pruned, failed, last = run_ours(BOOSTING, "optuna_study.py")
    assert study["parent"] is None
    assert study["params"]["study_name"] == "irises"
    assert study["metrics"]["complete_trials"] == [[0, 2]]
    assert study["params"]["best_C"] in {good["params"]["C"], last["params"]["C"]}
    assert {one["parent"] for one in (good, pruned, failed, last)} == {"run 0"}
    assert [one["status"] for one in (study, good, pruned, failed)] == ["FINISHED", "FINISHED", "KILLED", "FAILED"]
    assert good["metrics"]["intermediate_value"] == [[1, 0.5]]
    assert good["tags"]["state"] == "TrialState.COMPLETE"
    assert good["tags"]["colour"] == "green"
    # What the objective trained is in the trial's own run.
    assert good["metrics"]["value"][0][1] == pytest.approx(good["metrics"]["training_score"][0][1])
