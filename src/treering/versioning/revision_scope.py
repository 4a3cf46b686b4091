"""Which revisions a command is about: `-a`, `-T`, `-A`, `--rev`, `-n`, `--date` and `--all-experiments`, as they are asked for everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from treering.core.errors import InvalidInput
from treering.versioning.git import GitRepository

__all__ = ["EXPERIMENTS", "RevisionScope", "revisions_in"]

EXPERIMENTS = "refs/exps/"
"""Where references of experiments begin."""

# References of the machinery, which are no results: what is under way, waiting or thrown away.
_MACHINERY = ("refs/exps/exec/", "refs/exps/stash", "refs/exps/celery/", "refs/exps/apply/", "refs/exps/temp/")
# Of `refs/exps/<2>/<38>/<name>`.
_STEPS = 5


@dataclass(frozen=True, slots=True)
class RevisionScope:
    """What was asked for; nothing means the working tree alone.

    Attributes:
        revs: Commits, branches or tags by name.
        num: How many commits of each of `revs` and of each branch, going back by first parents; below 1: all.
        branches: All local branches.
        tags: All tags.
        commits: All commits of branches, tags and remotes' branches.
        experiments: All experiments.
        since: A day, `YYYY-MM-DD`: all commits from then on.
    """

    revs: tuple[str, ...] = ()
    num: int = 1
    branches: bool = False
    tags: bool = False
    commits: bool = False
    experiments: bool = False
    since: str = ""

    def __bool__(self) -> bool:
        return bool(self.revs or self.branches or self.tags or self.commits or self.experiments or self.since)


def revisions_in(git: GitRepository, scope: RevisionScope) -> dict[str, list[str]]:
    """The commits, in the order in which they were asked for, each with the names that led to it.

    A commit that no name led to has its own as name.

    Raises:
        UnknownRevision: If one of `revs` is no commit.
        InvalidInput: If `since` is no day.
    """
    found: dict[str, dict[str, None]] = {}

    def add(pairs: Iterable[tuple[str, str]]) -> None:
        for name, sha in pairs:
            found.setdefault(sha, {})[name] = None

    for rev in scope.revs:
        add(_back(git, rev, git.resolve(rev), scope.num))
    if scope.commits:
        add((sha, sha) for sha in git.all_commits())
    else:
        if scope.branches:
            for name, sha in git.branches().items():
                add(_back(git, name, sha, scope.num))
        if scope.tags:
            add(git.tags().items())
        if scope.since:
            first = _day(scope.since)
            add((one.sha, one.sha) for one in git.reader.commits(git.all_commits()) if one.time >= first)
    if scope.experiments:
        add(_experiments(git))
    return {sha: list(names) for sha, names in found.items()}


def _back(git: GitRepository, name: str, sha: str, num: int) -> list[tuple[str, str]]:
    own, *others = git.first_parents(sha, num)
    return [(name, own), *((other, other) for other in others)]


def _experiments(git: GitRepository) -> list[tuple[str, str]]:
    refs = git.refs(EXPERIMENTS).items()
    return [
        (name.rpartition("/")[2], sha)
        for name, sha in refs
        if not name.startswith(_MACHINERY) and len(name.split("/")) >= _STEPS
    ]


def _day(text: str) -> float:
    try:
        # As DVC counts: from the beginning of the day where the user is.
        return datetime.strptime(text, "%Y-%m-%d").astimezone().timestamp()
    except ValueError as error:
        msg = f"{text!r} is no day. Write it as YYYY-MM-DD."
        raise InvalidInput(msg) from error
