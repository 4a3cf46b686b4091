"""Where tracked content may be put: in the repository, and in no folder that belongs to Git or DVC.

Pointers and lists of files come from other people. Whoever clones a repository and
brings its data must not find that a file of theirs elsewhere was replaced by it, or
that Git has a new hook.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from treering.storage.content.manifest import Manifest
from treering.versioning.errors import OutOfBounds
from treering.versioning.repository import Repository
from treering.versioning.roots import find_git_root

__all__ = ["is_inside", "refuse_foreign_names", "refuse_outside", "refuse_removal"]

# Some disks do not tell capital letters from small ones.
_OWNED = frozenset((".git", ".hg", ".dvc"))
_GIT_NAMED = re.compile(r"(?:\A|[/\0])\.(?:git|dvc)(?:[/\0]|\Z)", re.IGNORECASE)
_ROWS = 4096


def is_inside(repo: Repository, path: str) -> bool:
    """Whether an absolute, normalised path lies in the repository, by its name alone; the root does not."""
    return path.startswith(f"{str(repo.root).rstrip(os.sep)}{os.sep}")


def refuse_outside(repo: Repository, path: str) -> None:
    """See that content may be put at a path, which is absolute and normalised.

    A symbolic link that leads out of the repository is the user's own business,
    unless Git tracks it: then it came with the pointer.

    Raises:
        OutOfBounds: If it may not.
    """
    if not is_inside(repo, path):
        msg = f"{path!r} does not lie in the repository {str(repo.root)!r}, and outputs are put nowhere else. Correct its path, or remove it."
        raise OutOfBounds(msg)
    root = str(repo.root)
    _refuse_owned(os.path.relpath(path, root), path)
    links = [link for link in _above(root, path) if os.path.islink(link) and os.path.isdir(link)]
    if not links:
        return
    real, top = os.path.realpath(path), os.path.realpath(root)
    if real.startswith(f"{top}{os.sep}"):
        _refuse_owned(os.path.relpath(real, top), path)
        return
    # Not `repo.git`, which the repository's own config can switch off.
    git_root = find_git_root(Path(root))
    if git_root is None:
        return
    git = import_module("treering.versioning.git").GitRepository(git_root, repo.environ)
    if tracked := git.tracked(links):
        msg = (
            f"{path!r} lies behind {min(tracked)!r}, a symbolic link in Git that leads out of the repository, to {real!r}."
            " Nothing is put there. Replace the link by a folder, or by a link that Git does not track."
        )
        raise OutOfBounds(msg)


def refuse_foreign_names(manifest: Manifest, path: str) -> None:
    """See that none of a folder's files is one of Git's or DVC's own.

    Args:
        path: The folder, for the message.

    Raises:
        OutOfBounds: If one is.
    """
    for start in range(0, len(manifest), _ROWS):
        names = manifest.paths[start : start + _ROWS]
        if _GIT_NAMED.search("\0".join(names)):
            bad = next(name for name in names if _GIT_NAMED.search(name))
            msg = f"The list of files of {path!r} names {bad!r}, which would be a file of Git's or DVC's own. Nothing is put there."
            raise OutOfBounds(msg)


def refuse_removal(repo: Repository, path: str) -> None:
    """See that what a stage makes may be removed before it is made anew; it may lie outside of the repository.

    Args:
        path: Absolute and normalised.

    Raises:
        OutOfBounds: If the repository lies in it, or it is among the files of Git or DVC.
    """
    root = str(repo.root)
    if f"{root}{os.sep}".startswith(f"{path.rstrip(os.sep)}{os.sep}"):
        msg = f"The output {path!r} holds the repository itself, which would be removed with it. Correct its path."
        raise OutOfBounds(msg)
    if is_inside(repo, path):
        _refuse_owned(os.path.relpath(path, root), path)


def _refuse_owned(relative: str, path: str) -> None:
    owned = next((part for part in relative.split(os.sep) if part.lower() in _OWNED), "")
    if owned:
        msg = f"{path!r} lies in {owned!r}, which is not for data. Correct the path of this output, or remove it."
        raise OutOfBounds(msg)


def _above(root: str, path: str) -> Iterator[str]:
    """The path and the folders above it, below the root."""
    while len(path) > len(root):
        yield path
        path = os.path.dirname(path)
