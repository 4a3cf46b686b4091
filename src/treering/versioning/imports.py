"""Imports: data of another repository, or from a URL, tracked here with where it came from.

The content comes into the cache and to its place; the pointer says which commit, or
what mark, it was taken at, so that `update` can tell whether there is news.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from treering.core.errors import AlreadyExists, InvalidInput
from treering.versioning.autostage import autostage
from treering.versioning.checkout import CheckoutOptions, Wanted, checkout_outputs
from treering.versioning.errors import OutputClash
from treering.versioning.git_mirrors import is_git_url
from treering.versioning.gitignore import GitIgnores
from treering.versioning.import_content import download, newest, send_to_remote, url_of
from treering.versioning.name_patterns import OURS
from treering.versioning.outputs import Outputs
from treering.versioning.pointers import SUFFIX, Dependency, Output, Pointer, RepoSource, is_pointer_name, write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import open_remote
from treering.versioning.repository import Repository
from treering.versioning.sources import Sources, only_pointers
from treering.versioning.url_source import refuse_versions

__all__ = ["ImportOptions", "ImportReport", "import_path", "import_url"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import.

    Attributes:
        out: Where to; a folder that exists takes it in. Unless given, the current folder.
        force: Whether what stands there is replaced.
        execute: Unless set, only the pointer is written, and nothing is looked at.
        download: Unless set, the pointer says where the content comes from, and `pull` brings it.
        only: Only files of a folder whose path in it matches one of these patterns, which the pointer remembers.
        fs_config: Of a URL: options in the words of a remote's config, which the pointer remembers.
        version_aware: Asks for what is refused.
        to_remote: Of a URL: whether the content goes to a remote, past the cache and the working tree.
        remote: Which; the default one unless given.
        jobs: How many files travel to it at once.
    """

    out: str | os.PathLike[str] | None = None
    force: bool = False
    execute: bool = True
    download: bool = True
    only: tuple[str, ...] = ()
    fs_config: Mapping[str, Any] = field(default_factory=dict)
    version_aware: bool = False
    to_remote: bool = False
    remote: str = ""
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was done.

    Attributes:
        touched: Files for Git: the pointer, and `.gitignore`.
        staged: Whether they were given to Git already, as `core.autostage` says.
    """

    pointer: Pointer
    touched: tuple[Path, ...] = ()
    staged: bool = False


def import_path(
    repo: Repository,
    source: RepoSource,
    path: str,
    options: ImportOptions | None = None,
    *,
    sources: Sources = only_pointers,
    progress: Progress = NO_PROGRESS,
) -> ImportReport:
    """Import a file or folder of another repository, from its DVC or from its Git.

    Args:
        source: The other repository; a relative path of it is relative to the current folder.
        path: What to import, relative to the root of that repository.
        sources: Who knows of outputs in it.

    Raises:
        NotFound: If there is no such repository or path, or its content is nowhere.
        UnknownRevision: If there is no such revision.
        AlreadyExists: If something stands where it is to go, and `force` is not set.
        OutputClash: If it would overlap with another output, or Git tracks what is there.
        Unavailable: If the repository or its remote cannot be reached.
    """
    options = options or ImportOptions()
    with repo.lock():
        known = replace(source, url=_from_root(repo, source.url), rev_lock="")
        pointer = _begun(repo, path, options)
        pointer = replace(pointer, deps=(Dependency(path, repo=known),))
        return _finished(repo, pointer, options, sources, progress)


def import_url(
    repo: Repository, url: str, options: ImportOptions | None = None, progress: Progress = NO_PROGRESS
) -> ImportReport:
    """Import a file or folder from a URL or path.

    Raises:
        NotFound: If nothing is there.
        NotSupported: If nothing speaks its scheme, or versions are asked for.
        AlreadyExists: As `import_path`; so OutputClash and Unavailable.
    """
    options = options or ImportOptions()
    if options.version_aware:
        refuse_versions(url)
    if options.to_remote and not (options.execute and options.download):
        msg = "What goes to a remote has to be read: leave out `--no-exec` and `--no-download`, or `--to-remote`."
        raise InvalidInput(msg)
    if options.remote and not options.to_remote:
        msg = "A remote is named for `--to-remote` alone. Add that, or leave out `--remote`."
        raise InvalidInput(msg)
    with repo.lock():
        pointer = _begun(repo, url, options)
        dep = Dependency(_as_written(repo, url, pointer), fs_config=options.fs_config)
        pointer = replace(pointer, deps=(dep,))
        return _finished(repo, pointer, options, only_pointers, progress)


def _begun(repo: Repository, path: str, options: ImportOptions) -> Pointer:
    """The pointer without where it comes from, once it is clear that it may be made."""
    name = os.path.basename(path.rstrip("/").partition("?")[0])
    out = os.fspath(options.out) if options.out is not None else ""
    inside = not out or out.endswith(("/", os.sep)) or os.path.isdir(out)
    target = Path(os.path.abspath(os.path.join(out, name) if inside else out))
    if not target.name or is_pointer_name(target.name):
        msg = f"{target.name!r} cannot be the name of an output. Name another with `--out`."
        raise InvalidInput(msg)
    key = repo.relpath(target)
    if key == "." or key.startswith("../"):
        msg = f"{str(target)!r} lies outside of the repository {str(repo.root)!r}. Name a place in it with `--out`."
        raise InvalidInput(msg)
    _check_place(repo, target, options)
    target.parent.mkdir(parents=True, exist_ok=True)
    meta = {OURS: {"only": list(options.only)}} if options.only else None
    return Pointer(Path(f"{target}{SUFFIX}"), (Output(target.name, meta=meta),), frozen=True)


def _check_place(repo: Repository, target: Path, options: ImportOptions) -> None:
    shown = repo.relpath(target)
    outputs = Outputs(repo)
    around = outputs.around(str(target))
    others = [one for one in ([] if around is None else [around]) if one.path != target] + outputs.below(str(target))
    if others:
        other, address = repo.relpath(others[0].path), others[0].address
        msg = f"{shown!r} would overlap with {other!r}, an output of {address!r}. Choose another place with `--out`."
        raise OutputClash(msg)
    pointer = Path(f"{target}{SUFFIX}")
    if around is not None and (around.pointer is None or around.pointer.file != pointer):
        msg = f"{shown!r} is an output of {around.address!r} already. Choose another place with `--out`."
        raise OutputClash(msg)
    if not options.force and (os.path.lexists(target) or pointer.exists()):
        msg = f"The path {shown!r} already exists. To replace it, use `--force`; or name another with `--out`."
        raise AlreadyExists(msg)
    if repo.git is not None and repo.git.is_tracked(str(target)):
        msg = f"Git tracks {shown!r}. Run `git rm -r --cached {shown}` first, or choose another place with `--out`."
        raise OutputClash(msg)


def _finished(
    repo: Repository, pointer: Pointer, options: ImportOptions, sources: Sources, progress: Progress
) -> ImportReport:
    lands = options.execute and options.download and not options.to_remote
    if lands:
        found = download(repo, pointer, sources, progress)
        pointer = replace(pointer, outs=(found.output,), deps=(found.dependency,))
    elif options.execute:
        pointer = replace(pointer, deps=(newest(repo, pointer, sources),))
    if options.to_remote:
        remote = open_remote(repo, options.remote, jobs=options.jobs)
        sent = send_to_remote(url_of(repo, pointer), pointer.outs[0], remote, repo, progress)
        pointer = replace(pointer, outs=(sent,))
    out = pointer.outs[0]
    target = pointer.output_path(out)
    touched: list[Path] = []
    with _ignoring(repo, target, touched):
        if lands:
            checkout_outputs(repo, [Wanted(out, str(target))], CheckoutOptions(force=True), progress)
        if write_pointer(pointer):
            touched.insert(0, pointer.file)
    return ImportReport(pointer, tuple(touched), autostage(repo, touched))


@contextmanager
def _ignoring(repo: Repository, target: Path, touched: list[Path]) -> Iterator[None]:
    """Have Git ignore an output; not, if what happens meanwhile fails."""
    if repo.git_root is None:
        yield
        return
    with GitIgnores(repo.git_root, repo.environ) as ignores:
        ignores.ignore(target)
        touched += ignores.apply()
        yield


def _from_root(repo: Repository, url: str) -> str:
    """How a repository is named in a pointer: a relative path of it is relative to the root, wherever the user stands."""
    if is_git_url(url) or os.path.isabs(url) or url.startswith("~"):
        return url
    absolute = os.path.abspath(url)
    return url if os.path.samefile(Path.cwd(), repo.root) else repo.relpath(absolute)


def _as_written(repo: Repository, url: str, pointer: Pointer) -> str:
    """How a URL or path is named in a pointer: a path in this repository is relative to the pointer's folder."""
    if "://" in url or url.startswith("~"):
        return url
    absolute = os.path.abspath(url)
    if os.path.isabs(url) and repo.relpath(absolute).startswith("../"):
        return url
    return os.path.relpath(absolute, pointer.path_of(".")).replace(os.sep, "/")
