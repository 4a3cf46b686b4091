"""The report on a candidate, for those who review a change: what the gate found, and what is other than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import quote

import treering
from treering.ci.contestant import Contestant
from treering.ci.document import Cell, Document, Link, Picture, Section, Strip, Table, figure, number
from treering.ci.figures import bars, curve, intervals
from treering.ci.gate import Judgement, told
from treering.core.clock import from_millis
from treering.entities.dataset import OUTPUT_CONTEXT
from treering.entities.evaluation import Difference, Evaluation, SliceResult
from treering.entities.gate import Verdict
from treering.entities.run import Run
from treering.evaluation.metric_names import metric_named

__all__ = ["report"]

_MOST_ROWS = 60
_MOST_BARS = 12
_COUNTS = {"example_count", "true_negatives", "true_positives", "false_negatives", "false_positives"}
_COMMIT = "mlflow.source.git.commit"
_TITLES = {
    Verdict.PASS: "The gate is passed",
    Verdict.FAIL: "The gate is not passed",
    Verdict.INSUFFICIENT: "The gate cannot judge",
}
_SIGNS = {True: ("passed", "good"), False: ("failed", "bad"), None: ("not known", "open")}


def report(judgement: Judgement, server: str = "", pictures: tuple[Picture, ...] = ()) -> Document:
    """The report on what a gate found.

    Args:
        server: Address of a server's pages, for links; "" for none.
        pictures: Plots of the candidate's evaluation, for a page.
    """
    result = judgement.result
    ours, theirs = judgement.evaluations
    sections = [
        _checks(judgement),
        _metrics(judgement),
        *(_drawings(ours) if ours else ()),
        *_slices(judgement),
        *_fairness(ours),
        *_changes(judgement),
        *_files(judgement, server, pictures),
    ]
    lead = [_lead(judgement)]
    if judgement.objective:
        lead.append(f"Objective: {judgement.objective.statement}")
    return Document(
        f"{_TITLES[result.verdict]}: {judgement.candidate.label}",
        result.verdict.value,
        tuple(lead),
        tuple(_facts(judgement, server, ours, theirs)),
        tuple(section for section in sections if section is not None),
        f"Treering {treering.__version__}, {from_millis(result.created):%Y-%m-%d %H:%M} UTC",
    )


def _lead(judgement: Judgement) -> str:
    result = judgement.result
    text = f"{told(result).capitalize()}."
    promotion = judgement.promotion
    if promotion is not None:
        where = promotion.target.partition(":")[2]
        if promotion.missing:
            text += f" To become {where}, version {promotion.version} waits for: {'; '.join(promotion.missing)}."
        else:
            text += f" Version {promotion.version} is {where} now."
            text += f" It took the place of version {promotion.replaces}." if promotion.replaces else ""
    return text


def _facts(
    judgement: Judgement, server: str, ours: Evaluation | None, theirs: Evaluation | None
) -> Iterator[tuple[str, Cell | Link]]:
    yield "Candidate", _place(judgement.candidate, server)
    if judgement.champion:
        yield "Champion", _place(judgement.champion, server)
    if ours and (ours.dataset_name or ours.rows):
        rows = f", {ours.rows:,} rows" if ours.rows else ""
        yield "Judged by", Cell(f"{ours.dataset_name or 'data'}{rows}")
        if theirs and theirs.dataset_digest != ours.dataset_digest:
            yield (
                "Champion by",
                Cell(f"{theirs.dataset_name or 'other data'}: the figures are of different data", "open"),
            )
    commit = _tag(judgement.candidate.run, _COMMIT)
    if commit:
        yield "Code", Cell(commit[:12], "code")
    if judgement.objective and judgement.objective.owner:
        yield "Owner", Cell(judgement.objective.owner)


def _place(who: Contestant, server: str) -> Link:
    address = ""
    if server and who.version:
        address = f"{server}/models/{quote(who.version.name, safe='')}/versions/{who.version.version}"
    elif server and who.run:
        address = f"{server}/runs/{who.run.info.run_id}"
    return Link(who.label, address)


def _checks(judgement: Judgement) -> Section:
    rows = []
    for check in judgement.result.checks[:_MOST_ROWS]:
        text, look = _SIGNS[check.passed]
        rows.append(
            (Cell(text, look), Cell(check.name, "code"), Cell(check.bound), number(check.value), Cell(check.reason))
        )
    more = max(0, len(judgement.result.checks) - _MOST_ROWS)
    return Section("Checks", Table(("", "check", "demanded", "found", "why"), tuple(rows), (3,), more))


def _metrics(judgement: Judgement) -> Section | None:
    ours, _ = judgement.evaluations
    if ours is None:
        return None
    comparison = judgement.result.comparison
    if comparison is None or not comparison.differences:
        return _alone(judgement, ours)
    differences = sorted(comparison.differences, key=lambda one: _rank(judgement, one.metric))
    rows = tuple(_difference(one) for one in differences[:_MOST_ROWS])
    text = (
        f"With {ours.confidence:.0%} intervals of the difference, from the same {comparison.rows:,} rows."
        if comparison.paired
        else ""
    )
    columns = ("metric", "champion", "candidate", "change", "interval", "about zero")
    return Section("Metrics", Table(columns, rows, (1, 2, 3, 4), max(0, len(differences) - _MOST_ROWS)), text)


def _difference(one: Difference) -> tuple[Cell, ...]:
    change = one.difference
    arrow = "▲" if change.value > 0 else "▼" if change.value < 0 else "="
    look = "" if one.better is None else "good" if one.better else "bad"
    between = "" if change.low is None or change.high is None else f"{change.low:+.4f} to {change.high:+.4f}"
    return (
        Cell(one.metric, "code"),
        number(one.baseline),
        number(one.candidate),
        Cell(f"{arrow} {change.value:+.4g}" if change.value else "=", look),
        Cell(between, "quiet"),
        Cell("", strip=None if change.low is None else Strip(change.value, change.low, change.high, one.better)),
    )


def _alone(judgement: Judgement, ours: Evaluation) -> Section:
    names = sorted(ours.metrics, key=lambda name: _rank(judgement, name))
    rows = []
    for name in names[:_MOST_ROWS]:
        found = ours.intervals.get(name)
        between = f"{found.low:.4f} to {found.high:.4f}" if found else ""
        rows.append((Cell(name, "code"), number(ours.metrics[name]), Cell(between, "quiet")))
    more = max(0, len(names) - _MOST_ROWS)
    return Section("Metrics", Table(("metric", "candidate", "interval"), tuple(rows), (1, 2), more))


def _rank(judgement: Judgement, metric: str) -> tuple[int, str]:
    """What was asked for comes first, and counts last."""
    objective = judgement.objective
    asked = [objective.primary, *(one.metric for one in objective.criteria)] if objective else []
    asked += [check.name.partition(" ")[0].partition("[")[0] for check in judgement.result.checks]
    for place, name in enumerate(asked):
        if name and metric_named({metric: 0}, name):
            return place, metric
    return (len(asked) + 1 if metric in _COUNTS else len(asked)), metric


def _drawings(ours: Evaluation) -> Iterator[Section]:
    if ours.explanation and ours.explanation.importances:
        chosen = ours.explanation.importances[:_MOST_BARS]
        svg = bars(
            [(one.feature, one.value) for one in chosen], f"Importance of features, in {ours.explanation.metric}"
        )
        table = Table(
            ("feature", f"loss of {ours.explanation.metric or 'quality'} without it"),
            tuple((Cell(one.feature, "code"), number(one.value)) for one in chosen),
            (1,),
            len(ours.explanation.importances) - len(chosen),
        )
        yield Section("What it goes by", table, svg=svg, folded=True)
    for one in ours.calibration[:1]:
        points = [(part.predicted, part.observed) for part in one.bins if part.rows]
        label = f" of {one.label}" if one.label else ""
        text = f"Expected calibration error {figure(one.expected_error)}, Brier score {figure(one.brier)}."
        yield Section(
            "Calibration", None, text, curve(points, f"foretold chance{label}", "observed", diagonal=True), folded=True
        )
    if ours.business:
        text = f"A row is worth {figure(ours.business.value.value)} on average, {figure(ours.business.total)} in all."
        if ours.business.threshold is not None:
            text += f" The best threshold is {figure(ours.business.threshold)}."
        svg = curve(list(ours.business.curve), "threshold", "worth of a row") if ours.business.curve else ""
        yield Section("What it is worth", None, text, svg, folded=True)


def _slices(judgement: Judgement) -> Iterator[Section]:
    ours, theirs = judgement.evaluations
    if ours is None or not ours.slices:
        return
    metric = _main_metric(judgement, ours)
    before = {part.name: part for part in theirs.slices} if theirs else {}
    rows, drawn = [], []
    for part in islice(ours.slices, _MOST_ROWS):
        found, then = metric_named(part.metrics, metric), _then(before.get(part.name), metric)
        change = found[1] - then if found and then is not None else None
        between = part.intervals.get(found[0]) if found else None
        if found:
            drawn.append((part.name, found[1], between.low if between else None, between.high if between else None))
        rows.append(
            (Cell(part.name, "code"), number(part.rows), number(then), number(found[1] if found else None),
             Cell("" if change is None else f"{change:+.4g}"))
        )  # fmt: skip
    columns = ("slice", "rows", "champion", "candidate", "change")
    table = Table(columns, tuple(rows), (1, 2, 3, 4), max(0, len(ours.slices) - _MOST_ROWS))
    whole = metric_named(ours.metrics, metric)
    svg = intervals(drawn[:_MOST_BARS], metric, whole[1] if whole else None)
    yield Section(f"Slices, by {metric}", table, svg=svg, folded=True)


def _then(part: SliceResult | None, metric: str) -> float | None:
    found = metric_named(part.metrics, metric) if part else None
    return found[1] if found else None


def _main_metric(judgement: Judgement, ours: Evaluation) -> str:
    if judgement.objective and judgement.objective.primary:
        return judgement.objective.primary
    return min(ours.metrics, key=lambda name: _rank(judgement, name), default="")


def _fairness(ours: Evaluation | None) -> Iterator[Section]:
    rows = []
    for one in ours.fairness if ours else ():
        for name, found in one.summary.items():
            between = "" if found.low is None or found.high is None else f"{found.low:.3f} to {found.high:.3f}"
            rows.append((Cell(one.attribute), Cell(name, "code"), number(found.value), Cell(between, "quiet")))
    if rows and ours:
        warnings = " ".join(warning for one in ours.fairness for warning in one.warnings)
        table = Table(
            ("attribute", "figure", "value", "interval"),
            tuple(rows[:_MOST_ROWS]),
            (2, 3),
            max(0, len(rows) - _MOST_ROWS),
        )
        yield Section("Groups", table, warnings, folded=True)


def _changes(judgement: Judgement) -> Iterator[Section]:
    now, before = judgement.candidate.run, judgement.champion.run if judgement.champion else None
    if now is None or before is None:
        return
    params = list(_changed(now.data.params, before.data.params))
    if params:
        table = Table(
            ("param", "champion", "candidate"), tuple(params[:_MOST_ROWS]), (), max(0, len(params) - _MOST_ROWS)
        )
        yield Section("Params that changed", table)
    data = list(_changed(_data(now), _data(before), same=True))
    if data:
        yield Section("Data", Table(("dataset", "champion", "candidate"), tuple(data[:_MOST_ROWS])), folded=True)


def _changed(now: Mapping[str, str], before: Mapping[str, str], *, same: bool = False) -> Iterator[tuple[Cell, ...]]:
    for key in sorted({*now, *before}):
        ours, theirs = now.get(key), before.get(key)
        if ours != theirs:
            yield Cell(key, "code"), _value(theirs), _value(ours)
        elif same:
            yield Cell(key, "code"), _value(theirs), Cell("the same", "quiet")


def _value(text: str | None) -> Cell:
    return Cell("not there", "quiet") if text is None else Cell(text, "code")


def _data(run: Run) -> dict[str, str]:
    used = (one for one in run.inputs.dataset_inputs if one.context != OUTPUT_CONTEXT)
    return {
        f"{one.dataset.name} ({one.context})" if one.context else one.dataset.name: one.dataset.digest for one in used
    }


def _files(judgement: Judgement, server: str, pictures: tuple[Picture, ...]) -> Iterator[Section]:
    ours, _ = judgement.evaluations
    if ours is None or not ours.files:
        return
    links = []
    version = judgement.candidate.version
    if server and version:
        card = f"{server}/api/v1/model-versions/card?name={quote(version.name)}&version={version.version}&format=html"
        links.append(Link("model card", card))
    for name, path in ours.files.items():
        if links and name.lower().replace("_", " ") == links[0].label:
            continue
        links.append(
            Link(
                name, f"{server}/runs/{ours.run_id}?tab=artifacts&path={quote(path)}" if server and ours.run_id else ""
            )
        )
    yield Section("Plots and tables of the evaluation", links=tuple(links[:_MOST_ROWS]), pictures=pictures, folded=True)


def _tag(run: Run | None, key: str) -> str:
    return run.data.tags.get(key, "") if run else ""
