"""The two states that outputs are compared in: as pointers tell, now or in a commit, and as they lie in the workspace."""

from __future__ import annotations

from collections.abc import Iterable

from treering.core.errors import DamagedData, NotFound
from treering.storage.content.manifest import Manifest
from treering.versioning.changes import Side, Thing
from treering.versioning.repository import Repository
from treering.versioning.sources import Tracked
from treering.versioning.trees import stored_tree, tracked_oid, tree_of

__all__ = ["told_side", "workspace_side"]


def told_side(repo: Repository, outputs: Iterable[Tracked]) -> Side:
    """What pointers and lock files say. Files of folders are known as far as the cache has their lists."""
    tracked = {repo.relpath(one.path): one for one in outputs if one.output.cache and one.output.is_local}

    def files_of(thing: Thing) -> Manifest | None:
        try:
            return stored_tree(repo, tracked[thing.path].output)
        except (NotFound, DamagedData):
            return None

    return Side({key: _told(repo, key, one) for key, one in tracked.items()}, files_of)


def workspace_side(repo: Repository, outputs: Iterable[Tracked]) -> Side:
    """What lies at the places of outputs; what is not there is left out."""
    things: dict[str, Thing] = {}
    files: dict[str, Manifest] = {}
    for one in outputs:
        if not one.output.cache or not one.output.is_local:
            continue
        key = repo.relpath(one.path)
        oid = one.output.oid
        found = tree_of(repo, one.path, legacy=oid is not None and oid.legacy)
        if found is None:
            continue
        things[key] = Thing(key, found.oid, found.entries is not None)
        if found.entries is not None:
            files[key] = found.entries
    repo.index.save()
    return Side(things, lambda thing: files.get(thing.path))


def _told(repo: Repository, key: str, one: Tracked) -> Thing:
    out = one.output
    if out.oid is None and out.files is not None:
        return Thing(key, tracked_oid(repo, out), is_dir=True)
    return Thing(key, out.oid, out.oid is not None and out.oid.is_dir)
