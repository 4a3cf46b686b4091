"""Metrics that users write, and the ready ones that can be asked for by name: `treering.metrics`.

The classes and names are MLflow's, so that its users' metrics run as they are.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.evaluation import ranking
from treering.evaluation.classification import metrics_of as classifier_metrics
from treering.evaluation.regression import metrics_of as regressor_metrics
from treering.evaluation.rows import classified, regressed

__all__ = [
    "EvaluationMetric",
    "MetricValue",
    "exact_match",
    "f1_score",
    "latency",
    "mae",
    "make_metric",
    "map_at_k",
    "mape",
    "max_error",
    "mrr",
    "mse",
    "ndcg_at_k",
    "precision_at_k",
    "precision_score",
    "r2_score",
    "recall_at_k",
    "recall_score",
    "rmse",
    "standard_aggregations",
]

LATENCY = "latency"


def standard_aggregations(scores: Sequence[float]) -> dict[str, float]:
    """Mean, variance and the 90th percentile."""
    return ranking.aggregated(np.asarray(scores, float))


@dataclass
class MetricValue:
    """What a metric found.

    Attributes:
        scores: One for each row, or None.
        justifications: A text for each score, or None.
        aggregate_results: Figures over all rows; of numeric scores the standard ones unless given.
    """

    scores: list[Any] | None = None
    justifications: list[str] | None = None
    aggregate_results: dict[str, float] | None = None

    def __post_init__(self) -> None:
        """Aggregate scores that are numbers."""
        if (
            self.aggregate_results is None
            and isinstance(self.scores, list | tuple)
            and all(_is_number(score) for score in self.scores)
        ):
            self.aggregate_results = standard_aggregations(self.scores)


class EvaluationMetric:
    """A metric for `evaluate(extra_metrics=[...])`; `make_metric` makes one."""

    def __init__(  # noqa: PLR0913, PLR0917  # MLflow's signature
        self,
        eval_fn: Callable[..., Any],
        name: str,
        greater_is_better: bool,  # noqa: FBT001  # as above
        long_name: str | None = None,
        version: str | None = None,
        metric_details: str | None = None,
        metric_metadata: Mapping[str, Any] | None = None,
        genai_metric_args: Mapping[str, Any] | None = None,
    ) -> None:
        self.eval_fn = eval_fn
        self.name = name
        self.greater_is_better = greater_is_better
        self.long_name = long_name or name
        self.version = version
        self.metric_details = metric_details
        self.metric_metadata = metric_metadata
        self.genai_metric_args = genai_metric_args

    def __call__(self, **values: Any) -> Any:
        """Compute it outside of an evaluation."""
        return self.eval_fn(**values)

    def __str__(self) -> str:
        parts = [f"name={self.name}, greater_is_better={self.greater_is_better}"]
        for name in ("long_name", "version", "metric_details", "metric_metadata"):
            value = getattr(self, name)
            if value:
                parts.append(f"{name}={value}")
        return f"EvaluationMetric({', '.join(parts)})"


def make_metric(  # noqa: PLR0913  # MLflow's signature
    *,
    eval_fn: Callable[..., Any],
    greater_is_better: bool,
    name: str | None = None,
    long_name: str | None = None,
    version: str | None = None,
    metric_details: str | None = None,
    metric_metadata: Mapping[str, Any] | None = None,
    genai_metric_args: Mapping[str, Any] | None = None,
) -> EvaluationMetric:
    """A metric from a function.

    Args:
        eval_fn: Gives a number or a `MetricValue`. By its parameters' names it is given `predictions`, `targets`,
            `metrics` (those computed so far, as `MetricValue`s), columns of the data or of the model's output, other
            metrics, and what `evaluator_config` holds. With exactly two parameters of other names it is given
            a table with `prediction` and `target`, and the metrics as numbers.
        name: The function's name unless given.

    Raises:
        InvalidInput: If it has no name, or one with a slash.
    """
    if name is None:
        if isinstance(eval_fn, FunctionType) and eval_fn.__name__ == "<lambda>":
            msg = "`name` must be specified if `eval_fn` is a lambda function."
            raise InvalidInput(msg)
        if not hasattr(eval_fn, "__name__"):
            msg = "`name` must be specified if `eval_fn` does not have a `__name__` attribute."
            raise InvalidInput(msg)
        name = str(eval_fn.__name__)
    if "/" in name:
        msg = f"Invalid metric name '{name}'. Metric names cannot include forward slashes ('/')."
        raise InvalidInput(msg)
    if not name.isidentifier() or keyword.iskeyword(name) or name in {"predictions", "targets", "metrics"}:
        logger.warning("Other metrics cannot take %r as a parameter: it is no free name of Python.", name)
    return EvaluationMetric(
        eval_fn, name, greater_is_better, long_name, version, metric_details, metric_metadata, genai_metric_args
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _of_regressor(name: str, *, up: bool) -> EvaluationMetric:
    def eval_fn(predictions: Any, targets: Any = None, metrics: Any = None, sample_weight: Any = None) -> Any:  # noqa: ARG001  # MLflow's parameters
        if targets is None or not len(targets):
            return None
        found = regressor_metrics(regressed(targets, predictions, weight=sample_weight))
        return MetricValue(aggregate_results={name: found[name]})

    return make_metric(eval_fn=eval_fn, greater_is_better=up, name=name)


def _of_classifier(name: str) -> EvaluationMetric:
    def eval_fn(  # MLflow's parameters
        predictions: Any,
        targets: Any = None,
        metrics: Any = None,  # noqa: ARG001  # as above
        pos_label: Any = 1,
        average: str = "binary",
        sample_weight: Any = None,
    ) -> Any:
        if targets is None or not len(targets):
            return None
        rows, _ = classified(
            targets, predictions, positive=pos_label if average == "binary" else None, weight=sample_weight
        )
        if average != "binary":
            rows = replace(rows, positive=None, average=average)
        found = classifier_metrics(rows)
        return MetricValue(aggregate_results={name: found[name]})

    return make_metric(eval_fn=eval_fn, greater_is_better=True, name=name)


def _of_ranker(name: str, k: int) -> EvaluationMetric:
    called = name.removesuffix("k") + str(k) if name.endswith("_at_k") else name

    def eval_fn(predictions: Any, targets: Any) -> Any:
        scores = ranking.judged_rows(list(targets), list(predictions), k, [name])[called]
        return MetricValue(scores=scores.tolist(), aggregate_results=ranking.aggregated(scores))

    return make_metric(eval_fn=eval_fn, greater_is_better=True, name=called)


def mae() -> EvaluationMetric:
    """The mean absolute error."""
    return _of_regressor("mean_absolute_error", up=False)


def mse() -> EvaluationMetric:
    """The mean squared error."""
    return _of_regressor("mean_squared_error", up=False)


def rmse() -> EvaluationMetric:
    """The root of the mean squared error."""
    return _of_regressor("root_mean_squared_error", up=False)


def r2_score() -> EvaluationMetric:
    """The part of the variance that is explained."""
    return _of_regressor("r2_score", up=True)


def max_error() -> EvaluationMetric:
    """The greatest error."""
    return _of_regressor("max_error", up=False)


def mape() -> EvaluationMetric:
    """The mean absolute error as a part of the true value."""
    return _of_regressor("mean_absolute_percentage_error", up=False)


def recall_score() -> EvaluationMetric:
    """Which part of the positives was found."""
    return _of_classifier("recall_score")


def precision_score() -> EvaluationMetric:
    """Which part of what was found is positive."""
    return _of_classifier("precision_score")


def f1_score() -> EvaluationMetric:
    """The harmonic mean of precision and recall."""
    return _of_classifier("f1_score")


def precision_at_k(k: int) -> EvaluationMetric:
    """Which part of the first k is relevant."""
    return _of_ranker("precision_at_k", k)


def recall_at_k(k: int) -> EvaluationMetric:
    """Which part of the relevant is among the first k."""
    return _of_ranker("recall_at_k", k)


def ndcg_at_k(k: int) -> EvaluationMetric:
    """The discounted gain of the first k, as a part of the best possible."""
    return _of_ranker("ndcg_at_k", k)


def map_at_k(k: int) -> EvaluationMetric:
    """The mean of precision at each relevant one among the first k."""
    return _of_ranker("map_at_k", k)


def mrr() -> EvaluationMetric:
    """One divided by the place of the first relevant one."""
    return _of_ranker("mrr", 1)


def exact_match() -> EvaluationMetric:
    """Which part of the texts is the expected one, letter by letter."""

    def eval_fn(predictions: Any, targets: Any = None) -> Any:
        if targets is None or not len(targets):
            return None
        same = [said == true for said, true in zip(predictions, targets, strict=True)]
        return MetricValue(aggregate_results={"exact_match": float(np.mean(same))})

    return make_metric(eval_fn=eval_fn, greater_is_better=True, name="exact_match")


def latency() -> EvaluationMetric:
    """Seconds that each row takes; the model is asked row by row."""

    def eval_fn(predictions: Any) -> Any:
        return MetricValue(scores=[0.0] * len(predictions))

    return make_metric(eval_fn=eval_fn, greater_is_better=False, name=LATENCY)
