"""How long experiments keep their runs, as their tags say: which runs have outlived that, and which stay all the same.

Whoever outlives it is deleted softly, as if by hand; `gc` removes it for good later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from treering.assembly import Services
from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound, TreeringError
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query, every
from treering.entities.run import PARENT_RUN_TAG, Run
from treering.registry.origins import Origins, find_origins
from treering.upkeep.ages import parse_age

__all__ = ["BEST_TAG", "KEEP_TAG", "RETENTION_TAG", "Outlived", "Rule", "Verdict", "expire", "judge", "read_rule"]

RETENTION_TAG = "treering.retention"
"""Of an experiment: how long it keeps a run after its end, such as `90d`."""

BEST_TAG = "treering.retention.best"
"""Of an experiment: which runs stay however old they are, such as `3 metrics.loss ASC`."""

KEEP_TAG = "treering.keep"
"""Of a run: it stays, unless the tag is `false`."""

_BEST = re.compile(r"(?:(\d+)\s+)?(\S.*)")
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """How long an experiment keeps its runs.

    Attributes:
        age: Milliseconds after a run's end.
        best: How many of the best runs stay; `order` says which are the best.
    """

    age: int
    best: int = 0
    order: str = ""


@dataclass(frozen=True, slots=True)
class Outlived:
    """A run that is older than its experiment keeps runs.

    Attributes:
        ended: Milliseconds since the epoch.
        kept: Why it stays; "" where it is to be deleted.
    """

    run_id: str
    run_name: str
    experiment_id: str
    experiment_name: str
    ended: int
    artifact_uri: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules of all experiments come to.

    Attributes:
        problems: Rules that cannot be understood, in words; nothing of those experiments is deleted.
    """

    runs: Sequence[Outlived] = ()
    problems: Sequence[str] = ()


def read_rule(tags: Mapping[str, str]) -> Rule | None:
    """The rule in an experiment's tags; None where it keeps its runs for ever. Raises InvalidInput."""
    text, best = tags.get(RETENTION_TAG, ""), tags.get(BEST_TAG, "")
    if not text.strip():
        if best.strip():
            msg = f"{BEST_TAG} is set without {RETENTION_TAG}, and has no effect. Set both, or remove it."
            raise InvalidInput(msg)
        return None
    age = parse_age(text)
    match = _BEST.fullmatch(best.strip())
    return Rule(age, int(match[1] or 1), match[2]) if match else Rule(age)


def judge(services: Services, experiment_ids: Sequence[str] = ()) -> Verdict:
    """Look at all active experiments, or only some; changes nothing."""
    runs: list[Outlived] = []
    problems: list[str] = []
    origins: Origins | None = None
    for experiment in every(services.tracking.experiments.search, Query(max_results=_PAGE)):
        if experiment_ids and experiment.experiment_id not in experiment_ids:
            continue
        try:
            rule = read_rule(experiment.tags)
            if rule is None:
                continue
            origins = origins or find_origins(services.registry.versions, services.tracking)
            runs += _outlived(services, experiment, rule, origins)
        except InvalidInput as error:
            problems.append(f"The retention rule of the experiment {experiment.name!r} is not clear: {error.message}")
    return Verdict(runs, problems)


def expire(services: Services, verdict: Verdict) -> tuple[list[str], list[str]]:
    """Delete softly what is not kept; the ids of those, and what went wrong with others."""
    done, failed = [], []
    for one in verdict.runs:
        if one.kept:
            continue
        try:
            services.tracking.runs.delete(one.run_id)
            done.append(one.run_id)
        except NotFound:
            continue  # somebody removed it meanwhile
        except TreeringError as error:
            failed.append(f"The run {one.run_id} could not be deleted: {error.message}")
    return done, failed


def _outlived(services: Services, experiment: Experiment, rule: Rule, origins: Origins) -> list[Outlived]:
    before = now() - rule.age
    asked = Query(
        f"attributes.end_time < {before} AND attributes.status != 'RUNNING'",
        experiment_ids=[experiment.experiment_id],
        max_results=_PAGE,
    )
    best = _best(services, experiment, rule)
    judged = [
        _judged(run, experiment, best, origins)
        for run in every(services.tracking.runs.search, asked)
        # It may have been resumed since the search was answered from memory.
        if run.info.status is not RunStatus.RUNNING
    ]
    return _with_families(judged, dict(_children(services, experiment)))


def _best(services: Services, experiment: Experiment, rule: Rule) -> set[str]:
    if not rule.best or not rule.order:
        return set()
    # Runs without the metric come last in either direction, and are not the best of anything.
    field = re.sub(r"(?i)\s+(asc|desc)$", "", rule.order)
    asked = Query(
        f"{field} IS NOT NULL", [rule.order], max_results=rule.best, experiment_ids=[experiment.experiment_id]
    )
    return {run.info.run_id for run in services.tracking.runs.search(asked).items}


def _judged(run: Run, experiment: Experiment, best: set[str], origins: Origins) -> Outlived:
    info = run.info
    kept = origins.of_run(info.run_id, info.artifact_uri)
    if not kept:
        # A version may point at a model that the run wrote, which lies elsewhere.
        wrote = (output.model_id for output in run.outputs.model_outputs)
        kept = next((origins.models[model_id] for model_id in wrote if model_id in origins.models), "")
    if not kept and run.data.tags.get(KEEP_TAG, "false").lower() != "false":
        kept = f"it has the tag {KEEP_TAG}"
    if not kept and info.run_id in best:
        kept = "it is one of the best"
    return Outlived(
        info.run_id,
        info.run_name,
        experiment.experiment_id,
        experiment.name,
        info.end_time or 0,
        info.artifact_uri,
        kept,
    )


def _children(services: Services, experiment: Experiment) -> Iterator[tuple[str, str]]:
    """(run, parent) of all active nested runs."""
    asked = Query(f"tags.`{PARENT_RUN_TAG}` IS NOT NULL", experiment_ids=[experiment.experiment_id], max_results=_PAGE)
    for run in every(services.tracking.runs.search, asked):
        yield run.info.run_id, run.data.tags[PARENT_RUN_TAG]


def _with_families(judged: Sequence[Outlived], parents: Mapping[str, str]) -> list[Outlived]:
    """A run stays while one that is nested in it does, however deep."""
    going = {one.run_id for one in judged if not one.kept}
    held: set[str] = set()
    for run_id in parents:
        above: str | None = run_id
        if run_id in going:
            continue
        while (above := parents.get(above or "")) is not None and above not in held:
            held.add(above)
    return [
        replace(one, kept="a run that is nested in it is kept") if one.run_id in held and not one.kept else one
        for one in judged
    ]
