"""Rows of many commits: out of the cache, else out of Git's objects through one process, without checking anything out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from treering.core.errors import TreeringError
from treering.experiments.commit_files import CommitFiles, Kept
from treering.experiments.row import read_row
from treering.experiments.row_cache import KeptRow, RowCache
from treering.pipelines.stages import PIPELINE_FILE, StageSet, load_stages
from treering.versioning.errors import GitFailed
from treering.versioning.repository import Repository
from treering.versioning.sources import Revisions, WorkingTree

__all__ = ["Rows", "open_rows", "workspace_row"]

_AT_ONCE = 256


class Rows:
    """The rows of one repository; get it with `open_rows`. Not for several threads."""

    def __init__(self, repo: Repository, cache: RowCache, *, force: bool) -> None:
        self._repo = repo
        self._objects = repo.require_git().reader
        self._revisions = Revisions(repo)
        self._files = Kept(self._objects)
        self._cache = cache
        self._force = force
        self._made: dict[str, KeptRow] = {}
        self._opened: set[str] = set()

    def of(self, commit: str) -> KeptRow:
        """The row of a commit.

        Raises:
            TreeringError: If it has none, because a file with stages cannot be used.
        """
        if commit not in self._made:
            self._made[commit] = self._kept(commit) or self._read(commit)
        return self._made[commit]

    def expect(self, commits: Iterable[str]) -> None:
        """Say which commits will be asked for: what their rows need is then got from Git in few turns."""
        wanted = []
        for commit in commits:
            if commit not in self._made:
                kept = self._kept(commit)
                if kept is None:
                    wanted.append(commit)
                else:
                    self._made[commit] = kept
        for start in range(0, len(wanted), _AT_ONCE):
            self._read_many(wanted[start : start + _AT_ONCE])

    def line(self, tip: str, baseline: str) -> Iterator[str]:
        """The commits of an experiment, the last one first, without the baseline."""
        commit = tip
        while commit and commit != baseline:
            yield commit
            kept = self._made.get(commit) or self._cache.get(commit)
            commit = kept.parent if kept is not None else next(iter(self._objects.commit(commit).parents), "")

    def stages(self, commit: str) -> StageSet:
        """The stages of a commit."""
        return load_stages(self._repo, self._files_of(commit))

    def _read_many(self, commits: Sequence[str]) -> None:
        with suppress(GitFailed):
            trees = [head.tree for head in self._objects.commits(commits)]
            self._revisions.prepare(commits)
            # What the commits before needed, these need as well: experiments differ in few files.
            self._files.prepare(trees, self._opened or {f"{self._revisions.prefix}{PIPELINE_FILE}"})
        for commit in commits:
            with suppress(TreeringError):
                self.of(commit)

    def _read(self, commit: str) -> KeptRow:
        head = self._objects.commit(commit)
        row, missing = read_row(self._repo, self._files_of(commit))
        kept = KeptRow(head.parents[0] if head.parents else "", head.time, row, tuple(missing))
        self._cache.put(commit, kept)
        return kept

    def _files_of(self, commit: str) -> CommitFiles:
        return CommitFiles(self._revisions, self._files, commit, self._opened)

    def _kept(self, commit: str) -> KeptRow | None:
        """The row out of the cache, unless an object that it lacked has come since."""
        kept = None if self._force else self._cache.get(commit)
        return None if kept and kept.missing and any(map(self._repo.cache.has, kept.missing)) else kept


@contextmanager
def open_rows(repo: Repository, *, force: bool = False) -> Iterator[Rows]:
    """The rows of a repository, for the time of a block; what was made is kept for the next time.

    Args:
        repo: The repository.
        force: Make all anew.
    """
    cache = RowCache(repo.our_tmp)
    try:
        yield Rows(repo, cache, force=force)
    finally:
        cache.save()


def workspace_row(repo: Repository) -> Mapping[str, Any]:
    """The row of the working tree. Raises as `Rows.of`."""
    return read_row(repo, WorkingTree(repo))[0]
