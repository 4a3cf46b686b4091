"""`exp show`: the working tree, baselines, and the experiments of each that run, are done, wait or failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from treering.core.errors import TreeringError
from treering.experiments.dvc_queue import dvc_tasks
from treering.experiments.found import Found, Selection, baselines_of, by_baseline, describe
from treering.experiments.rows import Rows, open_rows, workspace_row
from treering.experiments.shown import WORKSPACE, Derived, Shown
from treering.experiments.task import Task
from treering.experiments.task_files import TaskFiles, queue_files
from treering.experiments.workspace_run import running_here
from treering.versioning.errors import UnknownRevision
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository

__all__ = ["ShowOptions", "exp_show", "shown_commit", "shown_workspace"]

_EXECUTOR = "dvc-task"


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """What is shown.

    Attributes:
        sha: Do not look for names of baselines.
        param_deps: Only parameters that stages depend on.
        force: Make all rows anew.
    """

    selection: Selection = field(default_factory=Selection)
    hide_queued: bool = False
    hide_failed: bool = False
    hide_workspace: bool = False
    sha: bool = False
    param_deps: bool = False
    force: bool = False


def exp_show(repo: Repository, options: ShowOptions | None = None) -> list[Shown]:
    """The lines of the table.

    Raises:
        UnknownRevision: If a baseline that was named does not exist.
    """
    options = options or ShowOptions()
    git = repo.require_git()
    if not options.selection.revs and not _has_commits(git):
        return []
    baselines = baselines_of(git, options.selection)
    with open_rows(repo, force=options.force) as rows:
        return _Showing(repo, git, options, rows).lines(baselines)


def shown_commit(rows: Rows, commit: str, *, name: str | None = None, param_deps: bool = False) -> Shown:
    """The line of a commit, also if its row cannot be made."""
    try:
        kept = rows.of(commit)
    except TreeringError as error:
        return Shown(commit, name, error=_failure(error))
    when = datetime.fromtimestamp(kept.time).isoformat()  # noqa: DTZ006 - as DVC: in the user's own time, without zone
    return Shown(commit, name, _data(commit, kept.row, when, param_deps=param_deps))


def shown_workspace(repo: Repository, *, name: str | None = None, param_deps: bool = False) -> Shown:
    """The line of the working tree."""
    try:
        row = workspace_row(repo)
    except TreeringError as error:
        return Shown(WORKSPACE, name, error=_failure(error))
    return Shown(WORKSPACE, name, _data(WORKSPACE, row, None, param_deps=param_deps))


def _data(rev: str, row: Mapping[str, Any], when: str | None, *, param_deps: bool) -> dict[str, Any]:
    return {
        "rev": rev,
        "timestamp": when,
        "params": row["param_deps" if param_deps else "params"],
        "metrics": row["metrics"],
        "deps": row["deps"],
        "outs": row["outs"],
        "meta": row["meta"],
    }


def _failure(error: TreeringError) -> dict[str, str]:
    return {"msg": str(error), "type": type(error).__name__}


def _has_commits(git: GitRepository) -> bool:
    try:
        git.head()
    except UnknownRevision:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Showing:
    repo: Repository
    git: GitRepository
    options: ShowOptions
    rows: Rows

    def lines(self, baselines: Sequence[str]) -> list[Shown]:
        names = {} if self.options.sha else describe(self.git, baselines)
        experiments = by_baseline(self.git, set(baselines))
        tasks: dict[str, list[Task]] = {}
        files = queue_files(self.repo)
        for task in (*files.tasks(), *dvc_tasks(self.repo)):
            tasks.setdefault(task.baseline, []).append(task)
        self.rows.expect(baselines)
        self.rows.expect(one.rev for found in experiments.values() for one in found)
        lines = [] if self.options.hide_workspace else [self._workspace()]
        for baseline in baselines:
            line = self._line(baseline, name=names.get(baseline))
            derived = [
                *self._here(baseline),
                *self._derived(experiments.get(baseline, ()), tasks.get(baseline, ()), files),
            ]
            lines.append(Shown(line.rev, line.name, line.data, line.error, derived or None))
        return lines

    def _workspace(self) -> Shown:
        return shown_workspace(self.repo, param_deps=self.options.param_deps)

    def _line(self, commit: str, *, name: str | None = None) -> Shown:
        return shown_commit(self.rows, commit, name=name, param_deps=self.options.param_deps)

    def _here(self, baseline: str) -> list[Derived]:
        run = running_here(self.repo)
        if run is None or run.baseline != baseline:
            return []
        line = shown_workspace(self.repo, name=run.name, param_deps=self.options.param_deps)
        return [Derived([line], run.name, _executor("running", WORKSPACE, root=str(self.repo.root), pid=run.pid))]

    def _derived(self, found: Iterable[Found], tasks: Sequence[Task], files: TaskFiles) -> list[Derived]:
        running = [self._task(task, files) for task in tasks if task.state == "running"]
        queued = [self._task(task, files) for task in tasks if task.state == "queued" and not self.options.hide_queued]
        failed = [self._task(task, files) for task in tasks if task.state == "failed" and not self.options.hide_failed]
        executors = {task.ref: _task_executor(task, files) for task in tasks if task.state == "success"}
        done = [self._experiment(one, executors.get(one.ref.path)) for one in found]
        return [one for group in (running, done, queued, failed) for one in _newest_first(group)]

    def _experiment(self, found: Found, executor: Mapping[str, Any] | None) -> Derived:
        commits = list(self.rows.line(found.rev, found.ref.baseline)) or [found.rev]
        lines = [self._line(commit, name=None if at else found.ref.name) for at, commit in enumerate(commits)]
        return Derived(lines, found.ref.name, executor)

    def _running(self, task: Task) -> Shown:
        """What it has reported so far, in its own working tree."""
        line = self._line(task.id, name=task.name)
        if task.state != "running" or not task.root or line.data is None:
            return line
        try:
            row = workspace_row(Repository(Path(task.root), self.repo.environ))
        except (TreeringError, OSError):
            # It is over: the tree is being removed.
            return line
        params = row["param_deps" if self.options.param_deps else "params"]
        parts = {part: row[part] for part in ("metrics", "deps", "outs")}
        return Shown(line.rev, line.name, {**line.data, **parts, "params": params})

    def _task(self, task: Task, files: TaskFiles) -> Derived:
        line = self._running(task)
        # Metrics of an experiment that has not run are those of its baseline.
        data = {**line.data, "metrics": {}} if line.data and task.state == "queued" else line.data
        error = {"msg": "Experiment run failed", "type": ""} if task.state == "failed" else line.error
        return Derived([Shown(line.rev, line.name, data, error)], task.name, _task_executor(task, files))


def _task_executor(task: Task, files: TaskFiles) -> dict[str, Any]:
    log = None if task.state == "queued" else str(files.log(task))
    code = {"success": 0, "failed": 1}.get(task.state)
    name = None if task.state == "failed" else _EXECUTOR
    executor = _executor(task.state, name, root=task.root or None, pid=task.pid or None)
    executor["local"] |= {"log": log, "returncode": code, "task_id": task.id}
    return executor


def _executor(state: str, name: str | None, *, root: str | None = None, pid: int | None = None) -> dict[str, Any]:
    local = {"root": root, "log": None, "pid": pid, "returncode": None, "task_id": None}
    return {"state": state, "name": name, "local": local}


def _newest_first(group: Iterable[Derived]) -> list[Derived]:
    def when(one: Derived) -> tuple[str, str]:
        tip = one.revs[0]
        return (tip.data["timestamp"] or "", tip.rev) if tip.data else ("", "")

    return sorted(group, key=when, reverse=True)
