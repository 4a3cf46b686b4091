"""Brings imports up to date with where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from treering.core.errors import InvalidInput, NotFound
from treering.versioning.autostage import autostage
from treering.versioning.checkout import CheckoutOptions, Wanted, checkout_outputs
from treering.versioning.entries import Dependency
from treering.versioning.import_content import download, newest, send_to_remote, url_of
from treering.versioning.outputs import Outputs
from treering.versioning.pointers import Output, Pointer, write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.remotes import open_remote
from treering.versioning.repository import Repository
from treering.versioning.sources import OutputSource, Sources, only_pointers
from treering.versioning.trees import is_cached

__all__ = ["SourceNews", "UpdateOptions", "UpdateReport", "update"]


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How to update.

    Attributes:
        rev: Of an import from a repository: follow this branch, tag or commit from now on.
        recursive: Whether a folder means all imports below it.
        download: Unless set, only the pointers change; `pull` brings the content.
        force: Whether changes of the user's in the imported files are overwritten.
        to_remote: Of an import from a URL: whether its content goes to a remote, past the cache and the working tree.
        remote: Which; the default one unless given.
        jobs: How many files travel to it at once.
    """

    rev: str = ""
    recursive: bool = False
    download: bool = True
    force: bool = True
    to_remote: bool = False
    remote: str = ""
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What was done.

    Attributes:
        changed: Pointers that say something else now.
        unchanged: Pointers of imports that have no news.
    """

    changed: tuple[Pointer, ...] = ()
    unchanged: tuple[Pointer, ...] = ()
    touched: tuple[Path, ...] = ()
    staged: bool = False


def update(
    repo: Repository,
    targets: Iterable[str | Path] | None = None,
    options: UpdateOptions | None = None,
    *,
    sources: Sources = only_pointers,
    progress: Progress = NO_PROGRESS,
) -> UpdateReport:
    """Bring imports up to date: content, pointer and files.

    Args:
        targets: Relative to the current folder; all imports unless given.
        sources: Who knows of outputs in the repositories that were imported from.

    Raises:
        InvalidInput: If a target is no import, or a revision is given for one from a URL.
        NotTracked: If a target means nothing.
        NotFound: If a source is gone.
        Unavailable: If a source cannot be reached.
    """
    options = options or UpdateOptions()
    words = list(targets or ())
    with repo.lock():
        known: Sequence[OutputSource] = sources(repo)
        selected = Outputs(repo, known).select(words, recursive=options.recursive)
        found = {str(one.tracked.pointer.file): one.tracked.pointer for one in selected if one.tracked.pointer}
        imports = [pointer for pointer in found.values() if pointer.is_import]
        _check(words, options, list(found.values()), whole=len(found) == len(selected))
        changed: list[Pointer] = []
        unchanged: list[Pointer] = []
        touched: list[Path] = []
        for pointer in imports:
            new = _updated(repo, pointer, options, sources, progress)
            (changed if new != pointer else unchanged).append(new)
            if write_pointer(new):
                touched.append(new.file)
        return UpdateReport(tuple(changed), tuple(unchanged), tuple(touched), autostage(repo, touched))


class SourceNews:
    """Tells of imports whether their sources have something newer, as `status` asks for it; each source is asked once."""

    def __init__(self, repo: Repository, sources: Sources = only_pointers) -> None:
        self._repo = repo
        self._sources = sources
        self._commits: dict[str, str] = {}

    def __call__(self, pointer: Pointer, dep: Dependency) -> str:
        """What `status` says of it: "update available", "deleted" or "". Raises as `newest`."""
        try:
            if dep.repo is None:
                return "" if _same(dep, newest(self._repo, pointer, self._sources)) else "update available"
            asked = repr(replace(dep.repo, rev_lock=""))
            if asked not in self._commits:
                found = newest(self._repo, pointer, self._sources).repo
                self._commits[asked] = "" if found is None else found.rev_lock
        except NotFound:
            return "deleted"
        return "" if self._commits[asked] == dep.repo.rev_lock else "update available"


def _check(words: Sequence[str | Path], options: UpdateOptions, found: Sequence[Pointer], *, whole: bool) -> None:
    if options.to_remote and not options.download:
        msg = "What goes to a remote has to be read: leave out `--no-download`, or `--to-remote`."
        raise InvalidInput(msg)
    if options.remote and not options.to_remote:
        msg = "A remote is named for `--to-remote` alone. Add that, or leave out `--remote`."
        raise InvalidInput(msg)
    if options.to_remote and any(pointer.is_repo_import for pointer in found):
        msg = "Data imported from other DVC or Git repositories can't be updated with --to-remote. Name the others."
        raise InvalidInput(msg)
    plain = [pointer for pointer in found if not pointer.is_import]
    if words and not options.recursive and (plain or not whole):
        what = plain[0].file.name if plain else str(words[0])
        msg = f"{what!r} is no import, so that there is nothing to update it from. Add it anew if it has changed."
        raise InvalidInput(msg)
    others = [pointer for pointer in found if pointer.is_import and not pointer.is_repo_import]
    if options.rev and words and others:
        msg = f"{others[0].file.name!r} was imported from a URL, which has no revisions. Leave `--rev` out."
        raise InvalidInput(msg)


def _updated(
    repo: Repository, pointer: Pointer, options: UpdateOptions, sources: Sources, progress: Progress
) -> Pointer:
    dep, out = pointer.deps[0], pointer.outs[0]
    if options.rev and dep.repo is not None:
        dep = replace(dep, repo=replace(dep.repo, rev=options.rev))
    asked = replace(pointer, deps=(dep,))
    new = newest(repo, asked, sources)
    same = _same(pointer.deps[0], new)
    asked = replace(asked, deps=(new,))
    if options.to_remote:
        remote = open_remote(repo, options.remote, jobs=options.jobs)
        return (
            asked if same else replace(asked, outs=(send_to_remote(url_of(repo, asked), out, remote, repo, progress),))
        )
    if same and not pointer.is_partial:
        if not options.download or (out.oid is not None and is_cached(repo, out.oid)):
            if options.download:
                _place(repo, asked, options, progress)
            return asked
    elif not options.download:
        return asked if same else replace(asked, outs=(_forgotten(out),))
    imported = download(repo, asked, sources, progress)
    asked = replace(asked, outs=(imported.output,), deps=(imported.dependency,))
    _place(repo, asked, options, progress)
    return asked


def _place(repo: Repository, pointer: Pointer, options: UpdateOptions, progress: Progress) -> None:
    out = pointer.outs[0]
    wanted = Wanted(out, str(pointer.output_path(out)))
    checkout_outputs(repo, [wanted], CheckoutOptions(force=options.force), progress)


def _forgotten(out: Output) -> Output:
    """An output whose content is not known any more."""
    return replace(out, oid=None, hash="md5", etag="", checksum="", size=None, nfiles=None, files=None, cloud={})


def _same(old: Dependency, new: Dependency) -> bool:
    if old.repo is not None and new.repo is not None:
        return old.repo.rev_lock == new.repo.rev_lock
    known = old.oid or old.etag.lower() or old.checksum.lower()
    return bool(known) and known == (new.oid or new.etag.lower() or new.checksum.lower())
