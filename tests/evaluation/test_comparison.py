"""Two models on the same rows: a small, steady difference is seen, a lucky one is not believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from treering.evaluation.comparison import compare_figures, compare_rows, same_rows
from treering.evaluation.judging import metrics_of
from treering.evaluation.ranking import fingerprints
from treering.evaluation.rows import RANKER, Rows, classified, from_bytes, regressed, to_bytes


def model(rows: int, right: float, seed: int, *, truth_seed: int = 0) -> Rows:
    truth = np.random.default_rng(truth_seed).integers(0, 2, rows)
    dice = np.random.default_rng(seed)
    found, _ = classified(truth, np.where(dice.random(rows) < right, truth, 1 - truth), labels=[0, 1])
    return found


def test_a_better_model_is_better_beyond_doubt_and_the_other_way_round_worse() -> None:
    good, bad = model(3000, 0.9, 1), model(3000, 0.8, 2)
    found = {one.metric: one for one in compare_rows(good, bad, "models:/m/1").differences}
    assert found["accuracy_score"].better is True
    back = {one.metric: one for one in compare_rows(bad, good, "models:/m/2").differences}
    assert back["accuracy_score"].better is False
    assert back["accuracy_score"].difference.value == -found["accuracy_score"].difference.value
    assert "example_count" not in found


def test_a_difference_that_may_be_luck_is_not_decided() -> None:
    found = {one.metric: one for one in compare_rows(model(60, 0.82, 1), model(60, 0.8, 2), "b").differences}
    assert found["accuracy_score"].better is None
    low, high = found["accuracy_score"].difference.low, found["accuracy_score"].difference.high
    assert low is not None
    assert high is not None
    assert low <= 0 <= high


def test_pairs_see_what_two_separate_intervals_do_not() -> None:
    dice = np.random.default_rng(0)
    truth = dice.normal(size=400) * 10
    error = dice.normal(size=400) * 3
    one, other = regressed(truth, truth + error), regressed(truth, truth + 1.05 * error)
    found = {difference.metric: difference for difference in compare_rows(one, other, "b").differences}
    assert found["mean_absolute_error"].better is True
    assert found["mean_absolute_error"].greater_is_better is False
    assert found["max_error"].better is None  # of which there is no interval


def test_classes_are_brought_together_as_the_candidate_asks() -> None:
    dice = np.random.default_rng(1)
    truth = dice.choice(3, 400, p=[0.8, 0.1, 0.1])
    one, other = (classified(truth, dice.permutation(truth), labels=[0, 1, 2])[0] for _ in range(2))
    macro = replace(one, average="macro")
    found = {each.metric: each for each in compare_rows(from_bytes(to_bytes(macro)), other, "b").differences}
    assert found["f1_score"].candidate == metrics_of(macro)["f1_score"]
    assert found["f1_score"].baseline == metrics_of(replace(other, average="macro"))["f1_score"]
    assert found["f1_score"].baseline != metrics_of(other)["f1_score"]
    plain = compare_rows(one, other, "b", replicates=0)
    assert {each.difference.low for each in plain.differences} == {None}


def test_only_answers_to_the_same_questions_are_compared_in_pairs() -> None:
    assert same_rows(model(50, 0.9, 1), model(50, 0.8, 2))
    assert not same_rows(model(50, 0.9, 1), model(49, 0.8, 2))
    assert not same_rows(model(50, 0.9, 1), model(50, 0.9, 1, truth_seed=5))
    ranked = Rows(RANKER, fingerprints([[1, 2], [3]]), np.array([]), values={"mrr": np.array([1.0, 0.5])})
    assert same_rows(ranked, replace(ranked, values={"mrr": np.array([0.0, 0.5])}))
    assert not same_rows(ranked, replace(ranked, target=fingerprints([[1, 2], [4]])))


def test_figures_alone_decide_nothing() -> None:
    found = compare_figures(
        {"roc_auc": 0.9, "rows": 3, "own": 2.0}, {"roc_auc": 0.8, "rows": 3, "own": 1.0}, "b", {"own": False}
    )
    assert [(one.metric, one.better, one.greater_is_better) for one in found.differences] == [
        ("roc_auc", None, True),
        ("own", None, False),
    ]
    assert not found.paired
