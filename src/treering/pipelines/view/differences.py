"""How a tracked path differs between two revisions, or a revision and the working tree: file by file, with sizes."""

from __future__ import annotations

import os
import posixpath
from bisect import bisect_left
from dataclasses import dataclass

from treering.core.errors import NotFound
from treering.entities.repository import DataDiff, FileChange
from treering.pipelines.stages import StageSet
from treering.pipelines.view.folders import file_size, is_folder, tracked_manifest
from treering.pipelines.view.places import Place, checked_path, find_place
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.repository import Repository
from treering.versioning.tree_diff import Difference, difference
from treering.versioning.trees import tree_of

__all__ = ["data_diff"]

_MOST = 2000
_DIGEST = 16


def data_diff(old: StageSet, new: StageSet, path: str, *, working: bool) -> DataDiff:
    """What became of the files of a path.

    Args:
        old: The stages of one revision.
        new: Those of the other one, or of the working tree.
        path: Of something that one of the two tracks, or of a folder or file in it.
        working: Whether the second is the working tree, whose files count and not what is told of them.

    Raises:
        NotFound: If neither tracks it, or a list of files is not in the cache.
        InvalidInput: If the path climbs.
    """
    repo = new.repo
    wanted = checked_path(path)
    places = find_place(old, wanted), find_place(new, wanted)
    if places == (None, None):
        msg = f"{path!r} is tracked in neither of the two. Look at what is tracked."
        raise NotFound(msg)
    before = _Side(repo, places[0], _files(repo, places[0], working=False))
    after = _Side(repo, places[1], _files(repo, places[1], working=working), here=working)
    repo.index.save()
    return _listed(wanted, before, after)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two states.

    Attributes:
        files: By path relative to what was asked for; that itself, where it is a file, has the path "".
        here: Whether they lie in the working tree.
    """

    repo: Repository
    place: Place | None
    files: Manifest
    here: bool = False

    def size(self, at: int, path: str) -> int | None:
        """The size of a file; None where it is not known.

        Args:
            at: The number of its row.
            path: Relative to the root of the repository.
        """
        if self.here:
            try:
                return os.stat(self.repo.root / path).st_size
            except OSError:
                return None
        if self.place is None:
            return None
        if path == self.place.path and self.place.out.size is not None:
            return self.place.out.size
        oid = self.place.out.oid
        legacy = oid is not None and oid.legacy
        return file_size(self.repo, self.place, path[len(self.place.path) + 1 :], Oid(self.files[at][1], legacy))


def _files(repo: Repository, place: Place | None, *, working: bool) -> Manifest:
    if place is None:
        return Manifest([], b"")
    oid = place.out.oid
    if working:
        found = tree_of(repo, place.absolute, legacy=oid is not None and oid.legacy)
        if found is None:
            return Manifest([], b"")
        whole = _single(found.oid) if found.entries is None else found.entries
    elif is_folder(place):
        whole = tracked_manifest(repo, place, working=False)
    else:
        whole = Manifest([], b"") if oid is None else _single(oid)
    return _below(whole, place.within)


def _single(oid: Oid) -> Manifest:
    return Manifest([""], bytes.fromhex(oid.value))


def _below(files: Manifest, within: str) -> Manifest:
    """The files in a folder of a folder, with paths relative to that; a file of it has the path ""."""
    if not within:
        return files
    start = bisect_left(files.paths, within)
    if start < len(files) and files.paths[start] == within:
        return Manifest([""], files.digests[start * _DIGEST : (start + 1) * _DIGEST])
    # The sign behind a slash ends what begins with it.
    start, end = bisect_left(files.paths, f"{within}/"), bisect_left(files.paths, f"{within}0")
    paths = [path[len(within) + 1 :] for path in files.paths[start:end]]
    return Manifest(paths, files.digests[start * _DIGEST : end * _DIGEST])


def _listed(wanted: str, before: _Side, after: _Side) -> DataDiff:
    found = difference(before.files, after.files)
    renamed = _renames(before.files, after.files, found)
    came, went = {new for _, new in renamed}, {old for old, _ in renamed}
    added = [at for at in found.added if at not in came]
    deleted = [at for at in found.deleted if at not in went]
    counts = {
        "added": len(added),
        "deleted": len(deleted),
        "modified": len(found.modified),
        "renamed": len(renamed),
        "unchanged": len(after.files) - len(found.added) - len(found.modified),
    }

    def row(old: int | None, new: int | None) -> FileChange:
        was = "" if old is None else posixpath.join(wanted, before.files.paths[old]).rstrip("/")
        now = was if new is None else posixpath.join(wanted, after.files.paths[new]).rstrip("/")
        return FileChange(
            now,
            was if was != now else "",
            None if old is None else before.size(old, was),
            None if new is None else after.size(new, now),
        )

    return DataDiff(
        [row(None, at) for at in added[:_MOST]],
        [row(at, None) for at in deleted[:_MOST]],
        [row(old, new) for old, new in found.modified[:_MOST]],
        [row(old, new) for old, new in renamed[:_MOST]],
        counts,
        max(len(added), len(deleted), len(found.modified), len(renamed)) > _MOST,
    )


def _renames(before: Manifest, after: Manifest, found: Difference) -> list[tuple[int, int]]:
    """What went and what came with the same content, as numbers of rows."""
    gone: dict[bytes, list[int]] = {}
    for at in reversed(found.deleted):
        gone.setdefault(before.digests[at * _DIGEST : (at + 1) * _DIGEST], []).append(at)
    pairs = []
    for at in found.added:
        waiting = gone.get(after.digests[at * _DIGEST : (at + 1) * _DIGEST])
        if waiting:
            pairs.append((waiting.pop(), at))
    return pairs
