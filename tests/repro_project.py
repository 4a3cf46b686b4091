"""A project whose pipelines are run in tests, and what is asked of each run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from projects import Project
from treering.pipelines.events import Event
from treering.pipelines.reproduce import ReproFailed, ReproOptions, ReproReport, reproduce
from treering.pipelines.stages import load_stages
from treering.pipelines.status import pipeline_status

__all__ = ["CHAIN", "Ran", "run", "status", "with_python"]

CHAIN = """\
stages:
  a:
    cmd: cp in a.txt
    deps: [in]
    outs: [a.txt]
  b:
    cmd: cp a.txt b.txt
    deps: [a.txt]
    outs: [b.txt]
  c:
    cmd: cp b.txt c.txt
    deps: [b.txt]
    outs: [c.txt]
"""


@dataclass
class Ran:
    """What a run came to.

    Attributes:
        happened: Kind and stage of each event, commands and output left out.
    """

    report: ReproReport
    error: str = ""
    events: list[Event] = field(default_factory=list)

    @property
    def happened(self) -> list[tuple[str, str]]:
        left_out = {"command", "output", "locked"}
        return [(event.kind, event.stage.address) for event in self.events if event.kind not in left_out]

    @property
    def how(self) -> dict[str, str]:
        """What became of each stage."""
        return {address: done.how for address, done in self.report.done.items()}


def run(project: Project, *targets: str, base: Path | None = None, **options: Any) -> Ran:
    """Reproduce; a failure is part of the answer."""
    events: list[Event] = []
    try:
        report = reproduce(project.repo, targets, ReproOptions(**options), events.append, base=base)
    except ReproFailed as error:
        return Ran(error.report, str(error), events)
    return Ran(report, "", events)


def status(project: Project, *targets: str, base: Path | None = None, **options: Any) -> dict[str, Any]:
    """What has changed, as DVC's JSON."""
    return pipeline_status(load_stages(project.repo, base=base), targets, **options)


def with_python(project: Project, more: Sequence[str] = ()) -> Project:
    """The same project, where `python` is the one that runs the tests."""
    folders = [str(Path(sys.executable).parent), *more, project.environ["PATH"]]
    return Project(project.root, {**project.environ, "PATH": ":".join(folders)})
