"""Keeps what is staged as the user left it: a stage may stage what it writes, as DVCLive does, and the run does not show in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from treering.versioning.errors import GitFailed
from treering.versioning.git import GitRepository, lines_of

__all__ = ["staging_kept"]

_REMOVED = "0"


class _Entry(NamedTuple):
    mode: str
    blob: str


class _Staged(NamedTuple):
    """A path that is staged: as it is in the commit, and as it is in the index."""

    committed: _Entry
    staged: _Entry


@contextmanager
def staging_kept(git: GitRepository, head: str) -> Iterator[None]:
    """Undo after the block what it did to Git's index; no file is touched.

    Args:
        git: The working tree.
        head: The commit that is checked out. If it is another one after the block, the index is left alone.
    """
    before = _staged(git, head)
    try:
        yield
    finally:
        # That something stays staged is no reason for a run to fail.
        with suppress(GitFailed):
            if git.text("rev-parse", "HEAD") == head:
                _put_back(git, before, _staged(git, head))


def _staged(git: GitRepository, head: str) -> dict[str, _Staged]:
    told = git.run("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", head)
    fields = iter(lines_of(told))
    found = {}
    for head_of_entry, path in zip(fields, fields, strict=True):
        old_mode, new_mode, old, new, status = head_of_entry.removeprefix(":").split(" ")
        # A conflict is the user's to solve.
        if status != "U":
            found[path] = _Staged(_Entry(old_mode, old), _Entry(new_mode, new))
    return found


def _put_back(git: GitRepository, before: dict[str, _Staged], after: dict[str, _Staged]) -> None:
    wanted = {path: before[path].staged if path in before else one.committed for path, one in after.items()}
    wanted |= {path: one.staged for path, one in before.items()}
    lines = [
        f"{entry.mode if entry.mode.strip('0') else _REMOVED} {entry.blob}\t{path}\0"
        for path, entry in wanted.items()
        if path not in before or path not in after or before[path].staged != after[path].staged
    ]
    if lines:
        text = "".join(lines).encode(errors="surrogateescape")
        git.run("update-index", "-z", "--index-info", stdin=text)
