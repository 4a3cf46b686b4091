"""Groups under a binary decision: selection rates, error rates, ranking and calibration of each, and their disparity.

The bootstrap resamples the four counts of each group (a multinomial draw is what resampling its rows would
give), so its cost does not grow with the rows. Rates have Wilson's interval, areas DeLong's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Estimate, GroupReport, GroupResult, Interval
from treering.evaluation.grouping import Grouping
from treering.evaluation.suppression import left_out

if TYPE_CHECKING:  # which uses this module
    from treering.evaluation.fairness import FairnessOptions

__all__ = [
    "Disparity",
    "Numbers",
    "Outcomes",
    "disparity",
    "estimate_of",
    "group_results",
    "outcomes_of",
    "quotient",
    "rate_report",
    "resampled",
    "spread",
    "wilson",
]

Numbers = np.ndarray[Any, np.dtype[Any]]

_CELLS = 4
_SCORES = 4096

# Rate to its cells: above the line and below it. The cells are, in order, true negatives, false positives, false
# negatives and true positives.
_RATES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "base_rate": ((2, 3), (0, 1, 2, 3)),
    "selection_rate": ((1, 3), (0, 1, 2, 3)),
    "true_positive_rate": ((3,), (2, 3)),
    "false_positive_rate": ((1,), (0, 1)),
    "positive_predictive_value": ((3,), (1, 3)),
    "negative_predictive_value": ((0,), (0, 2)),
    "accuracy_score": ((0, 3), (0, 1, 2, 3)),
}

_DIFFERENCES = {
    "demographic_parity_difference": "selection_rate",
    "equal_opportunity_difference": "true_positive_rate",
    "false_positive_rate_difference": "false_positive_rate",
    "predictive_parity_difference": "positive_predictive_value",
    "accuracy_score_difference": "accuracy_score",
}
_RATIOS = {
    "demographic_parity_ratio": "selection_rate",
    "equal_opportunity_ratio": "true_positive_rate",
    "false_positive_rate_ratio": "false_positive_rate",
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What every grouping of the rows shares.

    Attributes:
        cell: For each row 2 * (is positive) + (was called positive).
        bins: For each row the place of its score among `_SCORES` ranges; None without scores.
        gap: For each row its score less whether it is positive; None where scores are no probabilities.
    """

    cell: Numbers
    bins: Numbers | None = None
    gap: Numbers | None = None


@dataclass(frozen=True, slots=True)
class Disparity:
    """Values of one metric in each group: as found, and in each bootstrap sample (samples by groups)."""

    found: Numbers
    drawn: Numbers


def outcomes_of(truth: Numbers, told: Numbers, score: Any) -> Outcomes:
    """Count what all groupings need of the rows."""
    cell = 2 * truth.astype(np.intp) + told
    if score is None:
        return Outcomes(cell)
    try:
        scores = np.asarray(score, float)
    except (TypeError, ValueError) as error:
        msg = f"Scores are numbers, one a row: {error}."
        raise InvalidInput(msg) from error
    if scores.shape != truth.shape:
        msg = f"There are {len(truth):,} targets, and scores of the shape {scores.shape}: give one a row."
        raise InvalidInput(msg)
    if not np.isfinite(scores).all():
        msg = "Some scores are missing or infinite. Leave such rows out, or find out why the model gives them."
        raise InvalidInput(msg)
    probable = scores.min() >= 0 and scores.max() <= 1
    return Outcomes(cell, np.searchsorted(_edges(scores), scores, side="right"), scores - truth if probable else None)


def rate_report(group: Grouping, outcomes: Outcomes, shown: Numbers, options: FairnessOptions) -> GroupReport:
    """The report of one grouping."""
    many = len(group.names)
    cells = np.bincount(group.codes * _CELLS + outcomes.cell, minlength=many * _CELLS).reshape(many, _CELLS)
    rows = cells.sum(axis=1)
    z = NormalDist().inv_cdf(0.5 + options.confidence / 2)
    rng = np.random.default_rng(options.seed)
    drawn = resampled(cells[shown], options.samples, rng)
    found = {name: _rate(cells[shown], *parts) for name, parts in _RATES.items()}
    intervals = {
        name: wilson(cells[shown][:, list(above)].sum(axis=1), cells[shown][:, list(below)].sum(axis=1), z)
        for name, (above, below) in _RATES.items()
    }
    values = {name: Disparity(found[name], _rate(drawn, *parts)) for name, parts in _RATES.items()}
    for name, (value, deviation) in _of_scores(group, outcomes, rows, shown).items():
        found[name] = value
        intervals[name] = (value - z * deviation, value + z * deviation)
        if name == "roc_auc":
            intervals[name] = (np.clip(intervals[name][0], 0, 1), np.clip(intervals[name][1], 0, 1))
        noise = rng.standard_normal((options.samples, len(shown)))
        values[name] = Disparity(value, value + deviation * noise)
    summary = _summary(values, options)
    results = group_results(group.names, rows, shown, found, intervals if options.samples else {})
    return GroupReport(group.attribute, results, summary, _warnings(group, found, rows, shown, summary, options))


