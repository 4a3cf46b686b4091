"""The queue on disk: one small file for each experiment, in the folder of its state.

    queue/queued/<order>-<id>.json   waits
    queue/running/<id>.json          somebody runs it, who has <id>.lock for as long as they live
    queue/done/<id>.json             it succeeded or failed
    queue/logs/<id>.log              what it printed

A file changes its folder by being renamed while `queue/lock` is held, so that nobody
takes what another one has taken. The system gives back the lock of a process that
ends, however it ends: what it ran is found without an owner, and goes back into the queue.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from treering.core.clock import now
from treering.core.whole_files import write_whole
from treering.experiments.task import State, Task, dump_task, load_task
from treering.versioning.lock_files import SystemLock
from treering.versioning.locks import held
from treering.versioning.repository import Repository

__all__ = ["MOST_ATTEMPTS", "Claim", "TaskFiles", "queue_files"]

MOST_ATTEMPTS = 3
"""How many workers may die over one experiment before it counts as failed."""

_QUEUED, _RUNNING, _DONE, _LOGS = "queued", "running", "done", "logs"


def queue_files(repo: Repository) -> TaskFiles:
    """The queue of a repository."""
    return TaskFiles(repo.our_tmp / "queue")


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that this process runs, and nobody else as long as it lives."""

    task: Task
    lock: SystemLock


class TaskFiles:
    """The queue of one repository.

    Args:
        folder: Where it is; it need not exist before the first task is put into it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, task: Task) -> None:
        """Add a task behind all others. When this returns, it will not be lost."""
        with self._held():
            self._write(self._place(task), task)

    def tasks(self, *states: State) -> list[Task]:
        """All tasks in these states, or in any: what runs first, then what waits, then what is done, oldest first.

        A task of which the worker died is told as running until `recover` is called.
        """
        wanted = states or ("running", "queued", "failed", "success")
        found: list[Task] = []
        if "running" in wanted:
            found += self._read(_RUNNING)
        if "queued" in wanted:
            found += self._read(_QUEUED)
        if "failed" in wanted or "success" in wanted:
            done = self._read(_DONE)
            found += [
                task for state in ("failed", "success") if state in wanted for task in done if task.state == state
            ]
        return found

    def log(self, task: Task) -> Path:
        """The file with what a task prints."""
        return self.folder / _LOGS / f"{task.id}.log"

    def claim(self) -> Claim | None:
        """Take the first task that waits; None if there is none."""
        with self._held():
            for name in self._names(_QUEUED):
                old = self.folder / _QUEUED / name
                task = load_task(old.read_bytes(), name)
                lock = self._owner(task.id)
                if not lock.attempt(write=True):
                    continue
                taken = replace(task, state="running", pid=os.getpid())
                self._write(self._place(taken), taken)
                old.unlink()
                return Claim(taken, lock)
        return None

    def note(self, claim: Claim, **known: str | int) -> Claim:
        """Write down more about a task that this process runs."""
        task = replace(claim.task, **known)  # type: ignore[arg-type]  # the caller names fields of Task
        with self._held():
            self._write(self._place(task), task)
        return replace(claim, task=task)

    def finish(self, claim: Claim, state: State, **known: str | int) -> Task:
        """Put a task aside as done, or back into the queue, and give it free."""
        task = replace(claim.task, state=state, **known)  # type: ignore[arg-type]  # as above
        with self._held():
            self._move(claim.task, replace(task, finished=0 if state == "queued" else now()))
            claim.lock.release()
            self._owner(task.id).file.unlink(missing_ok=True)
            self._doom(task).unlink(missing_ok=True)
        return task

    def recover(self) -> list[Task]:
        """Take care of what was running when its worker died: it waits again, or has failed after too many deaths.

        Returns:
            Those tasks, as they were.
        """
        if not self._names(_RUNNING):
            return []
        found: list[Task] = []
        with self._held():
            for task in self._read(_RUNNING):
                with self._unowned(task) as dead:
                    if dead and (self.folder / _DONE / f"{task.id}.json").exists():
                        # It died between the last two steps.
                        self._place(task).unlink()
                    elif dead:
                        self._move(task, self._after_death(task))
                        self._doom(task).unlink(missing_ok=True)
                        found.append(task)
        return found

    def doom(self, task: Task, why: str) -> None:
        """Say that a running task is about to be killed: it has failed then, and does not wait again."""
        with self._held():
            if self._place(task).exists():
                self._doom(task).write_text(why)

    def remove(self, tasks: Sequence[Task]) -> list[Task]:
        """Forget tasks that do not run, with their logs; those that were there."""
        removed: list[Task] = []
        with self._held():
            for task in tasks:
                if task.state == "running":
                    continue
                try:
                    self._place(task).unlink()
                except FileNotFoundError:
                    continue
                self.log(task).unlink(missing_ok=True)
                removed.append(task)
        return removed

    def _held(self) -> AbstractContextManager[None]:
        return held(self.folder / "lock", "uses the queue of experiments")

    @contextmanager
    def _unowned(self, task: Task) -> Iterator[bool]:
        """Whether no living process runs the task; nobody can begin to while this is open."""
        lock = self._owner(task.id)
        if not lock.attempt(write=True):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
            lock.file.unlink(missing_ok=True)

    def _after_death(self, task: Task) -> Task:
        with suppress(FileNotFoundError):
            return replace(task, state="failed", error=self._doom(task).read_text(), finished=now())
        attempts = task.attempts + 1
        if attempts < MOST_ATTEMPTS:
            return replace(task, state="queued", attempts=attempts, pid=0, root="")
        error = f"{attempts} workers were killed while they ran it."
        return replace(task, state="failed", attempts=attempts, error=error, finished=now())

    def _doom(self, task: Task) -> Path:
        return self.folder / _RUNNING / f"{task.id}.doom"

    def _owner(self, task_id: str) -> SystemLock:
        return SystemLock(self.folder / _RUNNING / f"{task_id}.lock")

    def _place(self, task: Task) -> Path:
        if task.state == "queued":
            return self.folder / _QUEUED / f"{task.order:020d}-{task.id}.json"
        return self.folder / (_RUNNING if task.state == "running" else _DONE) / f"{task.id}.json"

    def _move(self, old: Task, new: Task) -> None:
        # The new file is there before the old one goes: a death between leaves both, and the old one is found again.
        self._write(self._place(new), new)
        self._place(old).unlink(missing_ok=True)

    @staticmethod
    def _write(file: Path, task: Task) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, dump_task(task))

    def _names(self, folder: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.folder / folder) if name.endswith(".json"))  # noqa: PTH208 - names alone
        except FileNotFoundError:
            return []

    def _read(self, folder: str) -> list[Task]:
        found: dict[str, Task] = {}
        for name in self._names(folder):
            # Another process may have moved it since the folder was listed.
            with suppress(FileNotFoundError):
                task = load_task((self.folder / folder / name).read_bytes(), name)
                found[task.id] = task
        return sorted(found.values(), key=lambda task: task.order)
