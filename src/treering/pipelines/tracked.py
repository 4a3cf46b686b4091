"""Keeps executions of pipelines as runs: one for the whole, and within it one for each stage that ran.

    runs = TrackedRuns(repo, tracking, TrackOptions(), listener)
    with runs:
        reproduce(repo, targets, replace(options, environment=runs.environment), runs)

Tracking never fails a stage: what goes wrong with it is told once, and the rest goes untracked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from treering.core.clock import now
from treering.core.errors import NotFound, TreeringError
from treering.core.log import logger
from treering.entities.lifecycle import RunStatus
from treering.entities.run import PARENT_RUN_TAG, LogBatch, NewRun
from treering.pipelines.events import Event, Listener, ignore_events
from treering.pipelines.metrics import metrics_at
from treering.pipelines.params_show import params_at
from treering.pipelines.snapshots import Snapshot, snapshot
from treering.pipelines.stage import Stage
from treering.pipelines.tracked_records import DataVersions, lock_tags, metrics_of, params_of
from treering.tracking.base import Tracking
from treering.versioning.repository import Repository
from treering.versioning.sources import Revisions

__all__ = ["TrackOptions", "TrackedRuns"]

_TAG = "treering.pipeline"
_LONGEST = 8000


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """How executions are kept.

    Attributes:
        experiment: Its name; made if there is none. That of the repository's folder where nothing is given.
        name: Of the run for the whole.
        user: Who runs it.
        variables: What a stage's commands are told besides the id of its run: where runs are tracked.
    """

    experiment: str = ""
    name: str = "repro"
    user: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


class TrackedRuns:
    """A listener of `reproduce`; to be used in `with`, and for one call of it. Several threads may tell it events.

    Args:
        repo: The repository.
        tracking: Where the runs are kept.
        options: How.
        listener: Is told everything, too.
        base: Where the user stands.
    """

    def __init__(
        self,
        repo: Repository,
        tracking: Tracking,
        options: TrackOptions | None = None,
        listener: Listener = ignore_events,
        *,
        base: Path | None = None,
    ) -> None:
        self._repo = repo
        self._tracking = tracking
        self._options = options or TrackOptions()
        self._listener = listener
        self._base = base
        self._turn = threading.RLock()
        self._whole: _Whole | None = None
        self._runs: dict[str, str] = {}
        self._failed = False
        self._trouble = ""

    @property
    def run_id(self) -> str:
        """The run for the whole; "" as long as no stage has run."""
        return self._whole.run_id if self._whole is not None else ""

    @property
    def trouble(self) -> str:
        """Why tracking ended early; "" if it did not."""
        return self._trouble

    def environment(self, stage: Stage) -> dict[str, str]:
        """More variables for a stage's commands, by which code that tracks itself goes on with the stage's run."""
        run_id = self._runs.get(stage.address)
        if run_id is None:
            return {}
        return {**self._options.variables, "TREERING_RUN_ID": run_id, "MLFLOW_RUN_ID": run_id}

    def __call__(self, event: Event, /) -> None:
        """As `Listener`."""
        if event.kind == "running":
            self._try(event.stage, lambda: self._begin(event))
        elif event.kind in {"ended", "failed"}:
            self._try(event.stage, lambda: self._end(event))
        self._listener(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._whole is not None:
            self._try(None, lambda: self._finish(kind))

    def _try(self, stage: Stage | None, what: Callable[[], None]) -> None:
        """Do it, unless it failed before; a failure is told once."""
        with self._turn:
            if self._trouble:
                return
            try:
                what()
            except (TreeringError, OSError, ValueError) as error:
                self._trouble = str(error)
                msg = f"This execution is not tracked any further: {error}"
                logger.warning("%s", msg)
                if stage is not None:
                    self._listener(Event("warning", stage, msg))

    def _begin(self, event: Event) -> None:
        stage = event.stage
        whole = self._started()
        tags = {
            **whole.tags,
            PARENT_RUN_TAG: whole.run_id,
            f"{_TAG}.stage": stage.address,
            f"{_TAG}.cmd": "\n".join(stage.commands)[:_LONGEST],
            "mlflow.source.name": self._repo.relpath(stage.file),
        }
        if event.log is not None:
            tags[f"{_TAG}.log"] = str(event.log)
        run = self._tracking.runs.create(
            NewRun(whole.experiment_id, run_name=stage.address, user_id=self._options.user, tags=tags)
        )
        self._runs[stage.address] = run.info.run_id

    def _end(self, event: Event) -> None:
        run_id = self._runs.get(event.stage.address)
        self._failed |= event.kind == "failed"
        if self._whole is None or run_id is None or (event.kind == "ended" and event.entry is None):
            return
        if event.entry is not None:
            self._log(run_id, self._whole, event.stage, event.entry)
        elif event.error is not None:
            tags = {f"{_TAG}.error": str(event.error)[:_LONGEST]}
            tags |= {f"{_TAG}.exit_status": str(event.status)} if event.status else {}
            self._tracking.runs.log([LogBatch(run_id, tags=tags)])
        status = RunStatus.FINISHED if event.kind == "ended" else RunStatus.FAILED
        self._tracking.runs.update(run_id, status, now())
        del self._runs[event.stage.address]

    def _log(self, run_id: str, whole: _Whole, stage: Stage, entry: Mapping[str, Any]) -> None:
        """Keep what a stage took and made, in one batch."""
        paths = [stage.path_of(out.path) for out in stage.outs if out.metric]
        metrics = _data(metrics_at(whole.before, paths)) if paths else {}
        read = whole.versions.read(stage, entry)
        made = whole.versions.made(stage, entry)
        batch = LogBatch(
            run_id,
            params=params_of(entry.get("params", {})),
            tags=lock_tags(entry),
            series=metrics_of(metrics, now()),
            dataset_inputs=[*read, *made],
        )
        self._tracking.runs.log([batch])

    def _started(self) -> _Whole:
        """The run for the whole, which begins with the first stage that runs."""
        if self._whole is None:
            before = snapshot(Revisions(self._repo), base=self._base)
            commit = self._commit()
            tags = {"mlflow.user": self._options.user, "mlflow.source.type": "PROJECT"}
            tags |= {"mlflow.source.git.commit": commit, f"{_TAG}.root": str(self._repo.root)}
            tags = {key: value for key, value in tags.items() if value}
            experiment_id = self._experiment()
            run = self._tracking.runs.create(
                NewRun(experiment_id, run_name=self._options.name, user_id=self._options.user, tags=tags)
            )
            self._whole = _Whole(run.info.run_id, experiment_id, tags, before, DataVersions(before.stages, commit))
        return self._whole

    def _finish(self, kind: type[BaseException] | None) -> None:
        """End the run for the whole, with all parameters and metrics as they are now."""
        assert self._whole is not None  # noqa: S101 - it is asked before
        status = RunStatus.FAILED if self._failed or kind is not None else RunStatus.FINISHED
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            status = RunStatus.KILLED
        for run_id in self._runs.values():
            self._tracking.runs.update(run_id, RunStatus.KILLED, now())
        after = snapshot(Revisions(self._repo), base=self._base)
        batch = LogBatch(
            self._whole.run_id,
            params=params_of({file: one for file, one in _data(params_at(after)).items() if isinstance(one, Mapping)}),
            series=metrics_of(_data(metrics_at(after)), now()),
        )
        self._tracking.runs.log([batch])
        self._tracking.runs.update(self._whole.run_id, status, now())

    def _experiment(self) -> str:
        name = self._options.experiment or self._repo.root.name
        try:
            return self._tracking.experiments.get_by_name(name).experiment_id
        except NotFound:
            return self._tracking.experiments.create(name).experiment_id

    def _commit(self) -> str:
        git = self._repo.git
        return git.head() if git is not None and git.has_commits else ""


@dataclass(frozen=True, slots=True)
class _Whole:
    """The run for the whole.

    Attributes:
        tags: Those that the runs of stages have as well.
        before: The repository as it was when the first stage began; its files are read when they are asked for.
    """

    run_id: str
    experiment_id: str
    tags: Mapping[str, str]
    before: Snapshot
    versions: DataVersions


def _data(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What could be read, by file."""
    return {file: one["data"] for file, one in found.items() if "data" in one}
