"""Metrics of classifiers are scikit-learn's, weighted or not, with ties, with classes that are missing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as judge

from treering.core.errors import InvalidInput
from treering.evaluation.classification import confusion, metrics_of, per_class
from treering.evaluation.curves import tallied
from treering.evaluation.rows import Rows, classified

DICE = np.random.default_rng(7)


def two(rows: int, *, digits: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Truth and scores; with few digits many scores are the same."""
    truth = DICE.random(rows) < 0.3
    return truth.astype(int), np.clip(truth * 0.3 + DICE.random(rows) * 0.7, 0, 1).round(digits)


def scored(truth: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> Rows:
    rows, _ = classified(truth, (score >= 0.5).astype(int), labels=[0, 1], weight=weight)
    return replace(rows, score=np.column_stack([1 - score, score]))


@pytest.mark.parametrize("rows", [5, 80, 3000])
@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes_are_judged_as_scikit_learn_judges_them(rows: int, weighted: bool) -> None:
    truth, score = two(rows)
    truth[:2] = [0, 1]
    weight = DICE.random(rows) + 0.1 if weighted else None
    said = (score >= 0.5).astype(int)
    found = metrics_of(scored(truth, score, weight))
    tn, fp, fn, tp = judge.confusion_matrix(truth, said, labels=[0, 1]).ravel()
    expected = {
        "true_negatives": tn,
        "false_positives": fp,
        "false_negatives": fn,
        "true_positives": tp,
        "example_count": rows,
        "accuracy_score": judge.accuracy_score(truth, said, sample_weight=weight),
        "recall_score": judge.recall_score(truth, said, sample_weight=weight, zero_division=0),
        "precision_score": judge.precision_score(truth, said, sample_weight=weight, zero_division=0),
        "f1_score": judge.f1_score(truth, said, sample_weight=weight, zero_division=0),
        "log_loss": judge.log_loss(truth, np.column_stack([1 - score, score]), sample_weight=weight),
        "roc_auc": judge.roc_auc_score(truth, score, sample_weight=weight),
        "precision_recall_auc": judge.average_precision_score(truth, score, sample_weight=weight),
    }
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("average", ["weighted", "macro", "micro"])
@pytest.mark.parametrize("weighted", [False, True])
def test_many_classes_are_judged_as_scikit_learn_judges_them(average: str, weighted: bool) -> None:
    truth = DICE.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])
    said = np.where(DICE.random(200) < 0.7, truth, DICE.choice(["a", "b"], 200))
    score = DICE.dirichlet([1, 1, 1], 200)
    weight = DICE.random(200) + 0.1 if weighted else None
    rows, labels = classified(truth, said, weight=weight)
    found = metrics_of(replace(rows, score=score, average=average))
    assert labels.tolist() == ["a", "b", "c"]
    for name in ("recall_score", "precision_score", "f1_score"):
        expected = getattr(judge, name)(truth, said, average=average, sample_weight=weight, zero_division=0)
        assert found[name] == pytest.approx(expected, rel=1e-12), name
    assert found["log_loss"] == pytest.approx(judge.log_loss(truth, score, sample_weight=weight), rel=1e-12)
    if average != "micro":
        expected = judge.roc_auc_score(truth, score, average=average, multi_class="ovr", sample_weight=weight)
        assert found["roc_auc"] == pytest.approx(expected, rel=1e-12)


def test_a_class_that_occurs_nowhere_does_not_lower_the_macro_average() -> None:
    truth, said = ["a", "b", "a", "b"], ["a", "b", "b", "b"]
    rows, _ = classified(truth, said, labels=["a", "b", "c"])
    expected = judge.f1_score(truth, said, average="macro")
    assert metrics_of(replace(rows, average="macro"))["f1_score"] == pytest.approx(expected)


