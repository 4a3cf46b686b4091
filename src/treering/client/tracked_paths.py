"""Finds what tracks a path of the working tree: the output that it is or lies in."""

from __future__ import annotations

import os
from bisect import bisect_left
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from treering.client.data_provenance import TrackedPath
from treering.client.file_digests import FileDigest
from treering.client.tracked_data import all_sources
from treering.core.errors import NotFound, TreeringError
from treering.core.log import logger
from treering.core.variables import process_variables
from treering.storage.content.hashing import hash_bytes
from treering.storage.content.manifest import Manifest, dump_manifest
from treering.storage.content.oid import DIR_SUFFIX, Oid
from treering.versioning.outputs import Outputs
from treering.versioning.pointers import is_pointer_name
from treering.versioning.repository import Repository, find_repository
from treering.versioning.sources import Tracked
from treering.versioning.trees import stored_tree, tree_of

__all__ = ["find"]

_SECRET_SCHEMES = {"http", "https"}


def find(path: Path) -> TrackedPath | None:
    """As `data_provenance.tracked_at`; what cannot be read is told in the log, and tracks nothing."""
    try:
        repo = find_repository(path.parent if path.parent.is_dir() else _above(path), process_variables())
        outputs = Outputs(repo, all_sources(repo))
        tracked = outputs.around(os.path.normpath(path))
        return None if tracked is None else _described(repo, path, tracked)
    except TreeringError as error:
        logger.warning("Whether %s is tracked could not be found out: %s", path, error)
        return None


def _above(path: Path) -> Path:
    """The nearest folder that is there: of data that is absent."""
    return next(folder for folder in path.parents if folder.is_dir())


def _described(repo: Repository, path: Path, tracked: Tracked) -> TrackedPath:
    inside = os.path.relpath(path, tracked.path).replace(os.sep, "/")
    content = _content(repo, tracked, "" if inside == "." else inside)
    revision, committed = _commit(repo, tracked.address)
    now = partial(_content_now, repo, path)
    return TrackedPath(
        tracked.address, repo.relpath(path), repo.root, revision, committed, content, _remote_url(repo), now
    )


def _content(repo: Repository, tracked: Tracked, inside: str) -> FileDigest | None:
    out = tracked.output
    if not inside:
        return None if out.oid is None else FileDigest(out.oid.value, out.size or 0, out.nfiles or 1)
    try:
        manifest = stored_tree(repo, out)
    except NotFound:
        return None
    at = bisect_left(manifest.paths, inside)
    if at < len(manifest) and manifest.paths[at] == inside:
        return FileDigest(manifest[at][1], _size(repo, manifest[at][1]), 1)
    start, end = bisect_left(manifest.paths, f"{inside}/"), bisect_left(manifest.paths, f"{inside}0")
    rows = manifest[start:end]
    if not rows:
        return None
    part = Manifest.of((name[len(inside) + 1 :], digest) for name, digest in rows)
    return FileDigest(
        hash_bytes(dump_manifest(part)) + DIR_SUFFIX, sum(_size(repo, digest) for _, digest in rows), len(rows)
    )


def _content_now(repo: Repository, path: Path) -> FileDigest | None:
    found = tree_of(repo, path)
    repo.index.save()
    return None if found is None else FileDigest(found.oid.value, found.size, found.nfiles or 1)


def _size(repo: Repository, digest: str) -> int:
    try:
        return repo.cache.path(Oid(digest)).stat().st_size
    except FileNotFoundError:
        return 0


def _commit(repo: Repository, address: str) -> tuple[str, bool]:
    """The commit that is checked out, and whether what tracks the data is as it is there."""
    git = repo.git
    if git is None or not git.has_commits:
        return "", False
    file = address if is_pointer_name(os.path.basename(address)) else _lock(address)  # noqa: PTH119  # an address
    try:
        commit = git.commit("HEAD")
        inside = os.path.relpath(os.path.realpath(repo.root / file), os.path.realpath(git.root)).replace(os.sep, "/")
        entry = git.reader.tree(commit.sha).find(inside)
        known = None if entry is None else git.reader.blob(entry.sha)
    finally:
        git.close()
    with suppress(FileNotFoundError):
        return commit.sha, known == (repo.root / file).read_bytes()
    return commit.sha, False


def _lock(address: str) -> str:
    return f"{address.rpartition(':')[0].removesuffix('.yaml')}.lock"


def _remote_url(repo: Repository) -> str:
    """Where Git pushes to, without what a user has to keep to himself."""
    if repo.git is None:
        return ""
    url = repo.git.text("config", "--get", "remote.origin.url", strict=False)
    parts = urlsplit(url)
    if parts.scheme in _SECRET_SCHEMES and "@" in parts.netloc:
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return url
