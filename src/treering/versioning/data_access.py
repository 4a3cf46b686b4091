"""Reading tracked content, wherever it is: in one of several caches, or else in the remote that it was pushed to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from treering.core.errors import DamagedData, NotFound, Unavailable
from treering.storage.content.cache import Cache
from treering.storage.content.hashing import BLOCK, Hasher
from treering.storage.content.layout import object_key
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import DIR_SUFFIX, Oid
from treering.versioning.disk_copy import Copying, copy_objects
from treering.versioning.errors import UnknownRemote
from treering.versioning.fetching import fetch_objects
from treering.versioning.outcome import Outcome
from treering.versioning.pointers import Output
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import Remote, open_remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop
from treering.versioning.sources import Tracked

__all__ = ["DataStore", "Elsewhere"]


class Elsewhere(Protocol):
    """Where the content of an import is, which its own repository's remote does not have."""

    def manifest(self, tracked: Tracked, cache: Cache) -> Manifest:
        """As `DataStore.manifest`; what has to be fetched for it goes into a cache."""
        ...

    def read(self, tracked: Tracked, oid: Oid) -> Iterator[bytes]:
        """As `DataStore.read`."""
        ...

    def fetch(self, oids: Iterable[Oid], tracked: Tracked, cache: Cache, progress: Progress) -> None:
        """Bring objects into a cache. Raises as `DataStore.fetch`."""
        ...


