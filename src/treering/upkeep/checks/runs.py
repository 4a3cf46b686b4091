"""Runs said to be running though their program is gone, runs that begin in the future, and rules that are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from treering.assembly import Services
from treering.core.clock import from_millis, now
from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.entities.lifecycle import RunStatus, View
from treering.entities.page import Query, every
from treering.entities.run import RESUMED_TAG, Run
from treering.storage.journal.reader import open_reader
from treering.upkeep.finding import Case, Examined, Finding, listed
from treering.upkeep.retention import RETENTION_TAG, read_rule

__all__ = ["check_runs", "experiment_ids"]

_AHEAD = 60_000
_PAGE = 1000


def check_runs(case: Case, services: Services) -> Examined:
    """Looks at runs; with `case.fix` ends the dead ones, at the time of their last sign of life."""
    everywhere = experiment_ids(services)
    running = list(_found(services, everywhere, "attributes.status = 'RUNNING'"))
    # One that a journal has open belongs to a program that runs, or is ended when the journal is delivered.
    opened = _opened(case.home / "journal")
    heard = {run.info.run_id: _last_sign(run) for run in running if run.info.run_id not in opened}
    dead = {run_id: at for run_id, at in heard.items() if now() - at > case.dead_after}
    findings = [*_dead(case, services, dead), *_future(services, everywhere), *_rules(services)]
    return Examined("runs", f"{len(running)} running", findings)


def experiment_ids(services: Services) -> list[str]:
    """All experiments, deleted ones too."""
    query = Query(view=View.ALL, max_results=_PAGE)
    return [found.experiment_id for found in every(services.tracking.experiments.search, query)]


def _found(services: Services, everywhere: Sequence[str], text: str) -> Iterator[Run]:
    # A store answers for some hundred experiments at a time as well as for one.
    for start in range(0, len(everywhere), _PAGE):
        asked = Query(text, experiment_ids=everywhere[start : start + _PAGE], max_results=_PAGE)
        yield from every(services.tracking.runs.search, asked)


def _opened(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.glob("*.journal") if folder.is_dir() else ():
        with suppress(NotFound, DamagedData):
            reader = open_reader(path)
            try:
                while reader.read():
                    pass
                found |= set(reader.open_runs)
            finally:
                reader.close()
    return found


def _last_sign(run: Run) -> int:
    """When a run was heard of for the last time, in milliseconds since the epoch."""
    resumed = run.data.tags.get(RESUMED_TAG, "")
    points = (summary.last.timestamp for summary in run.data.summaries.values())
    return max(run.info.start_time, int(resumed) if resumed.isdecimal() else 0, *points, 0)


def _dead(case: Case, services: Services, dead: dict[str, int]) -> Iterator[Finding]:
    if not dead:
        return
    latest = from_millis(max(dead.values()))
    fixed = ""
    if case.fix:
        for run_id, at in dead.items():
            with suppress(NotFound):
                services.tracking.runs.update(run_id, RunStatus.KILLED, at)
        fixed = f"Ended {len(dead)} as KILLED, each at its last sign of life."
    yield Finding(
        f"{len(dead)} runs are RUNNING, and no program of this machine has them open: {listed(sorted(dead))}.",
        f"Their machine or program went down; the last was heard of at {latest:%Y-%m-%d %H:%M} UTC."
        " A program on another machine that has been silent since would look the same.",
        "treering doctor --fix",
        fixed,
    )


def _future(services: Services, everywhere: Sequence[str]) -> Iterator[Finding]:
    ids = [run.info.run_id for run in _found(services, everywhere, f"attributes.start_time > {now() + _AHEAD}")]
    if ids:
        yield Finding(
            f"{len(ids)} runs begin in the future: {listed(ids)}.",
            "The clock of this machine, or of the one that they ran on, is wrong.",
            "timedatectl status  # on both machines",
        )


def _rules(services: Services) -> Iterator[Finding]:
    for experiment in every(services.tracking.experiments.search, Query(max_results=_PAGE)):
        try:
            read_rule(experiment.tags)
        except InvalidInput as error:
            yield Finding(
                f"The retention rule of the experiment {experiment.name!r} is not clear: {error.message}",
                "No run of it is deleted by rule.",
                f"python -c \"import treering; treering.Client().set_experiment_tag('{experiment.experiment_id}',"
                f" '{RETENTION_TAG}', '90d')\"",
            )
