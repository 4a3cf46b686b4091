"""Fluent calls on runs: starting, nesting, resuming and ending them.

The stack of active runs belongs to the thread or task that started them, as a
context variable does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self

from treering.client import capture, system_metrics
from treering.client.belated import belated_run, create_run, creation_of, is_belated
from treering.client.context import context_tags, user_name
from treering.client.ending import status_at_end, status_for, watch_exit
from treering.client.experiments import active_experiment_id
from treering.client.recorder import Recorder
from treering.client.session import Place, Session, session
from treering.core.clock import now
from treering.core.errors import InvalidInput, TreeringError
from treering.core.ids import new_run_id
from treering.core.log import logger
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.run import NOTE_TAG, PARENT_RUN_TAG, RESUMED_TAG, LogBatch, NewRun, Run
from treering.storage.journal.frames import Change, Creation
from treering.storage.journal.notes import noted_creation

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = [
    "ActiveRun",
    "Beginning",
    "active_run",
    "at_end",
    "at_start",
    "begin_run",
    "delete_run",
    "end_run",
    "get_parent_run",
    "get_run",
    "last_active_run",
    "restore_run",
    "run_or_start",
    "start_run",
]

_END_PATIENCE = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class ActiveRun(Run):
    """A run that is going on; as a context manager it ends with the block.

    `info` and `data` show the run as it was when it started; `get_run` shows it as it is.
    """

    place: Place = field(kw_only=True)
    recorder: Recorder = field(kw_only=True)
    pid: int = field(kw_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self in _active.get():
            while self in _active.get():
                _end_innermost(status_for(error))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What those who wait for a run to start are told.

    Attributes:
        resumed: Whether the run existed before.
        log_system_metrics: What the caller of `start_run` said; None leaves it to the settings.
    """

    run: ActiveRun
    resumed: bool
    log_system_metrics: bool | None = None


class _Hooks:
    start: list[Callable[[Beginning], None]] = [capture.begin, system_metrics.begin]  # noqa: RUF012  # shared on purpose
    end: list[Callable[[ActiveRun, RunStatus], None]] = [capture.finish, system_metrics.finish]  # noqa: RUF012  # as above


at_start = _Hooks.start
"""Called, in order, whenever this process starts or resumes a run, in the thread that does and before it goes on.

What they log comes before what the user logs. What they raise is logged, and the run goes on.
"""

at_end = _Hooks.end
"""Called, in order, before the end of a run is recorded, also at the end of the process. Errors as for `at_start`."""

_active: ContextVar[tuple[ActiveRun, ...]] = ContextVar("treering_active_runs", default=())


class _Started:
    """Runs that this process started, in whatever thread: the last one, and those that are still open."""

    last: ActiveRun | None = None
    open: dict[str, ActiveRun] = {}  # noqa: RUF012  # shared on purpose
    watched: Session | None = None


def start_run(  # noqa: PLR0913, PLR0917  # MLflow's signature
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,  # noqa: FBT001, FBT002  # as above
    parent_run_id: str | None = None,
    tags: Mapping[str, object] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,  # noqa: FBT001  # as above
) -> ActiveRun:
    """Start a run, or go on with one, and make it the active one.

    Args:
        run_id: The run to go on with; unless given, what the setting `run_id` names, once; else a new run.
        nested: Whether it may become the child of a run that is active.
        parent_run_id: The run that it becomes the child of, active in this process or not.
        description: A note for people, in Markdown.
        log_system_metrics: Whether the machine's load is logged; None leaves it to the settings.

    Raises:
        InvalidInput: If a run is active and `nested` is False, or the run to go on with is deleted
            or of another experiment.
        NotFound: If a run or the experiment does not exist.
    """
    stack = _active.get()
    # A forked child may begin runs of its own beside the one that its parent goes on with.
    if stack and stack[-1].pid == os.getpid() and not nested:
        msg = (
            f"Run with UUID {stack[-1].info.run_id} is already active. To start a new run, first end the current run"
            " with treering.end_run(). To start a nested run, call start_run with nested=True."
        )
        raise InvalidInput(msg)
    current = session()
    wanted = run_id or current.run_id
    current.run_id = ""
    texts = {key: str(value) for key, value in (tags or {}).items()}
    if description:
        if NOTE_TAG in texts:
            msg = f"Both the description and the tag {NOTE_TAG!r} were given. Give one of them."
            raise InvalidInput(msg)
        texts[NOTE_TAG] = description
    parent = _parent(current, parent_run_id, stack, nested=nested)
    if parent and not wanted:
        texts[PARENT_RUN_TAG] = parent
    if wanted:
        run = _resume(current, wanted, experiment_id, run_name, texts)
    else:
        experiment = experiment_id or active_experiment_id(current)
        tagged = {**context_tags(), **texts}
        run = _create(current, NewRun(experiment, new_run_id(), run_name or "", user_name(), now(), tagged))
    active = _activate(current, run)
    if not wanted:
        active.recorder.begun(run.info.run_id)
    for hook in at_start:
        _call(hook, Beginning(active, bool(wanted), log_system_metrics))
    return active


