"""Marking what is used before anything is removed: by one repository or several, in all that a scope says.

What the list of a folder's files cannot tell, because it is nowhere, makes an end of it where data could be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from treering.core.errors import DamagedData, NotFound
from treering.core.log import logger
from treering.storage.content.cache import Cache
from treering.storage.content.manifest import Manifest, load_manifest
from treering.storage.content.oid import Oid
from treering.versioning.errors import UnknownRemote
from treering.versioning.moving import read_list
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import Remote, open_remote
from treering.versioning.repository import Repository
from treering.versioning.sources import OutputSource
from treering.versioning.used import Scope, Unreadable, Used, used_objects

__all__ = ["Marks"]

_SHORT = 7
_EVERY = 1000


class Marks:
    """What is used.

    Args:
        scope: What uses objects.
        remote: The name of the remote beside those that outputs have of their own; "" for the default one.
        remotes: Whether objects are to be removed from remotes, or looked for there.

    Attributes:
        values: Names of objects, of DVC 3 (False) and of DVC 2 (True).
        imported: And of those that come from other repositories.
        remotes: Where objects may be, by URL.
    """

    def __init__(self, scope: Scope, remote: str, *, remotes: bool, jobs: int | None = None) -> None:
        self._scope, self._name, self._jobs = scope, remote, jobs
        self._with_remotes = remotes
        self.values: dict[bool, set[str]] = {False: set(), True: set()}
        self.imported: dict[bool, set[str]] = {False: set(), True: set()}
        self.remotes: dict[str, Remote] = {}
        self._lists: set[Oid] = set()

    def use(self, repo: Repository, sources: Sequence[OutputSource], progress: Progress = NO_PROGRESS) -> None:
        """Mark what a repository uses.

        Raises:
            Unreadable: If that cannot be found out.
            UnknownRemote: If a remote is not configured.
        """
        if self._with_remotes:
            self._open(repo, self._name)
        absent: list[Used] = []
        for number, used in enumerate(used_objects(repo, self._scope, sources)):
            if number % _EVERY == 0:
                progress("Looking for what is used", number, None)
            if self._with_remotes and used.output.remote:
                self._open(repo, used.output.remote)
            self._group(used).add(used.oid.value)
            if used.oid.is_dir and used.oid not in self._lists:
                self._lists.add(used.oid)
                manifest = _cached(repo.cache, used.oid)
                if manifest is None:
                    absent.append(used)
                else:
                    self._mark(used, manifest)
        for used in absent:
            self._find(repo, used)

    def _group(self, used: Used) -> set[str]:
        return (self.imported if used.is_import else self.values)[used.oid.legacy]

    def _mark(self, used: Used, manifest: Manifest) -> None:
        self._group(used).update(manifest.hexes(0, len(manifest)))

    def _open(self, repo: Repository, name: str) -> None:
        remote = open_remote(repo, name, jobs=self._jobs)
        self.remotes.setdefault(remote.url, remote)

    def _find(self, repo: Repository, used: Used) -> None:
        """A list of files that the cache does not have.

        What the working tree uses must be known: its files may be links into the cache. Of an older
        folder the cache has nothing that could be used without the list; whoever has that has the files, too.
        """
        needed = self._with_remotes or not used.rev
        remote = self._remote_of(repo, used) if needed else None
        if remote is not None:
            with suppress(NotFound, DamagedData):
                data = read_list(remote, used.oid.value, legacy=used.oid.legacy)
                self._mark(used, load_manifest(data, used.oid.value))
                return
        where = f"revision {used.rev[:_SHORT]}" if used.rev else "working tree"
        if self._scope.skip_failed:
            logger.warning("What the folder %s holds is not known, and not kept (%s).", used.path, where)
        elif needed or _was_damaged(repo.cache, used.oid):
            msg = (
                f"What the folder {used.path!r} holds is not known ({where}): its list of files {used.oid.value} is"
                " neither in the cache nor in the remote. Fetch it, or let go of it with --skip-failed."
            )
            raise Unreadable(msg)

    def _remote_of(self, repo: Repository, used: Used) -> Remote | None:
        try:
            return open_remote(repo, used.output.remote or self._name, jobs=self._jobs)
        except UnknownRemote:
            return None


def _cached(cache: Cache, oid: Oid) -> Manifest | None:
    try:
        return cache.read_manifest(oid)
    except (NotFound, DamagedData):
        return None


def _was_damaged(cache: Cache, oid: Oid) -> bool:
    """Whether the list was put aside because it was damaged: its files may be the only ones then."""
    return oid.value in cache.put_aside()
