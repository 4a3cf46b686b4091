"""Removing objects that nothing uses, from the cache and from a remote: what is used is found out first, and in doubt nothing goes.

Unless told otherwise, all that any commit of any reference uses is kept, and so is what
is younger than a day: somebody may just have added it. A remote is shared with people whose
commits are not here; only who asks for it removes from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.storage.content.cache import Cache
from treering.storage.content.oid import Oid
from treering.storage.objects.base import Direct
from treering.storage.objects.flat import FlatStore
from treering.versioning.known_trees import KnownTrees
from treering.versioning.marks import Marks
from treering.versioning.presence import key_of, listed, present
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import Remote
from treering.versioning.repository import Repository, find_repository
from treering.versioning.run_many import Stop, run_many
from treering.versioning.sources import OutputSource
from treering.versioning.used import POINTERS, Scope

__all__ = ["GRACE", "GcOptions", "GcReport", "Removed", "gc"]

GRACE = 24 * 3600.0
"""How old an object is, in seconds, before it is removed unless told otherwise."""

# As many as S3 removes with one request.
_STEP = 1000


@dataclass(frozen=True, slots=True)
class GcOptions:
    """What to keep, and where to remove.

    Attributes:
        scope: What uses objects. Unless given: everything that this repository knows.
        projects: Roots of other repositories, whose objects in that scope are kept, too.
        cloud: Whether to remove from a remote, beside the cache.
        remote: Which; the default one, unless given. Also for `not_in_remote`.
        not_in_remote: Whether of what is used only that is kept in the cache which the remote does not have.
        grace: In seconds; younger objects are kept.
        dry: Whether only to say what would be removed.
        imports: Whether what comes from other repositories is kept in the cache; DVC removes it.
        jobs: How many requests are under way at once; None: as the config has it.
    """

    scope: Scope = field(default_factory=lambda: Scope(everything=True))
    projects: Sequence[Path] = ()
    cloud: bool = False
    remote: str = ""
    not_in_remote: bool = False
    grace: float = GRACE
    dry: bool = False
    imports: bool = True
    jobs: int | None = None


class Removed(NamedTuple):
    """An object that was removed, or would be."""

    oid: Oid
    size: int


@dataclass(frozen=True, slots=True)
class GcReport:
    """What was done.

    Attributes:
        cache: Objects that were removed from the cache.
        remotes: And from remotes, by their names.
        young: How many unused objects were kept because they are young.
        kept: How many objects are used, as far as is known.
        leftovers: Bytes of half-written files that were removed, too.
    """

    cache: tuple[Removed, ...] = ()
    remotes: tuple[tuple[str, tuple[Removed, ...]], ...] = ()
    young: int = 0
    kept: int = 0
    leftovers: int = 0

    @property
    def size(self) -> int:
        """Bytes of all objects that were removed."""
        return sum(one.size for one in self.cache) + sum(one.size for _, removed in self.remotes for one in removed)


def gc(
    repo: Repository,
    options: GcOptions | None = None,
    *,
    sources: Sequence[OutputSource] = POINTERS,
    progress: Progress = NO_PROGRESS,
) -> GcReport:
    """Remove what nothing uses. Nothing else works on the repository meanwhile.

    Args:
        sources: What tells of outputs. Whoever has pipelines gives theirs, or their objects go.

    Raises:
        Unreadable: If a document, or the list of files of a folder, cannot be read, so that it is not
            known what is used; nothing was removed then.
        NotSupported: If the remote does not tell how old objects are, and the young shall stay.
        UnknownRemote, UnknownRevision, NotARepository: If something is named that is not there.
    """
    options = options or GcOptions()
    if options.cloud and options.not_in_remote:
        msg = "What is not in a remote cannot be kept while the remote is cleared, too. Do one after the other."
        raise InvalidInput(msg)
    with ExitStack() as stack:
        others = [find_repository(path, repo.environ) for path in options.projects]
        for one in (repo, *others):
            stack.enter_context(one.lock())
        needed = options.cloud or options.not_in_remote
        marks = Marks(options.scope, options.remote, remotes=needed, jobs=options.jobs)
        for one in (repo, *others):
            marks.use(one, sources, progress)
        return _Sweeping(repo, options, marks, progress).go()


class _Sweeping:
    """Removes what is not marked."""

    def __init__(self, repo: Repository, options: GcOptions, marks: Marks, progress: Progress) -> None:
        self._repo, self._options, self._marks, self._progress = repo, options, marks, progress
        self._stop = Stop()
        self._young = 0
        self._before = time.time() - options.grace

    def go(self) -> GcReport:
        options, marks = self._options, self._marks
        kept = {legacy: set(values) for legacy, values in marks.values.items()}
        if options.imports:
            kept = {legacy: values | marks.imported[legacy] for legacy, values in kept.items()}
        if options.not_in_remote:
            for remote in marks.remotes.values():
                for legacy in kept:
                    kept[legacy] -= present(remote, kept[legacy], legacy=legacy, stop=self._stop)
        # Where a remote cannot tell how old its objects are, that shows before anything is removed.
        unused = [(remote, self._unused_at(remote)) for remote in marks.remotes.values()] if options.cloud else []
        cache = self._unused_here(self._repo.cache, kept)
        leftovers = 0
        if not options.dry:
            self._remove_here(self._repo.cache, cache)
            for remote, gone in unused:
                self._remove_there(remote, gone)
            leftovers = self._clear()
        remotes = tuple((remote.name or remote.url, tuple(gone)) for remote, gone in unused)
        return GcReport(tuple(cache), remotes, self._young, sum(map(len, kept.values())), leftovers)

    def _clear(self) -> int:
        partial: int = import_module("treering.versioning.fetching").clear_partial(self._repo.cache)
        return partial + self._repo.cache.clear_leftovers()

    def _unused_here(self, cache: Cache, kept: Mapping[bool, set[str]]) -> list[Removed]:
        unused = []
        for oid, size, changed in cache.walk():
            if oid.value in kept[oid.legacy]:
                continue
            if self._options.grace and max(changed, _linked(cache, oid)) > self._before:
                self._young += 1
            else:
                unused.append(Removed(oid, size))
        return _lists_first(unused)

    def _unused_at(self, remote: Remote) -> list[Removed]:
        if remote.version_aware:
            msg = f"The remote {remote.name!r} keeps versions of files, of which none is removed. Clear it with its own tools."
            raise NotSupported(msg)
        if remote.disk is not None:
            return self._unused_here(remote.disk, self._marks.values)
        unused = []
        for legacy, used in self._marks.values.items():
            for value, size, changed in listed(remote, legacy=legacy, stop=self._stop):
                if value in used:
                    continue
                if self._options.grace and changed is None:
                    msg = (
                        f"The remote {remote.name!r} does not tell how old its objects are, so that the young cannot be"
                        " kept. Make sure that nobody pushes, and remove with --grace 0."
                    )
                    raise NotSupported(msg)
                if self._options.grace and (changed or 0.0) > self._before:
                    self._young += 1
                else:
                    unused.append(Removed(Oid(value, legacy), size))
        return _lists_first(unused)

    def _remove_here(self, cache: Cache, gone: Sequence[Removed]) -> None:
        for number, one in enumerate(gone):
            cache.remove(one.oid)
            if number % _STEP == 0:
                self._progress("Removing", number, len(gone))

    def _remove_there(self, remote: Remote, gone: Sequence[Removed]) -> None:
        if not gone:
            return
        known = KnownTrees(self._repo, remote)
        known.forget()
        known.save()
        if remote.disk is not None:
            self._remove_here(remote.disk, gone)
            return
        remove = remote.store.remove if isinstance(remote.store, Direct) else _one_by_one(remote)
        # The lists first, and the files when these are gone.
        for is_dir in (True, False):
            keys = [key_of(one.oid.value, legacy=one.oid.legacy) for one in gone if one.oid.is_dir == is_dir]
            batch = _STEP if isinstance(remote.store, FlatStore) else 1 + len(keys) // remote.jobs
            batches = [keys[start : start + batch] for start in range(0, len(keys), batch)]
            run_many(remove, batches, min(remote.jobs, len(batches)), self._stop)


def _one_by_one(remote: Remote) -> Callable[[Sequence[str]], None]:
    def remove(keys: Sequence[str]) -> None:
        for key in keys:
            with suppress(NotFound):
                remote.store.delete(key)

    return remove


def _lists_first(gone: list[Removed]) -> list[Removed]:
    """So that none is left without its files."""
    return sorted(gone, key=lambda one: (not one.oid.is_dir, one.oid))


def _linked(cache: Cache, oid: Oid) -> float:
    """When an object got its name: one that was a user's file has that one's time of change."""
    try:
        return os.stat(cache.file_name(oid)).st_ctime
    except FileNotFoundError:
        return 0.0
