"""The gate: a candidate's evaluation held against an objective, a policy and the champion's evaluation.

It only judges: records in, a verdict out. Each demand becomes a check that says what was found, what was
demanded, and why it did not pass. One demand that is not met makes the verdict `fail`; else one that cannot be
judged makes it `insufficient`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from treering.entities.evaluation import Check, Comparison, Difference, Estimate, Evaluation, Interval
from treering.entities.gate import GateResult, Policy, Verdict
from treering.entities.objective import Criterion, Objective
from treering.evaluation.comparison import compare_figures
from treering.evaluation.demands import bound_kept, demand_met
from treering.evaluation.metric_names import metric_named

__all__ = ["Rivals", "judge", "verdict_of"]


@dataclass(frozen=True, slots=True)
class Rivals:
    """Who stands before the gate.

    Attributes:
        champion: The evaluation of the model in use; None where there is none, or it was never evaluated.
        comparison: Both on the same rows, where that is known; the figures of the records otherwise.
        champion_name: What the champion is called; "" where no model is in use.
    """

    candidate: Evaluation
    champion: Evaluation | None = None
    comparison: Comparison | None = None
    champion_name: str = ""


def judge(rivals: Rivals, objective: Objective | None = None, policy: Policy | None = None) -> GateResult:
    """Hold a candidate against what is demanded of it.

    Args:
        objective: Of the candidate's experiment; counts unless the policy says it does not.
        policy: Further demands.
    """
    policy = policy or Policy()
    objective = objective if policy.objective else None
    candidate = rivals.candidate
    comparison = _compared(rivals, objective, policy)
    checks = [
        *_rows(candidate, policy),
        *_bounds(candidate, objective, policy),
        *_fairness(candidate, policy),
        *_own(candidate),
        *_against_champion(rivals, objective, policy, comparison),
    ]
    # What the objective demands is often demanded of the evaluation, too; of two that say the same, the first is told.
    said: dict[tuple[str, str, float | None], Check] = {}
    for one in checks:
        said.setdefault((one.name, one.bound, one.value), one)
    checks = list(said.values())
    if not checks:
        reason = "Nothing was demanded: the experiment has no objective, and there are neither bounds nor a champion."
        checks = [Check("demands", None, None, "", reason)]
    return GateResult(verdict_of(checks), tuple(checks), candidate.model_uri, rivals.champion_name, comparison)


def _compared(rivals: Rivals, objective: Objective | None, policy: Policy) -> Comparison | None:
    """Both side by side: paired as far as that is known, and by the figures of the records for other metrics."""
    if rivals.champion is None:
        return None
    named = {metric: True for metric in (policy.metric, *policy.max_drop) if metric}
    if objective and objective.primary:
        named[objective.primary] = objective.greater_is_better
    directions = {**named, **rivals.champion.greater_is_better, **rivals.candidate.greater_is_better}
    figures = compare_figures(rivals.candidate.metrics, rivals.champion.metrics, rivals.champion_name, directions)
    paired = rivals.comparison
    if paired is None:
        return replace(figures, rows=rivals.candidate.rows)
    known = {one.metric for one in paired.differences}
    others = [one for one in figures.differences if one.metric not in known]
    return replace(paired, differences=(*paired.differences, *others))


def verdict_of(checks: Iterable[Check]) -> Verdict:
    """What checks come to: one that failed outweighs all, then one that could not be judged."""
    checks = tuple(checks)
    if any(check.passed is False for check in checks):
        return Verdict.FAIL
    return Verdict.INSUFFICIENT if any(check.passed is None for check in checks) else Verdict.PASS


def _rows(candidate: Evaluation, policy: Policy) -> Iterator[Check]:
    if policy.min_rows:
        enough = candidate.rows >= policy.min_rows
        reason = "" if enough else f"It was evaluated on {candidate.rows} rows, too few to say anything."
        yield Check("rows", enough or None, float(candidate.rows), f">= {policy.min_rows}", reason)


def _bounds(candidate: Evaluation, objective: Objective | None, policy: Policy) -> Iterator[Check]:
    criteria = [*(objective.criteria if objective else ()), *policy.bounds]
    for one in dict.fromkeys(criteria):
        yield demand_met(one, candidate)


def _fairness(candidate: Evaluation, policy: Policy) -> Iterator[Check]:
    reports = {report.attribute: report for report in candidate.fairness}
    for one in policy.fairness:
        # Without an attribute the demand holds for all of them.
        wanted = [reports[one.slice]] if one.slice in reports else list(reports.values()) if not one.slice else []
        if not wanted:
            known = ", ".join(map(repr, reports)) or "none at all"
            reason = f"There is no group report by {one.slice or 'any attribute'!r}; there are: {known}."
            yield Check(one.name, None, None, one.bound, reason)
        for report in wanted:
            asked = Criterion(one.metric, one.op, one.value, report.attribute)
            figures = {name: figure.value for name, figure in report.summary.items()}
            intervals = {
                name: Interval(figure.low, figure.high)
                for name, figure in report.summary.items()
                if figure.low is not None and figure.high is not None
            }
            yield bound_kept(asked, figures, intervals)


def _own(candidate: Evaluation) -> Iterator[Check]:
    """What was judged along with the evaluation counts here, too."""
    yield from candidate.checks


def _against_champion(
    rivals: Rivals, objective: Objective | None, policy: Policy, comparison: Comparison | None
) -> Iterator[Check]:
    if rivals.champion is None or comparison is None:
        if policy.champion_required or rivals.champion_name:
            who = rivals.champion_name or "no model in use"
            reason = f"There is no evaluation of {who} to compare with."
            yield Check("champion", None if rivals.champion_name else False, None, "a champion to compare with", reason)
        return
    metric = policy.metric or (objective.primary if objective else "")
    if not (metric or policy.max_drop or policy.max_slice_drop is not None):
        reason = (
            "Nobody said by which metric to compare: name it in the experiment's objective (primary),"
            " or in the policy (compare: metric)."
        )
        yield Check("champion", None, None, "as good as the champion", reason)
        return
    if policy.same_data and not _same_data(rivals.candidate, rivals.champion):
        reason = (
            "Candidate and champion were evaluated on different data, so that their figures cannot be compared."
            " Evaluate both on the same data (--data), or set 'same_data: false' in the policy."
        )
        yield Check("champion", None, None, "evaluated on the same data", reason)
        return
    differences = {one.metric: one for one in comparison.differences}
    if metric:
        yield _improvement(metric, differences, objective, policy)
    for name, most in policy.max_drop.items():
        yield _drop(name, differences, most)
    if policy.max_slice_drop is not None:
        yield from _slices(metric, rivals, objective, policy)


def _same_data(candidate: Evaluation, champion: Evaluation) -> bool:
    return bool(candidate.dataset_digest) and candidate.dataset_digest == champion.dataset_digest


def _improvement(
    metric: str, differences: Mapping[str, Difference], objective: Objective | None, policy: Policy
) -> Check:
    found = metric_named(differences, metric)
    if found is None:
        known = ", ".join(sorted(differences)) or "none at all"
        reason = f"Both have no metric {metric!r}; the metrics that both have are: {known}."
        return Check(f"{metric} against the champion", None, None, "", reason)
    called, difference = found
    least = policy.min_improvement
    if least is None:
        least = objective.min_improvement if objective else 0.0
    sign = 1.0 if _greater(metric, difference, objective, policy) else -1.0
    bound = f"better by at least {least:g}" if least else "at least as good"
    gain = sign * difference.difference.value
    name = f"{called} against the champion"
    figures = f"{difference.candidate:.4g} against {difference.baseline:.4g}"
    if math.isnan(gain):
        return Check(name, None, None, bound, f"{figures} cannot be compared.")
    if gain < least:
        return Check(name, False, difference.difference.value, bound, f"{figures}: {_told(gain)}.")
    low, high = difference.difference.low, difference.difference.high
    if not policy.certain or low is None or high is None:
        reason = f"{figures}: {_told(gain)}" + ("; how certain that is, is not known." if low is None else ".")
        return Check(name, True, difference.difference.value, bound, reason)
    worst = min(sign * low, sign * high)
    reason = f"{figures}: {_told(gain)}; the true difference lies from {low:+.4g} to {high:+.4g}"
    if worst < least:
        return Check(name, None, difference.difference.value, bound, f"{reason}, so that more rows are needed to say.")
    return Check(name, True, difference.difference.value, bound, f"{reason}.")


def _greater(metric: str, difference: Difference, objective: Objective | None, policy: Policy) -> bool:
    if policy.greater_is_better is not None:
        return policy.greater_is_better
    if objective and objective.primary == metric:
        return objective.greater_is_better
    return difference.greater_is_better


def _told(gain: float) -> str:
    if not gain:
        return "no difference"
    return f"{'better' if gain > 0 else 'worse'} by {abs(gain):.4g}"


def _drop(metric: str, differences: Mapping[str, Difference], most: float) -> Check:
    found = metric_named(differences, metric)
    bound = f"not worse by more than {most:g}"
    if found is None or math.isnan(found[1].difference.value):
        return Check(f"{metric} against the champion", None, None, bound, f"Both have no metric {metric!r}.")
    called, difference = found
    gain = difference.difference.value * (1 if difference.greater_is_better else -1)
    reason = f"{difference.candidate:.4g} against {difference.baseline:.4g}: {_told(gain)}."
    return Check(f"{called} against the champion", -gain <= most, difference.difference.value, bound, reason)


def _slices(metric: str, rivals: Rivals, objective: Objective | None, policy: Policy) -> Iterator[Check]:
    most = policy.max_slice_drop or 0.0
    champion = {part.name: part for part in rivals.champion.slices} if rivals.champion else {}
    for part in rivals.candidate.slices:
        before = champion.get(part.name)
        now = metric_named(part.metrics, metric)
        then = None if before is None else metric_named(before.metrics, metric)
        if now is None or then is None:
            continue
        called, value = now
        greater = rivals.candidate.greater_is_better.get(called, True)
        shown = Difference(called, value, then[1], Estimate(value - then[1]), None, greater)
        sign = 1.0 if _greater(metric, shown, objective, policy) else -1.0
        gain = sign * (value - then[1])
        passed = None if math.isnan(gain) else -gain <= most
        reason = f"{value:.4g} against {then[1]:.4g} on {part.rows} rows: {_told(gain)}."
        yield Check(
            f"{called}[{part.name}] against the champion",
            passed,
            value - then[1],
            f"not worse by more than {most:g}",
            reason,
        )
