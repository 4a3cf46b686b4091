"""From facts to the document: what is told, in which order, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from treering.core.page import number, plural
from treering.entities.evaluation import Check, Estimate, Evaluation, GroupReport, Interval
from treering.entities.governance import Promotion, PromotionState
from treering.entities.objective import Objective
from treering.evaluation.card.document import Block, Cell, Document, Facts, Grid, Mark, Section, Text, Tiles
from treering.evaluation.card.facts import TEXTS, CardFacts, CardRun
from treering.evaluation.card.findings import business, calibration, explanation, robustness
from treering.evaluation.metric_names import metric_named

__all__ = ["document_of", "when"]

_TILES = 4
_EVENTS = 15
_REQUIREMENTS = 60
_PARAMS = 60
_MAIN = (
    "accuracy_score",
    "f1_score",
    "roc_auc",
    "log_loss",
    "root_mean_squared_error",
    "mean_absolute_error",
    "r2_score",
    "ndcg_at_10",
)
_OUTCOMES = {True: Mark("passed", "ok"), False: Mark("failed", "err"), None: Mark("not enough data", "warn")}
_STATES = {
    PromotionState.DONE: Mark("done", "ok"),
    PromotionState.PENDING: Mark("waits", "warn"),
    PromotionState.REJECTED: Mark("rejected", "err"),
    PromotionState.WITHDRAWN: Mark("withdrawn"),
}


def document_of(facts: CardFacts) -> Document:
    """The card."""
    sections = (
        _purpose,
        _figures,
        _slices,
        _fairness,
        _findings,
        _data,
        _making,
        _run,
        _lineage,
        _approvals,
        _history,
        _unknown,
    )
    made = tuple(_trimmed(section) for write in sections for section in write(facts))
    lead = facts.description or facts.model_description or (facts.objective.statement if facts.objective else "")
    foot = f"Made by Treering on {when(facts.made)}." if facts.made else "Made by Treering."
    return Document("Model card", facts.title, lead, _marks(facts), _tiles(facts), made, foot)


def _trimmed(section: Section) -> Section:
    """Tables without columns in which nothing stands."""
    return replace(
        section, blocks=tuple(_filled(block) if isinstance(block, Grid) else block for block in section.blocks)
    )


def _filled(grid: Grid) -> Grid:
    kept = [place for place in range(len(grid.heads)) if any(row[place] not in {"", None} for row in grid.rows)]
    if len(kept) == len(grid.heads):
        return grid
    return Grid(
        tuple(grid.heads[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in grid.rows),
        tuple(new for new, place in enumerate(kept) if place in grid.numbers),
        tuple(new for new, place in enumerate(kept) if place in grid.mono),
        grid.caption,
    )


def when(millis: int) -> str:
    """A moment as people write it."""
    return f"{datetime.fromtimestamp(millis / 1000, UTC):%Y-%m-%d %H:%M} UTC" if millis else ""


def _marks(facts: CardFacts) -> tuple[Mark, ...]:
    marks = [Mark(facts.stage, "info")] if facts.stage and facts.stage != "None" else []
    marks += [Mark(f"@{alias}", "info") for alias in facts.aliases]
    failed = [check for check in _checks(facts) if check.passed is False]
    checks = _checks(facts)
    if failed:
        marks.append(Mark(f"{len(failed)} of {plural(len(checks), 'check')} failed", "err"))
    elif checks and all(check.passed for check in checks):
        marks.append(Mark(f"{plural(len(checks), 'check')} passed", "ok"))
    return tuple(marks)


def _checks(facts: CardFacts) -> list[Check]:
    """What the evaluation judged, what the objective demands of it, and what was recorded on the version."""
    found = {check.name: check for check in _criteria(facts)}
    found |= {check.name: check for check in (facts.evaluation.checks if facts.evaluation else ())}
    found |= {check.check: Check(check.check, check.passed, reason=check.detail) for check in facts.checks}
    return list(found.values())


def _tiles(facts: CardFacts) -> Tiles:
    evaluation = facts.evaluation
    tiles: list[tuple[str, str, str]] = []
    metrics = evaluation.metrics if evaluation else (facts.run.metrics if facts.run else {})
    wanted = [facts.objective.primary] if facts.objective and facts.objective.primary else []
    wanted += (
        [criterion.metric for criterion in facts.objective.criteria if not criterion.slice] if facts.objective else []
    )
    for name in dict.fromkeys([*wanted, *_MAIN, *_means(metrics), *metrics]):
        if len(tiles) == _TILES:
            break
        found = metric_named(metrics, name)
        if (
            found is not None
            and found[0] not in {label for label, _, _ in tiles}
            and not found[0].endswith("example_count")
        ):
            interval = evaluation.intervals.get(found[0]) if evaluation else None
            tiles.append((found[0], number(found[1]), _between(interval)))
    if evaluation and evaluation.rows:
        tiles.append(("rows it was judged by", f"{evaluation.rows:,}", evaluation.dataset_name))
    return Tiles(tuple(tiles))


def _between(interval: Interval | Estimate | None) -> str:
    if interval is None or interval.low is None:
        return ""
    return f"{_figure(interval.low)} to {_figure(interval.high)}"


def _figure(value: float | None) -> str:
    """With three decimals, so that figures of one column can be compared at a glance; great numbers without."""
    return f"{value:.3f}" if value is not None and abs(value) < 100 else number(value)  # noqa: PLR2004 -- three decimals of it say nothing


def _purpose(facts: CardFacts) -> Iterator[Section]:
    blocks: list[Block] = []
    items: list[tuple[str, Cell]] = []
    objective = facts.objective
    if objective and objective.statement:
        blocks.append(Text(objective.statement))
    items += [(title, facts.texts[key]) for key, title in TEXTS.items() if facts.texts.get(key)]
    owner = objective.owner if objective else ""
    items += [("Owner", owner)] if owner else []
    blocks += [Facts(tuple(items))] if items else []
    criteria = _criteria(facts)
    if criteria:
        rows = tuple((check.name, check.bound, number(check.value), _OUTCOMES[check.passed]) for check in criteria)
        blocks.append(Grid(("Success means", "demanded", "found", ""), rows, (2,)))
    if blocks:
        yield Section("What it is for", tuple(blocks))


def _criteria(facts: CardFacts) -> list[Check]:
    objective: Objective | None = facts.objective
    if objective is None:
        return []
    evaluation = facts.evaluation
    checks = []
    for criterion in objective.criteria:
        metrics: Mapping[str, float] = evaluation.metrics if evaluation else {}
        if criterion.slice:
            parts = evaluation.slices if evaluation else ()
            metrics = next((part.metrics for part in parts if part.name == criterion.slice), {})
        found = metric_named(metrics, criterion.metric)
        value = found[1] if found else None
        checks.append(Check(criterion.name, None if value is None else criterion.holds(value), value, criterion.bound))
    return checks


def _figures(facts: CardFacts) -> Iterator[Section]:
    evaluation = facts.evaluation
    if evaluation is None:
        return
    rows = tuple(
        (name, number(value), _between(evaluation.intervals.get(name)))
        for name, value in sorted(evaluation.metrics.items())
    )
    note = f"On {evaluation.dataset_name or 'the data'} ({plural(evaluation.rows, 'row')}"
    note += f", digest {evaluation.dataset_digest})" if evaluation.dataset_digest else ")"
    note += f", {when(evaluation.created)}." if evaluation.created else "."
    blocks: list[Block] = []
    if rows:
        blocks.append(Grid(("metric", "value", f"{evaluation.confidence:.0%} interval"), rows, (1, 2)))
    own = [check for check in evaluation.checks if check.name not in {one.name for one in _criteria(facts)}]
    if own:
        judged = tuple((one.name, one.bound, number(one.value), _OUTCOMES[one.passed], one.reason) for one in own)
        blocks.append(Grid(("check", "demanded", "found", "", "why"), judged, (2,)))
    blocks += _comparison(evaluation)
    blocks += business(evaluation) + calibration(evaluation)
    if blocks:
        yield Section("How well it does", tuple(blocks), note)


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
    between = _between(estimate)
    sign = "+" if estimate.value > 0 else ""
    return f"{sign}{number(estimate.value)}{f' ({between})' if between else ''}"


def _slices(facts: CardFacts) -> Iterator[Section]:
    slices = facts.evaluation.slices if facts.evaluation else ()
    if not slices:
        return
    known = {name for part in slices for name in part.metrics}
    names = [name for name in _MAIN if name in known] or _means(sorted(known)) or sorted(known)
    names = names[:_TILES]
    rows = tuple(
        (part.name, f"{part.rows:,}", *(_with_interval(part.metrics, part.intervals, name) for name in names))
        for part in slices
    )
    yield Section("In parts of the data", (Grid(("part", "rows", *names), rows, tuple(range(1, len(names) + 2))),))


def _means(names: Iterable[str]) -> list[str]:
    """Of metrics that are judged row by row, such as a ranker's: the means, and neither variances nor percentiles."""
    return [name for name in names if name.endswith("/mean")]


