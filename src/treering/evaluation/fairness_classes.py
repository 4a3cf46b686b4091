"""Groups under a classifier with more than two classes and none that is the favourable one.

Each class is looked at against all others; the summary tells the disparity of the class that has the largest.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Estimate, GroupReport
from treering.evaluation.fairness_rates import (
    Disparity,
    Numbers,
    disparity,
    estimate_of,
    group_results,
    resampled,
    spread,
    wilson,
)
from treering.evaluation.grouping import Grouping
from treering.evaluation.suppression import left_out

if TYPE_CHECKING:  # which uses this module
    from treering.evaluation.fairness import FairnessOptions

__all__ = ["class_report"]

_MOST_CLASSES = 100
_MOST_CELLS = 20_000_000  # of all bootstrap samples, before there are fewer of these


def class_report(
    group: Grouping, classified: tuple[list[Any], Numbers, Numbers], shown: Numbers, options: FairnessOptions
) -> GroupReport:
    """The report of one grouping; `classified` is the classes, and of each row the true and the predicted one."""
    classes, truth, told = classified
    wide = len(classes)
    if wide > _MOST_CLASSES:
        msg = f"There are {wide:,} classes, and groups are compared by {_MOST_CLASSES} at most. Name the positive one."
        raise InvalidInput(msg)
    many = len(group.names)
    place = (group.codes * wide + truth) * wide + told
    tables = np.bincount(place, minlength=many * wide * wide).reshape(many, wide * wide)
    rows = tables.sum(axis=1)
    samples = min(options.samples, max(100, _MOST_CELLS // max(1, len(shown) * wide * wide)))
    drawn = resampled(tables[shown], samples if options.samples else 0, np.random.default_rng(options.seed))
    found_tables, drawn_tables = (cells.reshape(*cells.shape[:-1], wide, wide) for cells in (tables[shown], drawn))
    found, above = _rates(found_tables), _rates(drawn_tables)
    n = rows[shown]
    z = NormalDist().inv_cdf(0.5 + options.confidence / 2)
    metrics = {"accuracy_score": found["accuracy_score"]}
    intervals = {"accuracy_score": wilson(found["accuracy_score"] * n, n, z)}
    for at, name in enumerate(classes):
        metrics[f"selection_rate[{name}]"] = found["selection_rate"][:, at]
        intervals[f"selection_rate[{name}]"] = wilson(found["selection_rate"][:, at] * n, n, z)
    summary, worst = _summary(found, above, options)
    results = group_results(group.names, rows, shown, metrics, intervals if options.samples else {})
    warnings = _warnings(group, (found["selection_rate"], classes), summary, shown, worst, options)
    return GroupReport(group.attribute, results, summary, (*warnings, *left_out(rows, shown)))


def _rates(tables: Numbers) -> dict[str, Numbers]:
    """Rates from tables whose last two axes are the true and the predicted class; one a class but for the accuracy."""
    total = tables.sum(axis=(-1, -2))
    hits = np.diagonal(tables, axis1=-2, axis2=-1)
    truth, told = tables.sum(axis=-1), tables.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy_score": hits.sum(axis=-1) / total,
            "selection_rate": told / total[..., np.newaxis],
            "true_positive_rate": hits / truth,
            "false_positive_rate": (told - hits) / (total[..., np.newaxis] - truth),
        }


def _summary(
    found: dict[str, Numbers], drawn: dict[str, Numbers], options: FairnessOptions
) -> tuple[dict[str, Estimate], int]:
    """The figures over all groups, and the place of the class whose selection differs the most."""
    summary: dict[str, Estimate] = {}
    accuracy = disparity(Disparity(found["accuracy_score"], drawn["accuracy_score"]), "difference", options.confidence)
    if accuracy is not None:
        summary["accuracy_score_difference"] = accuracy
    worst = 0
    for name, keys in (
        ("demographic_parity_difference", ("selection_rate",)),
        ("equal_opportunity_difference", ("true_positive_rate",)),
        ("equalized_odds_difference", ("true_positive_rate", "false_positive_rate")),
    ):
        spreads = np.stack([_spreads(found[key]) for key in keys])
        if not np.isfinite(spreads).any():
            continue
        at = int(np.nanargmax(np.where(np.isnan(spreads), -1, spreads).max(axis=0)))
        worst = at if name == "demographic_parity_difference" else worst
        value = float(np.nanmax(spreads[:, at]))
        samples = np.fmax.reduce([spread(drawn[key][:, :, at]) for key in keys])
        summary[name] = estimate_of(value, samples, options.confidence)
    return dict(sorted(summary.items())), worst


def _spreads(rates: Numbers) -> Numbers:
    """For each class, the largest less the smallest over the groups (groups by classes); NaN with fewer than two."""
    values = spread(rates.T)
    return np.where(np.isfinite(rates).sum(axis=0) > 1, values, np.nan)


def _warnings(
    group: Grouping,
    selected: tuple[Numbers, list[Any]],
    summary: dict[str, Estimate],
    shown: Numbers,
    worst: int,
    options: FairnessOptions,
) -> tuple[str, ...]:
    rates = selected[0][:, worst]
    if "demographic_parity_difference" not in summary or rates.min() >= options.ratio_floor * rates.max():
        return ()
    least, most = group.names[shown[int(rates.argmin())]], group.names[shown[int(rates.argmax())]]
    told = (
        f"The class {selected[1][worst]} is predicted for {rates.min():.1%} of {least} and {rates.max():.1%} of {most}"
    )
    return (f"{told}: less than {options.ratio_floor:g} times as often (four-fifths rule).",)
