"""What a model goes by: how much worse it gets without a feature, and how its predictions go with one.

Permutation importance (Breiman 2001; Fisher et al. 2019) on a sample of rows, partial dependence (Friedman 2001) and
individual conditional expectation (Goldstein et al. 2015) of the most important features. All it needs of a model is that it
predicts; other ways, such as SHAP, are rows of the table `EXPLAINERS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.core.plugins import Registry
from treering.entities.evaluation import Explanation, FeatureDependence, FeatureImportance
from treering.evaluation.columns import Columns
from treering.evaluation.options import check_count, check_number

__all__ = [
    "EXPLAINERS",
    "Explainer",
    "ExplanationOptions",
    "Predict",
    "Sampled",
    "Score",
    "explain",
    "outputs_of",
    "permutation",
]

Array = np.ndarray[Any, np.dtype[Any]]
Predict = Callable[[Any], Any]
"""A table in, one prediction a row out: classes, numbers, or a matrix with a score for each class."""
Score = Callable[[Any, Any], float]
"""Targets and what `Predict` gave in, the metric out."""

_MOST_OUTPUTS = 5


@dataclass(frozen=True, slots=True)
class ExplanationOptions:
    """What is looked at, and how closely.

    Attributes:
        score: The metric that importances are measured in.
        metric: What it is called.
        method: `permutation`, or another row of `EXPLAINERS`.
        features: Names for the columns of a matrix.
        labels: The classes whose scores the columns of a matrix of predictions are.
        rows: How many rows are sampled at most.
        repeats: How often each feature is shuffled.
        top: Of how many features, the most important ones, the dependence is shown.
        points: At how many values of a feature.
        lines: For how many single rows.
        seconds: After which time no further feature is begun.
        model: The framework's own object behind `predict`, if it is known: of trees SHAP is far quicker.
        keep_rows: Whether the values of each row are given to `rows_to`, by ways that have them.
        rows_to: Takes columns by name, `row` (the place in the table) first.
    """

    score: Score
    metric: str = "score"
    greater_is_better: bool = True
    method: str = "permutation"
    features: Sequence[str] = ()
    labels: Sequence[str] = ()
    rows: int = 2000
    repeats: int = 5
    top: int = 5
    points: int = 20
    lines: int = 30
    seconds: float = 60.0
    seed: int = 0
    model: Any = None
    keep_rows: bool = False
    rows_to: Callable[[Mapping[str, Array]], None] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, least in (("rows", 1), ("repeats", 1), ("top", 0), ("points", 2), ("lines", 1), ("seed", 0)):
            check_count(name, getattr(self, name), least)
        check_number("seconds", self.seconds)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What an explainer works on.

    Attributes:
        places: Of the rows in the table that was given.
        deadline: Of `time.monotonic`.
    """

    predict: Predict
    columns: Columns
    target: Array
    places: Array
    deadline: float


Explainer = Callable[[Sampled, ExplanationOptions], Explanation]
"""Gives importances, the greatest first; dependences are added by who asked."""

EXPLAINERS: Registry[Explainer] = Registry(
    "treering.explainers",
    "way to explain a model",
    {"permutation": "treering.evaluation.explanation:permutation", "shap": "treering.evaluation.shapley:shapley"},
    extras={"shap": "shap"},
)


def explain(predict: Predict, table: Any, target: Any, options: ExplanationOptions) -> Explanation:
    """What the model goes by on these rows.

    Raises:
        InvalidInput: If `table` has no columns that can be told apart, or another number of rows than `target`.
        MissingExtra: If the method needs a package that is not installed.
        UnknownPlugin: If there is no such method.
    """
    explainer = EXPLAINERS.load(options.method)
    columns = Columns(table, options.features)
    truth = np.asarray(target)
    if len(columns) != len(truth) or not len(truth):
        msg = f"There are {len(columns):,} rows and {len(truth):,} targets: give one a row, and one row at least."
        raise InvalidInput(msg)
    rows = np.arange(len(truth))
    if len(truth) > options.rows:
        rows = np.sort(np.random.default_rng(options.seed).choice(len(truth), options.rows, replace=False))
        columns, truth = columns.take(rows), truth[rows]
    sampled = Sampled(predict, columns, truth, rows, time.monotonic() + options.seconds)
    found = explainer(sampled, options)
    dependences, left_out = _dependences(sampled, found.importances, options)
    notes = found.notes
    if left_out:
        notes += (f"The time was over before the dependence on {left_out} could be looked at.",)
    return replace(found, dependences=dependences, notes=notes)


def permutation(sampled: Sampled, options: ExplanationOptions) -> Explanation:
    """How much worse the metric gets when a feature's values are shuffled."""
    columns, truth = sampled.columns, sampled.target
    sound = options.score(truth, sampled.predict(columns.table))
    sign = 1.0 if options.greater_is_better else -1.0
    importances = []
    notes: tuple[str, ...] = ()
    for place, name in enumerate(columns.names):
        if place and time.monotonic() > sampled.deadline:
            notes = (f"The time was over after {place:,} of {len(columns.names):,} features.",)
            break
        # Each feature has its own stream, so that leaving one out does not change the others.
        rng = np.random.default_rng((options.seed, place, len(truth)))
        losses = [
            sign * (sound - options.score(truth, sampled.predict(columns.shuffled(place, rng.permutation(len(truth))))))
            for _ in range(options.repeats)
        ]
        importances.append(FeatureImportance(name, float(np.mean(losses)), float(np.std(losses))))
    importances.sort(key=lambda one: (-one.value, one.feature))
    return Explanation("permutation", options.metric, len(truth), tuple(importances), (), notes)