def _with_interval(metrics: Mapping[str, float], intervals: Mapping[str, Interval], name: str) -> str:
    if name not in metrics:
        return number(None)
    between = _between(intervals.get(name))
    return f"{number(metrics[name])} ({between})" if between else number(metrics[name])


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


def _fairness(facts: CardFacts) -> Iterator[Section]:
    reports = facts.evaluation.fairness if facts.evaluation else ()
    if not reports:
        return
    blocks: list[Block] = []
    for report in reports:
        blocks += _of_attribute(report)
    note = "Intervals come from resampling. Groups too small to be told about are named without figures."
    yield Section("How it treats groups", tuple(blocks), note)


def _of_attribute(report: GroupReport) -> list[Block]:
    known = {name for group in report.groups for name in group.metrics}
    names = [name for name in _RATES if name in known]
    rows = tuple(
        (
            group.name,
            "few" if group.suppressed else number(group.rows),
            *(_figure(group.metrics.get(name)) for name in names),
        )
        for group in report.groups
    )
    heads = (report.attribute, "rows", *(_RATES[name] for name in names))
    blocks: list[Block] = [Grid(heads, rows, tuple(range(1, len(heads))), caption=f"By {report.attribute}")]
    told = tuple(
        (title, _figure(report.summary[name].value), _between(report.summary[name]))
        for name, title in _SUMMARIES.items()
        if name in report.summary
    )
    blocks += [Grid(("over all groups", "value", "interval"), told, (1, 2))] if told else []
    if report.warnings:
        blocks.append(Facts(tuple(("To look at", warning) for warning in report.warnings)))
    return blocks


