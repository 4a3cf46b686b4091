"""Looking whether objects are what their names say, in the cache and in a remote, and mending one from the other.

Everything is read, so that this takes as long as fetching all of it. What is damaged
in the cache is put aside, where nobody uses it; a remote is changed only where that is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from treering.core.errors import DamagedData, NotFound
from treering.storage.content.cache import Cache
from treering.storage.content.hashing import BLOCK, Hasher, hash_file
from treering.storage.content.manifest import load_manifest
from treering.storage.content.oid import Oid
from treering.versioning.disk_copy import Copying, copy_objects
from treering.versioning.fetching import fetch_objects
from treering.versioning.moving import read_list
from treering.versioning.outcome import Lost, Outcome
from treering.versioning.presence import key_of, listed
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import Remote, open_remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many
from treering.versioning.sending import send_objects
from treering.versioning.sources import OutputSource
from treering.versioning.used import POINTERS, Scope, Used, used_objects

__all__ = ["VerifyOptions", "VerifyReport", "verify"]

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What to look at.

    Attributes:
        remote: Looks at this remote instead of the cache; "" with `in_remote` is the default one. Also where
            the cache is mended from.
        in_remote: Whether to look at a remote.
        scope: What should be there; what else is there is looked at, too, unless `only_used`.
        repair: Whether what is damaged or missing is brought from the other side.
        jobs: How many objects are read at once; None: as the config has it.
    """

    remote: str = ""
    in_remote: bool = False
    only_used: bool = False
    scope: Scope = field(default_factory=Scope)
    repair: bool = False
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found.

    Attributes:
        checked: How many objects were read; `size` in bytes.
        damaged: What is not what its name says, and was not mended.
        missing: What should be there and is not, and was not brought.
        repaired: How many were mended or brought.
    """

    checked: int = 0
    size: int = 0
    damaged: tuple[Lost, ...] = ()
    missing: tuple[Lost, ...] = ()
    repaired: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether everything is there, and as it should be."""
        return not (self.damaged or self.missing)


def verify(
    repo: Repository,
    options: VerifyOptions | None = None,
    *,
    sources: Sequence[OutputSource] = POINTERS,
    progress: Progress = NO_PROGRESS,
) -> VerifyReport:
    """Read all objects of the cache, or of a remote, and compare them with their names.

    Args:
        sources: What tells of outputs.

    Raises:
        UnknownRemote: If a remote is needed, and not configured.
        Unavailable: If it cannot be reached.
        NotSupported: If it cannot be listed, and everything in it is to be looked at.
    """
    options = options or VerifyOptions()
    with repo.lock(write=options.repair):
        uses = list(used_objects(repo, options.scope, sources))
        remote = open_remote(repo, options.remote, jobs=options.jobs) if options.in_remote or options.repair else None
        counts = _Counts(progress)
        damaged: dict[bool, set[str]] = {}
        missing: dict[bool, set[str]] = {}
        names = _Names(repo)
        for legacy in (False, True):
            group = [used for used in uses if used.oid.legacy == legacy]
            side = _Remotely(remote, legacy) if options.in_remote and remote else _Locally(repo.cache, legacy, options)
            damaged[legacy], missing[legacy] = _looked(side, group, options, counts, names)
            if options.repair and remote is not None:
                broken = damaged[legacy] | missing[legacy]
                mended = _mended(repo.cache, remote, sorted(broken), legacy=legacy, there=options.in_remote)
                counts.repaired += len(mended)
                damaged[legacy] -= mended
                missing[legacy] -= mended
    where = f"the remote {remote.name or remote.url}" if options.in_remote and remote else "the cache"
    return VerifyReport(
        counts.checked, counts.size,
        names.lost(damaged, f"Its bytes in {where} are not those that its name says."),
        names.lost(missing, f"It is not in {where}."), counts.repaired,
    )  # fmt: skip


class _Counts:
    """What was looked at so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = Lock()
        self._total = 0
        self.checked = self.size = self.repaired = 0

    def expect(self, count: int) -> None:
        self._total += count

    def add(self, size: int) -> None:
        with self._lock:
            self.checked += 1
            self.size += size
            self._progress("Verifying", self.checked, self._total)


class _Names:
    """Which files objects are."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._paths: dict[Oid, list[str]] = {}

    def note(self, oid: Oid, path: str) -> None:
        self._paths.setdefault(oid, []).append(path)

    def note_use(self, used: Used) -> None:
        self.note(used.oid, self._repo.relpath(used.path))

    def top(self, used: Used) -> str:
        """What stands before the paths of a folder's files."""
        return f"{self._repo.relpath(used.path)}/"

    def lost(self, values: dict[bool, set[str]], reason: str) -> tuple[Lost, ...]:
        oids = sorted(Oid(value, legacy) for legacy, group in values.items() for value in group)
        return tuple(
            Lost(oid.value, tuple(dict.fromkeys(self._paths.get(oid, ())))[:_MOST_NAMES], reason) for oid in oids
        )


