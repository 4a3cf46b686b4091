"""Experiments as pages show them: a row for each, beside the commits that they began at, and which columns there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treering.entities.repository import ExperimentColumn, ExperimentKind, ExperimentRow, ExperimentTable
from treering.experiments.dvc_queue import dvc_tasks
from treering.experiments.found import Selection, all_experiments
from treering.experiments.show import ShowOptions, exp_show
from treering.experiments.shown import WORKSPACE, Derived, Shown
from treering.experiments.task_files import queue_files
from treering.pipelines.value_changes import flatten
from treering.pipelines.view.harmless import harmless_text
from treering.pipelines.view.recorded import newest_runs
from treering.tracking.base import Tracking
from treering.versioning.git_objects import Commit
from treering.versioning.repository import Repository

__all__ = ["experiment_table"]

_MOST_BASELINES = 100
_REV = "treering.exp.rev"
_COMMITTED = "dvc: commit experiment "
_KINDS: Mapping[str, ExperimentKind] = {"running": "running", "queued": "queued", "failed": "failed"}


def experiment_table(repo: Repository, tracking: Tracking) -> ExperimentTable:
    """The working tree, the commit that is checked out, and all commits at which experiments began."""
    git = repo.git
    if git is None or not git.has_commits:
        return ExperimentTable([], [], [])
    head = git.head()
    began = {one.ref.baseline for one in all_experiments(git)}
    began |= {task.baseline for task in (*queue_files(repo).tasks(), *dvc_tasks(repo))}
    # Those whose commit was collected as garbage cannot be shown.
    commits = [found for sha in began - {head} if sha and (found := git.reader.find_commit(sha)) is not None]
    commits.sort(key=lambda commit: commit.time, reverse=True)
    kept = [head, *(commit.sha for commit in commits[: _MOST_BASELINES - 1])]
    lines = exp_show(repo, ShowOptions(Selection(kept)))
    rows = list(_Making(repo, _runs(tracking)).rows(lines))
    return ExperimentTable(rows, _columns(rows, "metrics"), _columns(rows, "params"), len(commits) >= _MOST_BASELINES)


@dataclass(frozen=True, slots=True)
class _Making:
    """Makes rows of lines."""

    repo: Repository
    runs: Mapping[str, str]

    def rows(self, lines: Sequence[Shown]) -> Iterator[ExperimentRow]:
        for line in lines:
            yield self._row(line, "workspace" if line.rev == WORKSPACE else "commit", line.name or "", "")
            for one in line.experiments or ():
                if one.revs:
                    yield self._derived(one, line.rev)

    def _derived(self, one: Derived, baseline: str) -> ExperimentRow:
        tip = one.revs[0]
        state = str(one.executor["state"]) if one.executor else ""
        row = self._row(tip, _KINDS.get(state, "experiment"), one.name or tip.name or "", baseline)
        executor = str(one.executor.get("name") or "") if one.executor else ""
        return replace(row, executor=executor)

    def _row(self, line: Shown, kind: ExperimentKind, name: str, baseline: str) -> ExperimentRow:
        rev = "" if line.rev == WORKSPACE else line.rev
        commit = self._commit(rev)
        data = line.data or {}
        return ExperimentRow(
            name,
            rev,
            baseline,
            kind,
            commit.time * 1000 if commit is not None else None,
            commit.author.partition(" <")[0] if commit is not None else "",
            _message(commit) if commit is not None else "",
            _values(data.get("metrics", {})),
            _values(data.get("params", {})),
            self.runs.get(rev, "") if rev else "",
            "",
            harmless_text(str((line.error or {}).get("msg", "")), str(self.repo.root)),
        )

    def _commit(self, rev: str) -> Commit | None:
        git = self.repo.git
        return git.reader.find_commit(rev) if rev and git is not None else None


def _message(commit: Commit) -> str:
    """The first line of a message; "" for that which all experiments have."""
    first = commit.message.partition("\n")[0]
    return "" if first.startswith(_COMMITTED) else first


def _values(files: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Values by file and key; a file that is one value has it under the key ""."""
    found = {}
    for path, item in files.items():
        data = item.get("data") if isinstance(item, Mapping) else None
        if data is not None:
            found[path] = flatten(data) if isinstance(data, Mapping) else {"": data}
    return found


def _columns(rows: Iterable[ExperimentRow], part: str) -> list[ExperimentColumn]:
    found: dict[tuple[str, str], None] = {}
    for row in rows:
        for path, values in getattr(row, part).items():
            found |= dict.fromkeys((path, key) for key in values)
    count = Counter(key for _, key in found)
    return [
        ExperimentColumn(path, key, path if not key else key if count[key] == 1 else f"{path}:{key}")
        for path, key in found
    ]


def _runs(tracking: Tracking) -> dict[str, str]:
    """The newest run that tracked each experiment, by its commit, as far as it is among the last."""
    found: dict[str, str] = {}
    for run_id, _, rev in newest_runs(tracking, _REV):
        found.setdefault(rev, run_id)
    return found
