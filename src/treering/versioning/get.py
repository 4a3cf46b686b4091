"""Takes files and folders out of a repository, or from a URL, to where the user wants them; nothing is tracked.

A new folder appears whole or not at all. Where one stands already, each of its files
is replaced when the new one is whole.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.storage.content.cache import writing
from treering.storage.content.layout import object_key
from treering.storage.content.links import copy
from treering.versioning.contents import Node
from treering.versioning.discovery import is_stage_file
from treering.versioning.external import Place
from treering.versioning.name_patterns import NamePatterns
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.run_many import Stop, run_many
from treering.versioning.url_source import UrlSource

__all__ = ["GetOptions", "Got", "data_url", "get", "get_from_url", "place_files", "target_of"]

_LOCAL_JOBS = 4


@dataclass(frozen=True, slots=True)
class GetOptions:
    """How to get.

    Attributes:
        out: Where to; a folder that exists takes it in. Unless given, the current folder.
        force: Whether what stands there is replaced.
        jobs: How many files are fetched at once; unless given, as many as the remote's config says.
        patterns: Only files of a folder whose path in it matches one of these.
    """

    out: str | os.PathLike[str] | None = None
    force: bool = False
    jobs: int | None = None
    patterns: tuple[str, ...] = ()


class Got(NamedTuple):
    """What was got: where it is now, and how many files."""

    path: Path
    files: int


class _File(NamedTuple):
    """A file to be made.

    Attributes:
        name: Below the target; "" for the target itself.
        source: Where its bytes lie on this machine; None if they come from elsewhere.
        read: Gives the bytes.
    """

    name: str
    source: Path | None
    read: Callable[[], Iterator[bytes]]
    is_exec: bool = False


def get(place: Place, options: GetOptions | None = None, progress: Progress = NO_PROGRESS) -> Got:
    """Take what is at a place.

    Raises:
        NotFound: If nothing is there, its content is nowhere, or no file matches.
        AlreadyExists: If something stands where it is to go, and `force` is not set.
        DamagedData: If content is not what its name says.
        StorageFull: If the disk is full.
    """
    options = options or GetOptions()
    node = place.node
    if is_stage_file(node.name) and not node.is_dir:
        msg = f"{node.path!r} is a DVC file. Give the data file or folder that it is about."
        raise InvalidInput(msg)
    target = target_of(node.name or place.repo.root.name, options)
    chosen = NamePatterns(options.patterns)
    start = len(node.path) + 1 if node.path else 0
    nodes = [one for one in place.contents.files(node.path) if not node.is_dir or chosen.match(one.path[start:])]
    if options.patterns and not nodes:
        msg = f"No file of {node.path!r} matches {', '.join(options.patterns)}. Look with `list`."
        raise NotFound(msg)
    files = [_file(place, one, one.path[start:] if node.is_dir else "") for one in nodes]
    remote = any(one.source is None for one in files)
    jobs = options.jobs or (_remote_jobs(place, nodes) if remote else _LOCAL_JOBS)
    place_files(files, target, is_dir=node.is_dir, jobs=jobs, progress=progress)
    return Got(target, len(files))


def get_from_url(source: UrlSource, options: GetOptions | None = None, progress: Progress = NO_PROGRESS) -> Got:
    """Take what is at a URL; raises as `get`."""
    options = options or GetOptions()
    target = target_of(source.name, options)
    listed = source.files()
    chosen = NamePatterns(options.patterns)
    names = [name for name, _ in listed if not source.is_dir or chosen.match(name)]
    files = [_File(name, source.local(name), _reading(source, name)) for name in names]
    place_files(files, target, is_dir=source.is_dir, jobs=options.jobs or source.jobs, progress=progress)
    return Got(target, len(files))


def data_url(place: Place) -> str:
    """Where the remote keeps the content of an output, or of a file in one; that it is there is not looked at.

    Raises:
        NotFound: If the path is not tracked, or there is no remote.
    """
    node = place.node
    if node.tracked is None or node.oid is None:
        msg = f"{node.path!r} is no tracked file or output, so that no remote has it under a name of its own."
        raise NotFound(msg)
    return f"{place.data.remote_of(node.tracked.output).url.rstrip('/')}/{object_key(node.oid)}"


def target_of(name: str, options: GetOptions) -> Path:
    """Where something of this name is to go. Raises AlreadyExists."""
    out = os.fspath(options.out) if options.out is not None else ""
    target = os.path.join(out, name) if not out or out.endswith(("/", os.sep)) or os.path.isdir(out) else out
    if os.path.lexists(target) and not options.force:
        msg = f"The path {target!r} already exists. To replace it, use `--force`; or name another with `--out`."
        raise AlreadyExists(msg)
    return Path(os.path.abspath(target))


def place_files(
    files: Sequence[_File], target: Path, *, is_dir: bool, jobs: int, progress: Progress = NO_PROGRESS
) -> None:
    """Make files at a place, or below it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_dir and target.is_symlink():
        target.unlink()
    part = target.with_name(f".{target.name[:64]}.{os.urandom(6).hex()}.part")
    fresh = not os.path.lexists(target)
    try:
        if is_dir:
            part.mkdir()
            _make_folders(part, files)
        _write_all(files, part, jobs, progress)
        if fresh or not is_dir:
            os.replace(part, target)
        else:
            _settle(files, part, target)
    except IsADirectoryError as error:
        msg = f"{str(target)!r} is a folder, but what was asked for is a file. Remove it, or name another place."
        raise AlreadyExists(msg) from error
    except (NotADirectoryError, FileExistsError) as error:
        msg = f"{str(target)!r} is a file, or holds one where a folder has to be, but what was asked for is a folder. Remove it, or name another place."
        raise AlreadyExists(msg) from error
    finally:
        _remove(part)


