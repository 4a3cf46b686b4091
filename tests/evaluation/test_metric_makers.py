"""Metrics that users write."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from treering.core.errors import InvalidInput
from treering.evaluation import metric_makers as metrics


def test_scores_that_are_numbers_are_summed_up() -> None:
    found = metrics.MetricValue(scores=[0.0, 1.0])
    assert found.aggregate_results == {"mean": 0.5, "variance": 0.25, "p90": pytest.approx(0.9)}
    assert metrics.MetricValue(scores=["good", "bad"]).aggregate_results is None


def test_a_metric_has_its_functions_name_and_can_be_called() -> None:
    def off(predictions: list, targets: list) -> float:
        return float(np.mean(np.abs(np.subtract(predictions, targets))))

    made = metrics.make_metric(eval_fn=off, greater_is_better=False, version="v1")
    assert (made.name, made.long_name, made.greater_is_better) == ("off", "off", False)
    assert made(predictions=[1, 2], targets=[1, 4]) == 1.0
    assert "version=v1" in str(made)


def test_ready_metrics_are_named_and_directed() -> None:
    assert metrics.mae()(predictions=[1.0, 2.0], targets=[1.0, 4.0]).aggregate_results == {"mean_absolute_error": 1.0}
    assert not metrics.rmse().greater_is_better
    assert metrics.recall_score()(predictions=[1, 0], targets=[1, 1]).aggregate_results == {"recall_score": 0.5}
    assert metrics.f1_score()(predictions=[1, 0], targets=[1, 0], average="macro").aggregate_results == {
        "f1_score": 1.0
    }
    assert metrics.ndcg_at_k(2)(predictions=[["a"]], targets=[["a"]]).aggregate_results["mean"] == 1.0
    assert metrics.exact_match()(predictions=["a", "b"], targets=["a", "c"]).aggregate_results == {"exact_match": 0.5}
    assert metrics.mae()(predictions=[], targets=[]) is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"eval_fn": lambda: 1}, "lambda"),
        ({"eval_fn": partial(max, 0)}, "__name__"),
        ({"eval_fn": len, "name": "a/b"}, "forward slashes"),
    ],
)
def test_a_metric_needs_a_name(options: dict, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        metrics.make_metric(greater_is_better=True, **options)
