"""`exp run`: reproduces stages as an experiment, in the working tree itself or in one of its own.

In the working tree, parameters are set there and stay; HEAD and the index are not
moved, whatever a stage stages, and the commit is made beside them. Whatever ends the run, nothing has to be
put back. A tree of its own begins with what Git tracks as it is, shares the cache,
and is gone when the run is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from treering.core.errors import InvalidInput
from treering.core.whole_files import write_whole
from treering.experiments.asked import Asked
from treering.experiments.committing import (
    Committed,
    Outcome,
    auto_push,
    commit_experiment,
    result_hash,
    stage_files,
    top_level_files,
)
from treering.experiments.found import head_of
from treering.experiments.isolated import Isolated, clear_trees, copy_into, isolated
from treering.experiments.parameters.overrides import Override
from treering.experiments.prepare import Prepared, chosen_name, chosen_overrides, parameter_files, prepare
from treering.experiments.refs import ExperimentRef, StashMessage
from treering.experiments.run_logs import run_logs
from treering.experiments.stage_data import checkout_stages
from treering.experiments.staging import staging_kept
from treering.experiments.workspace_run import hold_workspace
from treering.pipelines.events import Listener, ignore_events
from treering.pipelines.reproduce import ReproOptions, ReproReport, reproduce
from treering.pipelines.stage import Stage
from treering.pipelines.stages import load_stages
from treering.versioning.repository import Repository

__all__ = ["Ran", "exp_run", "exp_run_apart", "run_prepared"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a run.

    Attributes:
        name: What the experiment is called.
        committed: The experiment; None after a dry run.
        report: What became of its stages.
    """

    name: str
    committed: Committed | None
    report: ReproReport


def exp_run(repo: Repository, asked: Asked, listener: Listener = ignore_events) -> Ran:
    """Run an experiment in the working tree.

    Raises:
        ReproFailed: If a stage failed; the parameters that were set stay set.
        AlreadyExists: If the name is taken, and nothing is forced.
        InvalidInput: If a parameter cannot be set, or has several values.
        Busy: If another experiment runs in the working tree.
    """
    if asked.repro.dry:
        return exp_run_apart(repo, asked, listener)
    overrides = _only(chosen_overrides(repo, asked))
    git = repo.require_git()
    clear_trees(repo)
    with repo.lock():
        head = head_of(git)
        name = chosen_name(git, head, asked.name, force=asked.repro.force)
        with hold_workspace(repo, name, head), staging_kept(git, head):
            files = parameter_files(repo, asked, overrides)
            for path, text in files.items():
                write_whole(path, text)
            told = StashMessage(head, head, name)
            return _reproduced(repo, (repo, list(files)), asked, told, listener)


def exp_run_apart(repo: Repository, asked: Asked, listener: Listener = ignore_events) -> Ran:
    """Run an experiment in a working tree of its own; the user's is not touched. Raises as `exp_run`, but for Busy."""
    _only(chosen_overrides(repo, asked))
    clear_trees(repo)
    with repo.lock():
        (prepared,) = prepare(repo, asked)
    return run_prepared(repo, prepared, asked, listener)


def run_prepared(
    repo: Repository,
    prepared: Prepared,
    asked: Asked,
    listener: Listener = ignore_events,
    placed: Callable[[Repository], None] = lambda _repo: None,
) -> Ran:
    """Run what `prepare` made, in a working tree of its own; `placed` is told of the repository in it. Raises as `exp_run`."""
    environ = {**repo.environ, **_variables(repo, prepared.message)}
    with isolated(repo, prepared.message.head, prepared.commit, environ=environ, folder=asked.trees) as place:
        placed(place.repo)
        copy_into(repo, place, [str((asked.folder or repo.root) / path) for path in asked.copy_paths])
        if not asked.repro.dry:
            checkout_stages(place.repo, load_stages(place.repo), force=True, allow_missing=True)
        return _reproduced(
            repo, (place.repo, []), _moved(repo, place, asked, prepared.message.name), prepared.message, listener
        )


def _only(chosen: list[list[Override]]) -> list[Override]:
    if len(chosen) > 1:
        msg = "Several values of a parameter are several experiments: put them into the queue with --queue."
        raise InvalidInput(msg)
    return chosen[0]


def _moved(repo: Repository, place: Isolated, asked: Asked, name: str) -> Asked:
    folder = asked.folder or repo.root
    return replace(
        asked,
        folder=place.repo.root / folder.relative_to(repo.root),
        repro=replace(asked.repro, logs=run_logs(repo, name)),
    )


def _variables(repo: Repository, told: StashMessage) -> dict[str, str]:
    return {"DVC_EXP_BASELINE_REV": told.baseline, "DVC_EXP_NAME": told.name, "DVC_ROOT": str(repo.root)}


def _reproduced(
    parent: Repository, place: tuple[Repository, list[str]], asked: Asked, told: StashMessage, listener: Listener
) -> Ran:
    """Reproduce in a repository, and commit what it made, with some files that Git may not track yet."""
    repo, files = place
    options = _options(asked.repro, _variables(parent, told))
    report = reproduce(repo, asked.targets, options, listener, base=asked.folder)
    if options.dry:
        return Ran(told.name, None, report)
    stages = load_stages(repo, base=asked.folder)
    entries = {}
    for address, done in report.done.items():
        name = stages[address].name if address in stages.all else ""
        if name and done.is_reproduced and done.entry is not None:
            entries[name] = done.entry
    looked_at = [stages[address] for address in report.done if address in stages.all]
    outcome = Outcome(
        ExperimentRef(told.baseline, told.name),
        result_hash(entries),
        asked.message,
        [*stage_files(stages, looked_at), *top_level_files(stages), *report.touched, *files],
        force=asked.repro.force,
    )
    committed = commit_experiment(repo, outcome)
    auto_push(parent, committed)
    return Ran(told.name, committed, report)


def _options(options: ReproOptions, variables: Mapping[str, str]) -> ReproOptions:
    def environment(stage: Stage) -> dict[str, Any]:
        return {**options.environment(stage), **variables}

    return replace(options, environment=environment)
