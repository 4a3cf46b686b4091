"""Runs that began while their server could not be reached: what stands for what only the server knows.

Until the server answers, an experiment that was asked for by name has the id
`name:<name>`, and a run's artifacts lie at `runs:/<run id>`, which every call here
understands. At delivery the server gives both their real place.
"""

from __future__ import annotations

from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.core.ids import new_run_name
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.run import RUN_NAME_TAG, NewRun, Run, RunData, RunInfo
from treering.storage.journal.frames import Creation
from treering.tracking.base import Experiments, Tracking

__all__ = [
    "belated_experiment",
    "belated_run",
    "create_run",
    "creation_of",
    "experiment_named",
    "is_belated",
    "name_in",
]

_NAMED = "name:"


def is_belated(artifact_uri: str) -> bool:
    """Whether a run's artifact URI only stands for the real one."""
    return artifact_uri.startswith("runs:/")


def name_in(experiment_id: str) -> str:
    """The name that an id stands for; "" for a real id."""
    return experiment_id.removeprefix(_NAMED) if experiment_id.startswith(_NAMED) else ""


def belated_experiment(name: str, experiment_id: str = "") -> Experiment:
    """An experiment of which no more is known than its name, or its id."""
    at = now()
    return Experiment(experiment_id or f"{_NAMED}{name}", name, "", Lifecycle.ACTIVE, at, at)


def creation_of(new: NewRun) -> Creation:
    """What a journal says of a run that begins; one without a name gets it here."""
    name = name_in(new.experiment_id)
    named = replace(new, run_name=new.run_name or new.tags.get(RUN_NAME_TAG) or new_run_name())
    return Creation(replace(named, experiment_id="") if name else named, name)


def belated_run(creation: Creation) -> Run:
    """The run as it will be."""
    new = creation.new
    info = RunInfo(
        new.run_id,
        new.experiment_id or f"{_NAMED}{creation.experiment_name}",
        new.run_name,
        new.user_id,
        RunStatus.RUNNING,
        now() if new.start_time is None else new.start_time,
        None,
        f"runs:/{new.run_id}",
        Lifecycle.ACTIVE,
    )
    return Run(info, RunData(tags={RUN_NAME_TAG: new.run_name, **new.tags}))


def experiment_named(experiments: Experiments, name: str) -> Experiment:
    """The experiment of that name, made if there is none; two processes that do this at once get the same one."""
    try:
        return experiments.get_by_name(name)
    except NotFound:
        pass
    try:
        return experiments.create(name)
    except AlreadyExists:
        return experiments.get_by_name(name)


def create_run(tracking: Tracking, creation: Creation) -> Run:
    """Make a run that has begun, or find it made. Raises as `Runs.create`.

    The name of a deleted experiment is free: a new one of that name is made.
    """
    if not creation.experiment_name:
        return tracking.runs.create(creation.new)
    found = experiment_named(tracking.experiments, creation.experiment_name)
    if found.lifecycle_stage is Lifecycle.DELETED:
        found = tracking.experiments.create(creation.experiment_name)
    return tracking.runs.create(replace(creation.new, experiment_id=found.experiment_id))
