"""What DVC itself has put into its queue: the messages that wait for one of its workers. They are only looked at."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from treering.experiments.task import Task
from treering.versioning.repository import Repository

__all__ = ["dvc_tasks"]

_TASK = "dvc.repo.experiments.queue.tasks.run_exp"


def dvc_tasks(repo: Repository) -> list[Task]:
    """The experiments that wait there, in the order in which they were queued."""
    folder = repo.tmp / "exps" / "celery" / "broker" / "in"
    try:
        with os.scandir(folder) as entries:
            files = [(entry.stat().st_mtime_ns, Path(entry.path)) for entry in entries if entry.name.endswith(".msg")]
    except OSError:
        return []
    return [task for when, file in sorted(files) if (task := _task(file, when)) is not None]


def _task(file: Path, when: int) -> Task | None:
    try:
        message = json.loads(file.read_bytes())
        if message["headers"]["task"] != _TASK:
            return None
        positional, named, *_ = json.loads(base64.b64decode(message["body"]))
        entry: dict[str, Any] = named.get("entry_dict") or positional[0]
        return Task(
            id=entry["stash_rev"],
            head=entry["head_rev"] or entry["baseline_rev"],
            baseline=entry["baseline_rev"],
            name=entry["name"] or entry["stash_rev"][:7],
            created=when // 1_000_000,
            order=when,
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        # A worker took it meanwhile, or it is a message of another kind.
        return None
