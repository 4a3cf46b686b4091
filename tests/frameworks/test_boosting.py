"""XGBoost, LightGBM, CatBoost, statsmodels, Optuna and scikit-learn, as MLflow logs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from peers import BOOSTING

pytestmark = pytest.mark.framework


def test_xgboost(run_both: Callable[..., Any]) -> None:
    logged = run_both(BOOSTING, "xgboost_train.py")
    assert len(logged.ours) == len(logged.theirs)
    for ours, theirs in zip(logged.ours, logged.theirs, strict=True):
        assert ours == theirs