class _Locally:
    """The objects of the cache."""

    def __init__(self, cache: Cache, legacy: bool, options: VerifyOptions) -> None:  # noqa: FBT001 - passed on
        self.legacy = legacy
        self.jobs = options.jobs or os.cpu_count() or 1
        self._cache = cache

    def all(self, stop: Stop) -> Iterable[str]:
        del stop
        return [oid.value for oid, _, _ in self._cache.walk() if oid.legacy == self.legacy]

    def look(self, value: str) -> int:
        oid = Oid(value, self.legacy)
        try:
            size = os.stat(self._cache.file_name(oid)).st_size
        except FileNotFoundError as error:
            raise NotFound(value) from error
        if not self._cache.verify(oid):
            raise DamagedData(value)
        return size

    def read(self, value: str) -> bytes:
        return self._cache.read_bytes(Oid(value, self.legacy))


class _Remotely:
    """The objects of a remote."""

    def __init__(self, remote: Remote, legacy: bool) -> None:  # noqa: FBT001 - passed on
        self.legacy = legacy
        self.jobs = remote.jobs if remote.disk is None else os.cpu_count() or 1
        self._remote = remote

    def all(self, stop: Stop) -> Iterable[str]:
        return [one.value for one in listed(self._remote, legacy=self.legacy, stop=stop)]

    def look(self, value: str) -> int:
        if self._remote.disk is not None:
            return self._look_here(self._remote.disk.file_name(Oid(value, self.legacy)), value)
        hasher, size = Hasher(legacy=self.legacy), 0
        held = bytearray()
        for chunk in self._remote.store.read(key_of(value, legacy=self.legacy)):
            size += len(chunk)
            held += chunk
            while len(held) >= BLOCK:
                hasher.update(bytes(held[:BLOCK]))
                del held[:BLOCK]
        if held:
            hasher.update(bytes(held))
        if hasher.hexdigest() != value[:32]:
            raise DamagedData(value)
        return size

    def _look_here(self, name: str, value: str) -> int:
        try:
            digest = hash_file(name, legacy=self.legacy)
            size = os.stat(name).st_size
        except FileNotFoundError as error:
            raise NotFound(value) from error
        if digest != value[:32]:
            raise DamagedData(value)
        return size

    def read(self, value: str) -> bytes:
        return read_list(self._remote, value, legacy=self.legacy)


def _looked(
    side: _Locally | _Remotely, uses: Sequence[Used], options: VerifyOptions, counts: _Counts, names: _Names
) -> tuple[set[str], set[str]]:
    """What is damaged on a side, and what is missing there."""
    stop = Stop()
    damaged: set[str] = set()
    missing: set[str] = set()

    def look(value: str) -> None:
        try:
            counts.add(side.look(value))
        except DamagedData:
            damaged.add(value)
        except NotFound:
            missing.add(value)

    wanted = {used.oid.value for used in uses}
    for used in uses:
        names.note_use(used)
    values = wanted if options.only_used else {*wanted, *side.all(stop)}
    _run(look, values, side.jobs, stop, counts)
    # Whoever finds a list in a remote relies on its files; a cache may have some of them only.
    lists = wanted if isinstance(side, _Locally) else values
    inside: set[str] = set()
    tops = {used.oid.value: names.top(used) for used in uses}
    for value in sorted(one for one in lists if one.endswith(".dir") and one not in damaged | missing):
        top = tops.get(value, "")
        for path, digest in load_manifest(side.read(value), value):
            inside.add(digest)
            names.note(Oid(digest, side.legacy), f"{top}{path}")
    _run(look, inside - values, side.jobs, stop, counts)
    return damaged, missing


def _run(look: Callable[[str], None], values: set[str], jobs: int, stop: Stop, counts: _Counts) -> None:
    counts.expect(len(values))
    run_many(look, sorted(values), min(jobs, len(values)), stop)


def _mended(cache: Cache, remote: Remote, values: Sequence[str], *, legacy: bool, there: bool) -> set[str]:
    """Bring objects from one side to the other; returns those that came. Only what is sound does."""
    if not values:
        return set()
    stop, outcome = Stop(), Outcome(lambda _objects, _size: None)
    if remote.disk is not None:
        source, target = (cache, remote.disk) if there else (remote.disk, cache)
        copy_objects(source, target, values, Copying(legacy, stop, outcome))
    elif there:
        send_objects(cache, remote, values, outcome, stop, legacy=legacy)
    else:
        fetch_objects(cache, remote, values, outcome, stop, legacy=legacy)
    return set(outcome.done)
