"""What was found out by asking the model: its figures, also in parts of the data and for groups of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from treering.core.page import number, plural
from treering.entities.evaluation import Check, Estimate, Evaluation, GroupReport, Interval
from treering.evaluation.card.document import Block, Facts, Grid, Mark, Section
from treering.evaluation.card.facts import CardFacts
from treering.evaluation.card.findings import business, calibration
from treering.evaluation.card.words import MAIN, OUTCOMES, between, figure, means, when
from treering.evaluation.demands import demand_met

__all__ = ["criteria_of", "fairness", "figures", "slices"]

_COLUMNS = 4
_RATES = {
    "base_rate": "is positive",
    "selection_rate": "is selected",
    "true_positive_rate": "true positives",
    "false_positive_rate": "false positives",
    "positive_predictive_value": "precision",
    "accuracy_score": "accuracy",
    "roc_auc": "ROC AUC",
    "calibration_gap": "calibration gap",
    "mean_target": "mean of target",
    "mean_error": "mean error",
    "mean_absolute_error": "mean absolute error",
    "root_mean_squared_error": "RMSE",
}
_SUMMARIES = {
    "demographic_parity_difference": "Selected: largest difference (demographic parity)",
    "demographic_parity_ratio": "Selected: smallest ratio (four-fifths rule: 0.8 or more)",
    "equal_opportunity_difference": "True positives: largest difference (equal opportunity)",
    "equalized_odds_difference": "True or false positives: largest difference (equalised odds)",
    "predictive_parity_difference": "Precision: largest difference (predictive parity)",
    "accuracy_score_difference": "Accuracy: largest difference",
    "roc_auc_difference": "ROC AUC: largest difference",
    "mean_absolute_error_difference": "Mean absolute error: largest difference",
    "mean_error_difference": "Mean error: largest difference",
}


def criteria_of(facts: CardFacts) -> list[Check]:
    """The demands of the objective, and whether what is known of the model meets them."""
    objective = facts.objective
    if objective is None:
        return []
    found = facts.measured or facts.evaluation or Evaluation()
    return [demand_met(criterion, found) for criterion in objective.criteria]


def figures(facts: CardFacts) -> Iterator[Section]:
    """How well it does on all rows."""
    evaluation = facts.evaluation
    if evaluation is None:
        return
    rows = tuple(
        (name, number(value), between(evaluation.intervals.get(name)))
        for name, value in sorted(evaluation.metrics.items())
    )
    note = f"On {evaluation.dataset_name or 'the data'} ({plural(evaluation.rows, 'row')}"
    note += f", digest {evaluation.dataset_digest})" if evaluation.dataset_digest else ")"
    note += f", {when(evaluation.created)}." if evaluation.created else "."
    blocks: list[Block] = []
    if rows:
        blocks.append(Grid(("metric", "value", f"{evaluation.confidence:.0%} interval"), rows, (1, 2)))
    said = {(one.name, one.bound) for one in criteria_of(facts)}
    own = [check for check in evaluation.checks if (check.name, check.bound) not in said]
    if own:
        judged = tuple((one.name, one.bound, number(one.value), OUTCOMES[one.passed], one.reason) for one in own)
        blocks.append(Grid(("check", "demanded", "found", "", "why"), judged, (2,)))
    blocks += _comparison(evaluation)
    blocks += business(evaluation) + calibration(evaluation)
    if blocks:
        yield Section("How well it does", tuple(blocks), note)


def slices(facts: CardFacts) -> Iterator[Section]:
    """How well it does on some."""
    parts = facts.evaluation.slices if facts.evaluation else ()
    if not parts:
        return
    known = {name for part in parts for name in part.metrics}
    names = [name for name in MAIN if name in known] or means(sorted(known)) or sorted(known)
    names = names[:_COLUMNS]
    rows = tuple(
        (part.name, f"{part.rows:,}", *(_with_interval(part.metrics, part.intervals, name) for name in names))
        for part in parts
    )
    yield Section("In parts of the data", (Grid(("part", "rows", *names), rows, tuple(range(1, len(names) + 2))),))


def fairness(facts: CardFacts) -> Iterator[Section]:
    """How it treats groups."""
    reports = facts.evaluation.fairness if facts.evaluation else ()
    if not reports:
        return
    blocks: list[Block] = []
    for report in reports:
        blocks += _of_attribute(report)
    note = "Intervals come from resampling. Groups that are too small, or would give such a one away, are named without figures."
    yield Section("How it treats groups", tuple(blocks), note)


def _comparison(evaluation: Evaluation) -> list[Block]:
    comparison = evaluation.comparison
    if comparison is None or not comparison.differences:
        return []
    words = {True: Mark("better", "ok"), False: Mark("worse", "err"), None: Mark("no clear difference")}
    rows = tuple(
        (one.metric, number(one.candidate), number(one.baseline), _signed(one.difference), words[one.better])
        for one in comparison.differences
    )
    how = "on the same rows" if comparison.paired else "by their figures"
    heads = ("metric", "this model", "the other", "difference", "")
    return [Grid(heads, rows, (1, 2, 3), caption=f"Beside {comparison.baseline}, {how}")]


def _signed(estimate: Estimate) -> str:
    around = between(estimate)
    sign = "+" if estimate.value > 0 else ""
    return f"{sign}{number(estimate.value)}{f' ({around})' if around else ''}"


def _with_interval(metrics: Mapping[str, float], intervals: Mapping[str, Interval], name: str) -> str:
    if name not in metrics:
        return number(None)
    around = between(intervals.get(name))
    return f"{number(metrics[name])} ({around})" if around else number(metrics[name])


def _of_attribute(report: GroupReport) -> list[Block]:
    known = {name for group in report.groups for name in group.metrics}
    names = [name for name in _RATES if name in known]
    rows = tuple(
        (
            group.name,
            "not told" if group.suppressed else number(group.rows),
            *(figure(group.metrics.get(name)) for name in names),
        )
        for group in report.groups
    )
    heads = (report.attribute, "rows", *(_RATES[name] for name in names))
    blocks: list[Block] = [Grid(heads, rows, tuple(range(1, len(heads))), caption=f"By {report.attribute}")]
    told = tuple(
        (title, figure(report.summary[name].value), between(report.summary[name]))
        for name, title in _SUMMARIES.items()
        if name in report.summary
    )
    blocks += [Grid(("over all groups", "value", "interval"), told, (1, 2))] if told else []
    if report.warnings:
        blocks.append(Facts(tuple(("To look at", warning) for warning in report.warnings)))
    return blocks
