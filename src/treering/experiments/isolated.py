"""A working tree of its own for one experiment: linked to the same Git repository, and using the same cache.

It lies under `.dvc/tmp/treering/trees`, or where the user wants it, and is gone when the
experiment is over. A lock beside it tells whether somebody still works in it: one
whose process was killed is found without an owner, and cleared away by a later command.
"""

from __future__ import annotations

import json
import os
import shutil
import urllib.parse
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.core.log import logger
from treering.pipelines.leftovers import end_leftover
from treering.versioning.config import merged
from treering.versioning.config_text import write_sections
from treering.versioning.git import GitRepository
from treering.versioning.lock_files import SystemLock
from treering.versioning.locks import wait_for
from treering.versioning.repository import Repository

__all__ = ["Isolated", "clear_trees", "copy_into", "isolated"]

_TREES = "trees"
_NAMED = ("remote", "machine", "db")


@dataclass(frozen=True, slots=True)
class Isolated:
    """A linked working tree.

    Attributes:
        root: Its root, which is that of Git.
        repo: The repository in it.
    """

    root: Path
    repo: Repository


@contextmanager
def isolated(
    repo: Repository, head: str, tree: str, *, environ: Mapping[str, str], folder: Path | None = None
) -> Iterator[Isolated]:
    """A linked working tree for the time of the block.

    Args:
        repo: The repository that it belongs to.
        head: The commit that is checked out in it.
        tree: The files that it begins with, in which they may differ from the commit.
        environ: The variables of the repository in it.
        folder: Where to make it; under `.dvc/tmp/treering` where none is given.
    """
    git = repo.require_git()
    above = folder or repo.our_tmp / _TREES
    above.mkdir(parents=True, exist_ok=True)
    root = above / f"exp-{uuid.uuid4().hex[:12]}"
    inner = root / os.path.relpath(repo.root, git.root)
    lock = _register(repo, root, inner)
    try:
        git.run("worktree", "add", "--quiet", "--detach", "--no-checkout", "--", str(root), head)
        GitRepository(root, repo.environ).run("read-tree", "--reset", "-u", tree)
        _write_config(repo, inner)
        yield Isolated(root, Repository(inner, environ))
    finally:
        _remove(git, root)
        _forget(lock)


def copy_into(repo: Repository, place: Isolated, paths: Iterable[str]) -> None:
    """Copy files and folders that Git does not track into a linked working tree; absolute, or relative to the root.

    Raises:
        NotFound: If one is not there.
        InvalidInput: If one lies outside.
    """
    for path in paths:
        source = repo.root / path
        relative = os.path.relpath(source, repo.root)
        if relative.startswith(os.pardir) or relative == os.curdir:
            msg = f"{relative!r} lies outside of the repository, so that it cannot be copied. Give paths inside of {repo.root}."
            raise InvalidInput(msg)
        target = place.repo.root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, target)
        else:
            msg = f"There is no {relative!r}, so that it cannot be copied. Give paths that exist, relative to {repo.root}."
            raise NotFound(msg)


def clear_trees(repo: Repository) -> list[Path]:
    """Remove the working trees of experiments whose process was killed, with what still runs in them.

    Returns:
        Which.
    """
    if not (repo.our_tmp / _TREES / "locks").is_dir():
        return []
    cleared: list[Path] = []
    with _guarded(repo) as folder:
        for file in sorted(folder.glob("*.lock")):
            lock = SystemLock(file)
            if not lock.attempt(write=True):
                continue
            with suppress(OSError, ValueError, KeyError):
                told = json.loads(file.with_suffix(".json").read_bytes())
                root = Path(told["root"])
                logger.info("The working tree %s was left by an experiment that was killed. It is removed.", root)
                _end_commands(Path(told["inner"]))
                _remove(repo.require_git(), root)
                cleared.append(root)
            _forget(lock)
    return cleared


@contextmanager
def _guarded(repo: Repository) -> Iterator[Path]:
    """The folder with the locks, for the time of a block for nobody else."""
    folder = repo.our_tmp / _TREES / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    guard = SystemLock(folder / "guard")
    wait_for(lambda: guard.attempt(write=True), None, lambda: f"Process {guard.holder()} clears working trees away")
    try:
        yield folder
    finally:
        guard.release()


def _register(repo: Repository, root: Path, inner: Path) -> SystemLock:
    """Write down whose a tree is before it is there."""
    with _guarded(repo) as folder:
        lock = SystemLock(folder / f"{root.name}.lock")
        lock.attempt(write=True)
        lock.file.with_suffix(".json").write_text(json.dumps({"root": str(root), "inner": str(inner)}))
    return lock


def _forget(lock: SystemLock) -> None:
    lock.file.with_suffix(".json").unlink(missing_ok=True)
    lock.file.unlink(missing_ok=True)
    lock.release()


def _remove(git: GitRepository, root: Path) -> None:
    done = git.call("worktree", "remove", "--force", "--", str(root))
    if done.returncode:
        shutil.rmtree(root, ignore_errors=True)
        git.call("worktree", "prune")


def _end_commands(inner: Path) -> None:
    tmp = Repository(inner, {}).our_tmp
    for note in (tmp / "running").glob("*.json"):
        end_leftover(tmp, urllib.parse.unquote(note.stem))


def _write_config(repo: Repository, root: Path) -> None:
    """Have the new tree use the same cache and remotes, where paths are relative, too."""
    levels = repo.config.levels
    given = merged(levels.get("repo", {}), levels.get("local", {}), repo.overrides or {})
    cache = {**given.get("cache", {}), "dir": str(repo.cache_dir)}
    write_sections(root / ".dvc" / "config.local", "", _sections({**given, "cache": cache}))


def _sections(tree: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {}
    for section, options in tree.items():
        if section in _NAMED:
            sections |= {f'{section} "{name}"': _texts(inner) for name, inner in options.items()}
        else:
            sections[section] = _texts(options)
    return sections


def _texts(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [str(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
        for name, value in options.items()
    }
