"""Folders of the workspace as they are: found by looking, or known because they were just written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treering.core.errors import DamagedData, NotFound
from treering.storage.content.cache import Cache
from treering.storage.content.hashing import Hasher
from treering.storage.content.manifest import Manifest, manifest_chunks
from treering.storage.content.oid import DIR_SUFFIX, Oid
from treering.versioning.digests import DIGEST, Reader, known_digests
from treering.versioning.index import TreeRecord
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.tree_diff import Difference
from treering.versioning.walk import Lister, Rows, list_all, scan

if TYPE_CHECKING:
    # It is named only: who just looks does without what places files.
    from treering.versioning.placing import Placed

__all__ = ["Snapshot", "after", "fresh", "is_whole", "name_of", "note_part", "part_of", "snapshot"]


@dataclass(slots=True)
class Snapshot:
    """A folder as it was found.

    Attributes:
        names: As `Rows.names()`.
        digests: 16 bytes for each row.
        value: The name of the list of its files.
    """

    rows: Rows
    names: bytes
    digests: bytearray
    value: str

    @property
    def manifest(self) -> Manifest:
        """The list of its files."""
        return Manifest(self.rows.paths, bytes(self.digests))

    def keep(self, repo: Repository, path: str, stamp: int, *, legacy: bool = False) -> None:
        """Note it in the index.

        Args:
            path: Absolute.
            stamp: When it was looked at or written, from the index's clock.
        """
        rows = self.rows
        size = sum(rows.sizes)
        record = TreeRecord(self.value, size, self.names, rows.mtimes, rows.inodes, rows.sizes, bytes(self.digests))
        repo.index.keep_tree(repo.relpath(path), record, stamp, legacy=legacy)


def snapshot(
    repo: Repository,
    path: str,
    *,
    legacy: bool = False,
    cache: Cache | None = None,
    share: bool = True,
    progress: Progress = NO_PROGRESS,
) -> Snapshot:
    """A folder as it is; the index is brought up to date.

    Args:
        path: Absolute.
        cache: Where its content is stored; None for nowhere.
        share: Whether files may become the objects themselves, where they are to be links to them anyway.
    """
    stamp = repo.index.now(path)
    rows = scan(path, *_ignoring(repo, path))
    names = rows.names()
    record = repo.index.tree(repo.relpath(path), legacy=legacy)
    digests, unknown = known_digests(rows, names, record)
    share = share and cache is not None and cache.kinds[0].is_shared
    reader = Reader(path, cache, share, legacy, _jobs(repo), progress)
    if unknown:
        reader.read(rows, unknown, digests)
    same = record is not None and not unknown and record.names == names
    if (
        same
        and record is not None
        and (cache is None or is_whole(repo, Oid(record.value), Manifest(rows.paths, record.digests)))
    ):
        return Snapshot(rows, names, digests, record.value)
    if cache is not None and len(unknown) < len(rows):
        lost = cache.missing(Manifest(rows.paths, bytes(digests)))
        if lost:
            reader.read(rows, lost, digests)
    manifest = Manifest(rows.paths, bytes(digests))
    value = (name_of(manifest) if cache is None else cache.put_manifest(manifest)).value
    seen = Snapshot(rows, names, digests, value)
    seen.keep(repo, path, stamp, legacy=legacy)
    return seen


def is_whole(repo: Repository, oid: Oid, manifest: Manifest | None = None) -> bool:
    """Whether a folder's list of files is in the cache, and all of the files are.

    Where neither has happened to the cache since that was found out, nothing is looked at again.

    Args:
        manifest: The list, where it is at hand.
    """
    stamp = repo.index.now(repo.cache.root) if repo.cache.root.is_dir() else 0
    state, newest = repo.cache.state()
    if not oid.legacy and repo.index.was_whole(oid.value, state):
        return True
    if not repo.cache.has(oid):
        return False
    try:
        manifest = repo.cache.read_manifest(oid) if manifest is None else manifest
    except (NotFound, DamagedData):
        return False
    whole = not repo.cache.missing(manifest, legacy=oid.legacy)
    if whole and newest < stamp and not oid.legacy:
        repo.index.keep_whole(oid.value, state)
    return whole


def part_of(manifest: Manifest, rows: Sequence[int]) -> Manifest:
    """Some rows of a list of files."""
    digests = manifest.digests
    return Manifest(
        [manifest.paths[at] for at in rows], b"".join([digests[at * DIGEST : (at + 1) * DIGEST] for at in rows])
    )


def fresh(rows: Rows, manifest: Manifest, value: str = "") -> Snapshot:
    """A folder that was just written.

    Args:
        value: The name of the list of its files, if that is known.
    """
    return Snapshot(rows, rows.names(), bytearray(manifest.digests), value or name_of(manifest).value)


def name_of(manifest: Manifest) -> Oid:
    """The name of a list of files, by its bytes."""
    hasher = Hasher()
    for chunk in manifest_chunks(manifest):
        hasher.update(chunk)
    return Oid(hasher.hexdigest() + DIR_SUFFIX)


def note_part(repo: Repository, path: str, within: str, rows: Rows, manifest: Manifest) -> None:
    """Note a part of a folder that was just looked at; the rest is known as it was before.

    Args:
        path: The folder, absolute.
        within: The part's path in it.
        rows: Its files; those of a folder relative to it, that of a file under the path "".
        manifest: Its content, with the same paths.
    """
    record = repo.index.tree(repo.relpath(path))
    if record is None:
        return
    old = record.paths()
    gone = [at for at, name in enumerate(old) if name == within or name.startswith(f"{within}/")]
    named = Manifest([f"{within}/{name}" if name else within for name in manifest.paths], manifest.digests)
    steps = Difference(list(range(len(named))), [], gone)
    before = Rows(old, record.mtimes, record.inodes, record.sizes)
    seen = Snapshot(before, record.names, bytearray(record.digests), record.value)
    placed = {at: (rows.mtimes[at], rows.inodes[at], rows.sizes[at]) for at in range(len(rows))}
    after(seen, named, steps, placed).keep(repo, path, repo.index.now(path))


def after(seen: Snapshot, new: Manifest, steps: Difference, placed: Mapping[int, Placed]) -> Snapshot:
    """A folder in which steps towards a new list of files were done.

    Args:
        seen: The folder before.
        placed: What was written, by the number of the new row.
    """
    rows, digests = Rows(), bytearray()
    old = seen.rows
    for here, there in _order(old.paths, new.paths, steps):
        if there < 0:
            found = old.mtimes[here], old.inodes[here], old.sizes[here]
            digests += seen.digests[here * DIGEST : (here + 1) * DIGEST]
            rows.paths.append(old.paths[here])
        else:
            found = placed[there]
            digests += new.digests[there * DIGEST : (there + 1) * DIGEST]
            rows.paths.append(new.paths[there])
        rows.mtimes.append(found[0])
        rows.inodes.append(found[1])
        rows.sizes.append(found[2])
    return fresh(rows, Manifest(rows.paths, bytes(digests)))


def _order(old: Sequence[str], new: Sequence[str], steps: Difference) -> Iterator[tuple[int, int]]:
    """The rows that are left, sorted by path: the number of the old row and of the new one, -1 for none."""
    gone, changed = set(steps.deleted), dict(steps.modified)
    added = iter(steps.added)
    waiting = next(added, -1)
    for here, path in enumerate(old):
        while waiting >= 0 and new[waiting] < path:
            yield -1, waiting
            waiting = next(added, -1)
        if here not in gone:
            yield here, changed.get(here, -1)
    while waiting >= 0:
        yield -1, waiting
        waiting = next(added, -1)


def _ignoring(repo: Repository, path: str) -> tuple[Lister, str]:
    """What lists the folders below `path`, and its name there."""
    folder = repo.ignore.relative(path)
    if folder is None:
        return list_all, ""
    return repo.ignore.list, folder


def _jobs(repo: Repository) -> int:
    return int(repo.config.get("core", "checksum_jobs", 0) or 0)
