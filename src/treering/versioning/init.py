"""Makes a folder a repository of data versions: `.dvc` with an empty config, and what Git has to know of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.versioning.git import GitRepository
from treering.versioning.ignore import IGNORE_FILE
from treering.versioning.repository import Repository
from treering.versioning.roots import DVC_DIR, find_git_root

__all__ = ["init_repository"]

_IGNORE = b"""\
# What is not to be looked at within tracked folders, in the syntax of .gitignore.
# Leaving out what nobody needs makes every command faster.
"""
_NO_SCM = "[core]\n    no_scm = True\n"


def init_repository(
    path: Path, environ: Mapping[str, str], *, no_scm: bool = False, force: bool = False, subdir: bool = False
) -> Repository:
    """Make a repository, and stage its files in Git.

    Args:
        path: The folder; it is made if it is not there.
        environ: The variables of the process.
        no_scm: It is not, or does not count as, part of a Git repository.
        force: Over one that is there: its config is made anew, and its cache is kept.
        subdir: It may lie anywhere in a Git repository; otherwise only at its root.

    Raises:
        NotFound: If there is no Git repository where one has to be.
        AlreadyExists: If it is a repository, and not `force`.
        InvalidInput: If Git ignores `.dvc`, or the options exclude each other.
    """
    if no_scm and subdir:
        msg = "A repository without Git cannot be a part of a Git repository. Give either --no-scm or --subdir."
        raise InvalidInput(msg)
    root = Path(os.path.abspath(path))
    git = None if no_scm else _git(root, environ, subdir=subdir)
    dvc_dir = root / DVC_DIR
    if git is not None and git.is_ignored(str(dvc_dir)):
        msg = f"{dvc_dir} is ignored by Git. Make sure that it is tracked, for example by adding '!.dvc' to .gitignore."
        raise InvalidInput(msg)
    if dvc_dir.is_dir():
        if not force:
            msg = f"{str(dvc_dir)!r} exists. Use `-f` to force."
            raise AlreadyExists(msg)
        _clear(dvc_dir)
    dvc_dir.mkdir(parents=True, exist_ok=True)
    (dvc_dir / "config").write_text(_NO_SCM if no_scm else "", "utf-8")
    if not (root / IGNORE_FILE).exists():
        (root / IGNORE_FILE).write_bytes(_IGNORE)
    repo = Repository(root, environ)
    with repo.lock():  # which writes .dvc/.gitignore
        if git is not None:
            git.add(str(file) for file in (dvc_dir / "config", dvc_dir / ".gitignore", root / IGNORE_FILE))
    return repo


def _git(root: Path, environ: Mapping[str, str], *, subdir: bool) -> GitRepository:
    found = find_git_root(root)
    if found is None or (found != root and not subdir):
        msg = (
            f"{root} is not the root of a Git repository. Use --no-scm if you do not want to use Git, or --subdir if"
            " it lies inside of a Git repository; or begin one with `git init`."
        )
        raise NotFound(msg)
    return GitRepository(found, environ)


def _clear(dvc_dir: Path) -> None:
    """Remove all but the cache: what is in there may be nowhere else."""
    for entry in dvc_dir.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            if entry.name != "cache":
                shutil.rmtree(entry)
        else:
            entry.unlink()
