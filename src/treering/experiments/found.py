"""Finds experiments among the references of this repository or of a remote one: all, by baseline, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.experiments.refs import NAMESPACE, ExperimentRef, parse_ref
from treering.versioning.errors import UnknownRevision
from treering.versioning.git import GitRepository

__all__ = [
    "Found",
    "Selection",
    "all_experiments",
    "baseline_of",
    "baselines_of",
    "by_baseline",
    "by_name",
    "describe",
    "head_of",
    "resolve",
]

_ALL = "refs/heads", "refs/tags"


class Found(NamedTuple):
    """An experiment and its last commit."""

    ref: ExperimentRef
    rev: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which commits are looked at as baselines.

    Attributes:
        revs: Names of commits; HEAD where nothing else is asked for.
        num: How many commits of each, going back by first parents; less than 0: all.
    """

    revs: Sequence[str] = ()
    num: int = 1
    all_commits: bool = False
    all_branches: bool = False
    all_tags: bool = False


def all_experiments(git: GitRepository, remote: str = "") -> list[Found]:
    """All experiments, sorted by reference.

    Args:
        git: The repository.
        remote: Look into this Git remote, by name or URL, instead.

    Raises:
        GitFailed: If the remote cannot be reached.
    """
    refs = _remote_refs(git, remote) if remote else git.refs(f"{NAMESPACE}/")
    found = ((parse_ref(path), rev) for path, rev in refs.items())
    return [Found(ref, rev) for ref, rev in found if ref is not None]


def _remote_refs(git: GitRepository, remote: str) -> dict[str, str]:
    return git.remote_refs(remote, f"{NAMESPACE}/*")


def by_baseline(git: GitRepository, baselines: Collection[str] | None, remote: str = "") -> dict[str, list[Found]]:
    """Experiments by baseline; of all baselines where None is given. Baselines without experiments are left out."""
    grouped: dict[str, list[Found]] = {}
    for one in all_experiments(git, remote):
        if baselines is None or one.ref.baseline in baselines:
            grouped.setdefault(one.ref.baseline, []).append(one)
    return grouped


def by_name(git: GitRepository, names: Iterable[str], remote: str = "", *, strict: bool = True) -> dict[str, Found]:
    """The experiments that are called so, or have this reference, by what was asked.

    Of several with one name, that of the commit that is checked out is meant.

    Raises:
        NotFound: If one is not there, and `strict`.
        InvalidInput: If a name means several, of other commits.
    """
    everything = all_experiments(git, remote)
    found = {}
    missing = []
    for name in names:
        ref = parse_ref(name)
        matching = [one for one in everything if (one.ref == ref if ref else one.ref.name == name)]
        if not matching:
            missing.append(name)
        else:
            found[name] = matching[0] if len(matching) == 1 else _of_head(git, name, matching)
    if missing and strict:
        where = f" in the Git remote {remote!r}" if remote else ""
        listed = ", ".join(map(repr, missing))
        msg = f"There is no experiment {listed}{where}. `treering exp list --all-commits` lists all."
        raise NotFound(msg)
    return found


def _of_head(git: GitRepository, name: str, matching: Sequence[Found]) -> Found:
    head = git.head()
    for one in matching:
        if one.ref.baseline == head:
            return one
    listed = "".join(f"\n\t{one.ref.path}" for one in matching)
    msg = f"{name!r} is the name of several experiments, of other commits. Write which one is meant in full:{listed}"
    raise InvalidInput(msg)


def resolve(git: GitRepository, name: str) -> str:
    """The commit that is meant by a revision of Git, or by the name of an experiment.

    Raises:
        UnknownRevision: If there is neither.
    """
    try:
        return git.resolve(name)
    except UnknownRevision:
        found = by_name(git, [name], strict=False)
        if name in found:
            return found[name].rev
        msg = f"There is no commit, branch, tag or experiment {name!r}. `treering exp list --all-commits` lists all."
        raise UnknownRevision(msg) from None


def baseline_of(git: GitRepository, name: str) -> str:
    """The commit that an experiment comes from, which is given by name or commit; "" for what is no experiment.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    rev = resolve(git, name)
    return next((one.ref.baseline for one in all_experiments(git) if one.rev == rev), "")


def head_of(git: GitRepository) -> str:
    """The commit that is checked out, which experiments are derived from.

    Raises:
        NotSupported: If there is none yet.
    """
    if not git.has_commits:
        msg = "Empty Git repo: experiments are derived from a commit. Add one with `git commit`."
        raise NotSupported(msg)
    return git.head()


def baselines_of(git: GitRepository, selection: Selection) -> list[str]:
    """The commits that a selection means, each once.

    Raises:
        UnknownRevision: If one of them does not exist.
    """
    found: dict[str, None] = {}
    several = selection.all_commits or selection.all_branches or selection.all_tags
    for revision in selection.revs or (() if several else ("HEAD",)):
        found |= dict.fromkeys(git.first_parents(resolve(git, revision), max(selection.num, 0)))
    if selection.all_commits:
        return list(found | dict.fromkeys(git.all_commits()))
    if selection.all_branches:
        for rev in git.branches().values():
            found |= dict.fromkeys(git.first_parents(rev, max(selection.num, 0)))
    if selection.all_tags:
        found |= dict.fromkeys(git.tags().values())
    return list(found)


def describe(git: GitRepository, revs: Collection[str]) -> dict[str, str | None]:
    """What commits are called: the branch that is checked out, else a tag, else a branch."""
    if not revs:
        return {}
    tags: dict[str, str] = {}
    branches: dict[str, str] = {}
    for path, rev in git.refs(*(f"{space}/" for space in _ALL)).items():
        names = tags if path.startswith("refs/tags/") else branches
        names.setdefault(rev, path.split("/", 2)[2])
    current = git.branch()
    here = git.head() if current else ""
    return {rev: current if rev == here else tags.get(rev) or branches.get(rev) for rev in revs}
