"""The content of imports: bringing it from where it comes from, and asking there whether there is news."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from treering.core.errors import Conflict, NotFound, NotSupported, TreeringError, Unavailable
from treering.storage.content.cache import Cache
from treering.storage.content.links import LinkKind
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.external import Brought, OpenedSource, Surroundings, open_source, put_chunks
from treering.versioning.name_patterns import NamePatterns, only_of
from treering.versioning.outcome import Outcome
from treering.versioning.pointers import Dependency, Output, Pointer, RepoSource, write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import Remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many
from treering.versioning.sending import send_objects
from treering.versioning.sources import Sources, Tracked, only_pointers
from treering.versioning.trees import is_cached
from treering.versioning.url_source import UrlSource, open_url

__all__ = ["Imported", "bring_imports", "download", "newest", "send_to_remote", "url_of"]

_Taken = tuple[Oid, int]


@dataclass(frozen=True, slots=True)
class Imported:
    """Content that is in the cache now, and what tells it from any other."""

    output: Output
    dependency: Dependency


def url_of(repo: Repository, pointer: Pointer) -> UrlSource:
    """What lies at the URL of an import."""
    dep = pointer.deps[0]
    return open_url(dep.path, repo, Path(pointer.path_of(".")), dep.fs_config)


def newest(repo: Repository, pointer: Pointer, sources: Sources = only_pointers) -> Dependency:
    """The dependency of an import as it would be now: the commit that its revision names, or the mark of its URL.

    Raises:
        NotFound: If its source is gone.
        UnknownRevision: If it has no such revision any more.
        Unavailable: If it cannot be reached.
        NotSupported: If it was imported from a database.
    """
    dep = pointer.deps[0]
    if dep.repo is None:
        _refuse_database(pointer)
        return url_of(repo, pointer).marks(dep)
    around = Surroundings(repo.root, repo.environ, repo.cache, sources)
    with open_source(replace(dep.repo, rev_lock=""), around) as opened:
        return replace(dep, repo=replace(dep.repo, rev_lock=opened.rev))


def download(
    repo: Repository, pointer: Pointer, sources: Sources = only_pointers, progress: Progress = NO_PROGRESS
) -> Imported:
    """Bring the content of an import into the cache; what is there is not brought again. Nothing else changes.

    An import from a repository is brought as of its locked commit, one from a URL as it is now.

    Raises:
        NotFound: If its source is gone, or does not have it any more.
        Unavailable: If the source cannot be reached.
        NotSupported: If it was imported from a database.
    """
    out, dep = pointer.outs[0], pointer.deps[0]
    if dep.repo is None:
        _refuse_database(pointer)
        source = url_of(repo, pointer)
        marked = source.marks(dep)
        return Imported(_from_url(repo, source, out, progress), marked)
    with open_source(dep.repo, Surroundings(repo.root, repo.environ, repo.cache, sources)) as opened:
        return _from_repository(repo, opened, progress, pointer)


def bring_imports(
    repo: Repository, imports: Iterable[Tracked], sources: Sources = only_pointers, progress: Progress = NO_PROGRESS
) -> None:
    """Bring the content of imports into the cache, as `pull` asks for it.

    Where an import had no content yet, its pointer says what it is then. Those that can be
    brought are brought, whatever becomes of the others.

    Raises:
        Conflict: If a source has something else now than the pointer says.
        NotFound: If a source is gone, or does not have it any more.
        Unavailable: If a source cannot be reached.
    """
    failed: list[TreeringError] = []

    def attempt(pointers: Sequence[Pointer], bring: Callable[[Pointer], Imported]) -> None:
        for pointer in pointers:
            try:
                _settle(repo, pointer, bring(pointer))
            except TreeringError as error:
                failed.append(error)

    with repo.lock():
        for source, pointers in _by_source(imports):
            if source is None:
                attempt(pointers, lambda one: download(repo, one, sources, progress))
                continue
            around = Surroundings(repo.root, repo.environ, repo.cache, sources)
            try:
                with open_source(source, around) as opened:
                    attempt(pointers, partial(_from_repository, repo, opened, progress))
            except TreeringError as error:
                failed.append(error)
    if failed:
        raise failed[0]


def send_to_remote(
    source: UrlSource, out: Output, remote: Remote, repo: Repository, progress: Progress = NO_PROGRESS
) -> Output:
    """Send what lies at a URL to a remote, past the cache and the working tree; each file is hashed on its way.

    Raises:
        NotFound: If nothing is there.
        Unavailable: If something cannot be sent.
    """
    place = remote.disk or Cache(repo.our_tmp / "passing", kinds=(LinkKind.COPY,))

    def send(name: str) -> _Taken:
        oid = put_chunks(place, source.read(name))
        size = _size(place, oid)
        _forward(place, remote, oid)
        return oid, size

    found = _taken(source, out, send, progress)
    brought = _whole(place, source, found)
    if source.is_dir:
        _forward(place, remote, brought.oid)
    return brought.into(out)


def _forward(place: Cache, remote: Remote, oid: Oid) -> None:
    """Send an object on, unless where it is now is the remote itself."""
    if place is remote.disk:
        return
    outcome = Outcome(lambda _count, _size: None)
    try:
        send_objects(place, remote, [oid.value], outcome, Stop(), legacy=False)
    finally:
        place.remove(oid)
    for why in outcome.failed.values():
        msg = f"Something could not be sent to {remote.url}: {why}. Try again."
        raise Unavailable(msg)


def _from_url(repo: Repository, source: UrlSource, out: Output, progress: Progress) -> Output:
    def take(name: str) -> _Taken:
        path = source.local(name)
        oid = repo.cache.put_file(path) if path is not None else put_chunks(repo.cache, source.read(name))
        return oid, _size(repo.cache, oid)

    return _whole(repo.cache, source, _taken(source, out, take, progress)).into(out)


def _taken(source: UrlSource, out: Output, take: Callable[[str], _Taken], progress: Progress) -> dict[str, _Taken]:
    """Do something with each file that is wanted, several at once."""
    only = only_of(out)
    chosen = NamePatterns(only)
    names = [name for name, _ in source.files() if not source.is_dir or chosen.match(name)]
    if only and not names:
        msg = f"No file of {source.name!r} matches {', '.join(only)}. Choose other patterns."
        raise NotFound(msg)
    found: dict[str, _Taken] = {}

    def act(name: str) -> None:
        found[name] = take(name)
        progress("Importing", len(found), len(names))

    run_many(act, names, min(source.jobs, len(names)), Stop())
    return found


def _whole(cache: Cache, source: UrlSource, found: Mapping[str, _Taken]) -> Brought:
    if not source.is_dir:
        return Brought(*found[""])
    manifest = Manifest.of((name, oid.value) for name, (oid, _) in found.items())
    return Brought(cache.put_manifest(manifest), sum(size for _, size in found.values()), len(found))


def _from_repository(repo: Repository, opened: OpenedSource, progress: Progress, pointer: Pointer) -> Imported:
    out, dep = pointer.outs[0], pointer.deps[0]
    assert dep.repo is not None  # noqa: S101  # it was opened
    found = opened.at(dep.path).bring(repo.cache, NamePatterns(only_of(out)), progress)
    return Imported(found.into(out), replace(dep, repo=replace(dep.repo, rev_lock=opened.rev)))


def _settle(repo: Repository, pointer: Pointer, found: Imported) -> None:
    """Compare what was brought with what the pointer says, or have it say so."""
    if pointer.is_partial:
        write_pointer(replace(pointer, outs=(found.output,), deps=(found.dependency,)))
        return
    wanted = pointer.outs[0].oid
    if wanted is not None and not wanted.legacy and wanted != found.output.oid and not is_cached(repo, wanted):
        msg = (
            f"{repo.relpath(pointer.file)!r} was imported with another content than its source has now."
            f" Take the new one with `update {repo.relpath(pointer.file)}`."
        )
        raise Conflict(msg)


def _by_source(imports: Iterable[Tracked]) -> list[tuple[RepoSource | None, list[Pointer]]]:
    found: dict[str, tuple[RepoSource | None, list[Pointer]]] = {}
    for one in imports:
        if one.pointer is not None and one.pointer.is_import:
            source = one.pointer.deps[0].repo
            found.setdefault(repr(source), (source, []))[1].append(one.pointer)
    return list(found.values())


def _refuse_database(pointer: Pointer) -> None:
    if pointer.deps[0].db is not None:
        msg = f"{pointer.file} was imported from a database, which is not done here. Run `dvc update` for it."
        raise NotSupported(msg)


def _size(cache: Cache, oid: Oid) -> int:
    return os.stat(cache.file_name(oid)).st_size
