"""Fetching what lies in a remote under its own name, in just the version that a pointer tells of.

Such remotes (`version_aware`, `worktree`) are only read here: a pointer has for each file
what the bucket called the version that was pushed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from treering.core.errors import DamagedData, NotFound, NotSupported, Unavailable
from treering.storage.content.cache import Cache, writing
from treering.storage.content.hashing import Hasher, write_whole
from treering.storage.content.oid import Oid
from treering.storage.objects.base import Historic
from treering.versioning.outcome import Outcome
from treering.versioning.outputs import Selected
from treering.versioning.presence import sound
from treering.versioning.remotes import Remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many

__all__ = ["Version", "fetch_versions"]


class Version(NamedTuple):
    """A file in one version.

    Attributes:
        key: Its path below the remote, which is that in the repository.
        value: Its MD5; "" where the pointer does not tell.
    """

    remote: Remote
    key: str
    version: str
    value: str


def fetch_versions(
    repo: Repository,
    wanted: Sequence[tuple[Remote, Selected]],
    outcome: Outcome,
    stop: Stop,
    expect: Callable[[int], None],
) -> list[Version]:
    """Fetch files into the cache that it does not have; returns those that could not be fetched.

    Raises:
        NotSupported: If what the remote is has no versions, or a pointer tells of none.
    """
    versions = [version for remote, one in wanted for version in _versions(repo, remote, one)]
    have = sound(repo.cache, {one.value for one in versions if one.value}, legacy=False)
    missing = {one.value or one.key: one for one in versions if one.value not in have}
    expect(len(missing))
    lost: list[Version] = []

    def bring(one: Version) -> None:
        try:
            size = _bring(repo.cache, one, stop)
        except NotFound:
            outcome.missing.append(one.value or one.key)
        except DamagedData:
            outcome.damaged.append(one.value or one.key)
        except Unavailable as error:
            outcome.failed[one.value or one.key] = str(error)
        else:
            outcome.moved(one.value, size)
            return
        lost.append(one)

    jobs = max((one.remote.jobs for one in missing.values()), default=1)
    run_many(bring, list(missing.values()), min(jobs, len(missing)), stop)
    return lost


def _versions(repo: Repository, remote: Remote, one: Selected) -> Iterator[Version]:
    out = one.tracked.output
    top = repo.relpath(one.tracked.path)
    if out.files is None:
        yield _version(remote, top, out.cloud, out.version_id, out.oid)
        return
    for file in out.files:
        path = file.relpath
        if not one.within or path == one.within or path.startswith(f"{one.within}/"):
            yield _version(remote, f"{top}/{path}", file.cloud, file.version_id, file.oid)


def _version(remote: Remote, key: str, cloud: Mapping[str, Any], version_id: str, oid: Oid | None) -> Version:
    told = cloud.get(remote.name)
    version = str(told.get("version_id") or "") if isinstance(told, Mapping) else ""
    if not (version or version_id):
        others = f" It was pushed to {', '.join(cloud)}: fetch it from there, with -r." if cloud else ""
        msg = f"The pointer of {key} tells no version in the remote {remote.name!r}.{others}"
        raise NotSupported(msg)
    if not isinstance(remote.store, Historic):
        msg = f"Versions of files are read from S3 only, not from {remote.url}. Fetch {key} with DVC."
        raise NotSupported(msg)
    return Version(remote, key, version or version_id, oid.value if oid is not None else "")


def _bring(cache: Cache, one: Version, stop: Stop) -> int:
    store = one.remote.store
    assert isinstance(store, Historic)  # noqa: S101 - as was looked before
    chunks = store.read_version(one.key, one.version)
    staged = cache.staging()
    hasher, size = Hasher(), 0
    with writing(one.key, staged):
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            for chunk in chunks:
                stop.check()
                hasher.update(chunk)
                write_whole(descriptor, chunk)
                size += len(chunk)
        finally:
            os.close(descriptor)
        digest = hasher.hexdigest()
        if one.value and digest != one.value:
            raise DamagedData(one.value)
        cache.adopt(staged, Oid(digest))
    return size
