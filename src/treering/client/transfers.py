"""Moving files and folders between this machine's disk and an artifact store: several at a time, small ones together.

A fetched file appears under its name when it is whole. One that was cut off is
kept beside it, and goes on where it stopped when it is fetched again.
"""

from __future__ import annotations

import hashlib
import posixpath
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from treering.assembly import Services
from treering.client.pieces import send_file
from treering.core.errors import DamagedData, Unavailable
from treering.core.uri import split_name
from treering.entities.artifact import FileInfo
from treering.storage.journal.files import FileChunks
from treering.storage.objects.base import CHUNK_SIZE, SMALL, Bulk, Checked, ObjectStore, Versioned, check_key

__all__ = ["download_tree", "upload_tree"]

Item = TypeVar("Item")

_AT_A_TIME = 4
# What travels in one request: enough to make its cost small, few enough that little is repeated.
_MOST_FILES = 500
_MOST_BYTES = 16 << 20
_SHOWN_AFTER = 1.0
_SHOWN_EVERY = 0.2


def upload_tree(store: ObjectStore, local: Path, prefix: str) -> int:
    """Put a file, or all files below a folder, below `prefix`, and return how many."""
    if local.is_file():
        files = [(posixpath.join(prefix, local.name), local, local.stat().st_size)]
    else:
        paths = (path for path in sorted(local.rglob("*")) if path.is_file())
        files = [
            (posixpath.join(prefix, path.relative_to(local).as_posix()), path, path.stat().st_size) for path in paths
        ]
    tasks: list[Callable[[_Progress], None]] = []
    singles = files
    if isinstance(store, Bulk) and len(files) > 1:
        singles = [file for file in files if file[2] > SMALL]
        small = ((file, file[2]) for file in files if file[2] <= SMALL)
        tasks += [partial(_send_together, store, batch) for batch in _batches(small, _share(len(files)))]
    tasks += [partial(_send, store, key, path) for key, path, _ in singles]
    _run(tasks, _Progress("sent", len(files), sum(size for _, _, size in files)))
    return len(files)


def download_tree(services: Services, uri: str, folder: Path, below: str | None = None) -> Path:
    """Fetch the file or folder at a storage URI into `folder`, and return its path there.

    Args:
        below: Its path in `folder`; "": what is in it goes there directly. Its own name unless given.

    Raises:
        NotFound: If nothing lies there.
        InvalidInput: If a name there, or `below`, leads out of the folder.
        DamagedData: If what has come is not what was stored.
    """
    root, name = split_name(uri)
    parent = services.open_artifacts(root)
    target = folder / (name if below is None else check_key(below))
    info = parent.stat(name)
    if not info.is_dir:
        _run([partial(_fetch, parent, info, target)], _Progress("fetched", 1, info.size or 0))
        return target
    store = services.open_artifacts(uri)
    target.mkdir(parents=True, exist_ok=True)
    files = list(store.walk())
    for file in files:
        # The names come from a server; none may lead out of the folder.
        check_key(file.path)
    tasks: list[Callable[[_Progress], None]] = []
    singles = files
    if isinstance(store, Bulk) and len(files) > 1:
        singles = [file for file in files if file.size is None or file.size > SMALL]
        small = ((file.path, file.size) for file in files if file.size is not None and file.size <= SMALL)
        tasks += [partial(_fetch_together, store, batch, target) for batch in _batches(small, _share(len(files)))]
    tasks += [partial(_fetch, store, file, target / file.path) for file in singles]
    _run(tasks, _Progress("fetched", len(files), sum(file.size or 0 for file in files)))
    return target


