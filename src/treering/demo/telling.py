"""What the demo says of itself, line by line, and its summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.client.profiling import DataProfile
from treering.demo.candidates import GRID
from treering.demo.data import Splits
from treering.demo.governing import CHAMPION, MODEL, REVIEWER, Contender, Verdict
from treering.demo.project import FOLDER, Project
from treering.demo.training import EXPERIMENT, Result
from treering.entities.evaluation import Evaluation, SliceResult
from treering.entities.governance import Promotion, RegistryEvent
from treering.entities.objective import Objective

__all__ = [
    "Outcome",
    "Passage",
    "farewell",
    "of_approval",
    "of_contender",
    "of_data",
    "of_history",
    "of_objective",
    "of_profile",
    "of_result",
    "of_verdict",
    "summary",
]

_MOVES = {"promotion.done", "rolled_back"}
_RECALL = "recall_score"


@dataclass(frozen=True, slots=True)
class Passage:
    """How the models came through the gate.

    Attributes:
        contestants: All that were judged, in order.
        drilled: The version that the champion was taken back to for a while; 0 if it never was.
        changes: How many the registry's history tells of.
    """

    contestants: tuple[Contender, ...]
    refused: tuple[Contender, ...]
    champion: Contender
    drilled: int
    changes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found.

    Attributes:
        card: Where the champion's card lies.
        accuracy: On the held-out rows, by the live endpoint's answers.
        latency: Median seconds of a request with one row.
    """

    objective: Objective
    results: list[Result]
    passage: Passage
    card: Path
    accuracy: float
    latency: float
    seconds: float


def of_objective(objective: Objective) -> str:
    """What the experiment is for."""
    return f"Ask       {_demands(objective)}: {objective.statement}"


def of_data(project: Project, splits: Splits) -> str:
    """Where the rows are from."""
    report = project.report
    made = f"stages {' and '.join(report.reproduced)} ran" if report.reproduced else "its pipeline is up to date"
    parts = (splits.train, splits.validation, splits.test)
    rows = " + ".join(str(len(part.target)) for part in parts)
    return f"Data      {project.table.name}, tracked; {made}: {rows} rows to train, to validate, held out"


def of_profile(profile: DataProfile) -> str:
    """What somebody should look at."""
    kinds = sorted({finding.kind for finding in profile.findings})
    found = f"{len(profile.findings)} findings ({', '.join(kinds)})" if kinds else "nothing to look at"
    leaks = "" if "leak" in kinds else ", no leak"
    return f"Look      {profile.rows} rows, {len(profile.columns)} columns: {found}{leaks}"


def of_result(result: Result) -> str:
    """What came of a candidate."""
    return (
        f"Train     {result.candidate.name:<19} log loss {result.loss:.4f}  AUC {result.auc:.4f}"
        f"  accuracy {result.accuracy:.3f}"
    )


def of_contender(contender: Contender) -> str:
    """What the held-out rows say of a candidate."""
    return f"Evaluate  version {contender.version}, {contender.result.candidate.name}: {_figures(contender.evaluation)}"


def of_verdict(contender: Contender, verdict: Verdict) -> str:
    """What the gate said."""
    if not verdict.passed:
        return f"Gate      version {contender.version} refused: {' '.join(verdict.reasons)}"
    if verdict.missing:
        return f"Gate      version {contender.version} passed: {' '.join(verdict.reasons)} Waits: {'; '.join(verdict.missing)}"
    return f"Gate      version {contender.version} passed, with nobody to beat: the champion"


def of_approval(promotion: Promotion, drilled: int) -> str:
    """Who let it in, and that there is a way back."""
    return (
        f"Approve   version {promotion.version} by the {promotion.decisions[-1].user}, in place of {promotion.replaces};"
        f" rolled back to {drilled}, and let in again"
    )


def of_history(history: Sequence[RegistryEvent], first: int) -> str:
    """Who was the champion when, from version `first` on, and by whose word."""
    moves = [event for event in history if event.action in _MOVES and event.target == CHAMPION]
    begun = next((place for place, event in enumerate(moves) if event.version == first), 0)
    told = [f"{event.before or 'nobody'} -> {event.after} ({event.user})" for event in moves[begun:]]
    return f"History   champion {', '.join(told)}"


def summary(outcome: Outcome, home: Path) -> Iterator[str]:
    """All of it in few lines."""
    passage, champion = outcome.passage, outcome.passage.champion
    evaluation = champion.evaluation
    points = sum(result.points for result in outcome.results)
    yield ""
    yield f"The whole life of a model, in {outcome.seconds:.0f} seconds"
    yield f"  asked       {_demands(outcome.objective)}"
    yield f"  tracked     {len(outcome.results) + 1} runs, {points} metric points, experiment {EXPERIMENT!r}"
    yield f"  evaluated   {len(passage.contestants)} of {len(GRID)} candidates on {evaluation.rows} held-out rows"
    yield f"  judged      {_judged(passage)}"
    yield f"  registered  {MODEL} version {champion.version}, the champion: {champion.result.candidate.name}"
    yield f"              {_figures(evaluation)}"
    if passage.drilled:
        yield f"  governed    approved by the {REVIEWER}, rolled back to version {passage.drilled} and forth; {passage.changes} changes in the history"
    yield f"  served      {evaluation.rows} held-out rows, accuracy {outcome.accuracy:.3f}, {outcome.latency * 1000:.1f} ms a row"
    yield f"  told        {outcome.card}"
    yield f"  kept in     {home}; the data and its pipeline in {home / FOLDER}"


def farewell(ui: str, address: str) -> Iterator[str]:
    """Where to look."""
    yield ""
    yield f"  web UI      {ui}"
    yield f"  endpoint    {address}/invocations"
    yield ""
    yield "Both stay up until Ctrl-C."


def _demands(objective: Objective) -> str:
    return ", ".join(f"{one.metric} {one.op} {one.value:g}" for one in objective.criteria)


def _figures(evaluation: Evaluation) -> str:
    """How well it does, where it is weakest, how differently it treats groups, and what it is worth."""
    between = evaluation.intervals["log_loss"]
    weakest = min(evaluation.slices, key=_recall)
    asides = [f"{weakest.name} tumours {_recall(weakest):.3f}"]
    asides += [
        f"by {report.attribute} apart by {gap.value:.3f}"
        for report in evaluation.fairness
        if (gap := report.summary.get("equal_opportunity_difference"))
    ]
    told = (
        f"log loss {evaluation.metrics['log_loss']:.3f} ({between.low:.3f} to {between.high:.3f}),"
        f" recall {evaluation.metrics[_RECALL]:.3f} ({', '.join(asides)})"
    )
    return f"{told}, worth {evaluation.business.current.value:.1f} a patient" if evaluation.business else told


def _recall(part: SliceResult) -> float:
    """1 where there is nothing to be found."""
    return part.metrics.get(_RECALL, 1.0)


def _judged(passage: Passage) -> str:
    refused = {one.version for one in passage.refused}
    return ", ".join(
        f"version {one.version} {'refused' if one.version in refused else 'passed'}" for one in passage.contestants
    )
