"""Groups under a regressor: how large its errors are in each, which way they go, and their disparity.

The means of a group are resampled as the central limit theorem has them, with the covariance of the group's rows,
so that the cost of intervals does not grow with the rows.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.evaluation import GroupReport
from treering.evaluation.fairness_rates import Disparity, Numbers, disparity, group_results
from treering.evaluation.grouping import Grouping
from treering.evaluation.suppression import left_out

if TYPE_CHECKING:  # which uses this module
    from treering.evaluation.fairness import FairnessOptions

__all__ = ["error_report"]

# What is averaged over the rows of a group, in this order.
_MEANS = ("mean_error", "mean_absolute_error", "mean_squared_error", "mean_target", "mean_prediction")
_RMSE = "root_mean_squared_error"
_LARGEST = 1e70  # the squares of squared errors are added up
_SQUARES = _MEANS.index("mean_squared_error")


def error_report(
    group: Grouping, truth: Numbers, told: Numbers, shown: Numbers, options: FairnessOptions
) -> GroupReport:
    """The report of one grouping."""
    if not (np.abs(np.stack([truth, told])) < _LARGEST).all():  # nor is NaN
        msg = (
            f"Some targets or predictions are missing, infinite or beyond {_LARGEST:g}. Leave such rows out, or find out"
            " where they come from."
        )
        raise InvalidInput(msg)
    error = told - truth
    many = len(group.names)
    rows = np.bincount(group.codes, minlength=many)
    means, covariances = _moments(group, (error, np.abs(error), error * error, truth, told), rows)
    drawn = _drawn(means[shown], covariances[shown] / rows[shown, np.newaxis, np.newaxis], options)
    values = {name: Disparity(means[shown, place], drawn[..., place]) for place, name in enumerate(_MEANS)}
    squares = values.pop("mean_squared_error")
    values[_RMSE] = Disparity(np.sqrt(squares.found), np.sqrt(np.maximum(squares.drawn, 0)))
    summary = {
        f"{name}_{kind}": estimate
        for name in ("mean_absolute_error", "mean_error", "mean_prediction", _RMSE)
        for kind in ("difference", *(("ratio",) if name in {"mean_absolute_error", _RMSE} else ()))
        if (estimate := disparity(values[name], kind, options.confidence)) is not None
    }
    z = NormalDist().inv_cdf(0.5 + options.confidence / 2)
    deviations = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2)[shown] / rows[shown, np.newaxis])
    intervals = {}
    for place, name in enumerate(_MEANS):
        low, high = means[shown, place] - z * deviations[:, place], means[shown, place] + z * deviations[:, place]
        if place == _SQUARES:
            intervals[_RMSE] = (np.sqrt(np.maximum(low, 0)), np.sqrt(np.maximum(high, 0)))
        else:
            intervals[name] = (low, high)
    found = {name: one.found for name, one in values.items()}
    results = group_results(group.names, rows, shown, found, intervals if options.samples else {})
    return GroupReport(group.attribute, results, dict(sorted(summary.items())), _warnings(group, values, shown, rows))


def _moments(group: Grouping, columns: tuple[Numbers, ...], rows: Numbers) -> tuple[Numbers, Numbers]:
    """Means (groups by columns) and covariances (groups by columns by columns)."""
    many, wide = len(rows), len(columns)
    n = np.maximum(rows, 1)
    # Around the mean of all rows, since squares of great numbers lose the small ones.
    centres = [float(column.mean()) for column in columns]
    moved = [column - centre for column, centre in zip(columns, centres, strict=True)]
    means = np.stack([np.bincount(group.codes, column, many) / n for column in moved], axis=1)
    covariances = np.zeros((many, wide, wide))
    for one in range(wide):
        for other in range(one + 1):
            product = np.bincount(group.codes, moved[one] * moved[other], many) / n - means[:, one] * means[:, other]
            covariances[:, one, other] = covariances[:, other, one] = product
    return means + np.array(centres), covariances


def _drawn(means: Numbers, covariances: Numbers, options: FairnessOptions) -> Numbers:
    """Means as bootstrap samples would have them: samples by groups by columns."""
    rng = np.random.default_rng(options.seed)
    noise = rng.standard_normal((options.samples, *means.shape))
    sizes, turns = np.linalg.eigh(covariances)
    roots = turns * np.sqrt(np.maximum(sizes, 0))[:, np.newaxis, :]
    drawn: Numbers = means + np.einsum("gij,sgj->sgi", roots, noise)
    return drawn


def _warnings(group: Grouping, values: dict[str, Disparity], shown: Numbers, rows: Numbers) -> tuple[str, ...]:
    warnings = []
    errors = values["mean_absolute_error"].found
    if len(errors) > 1:
        least, most = int(errors.argmin()), int(errors.argmax())
        sure = not len(drawn := values["mean_absolute_error"].drawn) or (drawn[:, most] > drawn[:, least]).mean() > 0.95  # noqa: PLR2004 -- sure enough to be told
        if errors[most] > 1.25 * errors[least] and sure:
            warnings.append(
                f"The mean absolute error for {group.names[shown[most]]} ({errors[most]:.4g}) is more than a quarter larger"
                f" than for {group.names[shown[least]]} ({errors[least]:.4g})."
            )
    return (*warnings, *left_out(rows, shown))
