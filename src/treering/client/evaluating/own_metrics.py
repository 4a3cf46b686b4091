"""Metrics and artifacts that the caller wrote, called as MLflow calls them."""

from __future__ import annotations

import copy
import inspect
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treering.client.evaluating.answers import Answers
from treering.client.evaluating.table import EvaluationTable
from treering.client.frames import FRAMES
from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.evaluation.metric_makers import EvaluationMetric, MetricValue
from treering.tracking.limits import check_key

__all__ = [
    "MetricValues",
    "Surroundings",
    "aggregates",
    "check_metrics",
    "compute",
    "predict_row_by_row",
    "scored_frame",
]

MetricValues = dict[str, MetricValue]

_OLD_FORM = 2


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Where a metric's parameters may come from.

    Attributes:
        scored: A table of `prediction` and, if known, `target`.
        inputs: The features as a data frame.
    """

    table: EvaluationTable
    answers: Answers
    config: Mapping[str, Any]
    predictions: str | None
    scored: Any
    inputs: Any
    used_columns: set[str] = field(default_factory=set)

    @property
    def mapping(self) -> Mapping[str, Any]:
        """Under which other name a parameter's column is known."""
        found: Mapping[str, Any] = self.config.get("col_mapping") or {}
        return found


def check_metrics(metrics: Sequence[Any] | None) -> list[EvaluationMetric]:
    """The metrics. Raises InvalidInput if one is no metric, or its name is none that can be logged."""
    wrong = [one for one in metrics or () if not isinstance(one, EvaluationMetric) and not hasattr(one, "eval_fn")]
    if wrong:
        names = "\n".join(f"- Metric '{one}' has type '{type(one).__name__}'" for one in wrong)
        msg = (
            f"In the 'extra_metrics' parameter, the following metrics have the wrong type:\n{names}\n"
            "Make each of them with treering.metrics.make_metric."
        )
        raise InvalidInput(msg)
    for one in metrics or ():
        check_key(one.name, "extra_metrics")
    return list(metrics or ())


def scored_frame(prediction: Any, target: Any) -> Any:
    """A data frame of predictions and targets, as metrics are given it."""
    columns = {"prediction": list(prediction)} | ({} if target is None else {"target": list(target)})
    return FRAMES.load("pandas").table(columns)


def compute(metrics: Sequence[EvaluationMetric], found: MetricValues, around: Surroundings) -> None:
    """Add each metric to `found`, those that others need first.

    Raises:
        InvalidInput: If one needs what is not there; the message says what is.
    """
    waiting = list(enumerate(metrics))
    while waiting:
        later: list[tuple[int, EvaluationMetric]] = []
        missing: list[tuple[str, list[str]]] = []
        for index, metric in waiting:
            given, absent = _arguments(metric.eval_fn, found, around)
            if absent:
                later.append((index, metric))
                missing.append((metric.name, absent))
                continue
            value = _checked(metric, index, _called(metric, given))
            if value is not None:
                found[f"{metric.name}/{metric.version}" if metric.version else metric.name] = value
        if len(later) == len(waiting):
            raise InvalidInput(_not_there(missing, around))
        waiting = later


def aggregates(found: Mapping[str, MetricValue]) -> dict[str, float]:
    """One figure or several for each metric, under MLflow's names."""
    figures: dict[str, float] = {}
    for name, value in found.items():
        for part, figure in (value.aggregate_results or {}).items():
            if figure is not None:
                figures[name if part == name.split("/")[0] else f"{name}/{part}"] = figure
    return figures


def predict_row_by_row(predict: Callable[[Any], Any], features: Any) -> tuple[Any, list[float]]:
    """The answers, and how many seconds each took."""
    answers, seconds = [], []
    rows = len(features)
    for place in range(rows):
        row = features.iloc[[place]] if hasattr(features, "iloc") else features[place : place + 1]
        start = time.perf_counter()
        answers.append(predict(row))
        seconds.append(time.perf_counter() - start)
    if not rows:
        msg = "There is no row to measure the latency of."
        raise InvalidInput(msg)
    if isinstance(answers[0], str):
        return answers, seconds
    if hasattr(answers[0], "iloc"):
        return FRAMES.load("pandas").concatenate(answers), seconds
    return np.concatenate([np.asarray(answer).reshape(1, *np.shape(answer)[1:]) for answer in answers]), seconds


