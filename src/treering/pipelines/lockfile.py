"""dvc.lock: what each stage ran with the last time; read, and written as DVC writes it.

A stage's entry has its command, what its dependencies and outputs were, and the
values of its parameters. Entries are plain data in DVC's order of keys, because
they are also what the run cache is keyed by.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treering.core.whole_files import write_whole
from treering.pipelines.lock_blocks import with_block
from treering.pipelines.params import DEFAULT_FILE, Params
from treering.pipelines.schema import SchemaMistake, check_lock
from treering.versioning.documents import dump_yaml, edited_yaml, mistake_in, parse_yaml
from treering.versioning.pointers import Dependency, Output

__all__ = [
    "LockFile",
    "LockedStage",
    "entry_of",
    "lock_of",
    "lock_path",
    "params_entry",
    "parse_lock",
    "read_lock",
    "stage_entry",
    "without_stage",
    "write_entry",
]

_SCHEMA = "2.0"


@dataclass(frozen=True, slots=True)
class LockedStage:
    """What dvc.lock says of one stage.

    Attributes:
        cmd: The command that ran, templates filled.
        deps: Entries by path, as they stand there; `outs` likewise.
        params: Values by file and key.
        data: The whole entry.
    """

    cmd: str | list[Any]
    deps: Mapping[str, Mapping[str, Any]]
    params: Mapping[str, Mapping[str, Any]]
    outs: Mapping[str, Mapping[str, Any]]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LockFile:
    """A dvc.lock; one that is not there has no stages."""

    stages: Mapping[str, Any]
    datasets: Sequence[Any] = ()

    def stage(self, name: str) -> LockedStage | None:
        """What it says of a stage."""
        data = self.stages.get(name)
        if not data:
            return None
        return LockedStage(
            data["cmd"],
            {entry["path"]: entry for entry in data.get("deps", ())},
            data.get("params", {}),
            {entry["path"]: entry for entry in data.get("outs", ())},
            data,
        )


def lock_path(pipeline: str) -> str:
    """Where the lock of a dvc.yaml is: beside it, with another ending."""
    return os.path.splitext(pipeline)[0] + ".lock"


def parse_lock(text: bytes, name: str) -> Any:
    """What stands in a dvc.lock, as plain data whose shape is right; empty for an empty file.

    Raises:
        InvalidInput: If it is no lock file of schema 2.0; the message names the line.
    """
    data = parse_yaml(text, name)
    if data is None:
        return {}
    try:
        check_lock(data)
    except SchemaMistake as mistake:
        why = f"{mistake} Take the lock file from version control, or make it anew with repro."
        raise mistake_in(name, text, mistake.at, why) from mistake
    return data


def lock_of(data: Mapping[str, Any]) -> LockFile:
    """The lock file that plain data of `parse_lock` is."""
    return LockFile(data.get("stages") or {}, data.get("datasets") or ())


def read_lock(text: bytes | None, name: str) -> LockFile:
    """What stands in a dvc.lock; None is one that is not there. Raises as `parse_lock`."""
    return lock_of(parse_lock(text, name) if text is not None else {})


def entry_of(item: Output | Dependency) -> dict[str, Any]:
    """What goes into the lock file for a dependency or output whose content is known, in DVC's order."""
    entry: dict[str, Any] = {"path": item.path}
    if item.hash if item.oid is None else not item.oid.legacy:
        entry["hash"] = "md5"
    if item.oid is not None:
        entry["md5"] = item.oid.value
    for key in ("size", "nfiles"):
        value = getattr(item, key)
        if value is not None:
            entry[key] = value
    if item.isexec:
        entry["isexec"] = True
    if item.cloud:
        entry["cloud"] = dict(item.cloud)
        return entry
    for key in ("version_id", "etag", "checksum"):
        if getattr(item, key):
            entry[key] = getattr(item, key)
    return entry


def params_entry(values: Iterable[tuple[Params, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What goes into the lock file for parameters: by file, params.yaml first, the others and the keys sorted."""
    found = {}
    for params, actual in sorted(values, key=lambda one: one[0].path):
        path = os.path.normpath(params.path).replace(os.sep, "/")
        found[path] = {key: actual[key] for key in sorted(actual)}
    return {path: found[path] for path in sorted(found, key=lambda path: path != DEFAULT_FILE)}


def stage_entry(
    cmd: str | Sequence[str],
    deps: Iterable[Mapping[str, Any]],
    params: Mapping[str, Mapping[str, Any]],
    outs: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """The whole entry of a stage, in DVC's order; parts that are empty are left out."""
    entry: dict[str, Any] = {"cmd": cmd if isinstance(cmd, str) else list(cmd)}
    parts: dict[str, Any] = {"deps": _by_path(deps), "params": params, "outs": _by_path(outs)}
    return entry | {name: part for name, part in parts.items() if part}


def _by_path(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(entries, key=lambda entry: str(entry["path"]))


def write_entry(
    file: str, name: str, entry: Mapping[str, Any], before: Sequence[str] = (), *, checked: bool = False
) -> bool:
    """Put a stage's entry into a dvc.lock, which is made where it is not there; the rest of it stays as it was.

    An entry that was there keeps its place. A new one goes to the end, but stands before the
    entries named in `before`, which this process wrote earlier although they come later.

    Args:
        file: The lock file.
        name: The stage.
        entry: What is locked of it.
        before: See above.
        checked: Whether what stands in the file is known to be right.

    Returns:
        Whether the file was changed.

    Raises:
        InvalidInput: If what stands there is no lock file.
    """
    try:
        with open(file, "rb") as opened:
            text = opened.read()
    except FileNotFoundError:
        write_whole(file, dump_yaml({"schema": _SCHEMA, "stages": {name: entry}}))
        return True
    if not checked:
        read_lock(text, file)
    edited = with_block(text, name, dump_yaml({"stages": {name: entry}}), before)
    if edited is None:
        edited = _with_entry(text, file, name, entry, before)
    if edited == text:
        return False
    write_whole(file, edited)
    return True


def _with_entry(text: bytes, file: str, name: str, entry: Mapping[str, Any], before: Sequence[str]) -> bytes:
    data = parse_yaml(text, file) or {"schema": _SCHEMA}
    stages = dict(data.get("stages") or {})
    later = {other: stages.pop(other) for other in before if other in stages} if name not in stages else {}
    if later:
        text = edited_yaml(text, {**data, "stages": stages}, file)
    elif name in stages and not _in_same_order(stages[name], entry):
        # Whoever has been there is taken out first, so that the new entry has DVC's order of keys.
        text = edited_yaml(text, {**data, "stages": {**stages, name: 0}}, file)
    return edited_yaml(text, {**data, "stages": {**stages, name: entry, **later}}, file)


def _in_same_order(old: Any, new: Any) -> bool:
    """Whether changing `old` key by key gives the order of `new`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        kept = [key for key in old if key in new]
        return [*kept, *(key for key in new if key not in old)] == list(new) and all(
            _in_same_order(old[key], new[key]) for key in kept
        )
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        return len(old) == len(new) and all(map(_in_same_order, old, new))
    return True


def without_stage(file: str, name: str) -> bool:
    """Take a stage's entry out of a dvc.lock; whether there was one."""
    try:
        with open(file, "rb") as opened:
            text = opened.read()
    except FileNotFoundError:
        return False
    stages = dict(read_lock(text, file).stages)
    if name not in stages:
        return False
    del stages[name]
    write_whole(file, edited_yaml(text, {**parse_yaml(text, file), "stages": stages}, file))
    return True
