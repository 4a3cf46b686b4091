"""Makes a repository of data versions an ordinary folder again. The user's data stays; what was only in the cache is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from treering.core.errors import Conflict
from treering.versioning.bounds import is_inside
from treering.versioning.ignore import IGNORE_FILE
from treering.versioning.outputs import Outputs
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.sources import OutputSource
from treering.versioning.unprotect import unprotect

__all__ = ["destroy"]


def destroy(
    repo: Repository, *, sources: Sequence[OutputSource] | None = None, progress: Progress = NO_PROGRESS
) -> None:
    """Remove pointers, pipelines, ignore file, config and cache; a cache that lies elsewhere stays.

    Links into the cache become files of their own first, so that nothing in the working tree is lost.

    Args:
        sources: Whose outputs there are; pointers only, unless given.

    Raises:
        InvalidInput: If a document cannot be used; nothing was changed then.
        Conflict: If a link that lies outside of the repository leads into the cache; nothing was changed then.
        StorageFull: If there is no room for copies; the cache is still there then.
    """
    with repo.lock():
        outputs = Outputs(repo, sources)
        places = [str(one.path) for one in outputs if os.path.exists(one.path)]
        # What lies elsewhere is not ours to write to, and not ours to break.
        goes = is_inside(repo, os.path.abspath(repo.cache_dir))
        for path in places:
            if goes and not is_inside(repo, path):
                _refuse_link(repo, path)
        unprotect(repo, [path for path in places if is_inside(repo, path)], progress)
        for name in outputs.tree.documents().files():
            for file in (name, f"{name.removesuffix('.yaml')}.lock"):
                if file == name or name.endswith(".yaml"):
                    _unlink(repo.root / file)
        _unlink(repo.root / IGNORE_FILE)
    shutil.rmtree(repo.dvc_dir)


def _refuse_link(repo: Repository, path: str) -> None:
    cache = os.path.realpath(repo.cache_dir)
    files = [path, *(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)]
    for file in files:
        if os.path.islink(file) and os.path.realpath(file).startswith(f"{cache}{os.sep}"):
            msg = f"{file!r} is a link into the cache, which would be gone. Replace it by a copy, and try again."
            raise Conflict(msg)


def _unlink(file: Path) -> None:
    with suppress(FileNotFoundError):
        file.unlink()
