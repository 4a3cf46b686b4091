"""`exp save`: the working tree as it is becomes an experiment, with what its stages and data are now. Nothing is run.

Pointers and lock files are brought up to date as `commit -f` does; beyond that nothing changes in the working tree.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
from treering.experiments.prepare import chosen_name
from treering.experiments.refs import ExperimentRef
from treering.pipelines.lockfile import entry_of, lock_path, stage_entry, write_entry
from treering.pipelines.runcache import RunCache
from treering.pipelines.saving import Saver
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet, load_stages
from treering.pipelines.status import Checker
from treering.pipelines.targets import choose
from treering.versioning.pointers import write_pointer
from treering.versioning.repository import Repository

__all__ = ["SaveOptions", "exp_save"]


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """What is saved, and as what.

    Attributes:
        targets: Stages whose outputs are taken over; all where none are given.
        recursive: A folder means all stages in it.
        name: Made up where none is given.
        force: Overwrite an experiment of the same name.
        include_untracked: Files and folders that belong to it although Git does not track them, or ignores them.
        message: Of the commit.
        folder: Where the user stands: paths are relative to it.
    """

    targets: Sequence[str] = ()
    recursive: bool = False
    name: str = ""
    force: bool = False
    include_untracked: Sequence[str] = ()
    message: str = ""
    folder: Path | None = None


def exp_save(repo: Repository, options: SaveOptions | None = None) -> Committed:
    """Save the working tree as an experiment.

    Raises:
        NotFound: If an output or a path that was named is not there.
        AlreadyExists: If the name is taken, and nothing is forced.
        InvalidInput: If it cannot be a name.
    """
    options = options or SaveOptions()
    git = repo.require_git()
    with repo.lock():
        head = head_of(git)
        name = chosen_name(git, head, options.name, force=options.force)
        stages = load_stages(repo, base=options.folder)
        entries = _taken_over(stages, _chosen(stages, options))
        repo.index.save()
        # Anew: what was locked may say of paths what it did not say before.
        stages = load_stages(repo, base=options.folder)
        folder = options.folder or repo.root
        outcome = Outcome(
            ExperimentRef(head, name),
            result_hash(entries),
            options.message,
            # A dvc.yaml without stages tells where metrics are, or plots: without it they would not be shown.
            paths=[*stage_files(stages, stages), *(os.path.join(repo.root, file) for file in stages.pipelines())],  # noqa: PTH118 - as below
            forced=[*top_level_files(stages), *(os.path.join(folder, path) for path in options.include_untracked)],  # noqa: PTH118 - as they are written
            force=options.force,
        )
        committed = commit_experiment(repo, outcome)
    auto_push(repo, committed)
    return committed


def _chosen(stages: StageSet, options: SaveOptions) -> list[Stage]:
    if not options.targets:
        return list(stages)
    found = [stage for target in options.targets for stage in choose(stages, target, recursive=options.recursive)]
    return list({stage.address: stage for stage in found}.values())


def _taken_over(stages: StageSet, chosen: Sequence[Stage]) -> dict[str, Mapping[str, Any]]:
    """Bring lock files and pointers up to date with what lies in the working tree; the entries by stage."""
    saver = Saver(stages, Checker(stages).contents, RunCache(stages.repo.cache_dir))
    entries: dict[str, Mapping[str, Any]] = {}
    for stage in chosen:
        outs = saver.outputs(stage, commit=True, allow_missing=stage.is_pointer)
        if stage.pointer is not None:
            write_pointer(replace(stage.pointer, outs=outs))
            continue
        needed = saver.needed(stage, allow_missing=True)
        made = stage_entry("", (), {}, map(entry_of, outs))
        entry = {**needed, **({"outs": made["outs"]} if "outs" in made else {})}
        write_entry(lock_path(str(stage.file)), stage.name, entry)
        entries[stage.name] = entry
    return entries
