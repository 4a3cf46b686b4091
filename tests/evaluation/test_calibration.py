"""Calibration: scores that are probabilities have no error, others have theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from treering.evaluation.calibration import calibrations
from treering.evaluation.rows import classified


def test_the_curve_is_scikit_learns() -> None:
    dice = np.random.default_rng(0)
    score = dice.random(500)
    truth = (dice.random(500) < score**2).astype(int)
    rows, _ = classified(truth, (score > 0.5).astype(int))
    (found,) = calibrations(replace(rows, score=np.column_stack([1 - score, score])))
    observed, predicted = calibration_curve(truth, score, n_bins=10)
    assert [one.observed for one in found.bins] == pytest.approx(observed)
    assert [one.predicted for one in found.bins] == pytest.approx(predicted)
    assert sum(one.rows for one in found.bins) == 500
    assert found.brier == pytest.approx(brier_score_loss(truth, score))
    assert found.label == "1"
    shares = np.array([one.rows for one in found.bins]) / 500
    assert found.expected_error == pytest.approx((shares * np.abs(observed - predicted)).sum())
    assert found.maximal_error == pytest.approx(np.abs(observed - predicted).max())


def test_scores_that_are_always_right_have_no_error() -> None:
    rows, _ = classified([0, 1, 1], [0, 1, 1])
    (found,) = calibrations(replace(rows, score=np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])))
    assert (found.expected_error, found.brier, len(found.bins)) == (0.0, 0.0, 2)


def test_of_many_classes_the_predicted_one_and_each_have_a_curve() -> None:
    dice = np.random.default_rng(1)
    truth = dice.choice(["a", "b", "c"], 100)
    rows, _ = classified(truth, truth)
    found = calibrations(replace(rows, score=dice.dirichlet([1, 1, 1], 100)))
    assert [one.label for one in found] == ["", "a", "b", "c"]


def test_without_scores_there_is_nothing_to_say() -> None:
    rows, _ = classified([0, 1], [0, 1])
    assert calibrations(rows) == ()
