"""Group fairness: how a model treats the groups that sensitive attributes make, with intervals.

Each row is counted once, into its group and what the model did with it; everything else, the bootstrap too, is
worked out from these counts. Groups of fewer than ten rows are not told about, nor what would give them away, and no
value of a row leaves this module.

Definitions are the usual ones (Hardt et al. 2016; Fairlearn's and AIF360's documentation): a difference is the largest
less the smallest over the groups, a ratio the smallest over the largest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.evaluation import GroupReport
from treering.evaluation.fairness_classes import class_report
from treering.evaluation.fairness_errors import error_report
from treering.evaluation.fairness_rates import Outcomes, outcomes_of, rate_report
from treering.evaluation.grouping import MOST_GROUPS, codes_of, crossed, group_by
from treering.evaluation.suppression import told_of, told_of_crossed

__all__ = ["ALIASES", "FairnessOptions", "group_reports"]

ALIASES: Mapping[str, str] = {
    "average_absolute_odds_difference": "equalized_odds_difference",
    "disparate_impact": "demographic_parity_ratio",
    "equal_opportunity": "equal_opportunity_difference",
    "predictive_equality": "false_positive_rate_difference",
    "statistical_parity_difference": "demographic_parity_difference",
}
"""Other libraries' names for figures in a summary."""


@dataclass(frozen=True, slots=True)
class FairnessOptions:
    """What to look at, and how closely.

    Attributes:
        model_type: `classifier` or `regressor`.
        positive: Which class is the favourable one; None for the greater of two.
        samples: How many bootstrap samples; 0 for no intervals.
        confidence: Of the intervals.
        least_rows: Groups with fewer rows are not told about, nor such as would give them away.
        least_cell: As `least_rows`, where two attributes are crossed.
        intersections: Whether attributes are crossed, two at a time.
        ranges: Into how many ranges an attribute of numbers is cut.
        ratio_floor: Below which ratio of selection rates there is a warning: the four-fifths rule.
    """

    model_type: str = "classifier"
    positive: Any = None
    samples: int = 1000
    confidence: float = 0.95
    least_rows: int = 10
    least_cell: int = 30
    intersections: bool = True
    ranges: int = 4
    ratio_floor: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.model_type not in {"classifier", "regressor"}:
            msg = (
                f"There is no group report for models of type {self.model_type!r}, only for classifiers and regressors."
            )
            raise InvalidInput(msg)
        if not 0 < self.confidence < 1 or self.samples < 0 or self.ranges < 2:  # noqa: PLR2004
            msg = "A confidence lies between 0 and 1, the number of samples is not negative, and there are two ranges at least."
            raise InvalidInput(msg)


def group_reports(
    target: Any,
    predicted: Any,
    score: Any,
    attributes: Mapping[str, Any],
    options: FairnessOptions | None = None,
) -> tuple[GroupReport, ...]:
    """One report for each attribute, then one for each two of them crossed.

    Args:
        target: What was true, one value a row.
        predicted: What the model said: classes, or numbers for a regressor.
        score: How strongly it said so for the positive class, one number a row; None without.
        attributes: By name, one value a row.

    Raises:
        InvalidInput: If the lengths differ, there are no rows, or the positive class is none.
    """
    options = options or FairnessOptions()
    rows = len(target)
    for name, values in {"predictions": predicted, **attributes}.items():
        if len(values) != rows:
            msg = f"There are {rows:,} targets, and {len(values):,} values of {name!r}: give one a row."
            raise InvalidInput(msg)
    if not rows:
        msg = "There are no rows to compare groups in."
        raise InvalidInput(msg)
    single = [group_by(name, values, options.ranges) for name, values in attributes.items()]
    report = _reporter(np.asarray(target), np.asarray(predicted), score, options)
    least = options.least_rows
    told = [told_of(group, least) for group in single]
    reports = [report(group, np.flatnonzero(mask)) for group, mask in zip(single, told, strict=True)]
    if options.intersections:
        cell = max(least, options.least_cell)
        for one, other in combinations(range(len(single)), 2):
            pair = crossed(single[one], single[other])
            # More groups than one attribute may have are hardly looked at, and hardly any is large enough.
            if len(pair.names) <= MOST_GROUPS:
                reports.append(
                    report(pair, np.flatnonzero(told_of_crossed(pair, (told[one], told[other]), least, cell)))
                )
    return tuple(reports)


def _reporter(target: Any, predicted: Any, score: Any, options: FairnessOptions) -> Any:
    """What makes a report of a grouping; what all groupings share is worked out once."""
    if options.model_type == "regressor":
        truth, told = _numbers(target, "targets"), _numbers(predicted, "predictions")
        return lambda group, shown: error_report(group, truth, told, shown, options)
    classes, truth, told = _classes(target, predicted)
    if options.positive is None and len(classes) > 2:  # noqa: PLR2004 -- two classes are the simple case
        return lambda group, shown: class_report(group, (classes, truth, told), shown, options)
    positive = _positive(classes, options.positive)
    outcomes: Outcomes = outcomes_of(truth == positive, told == positive, score)
    return lambda group, shown: rate_report(group, outcomes, shown, options)


def _numbers(values: Any, what: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError) as error:
        msg = f"A regressor's {what} are numbers, and these are not: {error}."
        raise InvalidInput(msg) from error


def _classes(target: Any, predicted: Any) -> tuple[list[Any], Any, Any]:
    """The classes of both, and each row's place among them."""
    truth, known = codes_of(target)
    told, said = codes_of(predicted)
    if known == said:
        return known, truth, told
    both = list(dict.fromkeys([*known, *said]))
    try:
        both.sort()
    except TypeError:
        both.sort(key=str)
    places = {value: place for place, value in enumerate(both)}
    return (
        both,
        np.array([places[value] for value in known], np.intp)[truth],
        np.array([places[value] for value in said], np.intp)[told],
    )


def _positive(classes: list[Any], named: Any) -> int:
    if named is None:
        return len(classes) - 1 if len(classes) > 1 or classes[0] == 1 else -1
    for place, value in enumerate(classes):
        if value == named or str(value) == str(named):
            return place
    msg = f"The positive class {named!r} is none of the classes: {', '.join(map(repr, classes[:10]))}."
    raise InvalidInput(msg)
