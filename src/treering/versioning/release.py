"""Giving outputs back to the user: nothing is known of them any more, they are files of their own, and Git sees them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from treering.versioning.bounds import is_inside
from treering.versioning.gitignore import GitIgnores
from treering.versioning.link_record import LinkRecord
from treering.versioning.repository import Repository
from treering.versioning.unprotect import unprotect

__all__ = ["OutputPlace", "delete", "release"]


class OutputPlace(NamedTuple):
    """Where an output stands.

    Attributes:
        path: Absolute.
        cached: Whether it may be a link into the cache.
        ignored: Whether Git was told not to see it.
    """

    path: str
    cached: bool
    ignored: bool


def release(repo: Repository, record: LinkRecord, places: Iterable[OutputPlace], *, outs: bool) -> list[Path]:
    """Give outputs back, or delete them; the files for Git that changed.

    What lies outside of the repository is left alone: no document of other people's has a say in it.

    Args:
        repo: The repository; its index is changed and not saved.
        record: Changed and not saved.
        places: The outputs.
        outs: Whether they are deleted from the working tree.
    """
    inside = [place for place in places if is_inside(repo, place.path)]
    for path, cached, _ in inside:
        key = repo.relpath(path)
        record.drop(key)
        if outs:
            delete(path)
            repo.index.drop_tree(key)
            repo.index.drop_file(key)
        elif cached and os.path.exists(path):
            unprotect(repo, [path])
    if repo.git_root is None:
        return []
    with GitIgnores(repo.git_root, repo.environ) as ignores:
        for path, _, ignored in inside:
            if ignored:
                ignores.unignore(Path(path))
        ignores.apply()
    return ignores.touched


def delete(path: str) -> None:
    """Delete a file, a link or a folder with all that is in it, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError):
            os.unlink(path)