def _make_folders(part: Path, files: Sequence[_File]) -> None:
    for folder in dict.fromkeys(file.name.rpartition("/")[0] for file in files):
        (part / folder).mkdir(parents=True, exist_ok=True)


def _write_all(files: Sequence[_File], part: Path, jobs: int, progress: Progress) -> None:
    done, lock = 0, threading.Lock()
    root = os.fspath(part)

    def write(file: _File) -> None:
        nonlocal done
        _write(file, f"{root}/{file.name}" if file.name else root)
        with lock:
            done += 1
            if not done % 64 or done == len(files):
                progress("Downloading", done, len(files))

    run_many(write, files, min(jobs, len(files)), Stop())


def _write(file: _File, path: str) -> None:
    with writing(path, path):
        if file.source is not None:
            copy(os.fspath(file.source), path)
        else:
            with open(path, "xb") as opened:
                opened.writelines(file.read())
        if file.is_exec:
            mode = os.stat(path).st_mode
            os.chmod(path, mode | ((mode & 0o444) >> 2))  # for those who may read it


def _settle(files: Sequence[_File], part: Path, target: Path) -> None:
    for folder in dict.fromkeys(file.name.rpartition("/")[0] for file in files):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for file in files:
        os.replace(part / file.name, target / file.name)


def _remove(part: Path) -> None:
    with suppress(OSError):
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)


def _file(place: Place, node: Node, name: str) -> _File:
    return _File(name, place.local(node), lambda: place.read(node), node.is_exec)


def _reading(source: UrlSource, name: str) -> Callable[[], Iterator[bytes]]:
    return lambda: source.read(name)


def _remote_jobs(place: Place, nodes: Iterable[Node]) -> int:
    tracked = next((node.tracked for node in nodes if node.tracked is not None), None)
    with suppress(NotFound):
        return _LOCAL_JOBS if tracked is None else place.data.remote_of(tracked.output).jobs
    return _LOCAL_JOBS