def _findings(facts: CardFacts) -> Iterator[Section]:
    evaluation = facts.evaluation
    if evaluation is None:
        return
    blocks, note = explanation(evaluation)
    if blocks:
        yield Section("What it goes by", tuple(blocks), note)
    blocks, note = robustness(evaluation)
    if blocks:
        yield Section("How it stands spoilt input", tuple(blocks), note)


def _data(facts: CardFacts) -> Iterator[Section]:
    if facts.data:
        rows = tuple((one.role or "used", one.name, number(one.rows), one.digest, one.source) for one in facts.data)
        yield Section("Data", (Grid(("role", "name", "rows", "digest", "source"), rows, (2,), (3, 4)),))


def _making(facts: CardFacts) -> Iterator[Section]:
    making = facts.making
    if making is None:
        return
    items: list[tuple[str, Cell]] = []
    items += [("Load it with", f"treering.pyfunc.load_model({facts.uri!r})")] if facts.uri else []
    items += [("Saved as", ", ".join(making.flavours))] if making.flavours else []
    items += [("Python", making.python)] if making.python else []
    blocks: list[Block] = [Facts(tuple(items), ("Load it with",))] if items else []
    columns = [("takes", *one) for one in making.inputs] + [("gives", *one) for one in making.outputs]
    blocks += [Grid(("", "name", "type"), tuple(columns), mono=(1,))] if columns else []
    if making.requirements:
        shown = making.requirements[:_REQUIREMENTS]
        rest = len(making.requirements) - len(shown)
        text = ", ".join(shown) + (f" and {plural(rest, 'other')}" if rest else "")
        blocks.append(Facts((("Packages", text),), ("Packages",)))
    if blocks:
        yield Section("What it takes, and what it needs", tuple(blocks))