def _arguments(function: Callable[..., Any], found: MetricValues, around: Surroundings) -> tuple[list[Any], list[str]]:
    """What a metric is called with, or what is missing for that."""
    parameters = inspect.signature(function).parameters
    names = list(parameters)
    if len(names) == _OLD_FORM and names[0] != "predictions" and names[1] != "targets":
        return [around.scored.copy(), aggregates(found)], []
    given: list[Any] = []
    absent: list[str] = []
    for name, parameter in parameters.items():
        there, value = _argument(around.mapping.get(name, name), found, around)
        if not there and parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            continue
        if there:
            given.append(value)
        elif parameter.default is inspect.Parameter.empty:
            absent.append(name)
        else:
            given.append(parameter.default)
    return given, absent


def _argument(  # noqa: PLR0911  # one for each place where it may be
    column: Any, found: MetricValues, around: Surroundings
) -> tuple[bool, Any]:
    if not isinstance(column, str):
        return True, column
    if column in {"predictions", around.predictions, around.table.predictions_name}:
        return True, around.scored["prediction"].copy()
    if column in {"targets", around.table.targets_name}:
        return ("target" in around.scored, around.scored["target"].copy() if "target" in around.scored else None)
    if column == "metrics":
        return True, copy.deepcopy(found)
    if column in around.inputs.columns:
        return True, around.inputs[column].copy()
    if column in around.answers.others:
        around.used_columns.add(column)
        return True, FRAMES.load("pandas").table({column: list(around.answers.others[column])})[column]
    if column in around.config:
        return True, around.config[column]
    for name, value in found.items():
        if name.split("/")[0] == column:
            return True, value
    return False, None


def _called(metric: EvaluationMetric, given: Sequence[Any]) -> Any:
    try:
        return metric.eval_fn(*given)
    except Exception as error:
        error.add_note(f"This came of the metric {metric.name!r}.")
        raise


def _checked(metric: EvaluationMetric, index: int, value: Any) -> MetricValue | None:
    """The value, if it is one; what is none is not logged, and the log says why."""
    if _is_number(value):
        value = MetricValue(aggregate_results={metric.name: value})
    complaint = _complaint(value)
    if complaint:
        logger.warning(
            "The metric %r at index %d of extra_metrics is not logged, because it returned %s.",
            metric.name, index, complaint,
        )  # fmt: skip
        return None
    figures = value.aggregate_results
    if figures is not None:
        figures = {name: None if one is None else _plain(one) for name, one in figures.items()}
    return MetricValue(value.scores, value.justifications, figures)


def _complaint(value: Any) -> str:
    """What is wrong with what a metric returned; "" for nothing."""
    if not hasattr(value, "aggregate_results") or not hasattr(value, "scores"):
        return f"{'None' if value is None else f'a {type(value).__name__}'} instead of a number or a MetricValue"
    scores, why, figures = value.scores, value.justifications, value.aggregate_results
    if scores is not None and not (
        isinstance(scores, list) and all(one is None or isinstance(one, str) or _is_number(one) for one in scores)
    ):
        return "scores that are no list of numbers or texts"
    if why is not None and not (isinstance(why, list) and all(one is None or isinstance(one, str) for one in why)):
        return "justifications that are no list of texts"
    if figures is not None and not (
        isinstance(figures, dict)
        and all(isinstance(name, str) and (one is None or _is_number(one)) for name, one in figures.items())
    ):
        return "aggregate_results that are no dictionary of numbers"
    return ""


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= sys.float_info.max
    return isinstance(value, float | np.integer | np.floating)


def _plain(value: Any) -> float:
    """As Python's own number, which the record can hold; a count stays a whole one."""
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _not_there(missing: Sequence[tuple[str, list[str]]], around: Surroundings) -> str:
    lines = ["Error: Metric calculation failed for the following metrics:"]
    for name, absent in missing:
        lines.append(f"Metric '{name}' requires the following:")
        lines += [
            f"  - the '{one}' parameter needs to be specified" for one in ("targets", "predictions") if one in absent
        ]
        columns = [one for one in absent if one not in {"targets", "predictions"}]
        if columns:
            lines.append(f"  - missing columns {columns} need to be defined or mapped")
    said = around.predictions or around.table.predictions_name or "predictions"
    targets = [around.table.targets_name or "targets"] if "target" in around.scored else []
    lines += [
        "",
        "Below are the existing column names for the input/output data:",
        f"Input Columns: {[*around.inputs.columns, *targets]}",
        f"Output Columns: {[*around.answers.others, said]}",
        "",
        "To resolve this, give what is missing; or, if metrics need each other in a circle, map a name to a column:",
        "evaluator_config={'col_mapping': {<missing column name>: <existing column name>}}",
    ]
    return "\n".join(lines)
