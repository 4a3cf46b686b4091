"""The worth of decisions: the best threshold is found, and beats doing the same for everybody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from treering.core.errors import InvalidInput
from treering.evaluation.business import business_of, matrix_of
from treering.evaluation.resampling import draws
from treering.evaluation.rows import Rows, classified, regressed


def scored(rows: int = 500, seed: int = 0) -> Rows:
    dice = np.random.default_rng(seed)
    truth = dice.random(rows) < 0.3
    score = np.clip(0.4 * truth + 0.6 * dice.random(rows), 0, 1).round(3)
    found, _ = classified(truth.astype(int), (score > 0.5).astype(int))
    return replace(found, score=np.column_stack([1 - score, score]))


def test_the_threshold_is_the_one_of_all_that_is_worth_most() -> None:
    rows = scored()
    values = {"tp": 10, "fp": -4, "fn": -1}
    found = business_of(rows, values, cost=100.0, drawn=draws(500, 200))
    truth, score = rows.target == 1, rows.score[:, 1]  # type: ignore[index]

    def worth(threshold: float) -> float:
        said = score >= threshold
        return float((10 * (truth & said) - 4 * (~truth & said) - 1 * (truth & ~said)).mean())

    best = max(worth(threshold) for threshold in [*np.unique(score), 2.0])
    assert found.value.value == pytest.approx(best)
    assert found.threshold is not None
    assert worth(found.threshold) == pytest.approx(best)
    assert found.current.value == pytest.approx(worth(0.5001))
    assert found.alternative == pytest.approx(max(worth(-1.0), worth(2.0)))
    assert found.value.value >= max(found.current.value, found.alternative)
    assert found.total == pytest.approx(best * 500)
    assert found.roi == pytest.approx((best - found.alternative) * 500 / 100 - 1)
    assert found.value.low is not None
    assert found.value.low < best < found.value.high  # type: ignore[operator]
    assert max(value for _, value in found.curve) == pytest.approx(best)
    assert [at for at, _ in found.curve] == sorted(at for at, _ in found.curve)


def test_where_every_alarm_costs_more_than_it_brings_nobody_is_chosen() -> None:
    rows = scored()
    found = business_of(rows, {"tp": -1, "fp": -1})
    assert found.value.value == 0
    assert found.threshold is not None
    assert found.threshold > rows.score[:, 1].max()  # type: ignore[index]
    assert found.roi is None


def test_without_scores_the_decisions_count_as_they_are() -> None:
    rows = replace(scored(), score=None)
    found = business_of(rows, [[0, -1], [-5, 3]])
    assert found.threshold is None
    assert found.value == found.current
    assert found.curve == ()


def test_many_classes_have_a_matrix() -> None:
    rows, _ = classified(["a", "b", "c", "c"], ["a", "b", "a", "c"])
    found = business_of(rows, [[1, 0, 0], [0, 1, 0], [-7, 0, 1]])
    assert found.value.value == (1 + 1 - 7 + 1) / 4
    assert found.alternative == max((1 + 0 - 14) / 4, 1 / 4, 2 / 4)


def test_weights_count() -> None:
    rows, _ = classified([0, 1], [1, 1], weight=[3.0, 1.0])
    assert business_of(rows, {"tp": 1, "fp": -1}).value.value == (-3 + 1) / 4


def test_the_positive_class_may_be_the_first_one() -> None:
    rows, _ = classified(["bad", "good"], ["bad", "good"], positive="bad")
    assert matrix_of({"true_positive": 2, "fn": -3}, rows).tolist() == [[2, -3], [0, 0]]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"tp": 1, "hit": 2}, "hit"),
        ({}, "name what tp"),
        ({"tp": "much"}, "must hold numbers"),
        ({"tp": float("nan")}, "must hold numbers"),
        ([[1, 2]], "a row and a column for each"),
        ([["a", "b"], ["c", "d"]], "must be numbers"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(values: object, why: str) -> None:
    rows, _ = classified([0, 1], [0, 1])
    with pytest.raises(InvalidInput, match=why):
        business_of(rows, values)


def test_a_number_has_no_value_matrix() -> None:
    with pytest.raises(InvalidInput, match="extra_metrics"):
        business_of(regressed([1.0], [1.0]), {"tp": 1})
