"""The repository that a server shows: found by a setting or around a folder, opened anew for each question, and only read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from treering.core.errors import NotFound, TreeringError, Unavailable, error_for
from treering.entities.repository import (
    DataDiff,
    ExperimentTable,
    FileList,
    PipelineView,
    RepositoryInfo,
    StageLogText,
    TrackedList,
    VersionList,
)
from treering.experiments.found import resolve
from treering.experiments.view_table import experiment_table
from treering.pipelines.stages import StageSet, load_stages
from treering.pipelines.view.base import ShownFile
from treering.pipelines.view.differences import data_diff
from treering.pipelines.view.folders import file_list, shown_file
from treering.pipelines.view.harmless import harmless_text
from treering.pipelines.view.info import repository_info
from treering.pipelines.view.recorded import Recorded, stage_runs
from treering.pipelines.view.stage_logs import log_text
from treering.pipelines.view.stage_views import pipeline_view
from treering.pipelines.view.tracked import tracked_list
from treering.pipelines.view.versions import Told, version_list
from treering.tracking.base import Tracking
from treering.versioning.errors import NotARepository
from treering.versioning.repository import Repository, find_repository
from treering.versioning.sources import FileTree, Revisions

__all__ = ["ShownRepository"]

_NONE = "none"
_PATIENCE = 30.0
_MOST_TOLD = 200_000
_BEGIN = "Begin one with `treering data init`, or name one with TREERING_REPOSITORY."


class ShownRepository:
    """The `RepositoryView` of `treering.pipelines.view.base`.

    Args:
        named: The setting: a path, "" for the repository that `start` lies in, `none` for none.
        start: Where the server was started.
        environ: The variables of the process.
        tracking: Where runs are, which recorded data and tracked stages.
    """

    def __init__(self, named: str, start: Path, environ: Mapping[str, str], tracking: Tracking) -> None:
        self._named = named
        self._start = start
        self._environ = environ
        self._tracking = tracking
        self._looking = threading.Lock()
        # What objects of Git say never changes.
        self._told: dict[tuple[str, str], Told | None] = {}

    def info(self) -> RepositoryInfo:
        """See RepositoryView."""
        try:
            with self._opened() as repo:
                return repository_info(repo)
        except NotFound as error:
            return RepositoryInfo(found=False, reason=error.message)

    def data(self, rev: str = "") -> TrackedList:
        """See RepositoryView."""
        with self._turn(rev), self._opened() as repo:
            return tracked_list(_stages(repo, rev), Recorded(self._tracking), working=not rev)

    def versions(self, path: str) -> VersionList:
        """See RepositoryView."""
        if len(self._told) > _MOST_TOLD:
            self._told.clear()
        with self._opened() as repo:
            return version_list(load_stages(repo), path, Recorded(self._tracking), self._told)

    def files(self, path: str, rev: str = "", under: str = "", start: str = "") -> FileList:
        """See RepositoryView."""
        with self._opened() as repo:
            return file_list(_stages(repo, rev), path, under, start, working=not rev)

    def diff(self, path: str, a: str, b: str = "") -> DataDiff:
        """See RepositoryView."""
        with self._turn(b), self._opened() as repo:
            return data_diff(_stages(repo, a), _stages(repo, b), path, working=not b)

    def content(self, path: str, rev: str = "", under: str = "") -> ShownFile:
        """See RepositoryView."""
        with self._opened() as repo:
            tree = _tree(repo, rev)
            return shown_file(load_stages(repo, tree), tree, path, under)

    def pipeline(self, rev: str = "") -> PipelineView:
        """See RepositoryView."""
        with self._turn(rev), self._opened() as repo:
            runs = {} if rev else stage_runs(self._tracking, str(repo.root))
            return pipeline_view(_stages(repo, rev), runs, working=not rev)

    def log(self, stage: str, start: int = 0) -> StageLogText:
        """See RepositoryView."""
        with self._opened() as repo:
            return log_text(repo.our_tmp, stage, start)

    def experiments(self) -> ExperimentTable:
        """See RepositoryView."""
        with self._opened() as repo:
            return experiment_table(repo, self._tracking)

    @contextmanager
    def _turn(self, rev: str) -> Iterator[None]:
        """Look at the working tree alone: what another request has hashed by then needs no second hashing.

        Raises:
            Unavailable: If somebody hashes that much.
        """
        if rev:
            yield
            return
        if not self._looking.acquire(timeout=_PATIENCE):
            msg = "Much of the data has changed, and is being hashed for another request. Ask again in a minute."
            raise Unavailable(msg)
        try:
            yield
        finally:
            self._looking.release()

    @contextmanager
    def _opened(self) -> Iterator[Repository]:
        repo = self._find()
        try:
            yield repo
        except TreeringError as error:
            told = harmless_text(error.message, str(repo.root))
            if told == error.message:
                raise
            raise error_for(error.code, told, error.status) from error
        finally:
            if repo.__dict__.get("git") is not None and repo.git is not None:
                repo.git.close()

    def _find(self) -> Repository:
        if self._named.strip().lower() == _NONE:
            msg = "This server shows no repository: TREERING_REPOSITORY is `none`."
            raise NotFound(msg)
        # Unlike Path.expanduser, it leaves `~name` alone where there is no such user.
        place = Path(os.path.expanduser(self._named)) if self._named else self._start  # noqa: PTH111
        try:
            found = find_repository(place, self._environ)
        except (NotARepository, OSError) as error:  # the folder that it was started in may be gone
            where = f"{place.name!r}, which TREERING_REPOSITORY names, is in" if self._named else "The server runs in"
            msg = f"{where} no repository of data. {_BEGIN}"
            raise NotFound(msg) from error
        if self._named and not os.access(found.root, os.R_OK | os.X_OK):
            msg = f"The repository {found.root.name!r}, which TREERING_REPOSITORY names, cannot be read by the server."
            raise NotFound(msg)
        return found


def _tree(repo: Repository, rev: str) -> FileTree | None:
    """The files of a commit, branch, tag or experiment; None for those of the working tree."""
    return Revisions(repo).tree(resolve(repo.require_git(), rev)) if rev else None


def _stages(repo: Repository, rev: str) -> StageSet:
    return load_stages(repo, _tree(repo, rev))
