"""`exp rename`: another name for an experiment, here or in a Git remote."""

from __future__ import annotations

from treering.core.errors import AlreadyExists
from treering.experiments.found import all_experiments, by_name
from treering.experiments.refs import ExperimentRef, check_name
from treering.versioning.repository import Repository

__all__ = ["exp_rename"]


def exp_rename(repo: Repository, experiment: str, name: str, *, remote: str = "", force: bool = False) -> bool:
    """Give an experiment another name.

    Args:
        repo: The repository.
        experiment: Its name or reference.
        name: The new name.
        remote: Do it in this Git remote; what is here stays as it is.
        force: Overwrite the experiment that has the name.

    Returns:
        Whether anything had to be done.

    Raises:
        NotFound: If there is no such experiment.
        AlreadyExists: If the name is taken.
        InvalidInput: If it cannot be a name.
    """
    check_name(name)
    git = repo.require_git()
    with repo.lock():
        old = by_name(git, [experiment], remote)[experiment]
        new = ExperimentRef(old.ref.baseline, name)
        if new == old.ref:
            return False
        taken = {one.ref for one in all_experiments(git, remote)}
        if new in taken and not force:
            msg = f"There is an experiment {name!r} of the same commit already. Take another name, or overwrite it with -f."
            raise AlreadyExists(msg)
        if remote:
            # The commit may not be here: it is fetched without a reference, and given the new name there.
            git.run("fetch", "--no-tags", "--no-write-fetch-head", "--", remote, old.ref.path)
            moves = [f"{old.rev}:{new.path}", f":{old.ref.path}"]
            git.run("push", "--atomic", *(["--force"] if force else []), "--", remote, *moves)
        else:
            # Not in one transaction: Git refuses two references where one name would be a folder of the other.
            git.set_ref(new.path, old.rev)
            git.update_refs([f"delete {old.ref.path} {old.rev}"])
    return True
