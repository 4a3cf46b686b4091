"""Which experiment runs in the working tree itself: a small file tells it, and a lock whether it is still so."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from treering.core.whole_files import write_whole
from treering.versioning.errors import Busy
from treering.versioning.lock_files import SystemLock
from treering.versioning.locks import wait_for
from treering.versioning.repository import Repository

__all__ = ["WorkspaceRun", "hold_workspace", "running_here"]

_PATIENCE = 0.2
_LOCK, _INFO = "workspace-run.lock", "workspace-run.json"


class WorkspaceRun(NamedTuple):
    """An experiment that runs in the working tree."""

    name: str
    baseline: str
    pid: int


@contextmanager
def hold_workspace(repo: Repository, name: str, baseline: str) -> Iterator[None]:
    """Have the working tree for an experiment, for the time of the block.

    Raises:
        Busy: If another experiment runs in it.
    """
    repo.our_tmp.mkdir(parents=True, exist_ok=True)
    lock = SystemLock(repo.our_tmp / _LOCK)
    try:
        # Who asks what runs here takes it for a moment.
        wait_for(lambda: lock.attempt(write=True), time.monotonic() + _PATIENCE, lambda: "An experiment runs here")
    except Busy:
        other = running_here(repo)
        what = f"The experiment {other.name!r} (process {other.pid})" if other else "An experiment"
        msg = f"{what} runs in this working tree. Wait for it, or run this one with --temp or --queue."
        raise Busy(msg) from None
    info = repo.our_tmp / _INFO
    try:
        write_whole(info, json.dumps(WorkspaceRun(name, baseline, os.getpid())._asdict()).encode())
        yield
    finally:
        info.unlink(missing_ok=True)
        lock.release()


def running_here(repo: Repository) -> WorkspaceRun | None:
    """The experiment that runs in the working tree; None if none does, or the one that did was killed."""
    try:
        told = json.loads((repo.our_tmp / _INFO).read_bytes())
        run = WorkspaceRun(str(told["name"]), str(told["baseline"]), int(told["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    lock = SystemLock(repo.our_tmp / _LOCK)
    if run.pid != os.getpid() and lock.attempt(write=True):
        lock.release()
        (repo.our_tmp / _INFO).unlink(missing_ok=True)
        return None
    return run