class DataStore:
    """The content of one repository.

    Args:
        repo: The repository, whose config says which remotes there are.
        caches: Where to look first; what is fetched is kept in the first one.
        remote: The remote to ask; unless given, the default one. An output that names its own is looked for there.
        elsewhere: Where to look for the content of imports.
    """

    def __init__(
        self,
        repo: Repository,
        caches: Sequence[Cache] = (),
        remote: str = "",
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.repo = repo
        self.caches = tuple(caches) or (repo.cache,)
        self._remote = remote
        self._elsewhere = elsewhere
        self._remotes: dict[str, Remote] = {}

    def manifest(self, tracked: Tracked) -> Manifest:
        """The list of files of an output that is a folder.

        Raises:
            NotFound: If neither cache nor remote has it.
            DamagedData: If what they have is not what its name says.
        """
        out = tracked.output
        if out.oid is None:
            return self._versioned(tracked)
        for cache in self.caches:
            with suppress(NotFound, DamagedData):
                return cache.read_manifest(out.oid)
        if self._elsewhere is not None and tracked.pointer is not None and tracked.pointer.is_repo_import:
            return self._elsewhere.manifest(tracked, self.caches[0])
        self.fetch([out.oid], tracked)
        return self.caches[0].read_manifest(out.oid)

    def size(self, oid: Oid) -> int | None:
        """Bytes of an object, if a cache has it."""
        for cache in self.caches:
            with suppress(OSError):
                return os.stat(cache.file_name(oid)).st_size
        return None

    def asked_size(self, tracked: Tracked, oid: Oid) -> int:
        """Bytes of an object, of which the remote is asked if no cache has it. Raises NotFound."""
        known = self.size(oid)
        if known is not None:
            return known
        remote = self.remote_of(tracked.output)
        try:
            if remote.disk is not None:
                return remote.disk.path(oid).stat().st_size
            return remote.store.stat(object_key(oid)).size or 0
        except (FileNotFoundError, NotFound) as error:
            raise _missing(oid, remote) from error

    def local(self, oid: Oid) -> Path | None:
        """Where an object lies on this machine's disk, in a cache or in a remote that is a folder; checked."""
        for cache in self.caches:
            if cache.is_sound(oid):
                return cache.path(oid)
        return None

    def read(self, tracked: Tracked, oid: Oid, offset: int = 0) -> Iterator[bytes]:
        """The bytes of an object in pieces; when all are read, they are compared with its name as they pass.

        Raises:
            NotFound: If neither cache nor remote has it; before the first piece.
            DamagedData: Behind the last piece, if they were other bytes.
        """
        path = self.local(oid)
        if path is not None:
            return _pieces(path, offset)
        if self._elsewhere is not None and tracked.pointer is not None and tracked.pointer.is_repo_import:
            return _behind(self._elsewhere.read(tracked, oid), offset)
        return self._read_remote(tracked.output, oid, offset)

    def fetch(self, oids: Iterable[Oid], tracked: Tracked, progress: Progress = NO_PROGRESS) -> None:
        """Bring objects into the first cache, from another one or from the remote of an output.

        Everything is compared with its name before it is an object.

        Raises:
            NotFound: If some are nowhere; the others were brought.
            DamagedData: If some are not what their names say; the others were brought.
            Unavailable: If the remote cannot be reached.
            StorageFull: If the cache has no more room.
        """
        wanted = [oid for oid in dict.fromkeys(oids) if not self.caches[0].is_sound(oid)]
        if wanted and self._elsewhere is not None and tracked.pointer is not None and tracked.pointer.is_repo_import:
            self._elsewhere.fetch(wanted, tracked, self.caches[0], progress)
            return
        for legacy in (False, True):
            group = [oid.value for oid in wanted if oid.legacy is legacy]
            if group:
                self._fetch(group, tracked.output, progress, legacy=legacy)

    def _fetch(self, values: Sequence[str], out: Output, progress: Progress, *, legacy: bool) -> None:
        cache, done = self.caches[0], 0

        def told(count: int, size: int) -> None:
            nonlocal done
            del size
            done += count
            progress("Fetching", done, len(values))

        left, stop = list(values), Stop()
        for other in self.caches[1:]:
            outcome = Outcome(told)
            copy_objects(other, cache, left, Copying(legacy, stop, outcome))
            left = [value for value in left if value in outcome.lost]
        if not left:
            return
        remote, outcome = self.remote_of(out), Outcome(told)
        if remote.disk is not None:
            copy_objects(remote.disk, cache, left, Copying(legacy, stop, outcome))
        else:
            fetch_objects(cache, remote, left, outcome, stop, legacy=legacy)
        _refuse_lost(outcome, remote, legacy=legacy)

    def remote_of(self, out: Output) -> Remote:
        """The remote that an output was pushed to.

        Raises:
            NotFound: If there is none, so that what is in no cache is nowhere.
        """
        name = out.remote or self._remote
        if name not in self._remotes:
            try:
                self._remotes[name] = open_remote(self.repo, name)
            except UnknownRemote as error:
                where = f"{self.repo.root} has no remote to fetch it from"
                msg = f"The content of {out.path!r} is not in the cache, and {where}. {error}"
                raise NotFound(msg) from error
        return self._remotes[name]

    def _read_remote(self, out: Output, oid: Oid, offset: int) -> Iterator[bytes]:
        remote = self.remote_of(out)
        if remote.disk is not None:
            if not remote.disk.has(oid):
                raise _missing(oid, remote)
            chunks = _pieces(remote.disk.path(oid), offset)
        else:
            try:
                chunks = remote.store.read(object_key(oid), offset)
            except NotFound as error:
                raise _missing(oid, remote) from error
        return chunks if offset else _compared(chunks, oid, remote)

    def _versioned(self, tracked: Tracked) -> Manifest:
        files = tracked.output.files
        pairs = [(file.relpath, file.oid.value) for file in files or () if file.oid is not None]
        if files is None or len(pairs) < len(files):
            msg = f"What {tracked.address} says of {tracked.output.path!r} names no content yet. Run `pull` first."
            raise NotFound(msg)
        return Manifest.of(pairs)


def _refuse_lost(outcome: Outcome, remote: Remote, *, legacy: bool) -> None:
    for value in outcome.damaged:
        raise _damaged(value, remote)
    for value in outcome.missing:
        raise _missing(Oid(value, legacy), remote)
    for value, why in outcome.failed.items():
        msg = f"The object {value} cannot be fetched from {remote.url}: {why}. Try again."
        raise Unavailable(msg)


def _pieces(path: Path, offset: int = 0) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(BLOCK):
            yield piece


def _compared(chunks: Iterable[bytes], oid: Oid, remote: Remote) -> Iterator[bytes]:
    hasher = Hasher(legacy=oid.legacy)
    # The digests of DVC 2 depend on where blocks begin.
    for chunk in _blocks(chunks) if oid.legacy else chunks:
        hasher.update(chunk)
        yield chunk
    found = hasher.hexdigest()
    if found != oid.value.removesuffix(DIR_SUFFIX):
        raise _damaged(oid.value, remote)


def _behind(chunks: Iterable[bytes], offset: int) -> Iterator[bytes]:
    """Pieces without the first bytes."""
    for chunk in chunks:
        if offset < len(chunk):
            yield chunk[offset:]
        offset = max(0, offset - len(chunk))


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= BLOCK:
            yield bytes(waiting[:BLOCK])
            del waiting[:BLOCK]
    if waiting:
        yield bytes(waiting)


def _damaged(value: str, remote: Remote) -> DamagedData:
    msg = (
        f"The object {value} of the remote {remote.url} is damaged: it has other bytes. Push it again from a good copy."
    )
    return DamagedData(msg)


def _missing(oid: Oid, remote: Remote) -> NotFound:
    return NotFound(f"The remote {remote.url} does not have the object {oid.value}. Push it from where it was made.")
