"""Which paths running stages read and write, in DVC's file `.dvc/tmp/rwlock`.

The repository's own lock is free while the command of a stage runs, so that other
commands can work. This file tells them, and DVC's, what to keep away from:

    {"write": {"/repo/model": {"pid": 17, "cmd": "dvc repro"}},
     "read": {"/repo/data": [{"pid": 17, "cmd": "dvc repro"}]}}

Paths meet when one is the other or lies inside it. What processes left behind that
are gone counts for nothing, and is taken out.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.core.errors import DamagedData
from treering.core.whole_files import write_whole
from treering.versioning.lock_files import is_alive
from treering.versioning.locks import RepositoryLock, wait_for

__all__ = ["PathUse", "hold_paths"]


@dataclass(frozen=True, slots=True)
class PathUse:
    """What a command does with paths, all absolute.

    Attributes:
        command: The command, for those who wait for it.
        read: What must not change while it runs.
        write: What nobody else may read or write.
    """

    command: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


@contextmanager
def hold_paths(
    tmp: Path,
    guard: RepositoryLock,
    use: PathUse,
    *,
    wait: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Have the paths for the time of the block. Different threads of one process are not kept apart.

    Args:
        tmp: The folder `.dvc/tmp`.
        guard: The lock on `rwlock.lock` in it, which is held while the file is changed.
        use: Which paths.
        wait: For how many seconds at most; None: as long as it takes.
        sleep: How the time between two attempts is spent. One who has the repository must release
            it meanwhile, because the other one needs it to come to its end.

    Raises:
        Busy: If another process has one of them, and the time is up.
        DamagedData: If the file is not what it should be.
        StorageFull: If it cannot be written.
    """
    file = tmp / "rwlock"
    info = {"pid": os.getpid(), "cmd": use.command}
    blockers: list[str] = []

    def attempt() -> bool:
        with guard.hold():
            table = _read(file)
            blockers[:] = _blockers(table, use)
            if not blockers:
                _enter(table, use, info)
                _write(file, table)
            return not blockers

    wait_for(attempt, None if wait is None else time.monotonic() + wait, lambda: blockers[0], sleep)
    try:
        yield
    finally:
        with guard.hold():
            table = _read(file)
            _leave(table, use, info)
            _write(file, table)


Info = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    write: dict[str, Info]
    read: dict[str, list[Info]]


def _blockers(table: _Table, use: PathUse) -> list[str]:
    """Who is in the way, in sentences without ends."""
    own = os.getpid()
    found = []
    for path, info in table.write.items():
        if info["pid"] != own and (wanted := _met(path, (*use.read, *use.write))):
            found.append(f"{wanted!r} is being written by {_named(info)}")
    for path, infos in table.read.items():
        if wanted := _met(path, use.write):
            found += [f"{wanted!r} is being read by {_named(info)}" for info in infos if info["pid"] != own]
    return found


def _named(info: Info) -> str:
    return f"process {info['pid']} ({info['cmd']})"


def _met(path: str, wanted: Iterable[str]) -> str:
    """The first of the wanted paths that meets another one; "" if none does."""
    inside = path.rstrip(os.sep) + os.sep
    for one in wanted:
        if one == path or one.startswith(inside) or path.startswith(one.rstrip(os.sep) + os.sep):
            return one
    return ""


def _enter(table: _Table, use: PathUse, info: Info) -> None:
    for path in use.read:
        table.read.setdefault(path, []).append(info)
    for path in use.write:
        table.write[path] = info


def _leave(table: _Table, use: PathUse, info: Info) -> None:
    for path in use.read:
        infos = table.read.get(path, [])
        if info in infos:
            infos.remove(info)
        if not infos:
            table.read.pop(path, None)
    for path in use.write:
        if table.write.get(path) == info:
            del table.write[path]


def _read(file: Path) -> _Table:
    """What stands there of processes that still are."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        text = ""
    try:
        # A process that was killed just when it began to write leaves nothing behind.
        tree = json.loads(text) if text.strip() else {}
        write = {path: _checked(info) for path, info in tree.get("write", {}).items()}
        read = {path: [_checked(info) for info in infos] for path, infos in tree.get("read", {}).items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        msg = f"{file} is not the list of paths in use that it should be. Remove it when no other command is running."
        raise DamagedData(msg) from error
    alive = {info["pid"] for info in write.values()} | {info["pid"] for infos in read.values() for info in infos}
    alive = {pid for pid in alive if is_alive(pid)}
    left = {path: [info for info in infos if info["pid"] in alive] for path, infos in read.items()}
    return _Table(
        {path: info for path, info in write.items() if info["pid"] in alive},
        {path: infos for path, infos in left.items() if infos},
    )


def _checked(info: Any) -> Info:
    return {"pid": int(info["pid"]), "cmd": str(info["cmd"])}


def _write(file: Path, table: _Table) -> None:
    write_whole(file, json.dumps({"write": table.write, "read": table.read}).encode())
