"""What one state of a repository says of an experiment: its parameters, metrics, dependencies and outputs.

The state is the working tree or a commit; of a commit nothing is checked out. The
shape is that of a row in DVC's `exp show --json`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

from treering.core.errors import NotFound
from treering.pipelines.metrics import metrics_at
from treering.pipelines.params_show import params_at
from treering.pipelines.snapshots import Snapshot, TrackedFiles
from treering.pipelines.stages import StageSet, load_stages
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.pointers import Dependency, Output
from treering.versioning.repository import Repository
from treering.versioning.sources import FileTree, Tracked

__all__ = ["read_row"]


def read_row(repo: Repository, tree: FileTree) -> tuple[dict[str, Any], list[Oid]]:
    """The row of a state, and which objects were not in the cache: it changes when one of them comes.

    Args:
        repo: The repository.
        tree: The working tree or a commit.

    Raises:
        InvalidInput: If a file with stages cannot be used. What is wrong with a file of
            parameters or metrics stands in the row instead.
    """
    stages = load_stages(repo, tree)
    absent = _Absent()
    at = Snapshot("", tree.rev, stages, TrackedFiles(tree, stages, lambda: absent))
    row = {
        "params": params_at(at),
        "param_deps": params_at(at, deps=True),
        "metrics": metrics_at(at),
        "deps": dict(_deps(stages)),
        "outs": dict(_outs(stages)),
        "meta": {},
    }
    # Whether a row is new or kept, dates are texts in it, and all keys.
    return json.loads(json.dumps(row, default=_text)), absent.oids


def _deps(stages: StageSet) -> Iterator[tuple[str, Any]]:
    for stage in stages:
        for dep in stage.deps:
            if dep.repo is None and dep.db is None:
                yield stages.shown(stage.path_of(dep.path)), _content(dep)


def _outs(stages: StageSet) -> Iterator[tuple[str, Any]]:
    for stage in stages:
        for out in stage.outs:
            if not out.metric and not out.plot:
                flags = {"use_cache": out.cache, "is_data_source": stage.is_data}
                yield stages.shown(stage.path_of(out.path)), _content(out) | flags


def _content(item: Output | Dependency) -> dict[str, Any]:
    value = item.oid.value if item.oid else item.etag or item.checksum or None
    return {"hash": value, "size": item.size, "nfiles": item.nfiles}


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


class _Absent:
    """Notes what is asked for and is not in the cache. A table opens at once: nothing is fetched for it."""

    def __init__(self) -> None:
        self.oids: list[Oid] = []

    def manifest(self, tracked: Tracked) -> Manifest:
        raise self._noted(tracked.output.oid)

    def read(self, _tracked: Tracked, oid: Oid) -> Iterable[bytes]:
        raise self._noted(oid)

    def _noted(self, oid: Oid | None) -> NotFound:
        if oid is not None:
            self.oids.append(oid)
        return NotFound("It is not in the cache. Fetch it.")