class _Progress:
    """How far a transfer is; shown on terminals when it takes longer than a second."""

    def __init__(self, word: str, files: int, size: int) -> None:
        self._word, self._files, self._size = word, files, size
        self._files_done = self._bytes_done = 0
        self._lock = threading.Lock()
        self._next = time.monotonic() + _SHOWN_AFTER
        self._shown = False

    def add(self, files: int, size: int) -> None:
        with self._lock:
            self._files_done += files
            self._bytes_done += size
            if time.monotonic() >= self._next and sys.stderr.isatty():
                self._next = time.monotonic() + _SHOWN_EVERY
                self._shown = True
                done, most = self._bytes_done / CHUNK_SIZE, self._size / CHUNK_SIZE
                sys.stderr.write(
                    f"\r{self._word} {self._files_done:,} of {self._files:,} files, {done:,.0f} of {most:,.0f} MiB "
                )
                sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def _run(tasks: Sequence[Callable[[_Progress], None]], progress: _Progress) -> None:
    try:
        if len(tasks) == 1:
            tasks[0](progress)
            return
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="treering-files") as pool:
            futures = [pool.submit(task, progress) for task in tasks]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        progress.end()


def _share(files: int) -> int:
    """How many files go into a batch, so that all connections have something to do."""
    return max(1, min(_MOST_FILES, -(-files // _AT_A_TIME)))


def _batches(items: Iterable[tuple[Item, int]], most: int) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item, weight in items:
        if batch and (len(batch) == most or size + weight > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += weight
    if batch:
        yield batch


def _send_together(store: Bulk, files: Sequence[tuple[str, Path, int]], progress: _Progress) -> None:
    def read() -> Iterator[tuple[str, bytes]]:
        for key, path, _ in files:
            data = path.read_bytes()
            yield key, data
            progress.add(1, len(data))

    store.write_many(read())


def _send(store: ObjectStore, key: str, path: Path, progress: _Progress) -> None:
    # By its path, so that a store which shelters it while the server is away need not hold its bytes.
    progress.add(1, send_file(store, key, FileChunks(path)))


def _fetch_together(store: Bulk, keys: Sequence[str], folder: Path, progress: _Progress) -> None:
    made: set[Path] = set()
    wanted = set(keys)
    for key, data in store.read_many(keys):
        if key not in wanted:
            msg = f"The server sent {key!r}, which was not asked for. Check that it is the one that you meant."
            raise DamagedData(msg)
        target = folder / key
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        part = target.with_name(f".{target.name[:100]}.treering-part")
        part.write_bytes(data)
        part.replace(target)
        progress.add(1, len(data))


def _fetch(store: ObjectStore, info: FileInfo, target: Path, progress: _Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part(store, info.path, target)
    resumable = isinstance(store, Checked | Versioned)
    begin = part.stat().st_size if resumable and part.is_file() else 0
    if info.size is not None and begin > info.size:
        begin = 0
    size = _bring(store, info.path, part, begin, progress)
    while size < 0:  # it broke off, but something has come
        begin = part.stat().st_size if resumable else 0
        size = _bring(store, info.path, part, begin, progress)
    if (info.size is not None and size != info.size) or (begin and not _is_same(store, info.path, part)):
        part.unlink()
        msg = f"What has come of {info.path!r} is not what lies in {store.uri}. It was removed; fetch it again."
        raise DamagedData(msg)
    part.replace(target)
    progress.add(1, begin)


def _bring(store: ObjectStore, key: str, part: Path, begin: int, progress: _Progress) -> int:
    """Fetch what is missing of a file, and return its size; -1 if that broke off after something had come."""
    at = begin
    with part.open("r+b" if begin else "wb") as file:
        file.seek(begin)
        try:
            for chunk in store.read(key, begin):
                file.write(chunk)
                at += len(chunk)
                progress.add(0, len(chunk))
        except Unavailable:
            if at == begin or not isinstance(store, Checked | Versioned):
                raise
            return -1
        file.truncate()
        return file.tell()


def _part(store: ObjectStore, key: str, target: Path) -> Path:
    """Where the bytes go until all have come; another version of the file gets another name."""
    version = store.version(key) if isinstance(store, Versioned) else ""
    tag = f".{hashlib.sha256(version.encode()).hexdigest()[:12]}" if version else ""
    return target.with_name(f".{target.name[:100]}{tag}.treering-part")


def _is_same(store: ObjectStore, key: str, path: Path) -> bool:
    """Whether a file that was fetched in several goes is the one in the store, where that can be known."""
    known = store.checksum(key) if isinstance(store, Checked) else None
    if known is None:
        return isinstance(store, Versioned)
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_SIZE):
            found = zlib.crc32(chunk, found)
    return found == known
