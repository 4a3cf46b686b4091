"""An experiment that waits in the queue, runs or is done: what is known of it, and how that is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from treering.core.errors import DamagedData

__all__ = ["State", "Task", "dump_task", "load_task"]

State = Literal["queued", "running", "success", "failed"]


@dataclass(frozen=True, slots=True)
class Task:
    """One experiment of the queue.

    Attributes:
        id: The commit that holds what shall be run, a stash as DVC makes them.
        head: The commit that was checked out when it was queued.
        baseline: The commit that it is derived from.
        created: When it was queued, in milliseconds.
        order: What comes first has the smaller number.
        asked: The other options of the run, as `run.RunOptions` writes them.
        attempts: How often a worker took it and died.
        pid: The process that runs or ran it; 0 while it waits.
        root: The working tree in which it runs or ran.
        ref: The reference of the result.
        rev: The commit of the result.
        error: Why it failed.
        finished: When it was done, in milliseconds.
    """

    id: str
    head: str
    baseline: str
    name: str
    created: int
    order: int
    asked: Mapping[str, Any] = field(default_factory=dict)
    state: State = "queued"
    attempts: int = 0
    pid: int = 0
    root: str = ""
    ref: str = ""
    rev: str = ""
    error: str = ""
    finished: int = 0


_NAMES = frozenset(one.name for one in fields(Task))


def dump_task(task: Task) -> bytes:
    """The task as JSON."""
    return json.dumps(asdict(task), indent=1).encode()


def load_task(text: bytes, name: str) -> Task:
    """What `dump_task` wrote; keys of a later version are passed over.

    Raises:
        DamagedData: If it is something else.
    """
    try:
        data = json.loads(text)
        return Task(**{key: value for key, value in data.items() if key in _NAMES})
    except (ValueError, TypeError, AttributeError) as error:
        msg = f"The queued experiment {name} cannot be read: {error}. Remove the file, and queue the experiment again."
        raise DamagedData(msg) from error
