"""`exp remove`: experiments go, here or in a Git remote, and so do queued ones. Their data stays in the cache until gc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from treering.core.errors import InvalidInput, NotFound
from treering.experiments.found import Found, Selection, all_experiments, baselines_of, by_baseline, by_name
from treering.experiments.queue import queue_remove
from treering.experiments.refs import APPLIED
from treering.experiments.task import Task
from treering.experiments.task_files import queue_files
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository

__all__ = ["RemoveOptions", "exp_remove"]


@dataclass(frozen=True, slots=True)
class RemoveOptions:
    """Which experiments.

    Attributes:
        names: These, by name, reference or commit.
        selection: Those of these baselines, if it names any.
        queue: All that wait in the queue.
        keep: All others instead.
        remote: In this Git remote.
    """

    names: Sequence[str] = ()
    selection: Selection = field(default_factory=Selection)
    queue: bool = False
    keep: bool = False
    remote: str = ""


def exp_remove(repo: Repository, options: RemoveOptions) -> list[str]:
    """Remove experiments.

    Returns:
        The names of those that were removed.

    Raises:
        NotFound: If one that was named is not there; nothing was removed then.
        InvalidInput: If the options contradict each other.
    """
    if options.keep and options.queue:
        msg = "Cannot use both `--keep` and `--queue`. Remove queued experiments in a command of their own."
        raise InvalidInput(msg)
    git = repo.require_git()
    removed: list[str] = []
    with repo.lock():
        if options.queue:
            removed += [task.name for task in queue_remove(repo, queued=True)]
        found, tasks = _chosen(repo, git, options)
        if options.keep:
            kept = {one.ref for one in found}
            found = [one for one in all_experiments(git, options.remote) if one.ref not in kept]
            tasks = []
        _remove(git, found, options.remote)
        if tasks:
            queue_remove(repo, [task.id for task in tasks])
    names = [*(one.ref.name for one in found), *(task.name for task in tasks)]
    return removed + list(dict.fromkeys(names))


def _chosen(repo: Repository, git: GitRepository, options: RemoveOptions) -> tuple[list[Found], list[Task]]:
    if options.names:
        return _named(repo, git, options)
    if options.selection.all_commits:
        return all_experiments(git, options.remote), []
    if options.selection.revs:
        grouped = by_baseline(git, set(baselines_of(git, options.selection)), options.remote)
        return [one for group in grouped.values() for one in group], []
    return [], []


def _named(repo: Repository, git: GitRepository, options: RemoveOptions) -> tuple[list[Found], list[Task]]:
    found = by_name(git, options.names, options.remote, strict=False)
    waiting = [] if options.remote else queue_files(repo).tasks("queued", "failed", "success")
    tasks = {name: task for name in options.names for task in waiting if _is_meant(task, name)}
    missing = [name for name in options.names if name not in found and name not in tasks]
    if missing:
        where = f" in the Git remote {options.remote!r}" if options.remote else ""
        msg = f"There is no experiment {', '.join(map(repr, missing))}{where}. `treering exp list -A` lists all."
        raise NotFound(msg)
    return list(found.values()), list(tasks.values())


def _is_meant(task: Task, name: str) -> bool:
    return task.name == name or (len(name) >= _SHORTEST and task.id.startswith(name.lower()))


_SHORTEST = 4


def _remove(git: GitRepository, found: Sequence[Found], remote: str) -> None:
    if remote and found:
        git.push(remote, [f":{one.ref.path}" for one in found])
        return
    applied = git.get_ref(APPLIED)
    gone = [one.ref.path for one in found]
    git.delete_refs([*gone, *([APPLIED] if applied in {one.rev for one in found} else [])])
