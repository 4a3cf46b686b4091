"""The verb `commit`."""

from __future__ import annotations

from pathlib import Path

from treering.cli.dvc.call import Call
from treering.cli.dvc.staging import tell_git
from treering.pipelines.commit import commit_stages
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet, load_stages
from treering.pipelines.targets import choose_granular
from treering.versioning.commit import CommitOptions
from treering.versioning.commit import commit as commit_pointers

__all__ = ["commit"]


def commit(call: Call) -> None:
    """Put changed files into the cache, and write down their hashes."""
    asked = call.options
    options = CommitOptions(force=asked.force, confirm=call.confirm, link=asked.relink)
    stages = load_stages(call.repo, base=call.here)
    chosen = _chosen(call, stages)
    touched: list[Path] = []
    pointers = [stage.file for stage in chosen if stage.pointer is not None]
    if pointers:
        touched += commit_pointers(call.repo, pointers, options, call.bar).touched
    made = [stage for stage in chosen if stage.pointer is None]
    if made:
        touched += commit_stages(stages, made, force=asked.force, confirm=call.confirm, link=asked.relink)
    call.bar.clear()
    if call.ours:
        tell_git(call, touched)


def _chosen(call: Call, stages: StageSet) -> list[Stage]:
    asked = call.options
    if not asked.targets:
        return list(stages)
    found = [
        one.stage
        for target in asked.targets
        for one in choose_granular(stages, target, with_deps=asked.with_deps, recursive=asked.recursive)
    ]
    return list({stage.address: stage for stage in found}.values())