def test_the_positive_class_may_be_the_first_one() -> None:
    truth, score = two(100)
    rows, _ = classified(truth, (score >= 0.5).astype(int), positive=0)
    rows = replace(rows, score=np.column_stack([1 - score, score]))
    found = metrics_of(rows)
    assert found["recall_score"] == pytest.approx(judge.recall_score(truth, score >= 0.5, pos_label=0))
    assert found["roc_auc"] == pytest.approx(judge.roc_auc_score(1 - truth, 1 - score))
    assert found["true_positives"] == ((truth == 0) & (score < 0.5)).sum()


def test_a_metric_that_one_class_alone_cannot_have_is_left_out() -> None:
    rows, _ = classified([1, 1, 1], [1, 1, 0], labels=[0, 1])
    found = metrics_of(replace(rows, score=np.array([[0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])))
    assert "roc_auc" not in found
    assert all(math.isfinite(value) for value in found.values())


def test_a_certain_mistake_costs_much_and_not_everything() -> None:
    rows, _ = classified([0, 1], [0, 1])
    found = metrics_of(replace(rows, score=np.array([[1.0, 0.0], [1.0, 0.0]])))
    assert found["log_loss"] == pytest.approx(judge.log_loss([0, 1], [[1.0, 0.0], [1.0, 0.0]]))


@pytest.mark.parametrize("digits", [1, 2, 9])
def test_curves_go_through_scikit_learns_points(digits: int) -> None:
    truth, score = two(300, digits=digits)
    marks = truth == 1
    x, y, _ = judge.roc_curve(truth, score, drop_intermediate=False)
    found = tallied(marks, score).roc()
    assert found.x == pytest.approx(x)
    assert found.y == pytest.approx(y)
    precision, recall, _ = judge.precision_recall_curve(truth, score)
    found = tallied(marks, score).precision_recall()
    assert found.x == pytest.approx(recall[::-1])
    assert found.y == pytest.approx(precision[::-1])
    assert tallied(marks, score).lift().y[-1] == pytest.approx(1.0)
    thin = found.thinned(5)
    assert len(thin.x) <= 5
    assert (thin.x[0], thin.x[-1]) == (found.x[0], found.x[-1])


def test_the_other_class_has_the_curves_of_the_rest_of_the_score() -> None:
    truth, score = two(300, digits=2)
    found, expected = tallied(truth == 1, score).of_the_other(), tallied(truth == 0, 1 - score)
    assert found.roc_auc == pytest.approx(expected.roc_auc)
    assert found.thresholds == pytest.approx(expected.thresholds)
    assert found.lift().y == pytest.approx(expected.lift().y)
    assert found.places.tolist() == expected.places.tolist()


def test_areas_of_one_class_are_not_known() -> None:
    assert math.isnan(tallied(np.array([True, True]), np.array([0.1, 0.2])).roc_auc)
    assert math.isnan(tallied(np.array([False, False]), np.array([0.1, 0.2])).average_precision)


def test_each_class_against_all_others_is_a_line_of_a_table() -> None:
    truth = DICE.choice([0, 1, 2], 90)
    said = np.where(DICE.random(90) < 0.7, truth, 0)
    score = DICE.dirichlet([1, 1, 1], 90)
    rows, labels = classified(truth, said)
    table = per_class(replace(rows, score=score), labels, with_areas=True)
    assert list(table) == [
        "positive_class", "true_negatives", "false_positives", "false_negatives", "true_positives", "example_count",
        "accuracy_score", "recall_score", "precision_score", "f1_score", "roc_auc", "precision_recall_auc",
    ]  # fmt: skip
    for place in range(3):
        assert table["f1_score"][place] == pytest.approx(judge.f1_score(truth == place, said == place))
        assert table["accuracy_score"][place] == pytest.approx(judge.accuracy_score(truth == place, said == place))
        assert table["roc_auc"][place] == pytest.approx(judge.roc_auc_score(truth == place, score[:, place]))
    assert confusion(rows).tolist() == judge.confusion_matrix(truth, said).tolist()


def test_an_unknown_average_is_refused() -> None:
    rows, _ = classified([0, 1], [0, 1])
    with pytest.raises(InvalidInput, match="weighted, macro, micro"):
        metrics_of(replace(rows, average="samples"))
