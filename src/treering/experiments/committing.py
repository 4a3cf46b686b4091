"""Makes an experiment of what stands in a working tree: a commit on the baseline, and the reference that bears its name."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from treering.core.errors import AlreadyExists
from treering.experiments.prepare import git_path
from treering.experiments.refs import ExperimentRef
from treering.experiments.snapshot import Snapshot, commit_tree, snapshot
from treering.pipelines.lockfile import lock_path
from treering.pipelines.readings import in_file
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.versioning.errors import GitFailed
from treering.versioning.git import MISSING, GitRepository
from treering.versioning.repository import Repository

__all__ = ["Committed", "Outcome", "auto_push", "commit_experiment", "result_hash", "stage_files", "top_level_files"]


_YES = {"1", "y", "yes", "true", "on"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes an experiment.

    Attributes:
        ref: Its reference; its baseline becomes the parent.
        hash: Of what its stages locked.
        message: Of the commit; DVC's where none is given.
        paths: Absolute paths that belong to it although Git may not track them yet; those that it ignores do not.
        forced: Paths that belong to it even then.
        force: Overwrite the experiment that has the name.
    """

    ref: ExperimentRef
    hash: str
    message: str = ""
    paths: Sequence[str] = ()
    forced: Sequence[str] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """An experiment that was made.

    Attributes:
        rev: Its commit.
        hash: Of what its stages locked.
        untracked: Files that are in the working tree, and not in the experiment.
    """

    ref: ExperimentRef
    rev: str
    hash: str
    untracked: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.ref.name


def result_hash(entries: Mapping[str, Any]) -> str:
    """The SHA-256 of the lock entries of the stages that were reproduced, by their names in dvc.yaml."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def commit_experiment(repo: Repository, outcome: Outcome) -> Committed:
    """Commit the working tree of `repo` as an experiment. HEAD, the index and all files stay as they are.

    Raises:
        AlreadyExists: If the name was taken meanwhile, by an experiment with another content.
        NotFound: If a path that was forced is not there.
    """
    git = repo.require_git()
    with snapshot(git, repo.our_tmp) as now:
        _add(git, now, outcome)
        tree = now.tree()
        untracked = tuple(now.untracked())
    message = outcome.message or f"dvc: commit experiment {outcome.hash}"
    rev = commit_tree(git, tree, [outcome.ref.baseline], message)
    try:
        git.set_ref(outcome.ref.path, rev, old=None if outcome.force else MISSING)
    except GitFailed as error:
        there = git.get_ref(outcome.ref.path)
        if not there or git.commit(there).tree != tree:
            msg = (
                f"Experiment conflicts with existing experiment '{outcome.ref.name}'. Its commit is {rev}: give it"
                f" another name with `git update-ref {outcome.ref.path}-2 {rev}`, or run it again with -f."
            )
            raise AlreadyExists(msg) from error
        rev = there
    return Committed(outcome.ref, rev, outcome.hash, untracked)


def _add(git: GitRepository, now: Snapshot, outcome: Outcome) -> None:
    inside = [relative for path in outcome.paths if not (relative := git_path(git, path)).startswith("../")]
    now.add(inside)
    now.add([git_path(git, path) for path in outcome.forced], force=True)


def auto_push(repo: Repository, committed: Committed) -> None:
    """Push an experiment that was just made, where the config or the environment says so. Never fails."""
    said = repo.environ.get("DVC_EXP_AUTO_PUSH", "").lower()
    wanted = said in _YES if said else bool(repo.config.get("exp", "auto_push"))
    if wanted:
        remote = repo.environ.get("DVC_EXP_GIT_REMOTE") or repo.config.get("exp", "git_remote") or "origin"
        # What speaks with remotes is loaded where it is needed.
        import_module("treering.experiments.auto_push").push_made(repo, committed, remote)


def stage_files(stages: StageSet, chosen: Iterable[Stage]) -> list[str]:
    """What Git should have of stages: their files, the code they need, and what they make that is not cached."""
    tracked = {stage.path_of(out.path) for stage in stages for out in stage.outs if out.cache}
    found: dict[str, None] = {}
    for stage in chosen:
        found[str(stage.file)] = None
        if stage.name:
            found[lock_path(str(stage.file))] = None
        paths = [stage.path_of(dep.path) for dep in stage.deps if dep.repo is None and dep.db is None]
        paths += [stage.path_of(params.path) for params in stage.params]
        paths += [stage.path_of(out.path) for out in stage.outs if not out.cache]
        found |= dict.fromkeys(path for path in paths if "://" not in path and not _is_data(path, tracked))
    return list(found)


def _is_data(path: str, tracked: set[str]) -> bool:
    while path not in tracked:
        above = os.path.dirname(path)  # noqa: PTH120 - of all dependencies
        if above == path:
            return False
        path = above
    return True


def top_level_files(stages: StageSet) -> list[str]:
    """Metrics, parameters and plots that a dvc.yaml names by themselves, as absolute paths that exist."""
    found: dict[str, None] = {}
    for definition in stages.pipelines().values():
        named = [path for section in ("metrics", "params") for path in definition.top(section)]
        for plot in definition.top("plots"):
            named += [plot] if isinstance(plot, str) else [path for id_ in plot for path in _plot_files(id_, plot[id_])]
        found |= dict.fromkeys(in_file(definition.folder, path) for path in named if isinstance(path, str))
    return [path for path in found if os.path.lexists(path)]


def _plot_files(name: str, options: Any) -> list[str]:
    options = options if isinstance(options, Mapping) else {}
    y = options.get("y")
    files = list(y) if isinstance(y, Mapping) else [name]
    x = options.get("x")
    return files + (list(x) if isinstance(x, Mapping) else [])
