"""The files of a bundle on this disk: copied in, hashed, protected, compared with the manifest."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from treering.bundles.manifest import FILE_NAME, SIGNATURES, Entry
from treering.core.errors import DamagedData, InvalidInput, NotFound

__all__ = [
    "RUNS",
    "Found",
    "copy_file",
    "copy_tree",
    "difference",
    "free_bytes",
    "hash_tree",
    "protect",
    "remove",
    "walk",
]

RUNS = 0o755
"""The mode of folders, and of files that can be run."""

_OWN = {FILE_NAME, SIGNATURES}
_LEFT_OUT = {"__pycache__", ".git", ".DS_Store"}
_BLOCK = 1 << 20
_RUNS_ONLY = 0o555


class Found(NamedTuple):
    """A regular file."""

    path: str
    place: str
    size: int
    executable: bool


def walk(folder: str | os.PathLike[str]) -> Iterator[Found]:
    """All files below a folder, sorted in each folder; paths are relative to it, with `/`.

    Raises:
        DamagedData: If there is a symbolic link, a device or the like, which no bundle has.
    """
    return _walk(os.fspath(folder), "")


def _walk(folder: str, prefix: str) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda one: one.name)
    for entry in found:
        told = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(told.st_mode):
            yield from _walk(entry.path, f"{prefix}{entry.name}/")
        elif stat.S_ISREG(told.st_mode):
            yield Found(f"{prefix}{entry.name}", entry.path, told.st_size, bool(told.st_mode & stat.S_IXUSR))
        else:
            msg = f"{entry.path} is a link or no regular file, which a bundle has not. Do not use this bundle."
            raise DamagedData(msg)


def hash_tree(folder: str | os.PathLike[str]) -> dict[str, Entry]:
    """What the manifest says of each file in a folder."""
    return {one.path: Entry(_hash(one.place), one.size, one.executable) for one in walk(folder) if one.path not in _OWN}


def difference(folder: str | os.PathLike[str], files: Mapping[str, Entry], *, contents: bool = True) -> list[str]:
    """What is wrong with the files in a folder, in words; empty if they are what the manifest says.

    Args:
        contents: Whether each is read; otherwise only their names and sizes are looked at.
    """
    wrong = []
    left = dict(files)
    for one in walk(folder):
        if one.path in _OWN:
            continue
        entry = left.pop(one.path, None)
        if entry is None:
            wrong.append(f"{one.path} is not of this bundle")
        elif entry.size != one.size:
            wrong.append(f"{one.path} has {one.size} bytes, and should have {entry.size}")
        elif contents and _hash(one.place) != entry.sha256:
            wrong.append(f"{one.path} was changed")
    return wrong + [f"{path} is missing" for path in left]


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder's files; links are followed where they lead to files within it.

    Raises:
        NotFound: If there is no such folder.
        InvalidInput: If a link leads out of it.
    """
    if not source.is_dir():
        msg = f"{source} is no folder, so it cannot go into a bundle. Name the folder of a model or of code."
        raise NotFound(msg)
    home = os.path.realpath(source)
    for top, folders, names in os.walk(home):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        inner = os.path.relpath(top, home)
        goal = os.path.normpath(os.path.join(target, inner))
        os.makedirs(goal, exist_ok=True)
        for name in names:
            if name not in _LEFT_OUT:
                copy_file(os.path.join(top, name), os.path.join(goal, name), home)
        for name in folders:
            if os.path.islink(os.path.join(top, name)):
                msg = f"{os.path.join(top, name)} is a link to a folder. Replace it by what it leads to."
                raise InvalidInput(msg)


def copy_file(source: str, target: str, home: str) -> None:
    """Copy one file, with whether it can be run. Raises InvalidInput if it is a link out of `home`, or no file."""
    real = os.path.realpath(source)
    if os.path.islink(source) and os.path.commonpath([real, home]) != home:
        msg = f"{source} is a link to {real}, outside of what is packed. Replace it by what it leads to."
        raise InvalidInput(msg)
    if not os.path.isfile(real):
        msg = f"{source} is no regular file, so it cannot go into a bundle. Leave it out with --exclude."
        raise InvalidInput(msg)
    shutil.copyfile(real, target)
    if os.stat(real).st_mode & stat.S_IXUSR:
        os.chmod(target, RUNS)


def protect(folder: str | os.PathLike[str]) -> None:
    """Take away everybody's right to write; whoever owns the files can give it back."""
    for top, _, names in os.walk(folder, topdown=False):
        for name in names:
            place = os.path.join(top, name)
            os.chmod(place, _RUNS_ONLY if os.stat(place).st_mode & stat.S_IXUSR else 0o444)
        os.chmod(top, _RUNS_ONLY)


def remove(folder: str | os.PathLike[str]) -> None:
    """Remove a folder that is protected."""
    for top, _, _ in os.walk(folder):
        os.chmod(top, RUNS)
    shutil.rmtree(folder)


def free_bytes(folder: str | os.PathLike[str]) -> int:
    """How much the disk of a folder still takes."""
    return shutil.disk_usage(folder).free


def _hash(place: str) -> str:
    counted = hashlib.sha256()
    with open(place, "rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            counted.update(block)
    return counted.hexdigest()
