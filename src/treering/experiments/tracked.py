"""Experiments of Git as runs of the tracking store, beside all other runs: to be searched, compared, drawn and shared there.

An experiment becomes one run, with its parameters, metrics and the data that it read
and made. Repeating it brings only what is new: the commit decides which run it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from treering.core.errors import NotFound, TreeringError
from treering.entities.dataset import DatasetInput
from treering.entities.lifecycle import RunStatus
from treering.entities.run import LogBatch, NewRun
from treering.experiments.found import Found, Selection, baselines_of, by_baseline, by_name
from treering.experiments.rows import Rows, open_rows
from treering.pipelines.tracked_records import DataVersions, metrics_of, params_of
from treering.tracking.base import Tracking
from treering.versioning.repository import Repository

__all__ = ["TrackReport", "track_experiments"]

_OURS = uuid.UUID("6f1f3c0e-6d0b-5d4f-9a55-0b6c3f6a1d7e")
_TAG = "treering.exp"


@dataclass(frozen=True, slots=True)
class TrackReport:
    """What became of experiments.

    Attributes:
        experiment_id: Where their runs are.
        created: The new runs by name.
        known: How many were there before.
        failed: Why not, by name.
    """

    experiment_id: str
    created: Mapping[str, str] = field(default_factory=dict)
    known: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)


def track_experiments(
    repo: Repository,
    tracking: Tracking,
    selection: Selection | None = None,
    *,
    names: Collection[str] = (),
    experiment: str = "",
    user: str = "",
) -> TrackReport:
    """Bring experiments into the tracking store.

    Args:
        repo: The repository.
        tracking: The store.
        selection: Of baselines; the commit that is checked out where none is given.
        names: Names or references of experiments, whatever their baselines; then there is no selection.
        experiment: The name of the store's experiment, which is made if there is none; that of the folder where none is given.
        user: Whose the runs are.

    Raises:
        UnknownRevision: If a baseline that was named does not exist.
        NotFound: If an experiment that was named does not exist.
    """
    git = repo.require_git()
    if names:
        found = list(by_name(git, names).values())
    else:
        baselines = set(baselines_of(git, selection or Selection()))
        found = [one for group in by_baseline(git, baselines).values() for one in group]
    experiment_id = _experiment(tracking, experiment or repo.root.name)
    created: dict[str, str] = {}
    failed: dict[str, str] = {}
    known = 0
    with open_rows(repo) as rows:
        rows.expect(one.rev for one in found)
        for one in found:
            run_id = uuid.uuid5(_OURS, f"{experiment_id}/{one.rev}").hex
            try:
                if _is_there(tracking, run_id):
                    known += 1
                    continue
                _track(repo, tracking, rows, one, NewRun(experiment_id, run_id, one.ref.name, user))
                created[one.ref.name] = run_id
            except TreeringError as error:
                failed[one.ref.name] = str(error)
    return TrackReport(experiment_id, created, known, failed)


def _experiment(tracking: Tracking, name: str) -> str:
    try:
        return tracking.experiments.get_by_name(name).experiment_id
    except NotFound:
        return tracking.experiments.create(name).experiment_id


def _is_there(tracking: Tracking, run_id: str) -> bool:
    """Whether it is tracked, to its end: a run that was begun and not ended is written on."""
    try:
        return tracking.runs.get(run_id).info.status == RunStatus.FINISHED
    except NotFound:
        return False


def _track(repo: Repository, tracking: Tracking, rows: Rows, one: Found, new: NewRun) -> None:
    kept = rows.of(one.rev)
    when = kept.time * 1000
    tags = {
        f"{_TAG}.name": one.ref.name,
        f"{_TAG}.rev": one.rev,
        f"{_TAG}.baseline": one.ref.baseline,
        "mlflow.source.git.commit": one.rev,
        "mlflow.source.name": str(repo.root),
        "mlflow.source.type": "PROJECT",
    }
    run = tracking.runs.create(NewRun(new.experiment_id, new.run_id, new.run_name, new.user_id, when, tags))
    batch = LogBatch(
        run.info.run_id,
        params=params_of({file: data for file, data in _data(kept.row["params"]).items() if isinstance(data, Mapping)}),
        series=metrics_of(_data(kept.row["metrics"]), when),
        dataset_inputs=list(_versions(rows, one.rev)),
    )
    tracking.runs.log([batch])
    tracking.runs.update(run.info.run_id, RunStatus.FINISHED, when)


def _versions(rows: Rows, commit: str) -> Iterator[DatasetInput]:
    """The data that the stages of an experiment read and made, each once."""
    stages = rows.stages(commit)
    versions = DataVersions(stages, commit)
    seen: set[tuple[str, str]] = set()
    for stage in stages:
        if stage.locked is None:
            continue
        for version in (*versions.read(stage, stage.locked.data), *versions.made(stage, stage.locked.data)):
            key = version.dataset.name, version.dataset.digest
            if key not in seen:
                seen.add(key)
                yield version


def _data(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {file: one["data"] for file, one in files.items() if "data" in one}