def _run(facts: CardFacts) -> Iterator[Section]:
    run = facts.run
    if run is None:
        return
    items: list[tuple[str, Cell]] = [("Run", f"{run.name} ({run.run_id})" if run.name else run.run_id)]
    items += [("Experiment", run.experiment)] if run.experiment else []
    items += [("By", run.user)] if run.user else []
    items += [("Begun", when(run.started))] if run.started else []
    items += [("Took", f"{run.duration / 1000:,.1f} s")] if run.duration is not None else []
    items += [("Code", run.source)] if run.source else []
    items += [("Commit", _commit(run))] if run.commit else []
    blocks: list[Block] = [Facts(tuple(items), ("Commit", "Code"))]
    params = sorted(run.params.items())
    if params:
        note = f"The first {_PARAMS} of {len(params):,} parameters" if len(params) > _PARAMS else ""
        blocks.append(Grid(("parameter", "value"), tuple(params[:_PARAMS]), mono=(0, 1), caption=note))
    yield Section("How it was made", tuple(blocks))


def _commit(run: CardRun) -> str:
    parts = [run.commit, f"on {run.branch}" if run.branch else "", f"of {run.repository}" if run.repository else ""]
    return " ".join(filter(None, parts)) + (", with changes that were not committed" if run.changed else "")


def _lineage(facts: CardFacts) -> Iterator[Section]:
    rows = tuple(("from" if one.upwards else "into", one.relation, one.label, one.uri) for one in facts.lineage)
    if rows:
        yield Section("What it came of, and what came of it", (Grid(("", "how", "what", "address"), rows, mono=(3,)),))


def _approvals(facts: CardFacts) -> Iterator[Section]:
    blocks: list[Block] = []
    if facts.checks:
        rows = tuple((one.check, _OUTCOMES[one.passed], one.detail, one.user, when(one.time)) for one in facts.checks)
        blocks.append(Grid(("check", "", "detail", "by", "when"), rows))
    if facts.promotions:
        blocks.append(
            Grid(("to", "", "asked by", "why", "decisions", "when"), tuple(map(_promotion, facts.promotions)))
        )
    if facts.notes:
        notes = tuple((one.user, when(one.time), one.text) for one in facts.notes)
        blocks.append(Grid(("note by", "when", "text"), notes))
    if blocks:
        yield Section("Who looked at it", tuple(blocks))


def _promotion(one: Promotion) -> tuple[Cell, ...]:
    said = [
        f"{decision.user or 'somebody'} {'approved' if decision.approved else 'rejected'}{f': {decision.comment}' if decision.comment else ''}"
        for decision in one.decisions
    ]
    told = "; ".join([*said, *one.missing])
    return one.target, _STATES[one.state], one.requested_by, one.reason, told, when(one.decided or one.created)


def _history(facts: CardFacts) -> Iterator[Section]:
    events: Sequence[tuple[Cell, ...]] = [
        (
            when(one.time),
            one.user,
            one.action.replace(".", " ").replace("_", " "),
            _change(one.target, one.before, one.after),
            one.reason,
        )
        for one in facts.history[:_EVENTS]
    ]
    if events:
        more = f"The newest {_EVENTS} of {len(facts.history):,}." if len(facts.history) > _EVENTS else ""
        yield Section("History", (Grid(("when", "who", "what", "change", "why"), tuple(events)),), more)


def _change(target: str, before: str, after: str) -> str:
    change = f"{before or 'nothing'} \N{RIGHTWARDS ARROW} {after or 'nothing'}" if before or after else ""
    return f"{target}: {change}" if target and change else target or change


def _unknown(facts: CardFacts) -> Iterator[Section]:
    if facts.unknown:
        yield Section("What is not known", tuple(Text(one) for one in facts.unknown))
