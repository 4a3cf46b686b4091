"""What is in the queue of experiments; apart from what runs them, which takes longer to load than this to tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from treering.experiments.dvc_queue import dvc_tasks
from treering.experiments.task import Task
from treering.experiments.task_files import queue_files
from treering.versioning.lock_files import SystemLock
from treering.versioning.repository import Repository

__all__ = ["QueueStatus", "living_workers", "queue_status"]


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What is in the queue.

    Attributes:
        tasks: What runs, what waits, what failed and what succeeded.
        active: How many workers run an experiment.
        idle: How many look for one.
        theirs: What DVC has queued, and waits for a worker of its.
    """

    tasks: Sequence[Task]
    active: int
    idle: int
    theirs: Sequence[Task] = ()


def queue_status(repo: Repository) -> QueueStatus:
    """What is in the queue; what a killed worker left behind is put right first."""
    files = queue_files(repo)
    theirs = dvc_tasks(repo)
    if not files.folder.is_dir():
        return QueueStatus((), 0, 0, theirs)
    files.recover()
    tasks = files.tasks()
    running = sum(task.state == "running" for task in tasks)
    workers = len(list(living_workers(repo)))
    return QueueStatus(tasks, min(running, workers), max(0, workers - running), theirs)


def living_workers(repo: Repository) -> Iterator[int]:
    """The processes of the workers that live."""
    for file in sorted((queue_files(repo).folder / "workers").glob("*.lock")):
        lock = SystemLock(file)
        pid = lock.holder()
        if lock.attempt(write=True):
            lock.release()
        elif pid:
            yield pid
