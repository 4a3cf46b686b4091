"""Intervals cover what they should cover, also where rows are dealt into units, and cost little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from treering.core.errors import InvalidInput
from treering.evaluation.business import business_of
from treering.evaluation.judging import metrics_of
from treering.evaluation.resampling import draws, intervals_of, replicates_of
from treering.evaluation.rows import Rows, classified, regressed


def sample(rows: int, seed: int) -> Rows:
    dice = np.random.default_rng(seed)
    truth = dice.random(rows) < 0.4
    score = np.clip(0.25 * truth + 0.75 * dice.random(rows), 0, 1)
    found, _ = classified(truth.astype(int), (score > 0.5).astype(int))
    return replace(found, score=np.column_stack([1 - score, score]))


def test_the_same_seed_gives_the_same_interval_and_another_one_nearly_the_same() -> None:
    rows = sample(400, 1)
    metrics = metrics_of(rows)
    first, again, other = (intervals_of(rows, metrics, draws(400, 1000, seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    for name, between in first.items():
        assert between.low == pytest.approx(other[name].low, abs=0.02), name


def test_the_true_value_lies_in_the_interval_about_as_often_as_promised() -> None:
    exact = metrics_of(sample(400_000, 99))
    names = ("accuracy_score", "f1_score", "log_loss", "roc_auc", "precision_recall_auc")
    inside = dict.fromkeys(names, 0)
    for seed in range(60):
        rows = sample(300, seed)
        found = intervals_of(rows, metrics_of(rows), draws(300, 300, seed))
        for name in names:
            inside[name] += found[name].low <= exact[name] <= found[name].high
    # 57 of 60 are expected; below 50 has a chance of one in a thousand.
    assert min(inside.values()) >= 50, inside


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_units_give_the_interval_that_single_rows_give(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sample(6000, 3)
    if kind == "regressor":
        dice = np.random.default_rng(4)
        truth = dice.normal(size=6000)
        rows = regressed(truth, truth + dice.normal(size=6000))
    metrics = metrics_of(rows)
    in_units = intervals_of(rows, metrics, draws(6000, 600, 0))
    monkeypatch.setattr("treering.evaluation.resampling._UNITS", 6000)
    one_by_one = intervals_of(rows, metrics, draws(6000, 600, 0))
    assert set(in_units) == set(one_by_one)
    for name, between in one_by_one.items():
        width = between.high - between.low
        assert in_units[name].low == pytest.approx(between.low, abs=0.25 * width), name
        assert in_units[name].high == pytest.approx(between.high, abs=0.25 * width), name


def test_coarse_thresholds_move_no_area() -> None:
    rows = sample(5000, 5)
    metrics = metrics_of(rows)
    found = replicates_of(rows, draws(5000, 400, 0))
    for name in ("roc_auc", "precision_recall_auc"):
        assert found[name].mean() == pytest.approx(metrics[name], abs=0.002)


def test_each_replicate_is_the_metric_of_the_rows_that_were_drawn() -> None:
    rows = sample(60, 6)
    drawn = draws(60, 5, 0)
    found = replicates_of(rows, drawn)
    for place in range(5):
        chosen = np.repeat(np.arange(60), drawn.counts[place].astype(int))
        one = Rows(rows.kind, rows.target[chosen], rows.prediction[chosen], rows.score[chosen], None, rows.labels, 1)  # type: ignore[index]
        exact = metrics_of(one)
        for name in set(found) & set(exact):
            assert found[name][place] == pytest.approx(exact[name], rel=1e-5), name


def test_many_classes_have_intervals_around_their_figures() -> None:
    dice = np.random.default_rng(8)
    truth = dice.choice(4, 500)
    said = np.where(dice.random(500) < 0.6, truth, dice.choice(4, 500))
    rows, _ = classified(truth, said)
    rows = replace(rows, score=dice.dirichlet(np.ones(4), 500))
    for average in ("weighted", "macro", "micro"):
        rows = replace(rows, average=average)
        metrics = metrics_of(rows)
        found = intervals_of(rows, metrics, draws(500))
        assert {"accuracy_score", "f1_score", "log_loss"} <= set(found)
        assert all(between.low <= metrics[name] <= between.high for name, between in found.items())


def test_a_handful_of_rows_has_no_interval() -> None:
    rows = sample(9, 1)
    assert intervals_of(rows, metrics_of(rows), draws(9)) == {}


@pytest.mark.parametrize(("rows", "replicates"), [(0, 100), (10, 1)])
def test_draws_of_nothing_are_refused(rows: int, replicates: int) -> None:
    with pytest.raises(InvalidInput):
        draws(rows, replicates)


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_rows_of_no_weight_are_drawn_without_complaint(kind: str) -> None:
    weight = np.zeros(50)
    weight[:2] = 1
    numbers = np.random.default_rng(1).integers(0, 2, 50)
    rows = regressed(numbers, numbers, weight=weight)
    if kind == "classifier":
        rows, _ = classified(numbers, numbers, labels=[0, 1], weight=weight)
        assert business_of(rows, {"tp": 1.0}, drawn=draws(50, 100)).value.value >= 0
    assert intervals_of(rows, metrics_of(rows), draws(50, 100))


def test_errors_whose_squares_are_infinite_are_no_reason_to_complain() -> None:
    rows = regressed(np.arange(50.0), np.full(50, 1e200))
    assert metrics_of(rows)["mean_squared_error"] == np.inf
    assert "mean_absolute_error" in intervals_of(rows, metrics_of(rows), draws(50, 100))
