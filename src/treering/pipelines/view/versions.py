"""The contents that a tracked path had: from Git's history of the pointer or lock file that tells of it.

Git is asked once for the commits that changed such a file, and once for what stood in it then.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from treering.core.errors import NotFound, TreeringError
from treering.entities.repository import DataVersion, VersionList
from treering.pipelines.lock_blocks import blocks_with
from treering.pipelines.lockfile import lock_path, read_lock
from treering.pipelines.stages import StageSet
from treering.pipelines.view.places import Place, checked_path, find_place
from treering.pipelines.view.recorded import Recorded
from treering.storage.content.oid import Oid
from treering.versioning.git import GitRepository
from treering.versioning.pointers import read_pointer
from treering.versioning.repository import Repository
from treering.versioning.sources import Revisions

__all__ = ["Told", "version_list"]

_MOST_COMMITS = 2000
_MOST_VERSIONS = 500
_MOST_REFS = 500
# What stands before each commit, which lines of files do not begin with.
_HEAD = "\x01"
_FORMAT = f"{_HEAD}%H%x00%an%x00%ct%x00%s"


class Told(NamedTuple):
    """What a pointer or lock file says of a path."""

    oid: str
    size: int | None
    files: int | None


class _Change(NamedTuple):
    """A file that a commit changed: its objects in the parents and in the commit; "" where it was not."""

    path: str
    before: tuple[str, ...]
    after: str


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit that changed some of the files."""

    sha: str
    author: str
    at: int
    message: str
    changes: list[_Change]


def version_list(
    stages: StageSet, path: str, recorded: Recorded, known: MutableMapping[tuple[str, str], Told | None]
) -> VersionList:
    """The versions of a path.

    Args:
        stages: Of the working tree.
        path: Relative to the root of the repository; an output, of now or of before.
        recorded: Tells what runs recorded.
        known: What files that Git keeps said of paths, by the file's object and the path; is added to.

    Raises:
        NotFound: If it never was tracked.
        InvalidInput: If it climbs.
    """
    repo = stages.repo
    wanted = checked_path(path)
    place = find_place(stages, wanted)
    if place is not None and place.within:
        msg = f"{path!r} lies in {place.path!r}, which is tracked as a whole. Ask for the versions of that."
        raise NotFound(msg)
    versions, truncated = _of_history(repo, wanted, place, known)
    now = _told_now(place)
    if now is not None:
        versions = _with_current(versions, now, place)
    if not versions:
        msg = f"{path!r} is not tracked, and never was in the history of Git. Look at what is tracked."
        raise NotFound(msg)
    return VersionList([_with_runs(one, wanted, recorded) for one in versions[:_MOST_VERSIONS]], truncated)


def _of_history(
    repo: Repository, path: str, place: Place | None, known: MutableMapping[tuple[str, str], Told | None]
) -> tuple[list[DataVersion], bool]:
    git = repo.git
    if git is None:
        return [], False
    revisions = Revisions(repo)
    files = [f"{revisions.prefix}{file}" for file in _files_that_tell(repo, path, place)]
    commits = list(_commits(git, files))
    told = _Telling(repo, revisions, path, place, known)
    told.prepare(sha for commit in commits for change in commit.changes for sha in (*change.before, change.after))
    versions = [version for commit in commits if (version := _version(commit, told)) is not None]
    truncated = len(commits) >= _MOST_COMMITS or len(versions) > _MOST_VERSIONS
    return _named(git, versions, files, told), truncated


def _files_that_tell(repo: Repository, path: str, place: Place | None) -> list[str]:
    """The files that may tell of a path or may have told: its pointer, and lock files in the folders above."""
    files = [f"{path}.dvc"]
    if place is not None:
        file = repo.relpath(place.stage.file)
        files.append(file if place.stage.is_pointer else lock_path(file))
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        files.append(posixpath.join(folder, "dvc.lock"))
    return list(dict.fromkeys(files))


def _commits(git: GitRepository, files: Sequence[str]) -> Iterator[_Commit]:
    """The commits that changed one of the files, the newest first; a merge only where it is like none of its parents."""
    scope = ["--branches", "--tags", "--remotes", *(["HEAD"] if git.has_commits else [])]
    text = git.run(
        *("log", "--full-history", "--date-order", "-c", "--raw", "-r", "--root", "--no-abbrev", "--no-renames", "-z"),
        *(f"--max-count={_MOST_COMMITS}", f"--format={_FORMAT}", "--no-show-signature", *scope, "--", *files),
    )
    words = iter(text.split(b"\0"))
    commit: _Commit | None = None
    for word in words:
        line = word.decode("utf-8", "replace").lstrip("\n")
        if line.startswith(_HEAD):
            if commit is not None:
                yield commit
            author, at, message = (next(words).decode("utf-8", "replace") for _ in range(3))
            commit = _Commit(line[1:], author, int(at) * 1000, message, [])
        elif line.startswith(":") and commit is not None:
            commit.changes.append(_change(line, os.fsdecode(next(words))))
    if commit is not None:
        yield commit


def _change(line: str, path: str) -> _Change:
    # :100644 100644 <old> <new> M; of a merge a colon, a mode and an object more for each further parent.
    parents = len(line) - len(line.lstrip(":"))
    shas = line.lstrip(":").split(" ")[parents + 1 : 2 * parents + 2]
    *before, after = ("" if set(sha) == {"0"} else sha for sha in shas)
    return _Change(path, tuple(before), after)


