"""Other people's Git repositories, kept on this machine for imports: cloned once, and then only brought up to date.

A repository on this machine's own disk is opened where it is. Of any other there is a
bare mirror in the cache that all repositories share, under a name made from its URL.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from treering.core.errors import NotSupported, without_passwords
from treering.versioning.errors import GitFailed, UnknownRevision
from treering.versioning.git import GitRepository
from treering.versioning.locks import repository_lock
from treering.versioning.roots import find_git_root

__all__ = ["is_bare", "is_git_url", "open_git"]

_FOLDER = "treering/git"
# All branches, tags and experiments; what is gone there goes here.
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/exps/*:refs/exps/*")
_SCP = ":"
_PROGRAM = re.compile(r"[A-Za-z0-9_+.-]*::")


def is_git_url(url: str) -> bool:
    """Whether it names a repository that has to be fetched: `https://...`, `ssh://...`, `file://...`, `user@host:path`."""
    if "://" in url:
        return True
    host, colon, _ = url.partition(_SCP)
    # A drive of Windows is one letter; and a path with a colon in a later part is a path.
    return bool(colon) and "/" not in host and len(host) > 1 and not os.path.exists(url)


def is_bare(folder: Path) -> bool:
    """Whether a folder is itself what a working tree has in `.git`: a repository without files."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def open_git(
    url: str,
    site_cache: Path,
    environ: Mapping[str, str],
    *,
    rev: str = "",
    base: Path | None = None,
    fresh: bool = True,
) -> tuple[GitRepository, str]:
    """A repository by its URL or path, and the commit that a revision of it names.

    Args:
        url: Where it is.
        site_cache: The folder that all repositories share.
        environ: The variables of the process.
        rev: A branch, tag or commit; its HEAD unless given.
        base: What a relative path counts from; the current folder unless given.
        fresh: Whether the answer has to be that of now. A commit that is there by its whole name never changes,
            and is not asked for again.

    Raises:
        GitFailed: If it cannot be reached, or is no repository.
        NotSupported: If it names a program, as `ext::`.
        UnknownRevision: If it has no such revision.
    """
    if _PROGRAM.match(url):
        msg = f"{url!r} names a program that Git would run, which no import may. Give a URL with `://`, or a path."
        raise NotSupported(msg)
    if not is_git_url(url):
        git = _local(base / url if base else Path(url), environ)
        return git, git.resolve(rev or "HEAD")
    folder = site_cache / _FOLDER / hashlib.sha256(url.encode()).hexdigest()
    with repository_lock(folder.with_suffix(".lock"), f"The mirror of {without_passwords(url)}").hold():
        git = GitRepository(folder, environ)
        new = not (folder / "HEAD").is_file()
        if new:
            _clone(url, folder, environ)
        elif fresh and not _is_commit(git, rev):
            _update(git, url)
        try:
            return git, git.resolve(rev or "HEAD")
        except UnknownRevision:
            if new or (fresh and not _is_commit(git, rev)):
                raise
        _update(git, url)
        return git, git.resolve(rev or "HEAD")


def _local(path: Path, environ: Mapping[str, str]) -> GitRepository:
    resolved = Path(os.path.abspath(path.expanduser()))
    root = find_git_root(resolved)
    bare = is_bare(resolved)
    if root is None and not bare:
        msg = f"{resolved} is no Git repository, and lies in none. Give the URL or the path of one."
        raise GitFailed(msg)
    return GitRepository(resolved if bare or root is None else root, environ)


def _clone(url: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Made beside its place and moved there when it is whole, so that a clone that broke off is none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f"{folder.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        above = GitRepository(folder.parent, environ)
        above.run("clone", "--quiet", "--bare", "--end-of-options", url, str(part))
        made = GitRepository(part, environ)
        made.fetch(url, _EVERYTHING, force=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _update(git: GitRepository, url: str) -> None:
    git.fetch(url, _EVERYTHING, force=True, prune=True)
    head = git.text("ls-remote", "--symref", "--end-of-options", url, "HEAD")
    for line in head.splitlines():
        if line.startswith("ref: "):
            git.run("symbolic-ref", "HEAD", line.split()[1])


def _is_commit(git: GitRepository, rev: str) -> bool:
    """Whether a revision is the whole name of a commit that is there."""
    return len(rev) >= 40 and git.reader.find_commit(rev) is not None  # noqa: PLR2004 - digits of SHA-1