def end_run(status: RunStatus | str = RunStatus.FINISHED) -> None:
    """End the innermost active run of this thread; nothing happens if there is none.

    What it logged is delivered first. If that cannot be done now, the journal keeps
    it, and the end of the run with it. Raises ValueError for an unknown status.
    """
    if _active.get():
        _end_innermost(RunStatus(status))


def active_run() -> ActiveRun | None:
    """The innermost active run of this thread."""
    stack = _active.get()
    return stack[-1] if stack else None


def last_active_run() -> Run | None:
    """The active run, or the one that was active last in this process, as it is now."""
    last = active_run() or _Started.last
    return None if last is None else last.place.read().tracking.runs.get(last.info.run_id)


def run_or_start() -> ActiveRun:
    """The active run; one is started if there is none."""
    stack = _active.get()
    return stack[-1] if stack else start_run()


def get_run(run_id: str) -> Run:
    """The run with all that was logged to it so far. Raises NotFound."""
    return session().place.read().tracking.runs.get(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that this one is nested in, or None. Raises NotFound."""
    parent = get_run(run_id).data.tags.get(PARENT_RUN_TAG)
    return get_run(parent) if parent else None


def delete_run(run_id: str) -> None:
    """Delete softly. Raises NotFound."""
    session().place.read().tracking.runs.delete(run_id)


def restore_run(run_id: str) -> None:
    """Undo `delete_run`. Raises NotFound."""
    session().place.services().tracking.runs.restore(run_id)


def _call(hook: Callable[..., None], *arguments: object) -> None:
    try:
        hook(*arguments)
    except Exception:  # noqa: BLE001  # a worker's border: training must not end because of what goes along with it
        logger.exception("What goes along with a run failed; the run goes on.")


def begin_run(place: Place, new: NewRun) -> Run:
    """Make a run that does not become the active one; while its server cannot be reached, it begins in the journal.

    Raises as `Runs.create`.
    """
    creation = creation_of(new)

    def ask(services: Services) -> Run:
        # The server makes up a name by rules of its own.
        asked = Creation(replace(creation.new, run_name=new.run_name), creation.experiment_name)
        return create_run(services.tracking, asked)

    run = place.attempt(ask)
    if run is None:
        run = belated_run(creation)
        place.recorder.creation(creation)
    return run


def _create(current: Session, new: NewRun) -> Run:
    run = begin_run(current.place, new)
    # An experiment of which only the name was known has its id now, if the server answered.
    if current.experiment_id == new.experiment_id != run.info.experiment_id:
        current.choose(run.info.experiment_id)
    return run


def _parent(current: Session, parent_run_id: str | None, stack: tuple[ActiveRun, ...], *, nested: bool) -> str:
    if parent_run_id is None:
        return stack[-1].info.run_id if stack and (nested or stack[-1].pid == os.getpid()) else ""
    if parent_run_id in _Started.open:
        return parent_run_id
    found = _find(current, parent_run_id)
    if found.info.lifecycle_stage is not Lifecycle.ACTIVE:
        msg = f"Cannot start a run below {parent_run_id}: it is deleted. Restore it first."
        raise InvalidInput(msg)
    return parent_run_id


def _resume(
    current: Session, run_id: str, experiment_id: str | None, run_name: str | None, tags: Mapping[str, str]
) -> Run:
    place = current.place
    found = _find(current, run_id)
    if found.info.lifecycle_stage is not Lifecycle.ACTIVE:
        msg = f"Cannot start run with ID {run_id} because it is in the deleted state. Restore it first."
        raise InvalidInput(msg)
    asked = experiment_id or current.experiment_id
    if asked and not is_belated(found.info.artifact_uri) and asked != found.info.experiment_id:
        msg = (
            f"Cannot start run with ID {run_id} because active experiment ID does not match: the run is of experiment"
            f" {found.info.experiment_id}, and {asked} was asked for. Call set_experiment with the right one."
        )
        raise InvalidInput(msg)
    # First of all: who delivers what a killed program left must not end a run that goes on here.
    mark = LogBatch(run_id, tags={RESUMED_TAG: str(now())})

    def go_on(services: Services) -> Run:
        services.tracking.runs.log([mark])
        return services.tracking.runs.update(run_id, RunStatus.RUNNING, None, run_name or None)

    run = place.attempt(go_on)
    if run is None:
        place.recorder.batch(mark)
        place.recorder.change(Change(run_id, RunStatus.RUNNING, None, run_name or None))
        name = run_name or found.info.run_name
        run = replace(found, info=replace(found.info, status=RunStatus.RUNNING, end_time=None, run_name=name))
    if tags:
        current.place.recorder.tags(run_id, tags)
        run = replace(run, data=replace(run.data, tags={**run.data.tags, **tags}))
    return run


def _find(current: Session, run_id: str) -> Run:
    """The run; while its server cannot be reached, what is known of it here. Raises NotFound."""
    place = current.place

    def ask(services: Services) -> Run:
        place.recorder.flush(None, place.settings.offline_after or None)
        return services.tracking.runs.get(run_id)

    found = place.attempt(ask)
    if found is None:
        new = NewRun(current.experiment_id, run_id, "", user_name(), now())
        found = belated_run(noted_creation(place.recorder.folder, run_id) or Creation(new))
    return found


def _activate(current: Session, run: Run) -> ActiveRun:
    place = current.place
    active = ActiveRun(
        run.info,
        run.data,
        run.inputs,
        run.outputs,
        place=place,
        recorder=place.recorder,
        pid=os.getpid(),
    )
    active.recorder.know_params(run.info.run_id, run.data.params)
    _active.set((*_active.get(), active))
    _Started.last = active
    _Started.open[run.info.run_id] = active
    watch_exit()
    # What follows is mostly logging; loaded now, so that no fork finds another thread loading it.
    import_module("treering.client.log")
    if _Started.watched is not current:
        _Started.watched = current
        current.at_close(_end_all)
    return active


def _end_innermost(status: RunStatus) -> None:
    *rest, run = _active.get()
    _active.set(tuple(rest))
    _end(run, status)


def _end(run: ActiveRun, status: RunStatus) -> None:
    _Started.open.pop(run.info.run_id, None)
    if run.pid != os.getpid():
        # A forked child has a copy of its parent's stack; the run goes on in the parent.
        return
    for hook in at_end:
        _call(hook, run, status)
    run.recorder.change(Change(run.info.run_id, status, now()))
    run.recorder.forget_run(run.info.run_id)
    if run.recorder.is_cut_off:
        # Said before; nobody waits for a server that is known to be away.
        return
    try:
        run.recorder.flush(_END_PATIENCE, run.place.settings.offline_after or None)
        run.place.collect()
    except TreeringError as error:
        logger.warning("Run %s has ended; delivery goes on in the background. %s", run.info.run_id, error)


def _end_all() -> None:
    """At the end of the process, also for runs that other threads left open."""
    status = status_at_end()
    for run in reversed(list(_Started.open.values())):
        if run.pid == os.getpid():
            for hook in at_end:
                _call(hook, run, status)
            run.recorder.change(Change(run.info.run_id, status, now()))
    _Started.open.clear()
    _active.set(())