def disparity(values: Disparity, kind: str, confidence: float) -> Estimate | None:
    """The difference or ratio over the groups, with its interval; None where fewer than two groups have a value."""
    if np.isfinite(values.found).sum() < 2:  # noqa: PLR2004 -- two can differ
        return None
    one = spread if kind == "difference" else quotient
    found = float(one(values.found[np.newaxis])[0])
    if not np.isfinite(found):
        return None
    # A value that the rows do not have is left out of the samples, too.
    known = values.drawn[:, np.isfinite(values.found)]
    return estimate_of(found, one(known), confidence)


def wilson(above: Numbers, below: Numbers, z: float) -> tuple[Numbers, Numbers]:
    """Wilson's score interval of a share, which holds for small counts too; NaN where there is nothing to share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = above / below
        width = z * np.sqrt(share * (1 - share) / below + z * z / (4 * below * below))
        middle = share + z * z / (2 * below)
        scale = 1 + z * z / below
        return np.clip((middle - width) / scale, 0, 1), np.clip((middle + width) / scale, 0, 1)


def _rate(cells: Numbers, above: tuple[int, ...], below: tuple[int, ...]) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        rate: Numbers = cells[..., list(above)].sum(axis=-1) / cells[..., list(below)].sum(axis=-1)
    return rate


def resampled(cells: Numbers, samples: int, rng: np.random.Generator) -> Numbers:
    """For each sample and group, counts as a bootstrap of the group's rows would have given them."""
    rows = cells.sum(axis=-1)
    drawn: Numbers = rng.multinomial(rows, cells / rows[:, np.newaxis], size=(samples, len(rows)))
    return drawn


