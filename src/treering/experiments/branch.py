"""`exp branch`: an experiment becomes a branch of Git."""

from __future__ import annotations

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.experiments.found import Found, all_experiments, resolve
from treering.experiments.refs import NAMESPACE, parse_ref
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository

__all__ = ["exp_branch"]


def exp_branch(repo: Repository, experiment: str, branch: str = "") -> tuple[str, str]:
    """Make a branch of an experiment.

    Args:
        repo: The repository.
        experiment: Its name, reference or a commit of it.
        branch: The name of the branch; `<name>-branch` where none is given.

    Returns:
        The names of the branch and of the experiment.

    Raises:
        NotFound: If there is no such experiment.
        AlreadyExists: If there is such a branch.
        InvalidInput: If several experiments are meant, or Git refuses the name.
    """
    git = repo.require_git()
    with repo.lock():
        found = _found(git, experiment)
        branch = branch or f"{found.ref.name}-branch"
        ref = f"refs/heads/{branch}"
        if git.call("check-ref-format", ref).returncode:
            msg = f"{branch!r} cannot be the name of a branch. Give another one."
            raise InvalidInput(msg)
        if ref in git.refs(ref):
            msg = (
                f"Git branch {branch!r} already exists. Give another name, or delete it with `git branch -D {branch}`."
            )
            raise AlreadyExists(msg)
        git.set_ref(
            ref, found.rev, old="0" * len(found.rev), message=f"dvc: Created from experiment '{found.ref.name}'"
        )
    return branch, found.ref.name


def _found(git: GitRepository, experiment: str) -> Found:
    ref = parse_ref(experiment)
    rev = resolve(git, experiment)
    listed = git.text("for-each-ref", f"--contains={rev}", "--format=%(refname)", f"{NAMESPACE}/").splitlines()
    candidates = [one for one in all_experiments(git) if one.ref.path in set(listed)]
    exact = [one for one in candidates if one.ref == ref or one.ref.name == experiment]
    head = git.head()
    for found in (exact, candidates, [one for one in exact or candidates if one.ref.baseline == head]):
        if len(found) == 1:
            return found[0]
    if not candidates:
        msg = f"{experiment!r} is no experiment. `treering exp list --all-commits` lists all."
        raise NotFound(msg)
    several = "".join(f"\n\t{one.ref.path}" for one in candidates)
    msg = f"{experiment!r} can mean several experiments. Write the whole reference of one:{several}"
    raise InvalidInput(msg)
