"""`exp clean`: what experiments that were killed have left behind goes, and what is only kept to be quick."""

from __future__ import annotations

from dataclasses import dataclass

from treering.experiments.found import all_experiments
from treering.experiments.isolated import clear_trees
from treering.experiments.queue import keep_ref
from treering.experiments.refs import OURS, QUEUE_STASH, read_stash_message
from treering.experiments.row_cache import RowCache
from treering.experiments.stash import drop_stashes, stashed
from treering.experiments.task_files import queue_files
from treering.versioning.repository import Repository

__all__ = ["Cleaned", "exp_clean"]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What went.

    Attributes:
        trees: Working trees that were left behind.
        tasks: Experiments whose worker was killed, and that wait again or have failed now.
        rows: Kept rows of commits that are gone.
        refs: References that kept the commits of experiments which are not in the queue any more.
    """

    trees: int = 0
    tasks: int = 0
    rows: int = 0
    refs: int = 0


def exp_clean(repo: Repository) -> Cleaned:
    """Clear away what nobody needs."""
    git = repo.require_git()
    files = queue_files(repo)
    with repo.lock():
        trees = clear_trees(repo)
        tasks = files.recover() if files.folder.is_dir() else []
        known = files.tasks("queued", "running", "failed") if files.folder.is_dir() else []
        kept = {keep_ref(task) for task in known}
        idle = [ref for ref in git.refs(f"{OURS}/") if ref not in kept]
        git.delete_refs(idle)
        # Ours that a worker took, and was killed before it took them out.
        gone = {ref.rpartition("/")[2] for ref in idle}
        stale = {
            commit for commit, message in stashed(git, QUEUE_STASH) if commit in gone and read_stash_message(message)
        }
        drop_stashes(git, QUEUE_STASH, stale)
        commits = {*git.all_commits(), *(one.rev for one in all_experiments(git)), *(task.id for task in known)}
        rows = RowCache(repo.our_tmp).keep(commits)
    return Cleaned(len(trees), len(tasks), rows, len(idle))
