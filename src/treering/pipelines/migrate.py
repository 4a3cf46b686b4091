"""Gives what dvc.lock files say of objects of DVC 2 the names that those objects have in DVC 3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.pipelines.lockfile import lock_path, write_entry
from treering.pipelines.stages import StageSet
from treering.storage.content.oid import Oid

__all__ = ["lock_files_to_migrate", "migrate_lock_files"]

_LISTS = ("deps", "outs")


def lock_files_to_migrate(stages: StageSet) -> list[Path]:
    """The lock files in which something has a name of DVC 2."""
    found = {
        lock_path(str(stage.file)): None
        for stage in stages
        if stage.locked is not None and any(_is_old(one) for one in _contents(stage.locked.data))
    }
    return [Path(file) for file in found]


def migrate_lock_files(stages: StageSet, names: Mapping[Oid, Oid]) -> list[Path]:
    """Write new names into lock files; what has none stays as it is.

    Args:
        stages: All stages.
        names: New names by old ones, as `versioning.migrate` gives them.

    Returns:
        The files that were changed.
    """
    changed: dict[str, None] = {}
    with stages.repo.lock():
        for known in [*stages]:
            # What another process has locked meanwhile stays.
            stage = stages.current(known)
            if stage.locked is None or not any(_is_old(one) for one in _contents(stage.locked.data)):
                continue
            data = stage.locked.data
            entry = {**data, **{key: [_renamed(one, names) for one in data[key]] for key in _LISTS if key in data}}
            file = lock_path(str(stage.file))
            if entry != data and write_entry(file, stage.name, entry):
                changed[file] = None
    return [Path(file) for file in changed]


def _contents(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for key in _LISTS for one in data.get(key, ())]


def _is_old(one: Mapping[str, Any]) -> bool:
    return "md5" in one and "hash" not in one


def _renamed(one: Mapping[str, Any], names: Mapping[Oid, Oid]) -> Mapping[str, Any]:
    new = names.get(Oid(str(one["md5"]), legacy=True)) if _is_old(one) else None
    if new is None:
        return one
    rest = {key: value for key, value in one.items() if key not in {"path", "md5"}}
    return {"path": one["path"], "hash": "md5", "md5": new.value, **rest}