def _version(commit: _Commit, told: _Telling) -> DataVersion | None:
    """What a commit made of the path; None where it did not change it."""
    after = {found for change in commit.changes if (found := told.of(change.path, change.after))}
    parents = max((len(change.before) for change in commit.changes), default=0)
    for parent in range(parents):
        before = {
            found
            for change in commit.changes
            if parent < len(change.before) and (found := told.of(change.path, change.before[parent]))
        }
        if {one.oid for one in before} == {one.oid for one in after}:
            return None
    if not parents:
        return None
    new = min(after, default=Told("", None, None))
    return DataVersion(new.oid, new.size, new.files, commit.sha, commit.author, commit.message, commit.at)


class _Telling:
    """What the files of a history say of one path."""

    def __init__(
        self,
        repo: Repository,
        revisions: Revisions,
        path: str,
        place: Place | None,
        known: MutableMapping[tuple[str, str], Told | None],
    ) -> None:
        self._repo = repo
        self._prefix = revisions.prefix
        self._objects = revisions.objects
        self._path = path
        self._absolute = os.path.join(repo.root, path)
        self._place = place
        self._known = known
        self._texts: dict[str, bytes] = {}

    def prepare(self, shas: Iterator[str]) -> None:
        """Have all these objects read at once."""
        wanted = [sha for sha in dict.fromkeys(shas) if sha and (sha, self._path) not in self._known]
        self._texts |= {sha: text for sha, _, text in self._objects.read_many(wanted)}

    def of(self, file: str, sha: str) -> Told | None:
        """What the file, by its path in Git, says in that object; None if nothing, or it cannot be understood."""
        if not sha:
            return None
        key = sha, self._path
        if key not in self._known:
            text = self._texts.get(sha)
            self._known[key] = self._read(file.removeprefix(self._prefix), self._blob(sha) if text is None else text)
        return self._known[key]

    def _blob(self, sha: str) -> bytes:
        return self._objects.blob(sha)

    def _read(self, file: str, text: bytes) -> Told | None:
        try:
            if file.endswith(".lock"):
                return self._of_lock(file, text)
            pointer = read_pointer(Path(self._repo.root, file), text)
        except TreeringError:
            return None
        for out in pointer.outs:
            if pointer.path_of(out.path) == self._absolute and (out.oid or out.files is not None):
                return Told(out.oid.value if out.oid else "", out.size, out.nfiles)
        return None

    def _of_lock(self, file: str, text: bytes) -> Told | None:
        # Most stages of a lock file are others, which need not be parsed. What is escaped cannot be looked for.
        name_in_it = os.fsencode(posixpath.basename(self._path))
        if name_in_it.isascii() and b"\\" not in text:
            text = blocks_with(text, name_in_it)
        folder = os.path.join(self._repo.root, os.path.dirname(file))
        own = self._place.stage if self._place is not None else None
        for name, stage in read_lock(text, file).stages.items():
            base = str(own.wdir) if own is not None and own.name == name else folder
            for out in stage.get("outs", ()):
                if os.path.normpath(os.path.join(base, out["path"])) == self._absolute:
                    return _told_of(out)
        return None


def _told_of(entry: Mapping[str, Any]) -> Told | None:
    digest = entry.get("md5")
    return Told(str(digest), entry.get("size"), entry.get("nfiles")) if digest else None


def _named(
    git: GitRepository, versions: Sequence[DataVersion], files: Sequence[str], told: _Telling
) -> list[DataVersion]:
    """The versions with the branches and tags at whose tips they are."""
    branches = _by_content(git, git.branches, files, told)
    tags = _by_content(git, git.tags, files, told)
    found = []
    for one in versions:
        # Where a content came twice, the tips have the later one.
        named = replace(one, branches=branches.pop(one.oid, ()), tags=tags.pop(one.oid, ())) if one.oid else one
        found.append(named)
    return found


def _by_content(
    git: GitRepository, refs: Callable[[], Mapping[str, str]], files: Sequence[str], told: _Telling
) -> dict[str, list[str]]:
    reader = git.reader
    found: dict[str, list[str]] = {}
    for name, commit in list(refs().items())[:_MOST_REFS]:
        head = reader.find_commit(commit)
        if head is None:
            continue
        tree = reader.tree(head.sha)
        for file in files:
            entry = tree.find(file)
            content = told.of(file, entry.sha) if entry is not None and not entry.is_folder else None
            if content is not None:
                found.setdefault(content.oid, []).append(name)
                break
    return found


def _told_now(place: Place | None) -> Told | None:
    if place is None or place.out.oid is None:
        return None
    return Told(place.out.oid.value, place.out.size, place.out.nfiles)


def _with_current(versions: list[DataVersion], now: Told, place: Place | None) -> list[DataVersion]:
    """The versions with that which is in use marked; it goes before all where it was not committed yet."""
    for number, one in enumerate(versions):
        if one.oid == now.oid:
            versions[number] = replace(one, current=True)
            return versions
    assert place is not None  # noqa: S101 - what is now is told of a place
    file = Path(place.stage.file)
    if not place.stage.is_pointer:
        file = file.with_suffix(".lock")
    try:
        at = int(file.stat().st_mtime * 1000)
    except OSError:
        at = 0
    return [DataVersion(now.oid, now.size, now.files, "", "", "", at, current=True), *versions]


def _with_runs(version: DataVersion, path: str, recorded: Recorded) -> DataVersion:
    if not version.oid:
        return version
    dataset, runs = recorded.find(path, Oid(version.oid).value)
    return replace(version, dataset=dataset, runs=runs)
