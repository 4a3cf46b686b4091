"""Changing a part of a tracked folder: its list of files is changed, and the rest of it need not be there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from treering.core.errors import NotFound, NotSupported
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.entries import Output
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.save import Taken, Taking, take_in
from treering.versioning.snapshots import name_of, note_part, part_of
from treering.versioning.trees import stored_tree, told_files
from treering.versioning.walk import Rows

__all__ = ["Fetch", "Patch", "patch_output"]

Fetch = Callable[[Sequence[Oid]], object]
"""Brings objects from a remote into the cache, as far as they are there."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of a folder that takes the place of what was tracked there.

    Attributes:
        place: The folder, absolute.
        path: The part, absolute; where nothing lies there, it is taken out.
        how: How its content is taken in.
        fetch: Brings the list of the folder's files, where it is not in the cache.
        drop: Take the part out, whether it is there or not.
    """

    place: str
    path: str
    how: Taking
    fetch: Fetch | None = None
    drop: bool = False


def patch_output(repo: Repository, out: Output, patch: Patch, progress: Progress = NO_PROGRESS) -> Output:
    """Track a part of a folder as it is now.

    Returns:
        The output as it is to be written into its pointer. Its size is known where files were only
        added, and is left out otherwise, as DVC does.

    Raises:
        NotFound: If the part is neither there nor tracked, or the list of files is not at hand.
        NotSupported: If the folder was tracked by DVC 2.
        InvalidInput, StorageFull: As `save_output`.
    """
    old = _listed(repo, out, patch)
    within = os.path.relpath(patch.path, patch.place).replace(os.sep, "/")
    inside = [at for at, path in enumerate(old.paths) if path == within or path.startswith(f"{within}/")]
    taken: Taken | None = None
    if patch.drop and not inside:
        msg = f"{repo.relpath(patch.path)!r} is not tracked in {repo.relpath(patch.place)!r}. Correct the path."
        raise NotFound(msg)
    if inside and (patch.drop or not os.path.lexists(patch.path)):
        part = Manifest([], b"")
    else:
        taken = take_in(repo, patch.path, replace(patch.how, store=patch.how.store and out.cache), progress)
        part = taken.tree.entries or Manifest([""], bytes.fromhex(taken.tree.oid.value))
    dropped = set(inside)
    kept = part_of(old, [at for at in range(len(old)) if at not in dropped])
    placed = [(f"{within}/{path}" if path else within, digest) for path, digest in part]
    new = Manifest.of([*kept, *placed])
    oid = repo.cache.put_manifest(new) if patch.how.store and out.cache else name_of(new)
    size: int | None = None
    if oid == out.oid:
        size = out.size
    elif taken is not None and not inside and out.size:
        size = out.size + taken.tree.size
    note_part(repo, patch.place, within, Rows() if taken is None else taken.rows, part)
    if out.oid is None and out.files is not None:
        rows = Rows() if taken is None else taken.rows
        sizes = {
            f"{within}/{path}" if path else within: size for path, size in zip(rows.paths, rows.sizes, strict=True)
        }
        return replace(out, files=told_files(out.files, new, sizes))
    cleared = replace(out, etag="", checksum="", version_id="", files=None, cloud={})
    return replace(cleared, oid=oid, hash="md5", size=size, nfiles=len(new), isexec=False)


def _listed(repo: Repository, out: Output, patch: Patch) -> Manifest:
    if out.oid is None and out.files is None:
        return Manifest([], b"")
    shown = repo.relpath(patch.place)
    if out.oid is not None and out.oid.legacy:
        msg = f"{shown!r} was tracked by DVC 2, so a part of it cannot be added. Add all of {shown!r} once."
        raise NotSupported(msg)
    if out.oid is not None and not repo.cache.has(out.oid) and patch.fetch is not None:
        patch.fetch([out.oid])
    try:
        return stored_tree(repo, out)
    except NotFound as error:
        msg = f"The list of the files of {shown!r} is not in the cache, so no part of it can be changed. Fetch {shown!r} first."
        raise NotFound(msg) from error
