"""The processes that run queued experiments: `python -m treering.experiments.worker ROOT NUMBER`.

A worker has its number's lock, and starts a process for each experiment, with
`--one` behind its root, until none waits any more or it is told to stop. That process
takes an experiment and runs it; it leads a process group, which is ended to kill it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from treering.core.errors import TreeringError
from treering.core.variables import process_variables
from treering.experiments.asked import load_asked
from treering.experiments.isolated import clear_trees
from treering.experiments.prepare import Prepared
from treering.experiments.queue import keep_ref, worker_lock
from treering.experiments.refs import FAILED_STASH, QUEUE_STASH, StashMessage
from treering.experiments.run import Ran, run_prepared
from treering.experiments.stash import drop_stashes, push_stash
from treering.experiments.task_files import Claim, TaskFiles, queue_files
from treering.pipelines.events import Event
from treering.versioning.errors import Busy
from treering.versioning.locks import wait_for
from treering.versioning.repository import Repository

__all__ = ["main", "run_next", "work"]

_PATIENCE = 0.5


def work(repo: Repository, number: int) -> int:
    """Run experiments until none waits; what the process ends with."""
    lock = worker_lock(repo, number)
    try:
        # Others take it for a moment to see whether somebody has it.
        wait_for(lambda: lock.attempt(write=True), time.monotonic() + _PATIENCE, lambda: f"Worker {number} is at work")
    except Busy:
        return 0
    stop = _Stop()
    files = queue_files(repo)
    command = [sys.executable, "-m", "treering.experiments.worker", str(repo.root), "--one"]
    try:
        while not stop.asked:
            # Also what a process of ours left that was killed, the last one or one of another worker.
            clear_trees(repo)
            files.recover()
            if not files.tasks("queued"):
                break
            # In a session of its own: the signal that stops the worker is not for the experiment.
            subprocess.run(command, start_new_session=True, check=False)  # noqa: S603 - this very program
    finally:
        lock.release()
    return 0


class _Stop:
    """Notes that a signal asked to end after what runs now."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True


def run_next(repo: Repository) -> bool:
    """Take an experiment out of the queue and run it; whether there was one.

    What it prints goes into its log from now on, and so does what this process prints.
    """
    files = queue_files(repo)
    claim = files.claim()
    if claim is None:
        return False
    _print_into(files.log(claim.task))
    try:
        ran = _run(repo, files, claim)
    except KeyboardInterrupt:
        _failed(repo, files, claim, "It was interrupted.")
    except TreeringError as error:
        print(f"ERROR: {error}", file=sys.stderr, flush=True)  # noqa: T201 - into the log
        _failed(repo, files, claim, str(error))
    else:
        assert ran.committed is not None  # noqa: S101 - dry runs are not queued
        repo.require_git().delete_refs([keep_ref(claim.task)])
        files.finish(claim, "success", ref=ran.committed.ref.path, rev=ran.committed.rev)
    return True


def _run(repo: Repository, files: TaskFiles, claim: Claim) -> Ran:
    task = claim.task

    def placed(place: Repository) -> None:
        # So that what it reports while it runs can be shown.
        files.note(claim, root=str(place.root))

    told = StashMessage(task.head, task.baseline, task.name)
    drop_stashes(repo.require_git(), QUEUE_STASH, {task.id})
    asked = load_asked(task.asked, repo.root)
    print(f"Reproducing experiment '{task.name}'", flush=True)  # noqa: T201 - into the log
    prepared = Prepared(task.id, told, ())
    return run_prepared(repo, prepared, replace(asked, name=task.name), _tell, placed)


def _tell(event: Event, /) -> None:
    """Write into the log what happens to a stage; what its commands print comes between of itself."""
    stage = event.stage
    name = f"stage '{stage.address}'" if stage.name else f"'{stage.address}'"
    begun = f"{name[0].upper()}{name[1:]}"
    line = {
        "running": f"Running {name}:",
        "command": f"> {event.text}",
        "cached": f"{begun} is cached - skipping run, checking out outputs",
        "unchanged": f"{begun} didn't change, skipping",
        "warning": f"WARNING: {event.text}",
    }.get(event.kind)
    if line:
        print(line, flush=True)  # noqa: T201 - into the log


def _failed(repo: Repository, files: TaskFiles, claim: Claim, error: str) -> None:
    task = claim.task
    push_stash(repo.require_git(), FAILED_STASH, task.id, StashMessage(task.head, task.baseline, task.name))
    files.finish(claim, "failed", error=error)


def _print_into(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    sys.stdout.flush()
    sys.stderr.flush()
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.close(handle)


def main(arguments: Sequence[str]) -> int:
    """The command; what it ends with."""
    root, what = arguments
    repo = Repository(Path(root), process_variables())
    if what != "--one":
        return work(repo, int(what))
    run_next(repo)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