def _edges(scores: Numbers) -> Numbers:
    """Borders between scores: between all distinct ones if they are few, else so that the ranges hold equally many."""
    if len(scores) <= _SCORES * 4:
        return np.unique(scores)
    distinct = np.unique(scores[:: len(scores) // (_SCORES * 4)])
    return distinct if len(distinct) < _SCORES else distinct[:: max(1, len(distinct) // _SCORES)]


def _of_scores(
    group: Grouping, outcomes: Outcomes, rows: Numbers, shown: Numbers
) -> dict[str, tuple[Numbers, Numbers]]:
    """Metric to its value and standard error in each shown group."""
    measured: dict[str, tuple[Numbers, Numbers]] = {}
    if outcomes.bins is not None:
        width = int(outcomes.bins.max()) + 1
        place = (group.codes * 2 + outcomes.cell // 2) * width + outcomes.bins
        table = np.bincount(place, minlength=len(group.names) * 2 * width).reshape(len(group.names), 2, width)[shown]
        measured["roc_auc"] = _areas(table[:, 0], table[:, 1])
    if outcomes.gap is not None:
        total = np.bincount(group.codes, outcomes.gap, len(group.names))[shown]
        squares = np.bincount(group.codes, outcomes.gap * outcomes.gap, len(group.names))[shown]
        n = rows[shown]
        mean = total / n
        measured["calibration_gap"] = (mean, np.sqrt(np.maximum(squares / n - mean * mean, 0) / n))
    return measured


def _areas(negatives: Numbers, positives: Numbers) -> tuple[Numbers, Numbers]:
    """The area under the ROC curve of each row of histograms, and DeLong's standard error of it (DeLong et al. 1988)."""
    n0, n1 = negatives.sum(axis=1, keepdims=True), positives.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = (np.cumsum(negatives, axis=1) - negatives / 2) / n0
        above = (n1 - np.cumsum(positives, axis=1) + positives / 2) / n1
        area = (positives * below).sum(axis=1) / n1[:, 0]
        of_positives = (positives * (below - area[:, np.newaxis]) ** 2).sum(axis=1) / np.maximum(n1[:, 0] - 1, 1)
        of_negatives = (negatives * (above - area[:, np.newaxis]) ** 2).sum(axis=1) / np.maximum(n0[:, 0] - 1, 1)
        error = np.sqrt(of_positives / n1[:, 0] + of_negatives / n0[:, 0])
    return area, error


def spread(values: Numbers) -> Numbers:
    """The largest less the smallest of each row; what is not known is left out."""
    return _extreme(values, "max") - _extreme(values, "min")


def quotient(values: Numbers) -> Numbers:
    """The smallest over the largest of each row; what is not known is left out."""
    low, high = _extreme(values, "min"), _extreme(values, "max")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Numbers = np.where(high == 0, np.nan, low / high)
    return ratio


def _extreme(values: Numbers, which: str) -> Numbers:
    """The largest or smallest of each row, leaving out what is not known; NaN where nothing is."""
    worst = -np.inf if which == "max" else np.inf
    known = np.where(np.isnan(values), worst, values)
    found = known.max(axis=1, initial=worst) if which == "max" else known.min(axis=1, initial=worst)
    return np.where(np.isinf(found), np.nan, found)


def estimate_of(found: float, drawn: Numbers, confidence: float) -> Estimate:
    """A figure with the percentile interval of its bootstrap samples, which always holds the figure."""
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Estimate(found)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return Estimate(found, min(low, found), max(high, found))


def _summary(values: Mapping[str, Disparity], options: FairnessOptions) -> dict[str, Estimate]:
    made = {name: disparity(values[metric], "difference", options.confidence) for name, metric in _DIFFERENCES.items()}
    made |= {name: disparity(values[metric], "ratio", options.confidence) for name, metric in _RATIOS.items()}
    made["equalized_odds_difference"] = _odds(values, "difference", options.confidence)
    made["equalized_odds_ratio"] = _odds(values, "ratio", options.confidence)
    for metric in ("roc_auc", "calibration_gap"):
        if metric in values:
            made[f"{metric}_difference"] = disparity(values[metric], "difference", options.confidence)
    return {name: estimate for name, estimate in sorted(made.items()) if estimate is not None}


def _odds(values: Mapping[str, Disparity], kind: str, confidence: float) -> Estimate | None:
    """The worse of true and false positive rates."""
    one, worst = (spread, np.fmax) if kind == "difference" else (quotient, np.fmin)
    found, drawn = [], []
    for metric in ("true_positive_rate", "false_positive_rate"):
        known = np.isfinite(values[metric].found)
        if known.sum() < 2:  # noqa: PLR2004 -- two can differ
            continue
        found.append(one(values[metric].found[np.newaxis])[0])
        drawn.append(one(values[metric].drawn[:, known]))
    if not found or not np.isfinite(worst.reduce(found)):
        return None
    return estimate_of(float(worst.reduce(found)), worst.reduce(drawn), confidence)


def group_results(
    names: tuple[str, ...],
    rows: Numbers,
    shown: Numbers,
    found: Mapping[str, Numbers],
    intervals: Mapping[str, tuple[Numbers, Numbers]],
) -> tuple[GroupResult, ...]:
    """One result a group that has rows; of those that are not shown, only that they are there."""
    places = {int(group): place for place, group in enumerate(shown)}
    results = []
    for group, name in enumerate(names):
        place = places.get(group)
        if place is None:
            if rows[group]:
                results.append(GroupResult(name, suppressed=True))
            continue
        metrics = {key: float(values[place]) for key, values in found.items() if np.isfinite(values[place])}
        bounds = {
            key: Interval(float(low[place]), float(high[place]))
            for key, (low, high) in intervals.items()
            if key in metrics and np.isfinite(low[place]) and np.isfinite(high[place])
        }
        results.append(GroupResult(name, int(rows[group]), metrics, bounds))
    return tuple(results)


def _warnings(
    group: Grouping,
    found: Mapping[str, Numbers],
    rows: Numbers,
    shown: Numbers,
    summary: Mapping[str, Estimate],
    options: FairnessOptions,
) -> tuple[str, ...]:
    warnings = []
    ratio = summary.get("demographic_parity_ratio")
    if ratio is not None and ratio.value < options.ratio_floor:
        rates = found["selection_rate"]
        least, most = int(np.nanargmin(rates)), int(np.nanargmax(rates))
        sure = ratio.high is not None and ratio.high < options.ratio_floor
        doubt = "" if sure or ratio.high is None else " With so few rows that may be chance."
        warnings.append(
            f"{group.names[shown[least]]} is selected {ratio.value:.2f} times as often as {group.names[shown[most]]}"
            f" ({rates[least]:.1%} against {rates[most]:.1%}), less than {options.ratio_floor:g} times"
            f" (four-fifths rule).{doubt}"
        )
    return (*warnings, *left_out(rows, shown))
