"""The run cache: what a stage made of the same command, dependencies and parameters before, in DVC's layout.

    <cache>/runs/<key[:2]>/<key>/<value>     a stage's entry as in dvc.lock

The key is of everything but the content of outputs, the value of all. Sizes do not count.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger
from treering.core.whole_files import write_whole
from treering.pipelines.schema import SchemaMistake, check_lock
from treering.versioning.documents import dump_yaml, parse_yaml

__all__ = ["RunCache", "run_key", "run_value"]

_UNCOUNTED = frozenset(("size", "nfiles"))


def run_key(entry: Mapping[str, Any]) -> str:
    """The name of what a stage is about to do: all of its entry, of the outputs only the paths; "" where that has no JSON."""
    return _digest({**entry, "outs": [out["path"] for out in entry.get("outs", ())]})


def run_value(entry: Mapping[str, Any]) -> str:
    """The name of what a stage did: all of its entry; "" where that has no JSON, such as a date among the parameters."""
    return _digest(entry)


def _digest(entry: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(_counted(entry), sort_keys=True)
    except (TypeError, ValueError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()


def _counted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _counted(inner) for key, inner in value.items() if key not in _UNCOUNTED}
    if isinstance(value, (list, tuple)):
        return [_counted(inner) for inner in value]
    return value


class RunCache:
    """The runs below a cache; the folder need not exist.

    Args:
        root: The cache's folder, in which `runs` lies.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.folder = os.path.join(root, "runs")

    def path(self, key: str, value: str = "") -> str:
        """Where a run lies, or all of a key."""
        return os.path.join(self.folder, key[:2], key, value)

    def find(self, key: str) -> dict[str, Any] | None:
        """The newest run of a key; one that is damaged is passed over."""
        try:
            with os.scandir(self.path(key)) as found:
                runs = sorted(
                    (run for run in found if not run.name.startswith(".")),
                    key=lambda run: (run.stat().st_mtime_ns, run.name),
                    reverse=True,
                )
        except (FileNotFoundError, NotADirectoryError):
            return None
        for run in runs:
            entry = _read(run.path)
            if entry is not None:
                return entry
        return None

    def has(self, key: str, value: str) -> bool:
        """Whether there is such a run, undamaged."""
        return _read(self.path(key, value)) is not None

    def save(self, entry: Mapping[str, Any]) -> bool:
        """Keep a run; False if it was kept before, or cannot be."""
        key, value = run_key(entry), run_value(entry)
        if not key or not value or self.has(key, value):
            return False
        path = Path(self.path(key, value))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, dump_yaml(dict(entry)))
        return True


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            entry = parse_yaml(file.read(), path)
        check_lock({"schema": "2.0", "stages": {"run": entry}})
    except (FileNotFoundError, IsADirectoryError):
        return None
    except (SchemaMistake, InvalidInput, TreeringError) as error:
        logger.warning("A run that cannot be read is passed over: %s", error)
        return None
    found: dict[str, Any] = entry
    return found
