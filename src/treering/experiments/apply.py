"""`exp apply`: the files and data of an experiment come into the working tree; what was there is saved before.

Only what the experiment has otherwise is touched. Untracked files that it does not
have stay, and so do changes of tracked ones that are the same in it. What is
overwritten and was not committed is kept as a stash, where DVC keeps it, too:

    git stash apply refs/exps/apply/stash
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from treering.experiments.dvc_queue import dvc_tasks
from treering.experiments.found import head_of, resolve
from treering.experiments.refs import APPLIED, APPLY_HEAD, APPLY_STASH
from treering.experiments.rows import open_rows
from treering.experiments.snapshot import Snapshot, commit_tree, snapshot
from treering.experiments.stage_data import checkout_stages
from treering.experiments.task_files import queue_files
from treering.versioning.errors import UnknownRevision
from treering.versioning.git import GitRepository, lines_of
from treering.versioning.repository import Repository

__all__ = ["Applied", "exp_apply"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done.

    Attributes:
        rev: The commit that was applied.
        written: Files that Git tracks in the experiment and that were written, relative to Git's root.
        removed: Files that it does not have, and that were as they are committed.
        saved: The commit with what was overwritten; "" if nothing was.
    """

    rev: str
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    saved: str = ""


def exp_apply(repo: Repository, experiment: str, *, force: bool = False) -> Applied:
    """Bring an experiment into the working tree.

    Args:
        repo: The repository.
        experiment: Its name, reference or commit, or that of one that waits in the queue.
        force: Overwrite data that is in no cache, too.

    Raises:
        UnknownRevision: If there is no such experiment.
        Unsaved: If data would be lost that is in no cache, and not `force`; nothing was changed then.
        Incomplete: If some data of it is missing in the cache; everything else was applied.
    """
    git = repo.require_git()
    rev = _commit(repo, git, experiment)
    with repo.lock(), open_rows(repo) as rows:
        stages = list(rows.stages(rev))
        # Before Git's files: if this is refused, nothing has happened.
        checkout_stages(repo, stages, force=force, allow_missing=True)
        applied = _apply_files(repo, git, rev, experiment)
        git.set_ref(APPLIED, rev)
        # Again, for what is missing to be told when everything else is done.
        checkout_stages(repo, stages, force=force)
    return applied


def _commit(repo: Repository, git: GitRepository, experiment: str) -> str:
    try:
        return resolve(git, experiment)
    except UnknownRevision:
        for task in (*queue_files(repo).tasks("queued", "running", "failed"), *dvc_tasks(repo)):
            if task.name == experiment:
                return task.id
        raise


def _apply_files(repo: Repository, git: GitRepository, rev: str, name: str) -> Applied:
    head = head_of(git)
    with snapshot(git, repo.our_tmp, update=False) as goal:
        # Git keeps what it knows of the times of files that are the same, and so need not read them.
        goal.run("read-tree", "--reset", rev)
        goal.run("update-index", "-q", "--refresh", strict=False)
        differing = lines_of(goal.run("diff-files", "--name-only", "-z", "--ignore-submodules"))
        written = [path for path in differing if not _is_temporary(repo, git, path)]
        gone = lines_of(git.run("diff", "--name-only", "--diff-filter=D", "--no-renames", "-z", head, rev, "--"))
        changed = set(lines_of(git.run("diff", "--name-only", "--no-renames", "-z", "HEAD", "--")))
        untracked = [path for path in written if os.path.lexists(git.root / path)]
        untracked = sorted(set(untracked) - git.tracked(untracked))
        saved = ""
        if untracked or changed.intersection(written):
            saved = _save(repo, git, (head, rev, name), untracked)
        removed = [path for path in gone if path not in changed and os.path.lexists(git.root / path)]
        _write(goal, written)
    for path in removed:
        (git.root / path).unlink()
    return Applied(rev, tuple(written), tuple(removed), saved)


def _write(goal: Snapshot, paths: Sequence[str]) -> None:
    text = b"".join(os.fsencode(path) + b"\0" for path in paths)
    if text:
        goal.run("checkout-index", "--force", "-z", "--stdin", stdin=text)


def _save(repo: Repository, git: GitRepository, told: tuple[str, str, str], untracked: Sequence[str]) -> str:
    """Keep the working tree as it is, in the form of a stash; its commit."""
    head, rev, name = told
    with snapshot(git, repo.our_tmp, update=False) as index:
        parent = commit_tree(git, index.tree(), [head], f"index before applying {name}")
    message = f"dvc-exp-apply:{head}:{rev}:{name}"
    with snapshot(git, repo.our_tmp) as now:
        now.add(untracked, force=True)
        saved = commit_tree(git, now.tree(), [head, parent], message)
    git.set_ref(APPLY_HEAD, head)
    git.set_ref(APPLY_STASH, saved, message=f"commit: {message}", reflog=True)
    return saved


def _is_temporary(repo: Repository, git: GitRepository, path: str) -> bool:
    """Whether it is what DVC packs into its stashes beside the user's files."""
    return (git.root / path).is_relative_to(repo.tmp)
