"""Giving objects of DVC 2 the name and place of DVC 3: their plain MD5, below `files/md5`.

Bytes are not copied where the disk can link: both names are one file then, so that DVC 2
finds its objects as before. The lists of folders are made anew, of the new names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from treering.core.errors import DamagedData, NotFound
from treering.storage.content.cache import Cache, writing
from treering.storage.content.hashing import hash_file
from treering.storage.content.links import copy
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.entries import Output
from treering.versioning.pointers import write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many
from treering.versioning.sources import WorkingTree

__all__ = ["MigrateReport", "migrate", "migrated_output"]


@dataclass(frozen=True, slots=True)
class MigrateReport:
    """What was done, or would be.

    Attributes:
        objects: How many objects of DVC 2 there are.
        names: Their new names; with `dry`, none.
        failed: What could not be given a new name, with the reason.
        pointers: The `.dvc` files that were written, or would be.
    """

    objects: int = 0
    names: Mapping[Oid, Oid] | None = None
    failed: Mapping[Oid, str] | None = None
    pointers: tuple[Path, ...] = ()


def migrate(
    repo: Repository, *, pointers: bool = False, dry: bool = False, progress: Progress = NO_PROGRESS
) -> MigrateReport:
    """Give all objects of DVC 2 in the cache a second name. Nothing is removed.

    Args:
        pointers: Whether `.dvc` files of the working tree get the new names; lock files of pipelines are the work
            of those who know them, with `MigrateReport.names`.
        dry: Whether only to say what would be done.

    Raises:
        StorageFull: If there is no room; it can be gone on with.
    """
    with repo.lock():
        old = [oid for oid, _, _ in repo.cache.walk() if oid.legacy]
        if dry:
            return MigrateReport(len(old), pointers=_written(repo, None) if pointers else ())
        names: dict[Oid, Oid] = {}
        failed: dict[Oid, str] = {}
        files = [oid for oid in old if not oid.is_dir]

        def rename(oid: Oid) -> None:
            try:
                names[oid] = _renamed(repo.cache, oid)
            except (NotFound, DamagedData) as error:
                failed[oid] = str(error)
            progress("Migrating", len(names), len(old))

        run_many(rename, files, os.cpu_count() or 1, Stop())
        for oid in old:
            if oid.is_dir:
                try:
                    names[oid] = _renamed_list(repo.cache, oid, names)
                except (NotFound, DamagedData) as error:
                    failed[oid] = str(error)
        return MigrateReport(len(old), names, failed, _written(repo, names) if pointers else ())


def migrated_output(out: Output, names: Mapping[Oid, Oid]) -> Output:
    """An output with its new name, where it has one."""
    new = names.get(out.oid) if out.oid is not None and out.oid.legacy else None
    return out if new is None else replace(out, oid=new, hash="md5")


def _renamed(cache: Cache, oid: Oid) -> Oid:
    """The new name of a file's object, under which it is now, too."""
    if not cache.is_sound(oid):
        msg = f"The object {oid.value} is damaged. Fetch it from a remote."
        raise DamagedData(msg)
    name = cache.file_name(oid)
    new = Oid(hash_file(name))
    if not cache.is_sound(new):
        staged = cache.staging()
        with writing(new.value, staged):
            try:
                os.link(name, staged)
            except OSError:
                # A disk without links, or too many of them.
                with suppress(FileNotFoundError):
                    os.unlink(staged)
                copy(name, staged)
            cache.adopt(staged, new)
    return new


def _renamed_list(cache: Cache, oid: Oid, names: Mapping[Oid, Oid]) -> Oid:
    rows = []
    for path, digest in cache.read_manifest(oid):
        new = names.get(Oid(digest, legacy=True))
        if new is None:
            msg = f"The object {digest} of its file {path!r} is not in the cache. Fetch it first."
            raise NotFound(msg)
        rows.append((path, new.value))
    return cache.put_manifest(Manifest.of(rows))


def _written(repo: Repository, names: Mapping[Oid, Oid] | None) -> tuple[Path, ...]:
    """Pointers with outputs of DVC 2; with the new names, they are written."""
    written = []
    for pointer in WorkingTree(repo).documents().pointers.values():
        old = [out for out in pointer.outs if out.oid is not None and out.oid.legacy]
        if names is None:
            if old:
                written.append(pointer.file)
            continue
        outs = tuple(migrated_output(out, names) for out in pointer.outs)
        if outs != pointer.outs and write_pointer(replace(pointer, outs=outs)):
            written.append(pointer.file)
    return tuple(written)
