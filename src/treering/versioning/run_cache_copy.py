"""Carrying the run cache to a remote and back: what stages made of what, a small file for each run.

A run is named after what it tells, so that one that is there need not be sent again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from treering.core.errors import NotFound
from treering.core.log import logger
from treering.core.whole_files import write_whole
from treering.storage.objects.base import Direct
from treering.versioning.remotes import Remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many

__all__ = ["fetch_runs", "push_runs"]

_RUNS = "runs"
_RUN = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})/[0-9a-f]{64}")


def push_runs(repo: Repository, remote: Remote, stop: Stop) -> int:
    """Send the runs that the remote does not have; returns how many. A remote that cannot be listed gets none."""
    if not _can(remote):
        return 0
    missing = set(_local(repo.cache_dir)) - set(_remote(remote))
    put = remote.store.put if isinstance(remote.store, Direct) else remote.store.write

    def send(run: str) -> None:
        with suppress(FileNotFoundError), open(os.path.join(repo.cache_dir, _RUNS, run), "rb") as file:
            put(f"{_RUNS}/{run}", [file.read()])

    run_many(send, sorted(missing), min(remote.jobs, len(missing)), stop)
    return len(missing)


def fetch_runs(repo: Repository, remote: Remote, stop: Stop) -> int:
    """Fetch the runs that the cache does not have; returns how many."""
    if not _can(remote):
        return 0
    missing = set(_remote(remote)) - set(_local(repo.cache_dir))

    def bring(run: str) -> None:
        with suppress(NotFound):
            data = b"".join(remote.store.read(f"{_RUNS}/{run}"))
            target = os.path.join(repo.cache_dir, _RUNS, run)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            write_whole(target, data)

    run_many(bring, sorted(missing), min(remote.jobs, len(missing)), stop)
    return len(missing)


def _can(remote: Remote) -> bool:
    if remote.can_list and not remote.version_aware:
        return True
    logger.warning("The run cache is not carried to or from %s, which cannot keep it.", remote.url)
    return False


def _local(cache: str | os.PathLike[str]) -> Iterator[str]:
    top = os.path.join(cache, _RUNS)
    for folder, _, names in os.walk(top):
        inside = os.path.relpath(folder, top).replace(os.sep, "/")
        yield from (run for name in names if _RUN.fullmatch(run := f"{inside}/{name}"))


def _remote(remote: Remote) -> Iterator[str]:
    if remote.folder is not None:
        yield from _local(remote.folder)
        return
    for info in remote.store.walk(_RUNS):
        if _RUN.fullmatch(run := info.path.removeprefix(f"{_RUNS}/")):
            yield run
