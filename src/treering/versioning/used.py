"""Which objects are used: by the working tree, by revisions, or by everything that Git knows.

Documents that are the same in many commits are read once; a tree of files that
many commits share is gone through once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.storage.content.oid import Oid
from treering.versioning.entries import Output
from treering.versioning.errors import GitFailed, UnknownRevision
from treering.versioning.histories import History
from treering.versioning.repository import Repository
from treering.versioning.revision_scope import RevisionScope, revisions_in
from treering.versioning.sources import FileTree, OutputSource, PointerSource, Revisions, Tracked, WorkingTree

__all__ = ["POINTERS", "Scope", "Unreadable", "Used", "tracked_in", "trees_in", "used_objects"]

POINTERS: tuple[OutputSource, ...] = (PointerSource(),)
"""What is asked for outputs where nobody says whom."""

_SHORT = 7


class Used(NamedTuple):
    """A use of an object.

    Attributes:
        path: Where the output lies, absolute.
        rev: A commit that has it so; "" for the working tree.
        is_import: Whether its content comes from another repository, and so is pushed nowhere.
    """

    oid: Oid
    output: Output
    path: str
    rev: str
    is_import: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Where outputs are looked for.

    Attributes:
        workspace: Whether in the working tree.
        revisions: And in these.
        everything: And in all commits that any reference of Git leads to: branches, tags, experiments, stashes.
        skip_failed: Whether a revision that cannot be read is passed over.
    """

    workspace: bool = True
    revisions: RevisionScope = field(default_factory=RevisionScope)
    everything: bool = False
    skip_failed: bool = False


class Unreadable(GitFailed):
    """A revision, or the working tree, has a document that cannot be read, so that what it uses is not known."""


def used_objects(
    repo: Repository, scope: Scope | None = None, sources: Sequence[OutputSource] = POINTERS
) -> Iterator[Used]:
    """The uses of objects; each of the same object for the same output once.

    Outputs without a cache, and those of which nothing is known yet, use nothing. What lies in a
    folder is not told: the object is its list of files.

    Raises:
        UnknownRevision: If the scope names what Git does not know.
        Unreadable: If a document cannot be read, and such are not passed over.
    """
    scope = scope or Scope()
    seen: set[tuple[object, ...]] = set()
    for one in tracked_in(repo, scope, sources, _refusing(scope.skip_failed)):
        out = one.output
        if not out.cache or (out.oid is None and out.files is None):
            continue
        is_import = one.pointer is not None and one.pointer.is_repo_import
        path = str(one.path)
        key = (out.oid or repr(out.files), path, out.remote, out.push, is_import)
        if key in seen:
            continue
        seen.add(key)
        if out.oid is not None:
            yield Used(out.oid, out, path, one.rev, is_import)
        for file in out.files or ():
            if file.oid is not None:
                yield Used(file.oid, out, f"{path}/{file.relpath}", one.rev, is_import)


def tracked_in(
    repo: Repository, scope: Scope, sources: Sequence[OutputSource], refused: Callable[[str, TreeringError], None]
) -> Iterator[Tracked]:
    """The outputs of a scope; one that many commits have alike is told once or a few times.

    Args:
        refused: Told of a commit, "" for the working tree, with a document that cannot be read, and why: raises,
            or passes over it.

    Raises:
        UnknownRevision: As `used_objects`.
    """
    if scope.workspace:
        tree = WorkingTree(repo)
        try:
            for source in sources:
                yield from source.outputs(tree)
        except TreeringError as error:
            refused("", error)
    if commits := _commits(repo, scope):
        yield from History(Revisions(repo), commits, refused).outputs(sources)


def trees_in(repo: Repository, scope: Scope) -> Iterator[FileTree]:
    """The working tree and the revisions of a scope; of commits with the same files, one.

    Raises:
        UnknownRevision: As `used_objects`.
    """
    if scope.workspace:
        yield WorkingTree(repo)
    commits = _commits(repo, scope)
    if not commits or repo.git is None:
        return
    revisions = Revisions(repo)
    revisions.prepare(commits)
    seen: set[str] = set()
    for commit in repo.git.reader.commits(commits):
        if commit.tree not in seen:
            seen.add(commit.tree)
            yield revisions.tree(commit.sha)


def _commits(repo: Repository, scope: Scope) -> list[str]:
    if repo.git is None:
        if scope.revisions:
            msg = f"{str(repo.root)!r} is not under Git, so that it has no revisions. Ask for the working tree alone."
            raise UnknownRevision(msg)
        return []
    commits = list(revisions_in(repo.git, scope.revisions)) if scope.revisions else []
    if scope.everything:
        commits = list(dict.fromkeys([*commits, *repo.git.text("rev-list", "--all").split()]))
    return commits


def _refusing(skip_failed: bool) -> Callable[[str, TreeringError], None]:  # noqa: FBT001 - passed on
    def refused(rev: str, error: TreeringError) -> None:
        where = f"revision {rev[:_SHORT]}" if rev else "working tree"
        if not skip_failed:
            msg = f"What the {where} uses is not known. {error}"
            raise Unreadable(msg) from error
        logger.warning("What the %s uses was passed over: %s", where, error)

    return refused
