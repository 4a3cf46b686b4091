"""A repository of data versions: where it is, and what belongs to it. Finding one costs next to nothing.

What a repository has beside its folders is made when it is first asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.core.errors import NotSupported
from treering.storage.content.cache import Cache
from treering.storage.content.links import DEFAULT_KINDS, link_kinds
from treering.versioning.config import Config, read_config, site_cache
from treering.versioning.ignore import Ignore
from treering.versioning.index import Index
from treering.versioning.locks import RepositoryLock, repository_lock
from treering.versioning.path_locks import PathUse, hold_paths
from treering.versioning.roots import DVC_DIR, find_git_root, find_root

if TYPE_CHECKING:
    from treering.versioning.git import GitRepository

__all__ = ["DVC_DIR", "Repository", "find_git_root", "find_repository", "find_root"]

_IGNORED = ("/config.local", "/tmp", "/cache")  # noqa: S108 - lines of .dvc/.gitignore


@dataclass(frozen=True, eq=False)
class Repository:
    """A folder with a `.dvc` in it. Making one reads nothing.

    Attributes:
        root: The folder, absolute and normalised; symbolic links in it are as the user gave them.
        environ: The variables of the process, as `core.variables.process_variables` gives them.
        overrides: Config options that count more than the files.
    """

    root: Path
    environ: Mapping[str, str]
    overrides: Mapping[str, Mapping[str, Any]] | None = None

    @cached_property
    def dvc_dir(self) -> Path:
        """The folder `.dvc`."""
        return self.root / DVC_DIR

    @cached_property
    def tmp(self) -> Path:
        """DVC's folder for what need not be kept."""
        return self.root / DVC_DIR / "tmp"

    @cached_property
    def our_tmp(self) -> Path:
        """Treering's own part of it, which DVC never looks at. It need not exist."""
        return self.root / DVC_DIR / "tmp" / "treering"

    @cached_property
    def config(self) -> Config:
        """The config of all levels.

        Raises:
            ConfigMistake: If a file is not well formed; what it says is looked at when it is asked for.
        """
        config = read_config(self.dvc_dir, self.environ)
        return config.overridden(self.overrides) if self.overrides else config

    @cached_property
    def git_root(self) -> Path | None:
        """The root of the Git working tree around it; None without one, or where `core.no_scm` says so."""
        return None if self.config.get("core", "no_scm") else find_git_root(self.root)

    @cached_property
    def cache_dir(self) -> Path:
        """The folder of the cache; it need not exist."""
        return Path(self.config.get("cache", "dir") or self.dvc_dir / "cache")

    @cached_property
    def cache(self) -> Cache:
        """The cache."""
        options = self.config.section("cache")
        kinds = link_kinds(options.get("type") or DEFAULT_KINDS)
        return Cache(self.cache_dir, kinds=kinds, shared=options.get("shared") == "group")

    @cached_property
    def index(self) -> Index:
        """What was found out about files before."""
        return Index(self.our_tmp / "index")

    @cached_property
    def ignore(self) -> Ignore:
        """What `.dvcignore` files of the working tree leave out."""
        return Ignore(self.root)

    @cached_property
    def git(self) -> GitRepository | None:
        """The Git repository around it; None where there is no `git_root`."""
        if self.git_root is None:
            return None
        # Most commands ask Git nothing, and what it takes to ask takes time to load.
        opened: GitRepository = import_module("treering.versioning.git").GitRepository(self.git_root, self.environ)
        return opened

    def require_git(self) -> GitRepository:
        """As `git`, for what cannot be done without.

        Raises:
            NotSupported: If there is none.
        """
        if self.git is None:
            msg = f"{self.root} is not in a Git repository, or core.no_scm is set: there are no revisions. Begin one with `git init`."
            raise NotSupported(msg)
        return self.git

    @cached_property
    def site_cache(self) -> Path:
        """A folder that all repositories of this machine share, for what could be made again. It need not exist."""
        return site_cache(self.config, self.environ)

    @cached_property
    def _start(self) -> str:
        """What absolute paths of the repository begin with; on systems with another separator what none does."""
        return f"{self.root}/" if os.sep == "/" and self.root.is_absolute() else "\0"

    def relpath(self, path: str | os.PathLike[str]) -> str:
        """A path relative to the root, with `/`; `.` is the root. One outside of it begins with `..`."""
        text = os.fspath(path)
        if text.startswith(self._start):
            # Most paths are as they should be, and thousands are asked for.
            inside = text[len(self._start) - 1 :]
            if "//" not in inside and "/." not in inside and not inside.endswith("/"):
                return inside[1:]
        relative = os.path.relpath(path, self.root)
        return relative if os.sep == "/" else relative.replace(os.sep, "/")

    def lock(self, *, write: bool = True, wait: float | None = None) -> AbstractContextManager[None]:
        """Have the repository for the time of a block; see `RepositoryLock.hold`. It can be taken again inside.

        Raises:
            Busy: If it is not free after `wait` seconds; without `wait`, it is waited for.
        """
        return self._locked(write, wait)

    def released(self) -> AbstractContextManager[None]:
        """Let others have the repository for the time of a block, such as while the command of a stage runs."""
        return self._lock.released()

    def hold_paths(self, use: PathUse, *, wait: float | None = None) -> AbstractContextManager[None]:
        """Tell other processes, DVC's too, which paths a stage reads and writes while the repository is released.

        Take it while you have the repository, and release that inside:

            with repo.lock():
                ...
                with repo.hold_paths(PathUse("treering repro train", read, write)), repo.released():
                    run the command

        Raises:
            Busy: If another process has one of them after `wait` seconds; without `wait`, it is waited for.
        """
        guard = repository_lock(self.tmp / "rwlock.lock", hard_link=self._hard_link)
        return hold_paths(self.tmp, guard, use, wait=wait, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        with self.released():
            time.sleep(seconds)

    @cached_property
    def _lock(self) -> RepositoryLock:
        return repository_lock(self.tmp / "lock", f"The repository {self.root}", hard_link=self._hard_link)

    @cached_property
    def _hard_link(self) -> bool:
        return bool(self.config.get("core", "hardlink_lock"))

    @contextmanager
    def _locked(self, write: bool, wait: float | None) -> Iterator[None]:  # noqa: FBT001 - passed on
        with self._lock.hold(write=write, wait=wait):
            if write:
                self._keep_ignored()
            yield

    def _keep_ignored(self) -> None:
        """Git must not see what is this machine's alone; whoever took that out of `.dvc/.gitignore` gets it back."""
        if self.git_root is None:
            return
        file = self.dvc_dir / ".gitignore"
        try:
            text = file.read_text("utf-8")
        except FileNotFoundError:
            text = ""
        there = {line.strip().removesuffix("/") for line in text.splitlines()}
        missing = [entry for entry in _IGNORED if entry not in there]
        if missing:
            gap = "\n" if text and not text.endswith("\n") else ""
            with file.open("a", encoding="utf-8") as stream:
                stream.write(gap + "".join(f"{entry}\n" for entry in missing))


def find_repository(
    start: Path, environ: Mapping[str, str], overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Repository:
    """The repository that a folder lies in.

    Raises:
        NotARepository: If no folder up to the mount point has a `.dvc`.
    """
    return Repository(Path(find_root(start)), environ, overrides)