def outputs_of(predictions: Any, labels: Sequence[str]) -> list[tuple[str, Array]]:
    """Numbers that stand for what was predicted, each with its name: a score, or the share of a class."""
    found = np.asarray(predictions)
    if found.ndim == 2 and found.shape[1] == 1:  # noqa: PLR2004 -- a matrix
        found = found[:, 0]
    if found.ndim == 2:  # noqa: PLR2004 -- a matrix
        wide = found.shape[1]
        names = [str(label) for label in labels] if len(labels) == wide else [str(place) for place in range(wide)]
        places = [1] if wide == 2 else range(min(wide, _MOST_OUTPUTS))  # noqa: PLR2004 -- one says both
        return [(names[place], found[:, place].astype(float)) for place in places]
    if found.dtype.kind in "iuf" and not labels:
        return [("", found.astype(float))]
    if found.dtype.kind == "f" and len(labels) == 2:  # noqa: PLR2004 -- a score for the second of two classes
        return [(str(labels[1]), found.astype(float))]
    texts = found.astype(str)
    names = [str(label) for label in labels] or np.unique(texts).tolist()
    names = names[1:] if len(names) == 2 else names[:_MOST_OUTPUTS]  # noqa: PLR2004 -- one says both
    return [(name, (texts == name).astype(float)) for name in names]


def _dependences(
    sampled: Sampled, importances: Sequence[FeatureImportance], options: ExplanationOptions
) -> tuple[tuple[FeatureDependence, ...], str]:
    """Dependences on the most important features, and the names of those for which there was no time."""
    columns = sampled.columns
    places = {name: place for place, name in enumerate(columns.names)}
    rng = np.random.default_rng(options.seed)
    rows = np.sort(rng.choice(len(columns), min(len(columns), 10 * options.lines), replace=False))
    some = columns.take(rows)
    lines = rng.choice(len(rows), min(len(rows), options.lines), replace=False)
    labels = options.labels
    if not labels:
        # What is predicted for some rows need not be all that can be predicted.
        said = np.asarray(sampled.predict(columns.table))
        labels = np.unique(said.astype(str)).tolist() if said.ndim == 1 and said.dtype.kind not in "iuf" else ()
    found: list[FeatureDependence] = []
    asked = [one.feature for one in importances[: options.top]]
    for done, name in enumerate(asked):
        if time.monotonic() > sampled.deadline:
            return tuple(found), ", ".join(asked[done:])
        found += _dependence(sampled.predict, some, places[name], lines, replace(options, labels=labels))
    return tuple(found), ""


def _dependence(
    predict: Predict, some: Columns, place: int, lines: Array, options: ExplanationOptions
) -> list[FeatureDependence]:
    grid = _grid(some, place, options.points)
    if len(grid) < 2:  # noqa: PLR2004 -- a constant, on which nothing depends
        return []
    rows = len(some)
    repeated = some.take(np.tile(np.arange(rows), len(grid)))
    predicted = predict(repeated.replaced(place, np.repeat(grid, rows)))
    return [
        FeatureDependence(
            some.names[place],
            tuple(map(_shown, grid.tolist())),
            tuple(values.mean(axis=1).tolist()),
            tuple(tuple(line) for line in values[:, lines].T.tolist()),
            name,
        )
        for name, flat in outputs_of(predicted, options.labels)
        for values in [flat.reshape(len(grid), rows)]
    ]


def _shown(value: Any) -> float | str:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _grid(some: Columns, place: int, points: int) -> Array:
    """Values of a feature: those between its 5th and 95th percentile if it is a number, else its most frequent ones."""
    values = some.values(place)
    if some.is_number(place):
        numbers = np.array([np.nan if value is None else value for value in values.tolist()], float)
        numbers = numbers[np.isfinite(numbers)]
        distinct = np.unique(numbers)
        if len(distinct) > points:
            distinct = np.unique(np.quantile(numbers, np.linspace(0.05, 0.95, points)))
            if values.dtype.kind in "iu":
                distinct = np.unique(distinct.round())
        return distinct.astype(values.dtype) if values.dtype.kind in "iuf" else distinct
    texts, counts = np.unique(np.array([str(value) for value in values.tolist()]), return_counts=True)
    known = {str(value): value for value in values.tolist() if value is not None and value == value}  # noqa: PLR0124 -- NaN is what differs from itself
    ranked = [known[text] for text in texts[np.argsort(-counts, kind="stable")].tolist() if text in known]
    grid = np.empty(min(len(ranked), points), values.dtype if values.dtype.kind == "b" else object)
    grid[:] = ranked[: len(grid)]
    return grid
