"""Metrics of regressors are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as judge

from treering.evaluation.regression import metrics_of
from treering.evaluation.rows import regressed

DICE = np.random.default_rng(3)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_regressor_is_judged_as_scikit_learn_judges_it(weighted: bool, offset: float) -> None:
    truth = DICE.normal(size=150) + offset
    said = truth + DICE.normal(size=150) * 0.3
    weight = DICE.random(150) + 0.1 if weighted else None
    found = metrics_of(regressed(truth, said, weight=weight))
    total = (truth * weight).sum() if weight is not None else truth.sum()
    expected = {
        "example_count": 150,
        "mean_absolute_error": judge.mean_absolute_error(truth, said, sample_weight=weight),
        "mean_squared_error": judge.mean_squared_error(truth, said, sample_weight=weight),
        "root_mean_squared_error": judge.root_mean_squared_error(truth, said, sample_weight=weight),
        "sum_on_target": total,
        "mean_on_target": total / 150,
        "r2_score": judge.r2_score(truth, said, sample_weight=weight),
        "max_error": judge.max_error(truth, said),
        "mean_absolute_percentage_error": judge.mean_absolute_percentage_error(truth, said, sample_weight=weight),
    }
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("said", "expected"), [([2.0, 2.0], 1.0), ([2.0, 3.0], 0.0)])
def test_targets_without_spread_are_explained_or_not(said: list[float], expected: float) -> None:
    assert metrics_of(regressed([2.0, 2.0], said))["r2_score"] == expected


def test_one_row_explains_nothing() -> None:
    assert "r2_score" not in metrics_of(regressed([2.0], [2.0]))
