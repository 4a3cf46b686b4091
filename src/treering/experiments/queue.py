"""The queue of experiments: putting them in, workers that run them, and what they printed.

Each worker is a process of its own that goes on when the user leaves. It runs one
experiment after the other, each again in a process of its own: what that does, or how
it dies, is no matter to the worker. `task_files` keeps them apart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.experiments.asked import Asked, dump_asked
from treering.experiments.isolated import clear_trees
from treering.experiments.prepare import prepare
from treering.experiments.queue_status import living_workers
from treering.experiments.refs import FAILED_STASH, OURS, QUEUE_STASH
from treering.experiments.stash import drop_stashes, push_stash
from treering.experiments.task import State, Task
from treering.experiments.task_files import queue_files
from treering.versioning.git import GitRepository
from treering.versioning.lock_files import SystemLock
from treering.versioning.repository import Repository

__all__ = [
    "exp_queue",
    "keep_ref",
    "queue_follow",
    "queue_kill",
    "queue_logs",
    "queue_remove",
    "queue_start",
    "queue_stop",
    "worker_lock",
]

_WORKER = "treering.experiments.worker"
_SHORTEST = 4
_NAP = 0.05
# How long the process of an experiment has to tidy up after it was interrupted before it is told that it still runs.
_PATIENCE = 15.0


def exp_queue(repo: Repository, asked: Asked) -> list[tuple[Task, tuple[str, ...]]]:
    """Put experiments into the queue: one, or with several values of parameters so many. The working tree stays.

    Returns:
        Each with the parameters that were set.

    Raises:
        AlreadyExists: If the name is taken, and nothing is forced.
        InvalidInput: If a parameter cannot be set.
    """
    git = repo.require_git()
    files = queue_files(repo)
    with repo.lock():
        taken = {task.name for task in files.tasks("queued", "running") if not asked.repro.force}
        prepared = prepare(repo, asked, taken)
        kept = dump_asked(asked, repo.root)
        order = time.time_ns()
        tasks = [
            Task(one.commit, one.message.head, one.message.baseline, one.message.name, now(), order + at, kept)
            for at, one in enumerate(prepared)
        ]
        git.update_refs(f"update {keep_ref(task)} {task.id}" for task in tasks)
        for task, one in zip(tasks, prepared, strict=True):
            files.put(task)
            push_stash(git, QUEUE_STASH, task.id, one.message)
    return [(task, one.params) for task, one in zip(tasks, prepared, strict=True)]


def keep_ref(task: Task) -> str:
    """The reference that keeps a task's commit from Git's collector."""
    return f"{OURS}/{task.id}"


def queue_start(repo: Repository, jobs: int = 1) -> int:
    """Have at least so many workers; how many were started.

    Raises:
        InvalidInput: If it is no number of workers.
    """
    if jobs < 1:
        msg = f"The number of workers is at least 1, not {jobs}."
        raise InvalidInput(msg)
    clear_trees(repo)
    files = queue_files(repo)
    files.recover()
    started = 0
    for number in range(1, jobs + 1):
        lock = worker_lock(repo, number)
        if lock.attempt(write=True):
            lock.release()
            _start(repo, number)
            started += 1
    return started


def queue_stop(repo: Repository, *, kill: bool = False) -> int:
    """Let workers end after what they run now, or at once; how many."""
    workers = list(living_workers(repo))
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    if kill:
        running = [task.id for task in queue_files(repo).tasks("running")]
        queue_kill(repo, running, force=True)
    return len(workers)


def queue_kill(repo: Repository, names: Sequence[str], *, force: bool = False) -> list[str]:
    """End experiments that run; they have failed then.

    Args:
        repo: The repository.
        names: Their names or commits.
        force: At once, without letting them tidy up.

    Returns:
        The names that were given of those that were ended.

    Raises:
        NotFound: If one is not running.
        Conflict: If one does not end.
    """
    files = queue_files(repo)
    tasks = [_named(files.tasks("running"), name, "is not running") for name in names]
    for task in tasks:
        files.doom(task, "It was killed." if force else "It was interrupted.")
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(task.pid, signal.SIGKILL if force else signal.SIGINT)
    until = time.monotonic() + _PATIENCE
    for task, name in zip(tasks, names, strict=True):
        while any(one.id == task.id for one in files.tasks("running")):
            files.recover()
            if time.monotonic() > until:
                msg = f"The experiment {name!r} was interrupted, and has not ended yet. Kill it with -f if it does not."
                raise Conflict(msg)
            time.sleep(_NAP)
    clear_trees(repo)
    return list(names)


def queue_remove(
    repo: Repository,
    names: Sequence[str] = (),
    *,
    queued: bool = False,
    failed: bool = False,
    success: bool = False,
) -> list[Task]:
    """Take experiments out of the queue that do not run: those that are named, and all in these states.

    Experiments that succeeded stay; only what the queue knows of them goes.

    Raises:
        NotFound: If one that is named is not there; nothing was removed then.
    """
    git = repo.require_git()
    files = queue_files(repo)
    chosen: tuple[tuple[bool, State], ...] = ((queued, "queued"), (failed, "failed"), (success, "success"))
    states: list[State] = [state for wanted, state in chosen if wanted]
    everything = files.tasks("queued", "failed", "success") if names else []
    tasks = [_named(everything, name, "is not in the queue") for name in names]
    tasks += files.tasks(*states) if states else []
    removed = files.remove(list({task.id: task for task in tasks}.values()))
    _forget(git, removed)
    return removed


def queue_logs(repo: Repository, name: str) -> str:
    """What an experiment printed so far.

    Raises:
        NotFound: If there is no such experiment, or it has not begun.
    """
    files = queue_files(repo)
    task = _named(files.tasks(), name, "is not in the queue")
    if task.state == "queued":
        msg = f"Experiment '{name}' is in queue but has not been started. `treering exp queue start` runs it."
        raise NotFound(msg)
    try:
        return files.log(task).read_text(errors="replace")
    except FileNotFoundError:
        return ""


def queue_follow(repo: Repository, name: str, write: Callable[[str], None]) -> Task:
    """Write what an experiment prints, as it comes, until it is over; one that waits is waited for.

    Returns:
        The task as it ended; as it last was, if it was taken out of the queue.
    """
    files = queue_files(repo)
    task = _named(files.tasks(), name, "is not in the queue")
    place = 0
    while True:
        found = next((one for one in files.tasks() if one.id == task.id), None)
        over = found is None or found.state in {"failed", "success"}
        with suppress(FileNotFoundError), files.log(task).open("rb") as log:
            log.seek(place)
            text = log.read()
            place += len(text)
            if text:
                write(text.decode(errors="replace"))
        if over:
            return found or task
        files.recover()
        time.sleep(_NAP)


def worker_lock(repo: Repository, number: int) -> SystemLock:
    """What a worker has as long as it lives."""
    return SystemLock(queue_files(repo).folder / "workers" / f"{number}.lock")


def _named(tasks: Sequence[Task], name: str, otherwise: str) -> Task:
    exact = [task for task in tasks if task.name == name]
    for task in exact or tasks:
        if _is_meant(task, name):
            return task
    msg = f"The experiment {name!r} {otherwise}. `treering exp queue status` lists what is there."
    raise NotFound(msg)


def _is_meant(task: Task, name: str) -> bool:
    return task.name == name or (len(name) >= _SHORTEST and task.id.startswith(name.lower()))


def _forget(git: GitRepository, tasks: Sequence[Task]) -> None:
    ids = {task.id for task in tasks}
    if ids:
        git.delete_refs([keep_ref(task) for task in tasks])
        for ref in (QUEUE_STASH, FAILED_STASH):
            drop_stashes(git, ref, ids)


def _start(repo: Repository, number: int) -> None:
    folder = queue_files(repo).folder / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    lock = worker_lock(repo, number)
    with (folder / f"{number}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", _WORKER, str(repo.root), str(number)],
            cwd=repo.root,
            env=dict(repo.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # So that who asks for the queue's state next sees the worker.
    while process.poll() is None and lock.holder() != process.pid:
        time.sleep(_NAP / 10)
    # It is nobody's child any more: what is left of it when it ends is taken away by the system.
    process.returncode = process.returncode or 0
