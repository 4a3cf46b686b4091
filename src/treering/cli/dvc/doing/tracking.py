"""Verbs that change tracked files, or what is known of them."""

from __future__ import annotations

import os
from importlib import import_module

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources, has_pipelines
from treering.cli.dvc.staging import tell_git
from treering.versioning.move import move as move_output
from treering.versioning.remove import remove as remove_targets
from treering.versioning.unprotect import unprotect as unprotect_targets

__all__ = ["move", "remove", "unprotect"]

_STAGES = "treering.pipelines.stage_remove"


def remove(call: Call) -> None:
    """Stop tracking."""
    asked = call.options
    stages = _stages(call)
    paths = [target for target in asked.targets if target not in stages]
    if paths:
        _remove_paths(call, paths)
    if stages:
        done = import_module(_STAGES).remove_stages(call.repo, stages, outs=asked.outs, base=call.here)
        if call.ours:
            tell_git(call, done.touched, staged=done.staged)


def _stages(call: Call) -> list[str]:
    """The targets that are stages."""
    if all(target.endswith(".dvc") for target in call.options.targets) or not has_pipelines(call.repo):
        return []
    # What knows about pipelines is loaded only where there is one.
    found: list[str] = import_module(_STAGES).named_stages(call.repo, call.options.targets, base=call.here)
    return found


def _remove_paths(call: Call, paths: list[str]) -> None:
    report = remove_targets(
        call.repo,
        paths,
        outs=call.options.outs,
        # What fetches is loaded where the list of a folder's files is not here.
        fetch=lambda oids: import_module("treering.cli.dvc.bringing").bring_objects(call, oids),
    )
    if report.changed:
        left = [target for target in paths if not call.options.outs and _is_left(target)]
        if left:
            call.say(
                f"What is there stays: {', '.join(left)}. Delete it, or name it in .dvcignore;"
                " otherwise the next `add` or `commit` of its folder takes it in again."
            )
        tell_git(call, report.touched, staged=report.staged)


def _is_left(target: str) -> bool:
    """Whether a part of a tracked folder is there after it was taken out."""
    return not target.endswith(".dvc") and os.path.lexists(target)


def move(call: Call) -> None:
    """Move a tracked file or folder."""
    report = move_output(call.repo, call.options.src, call.options.dst, sources=[*all_sources(call.repo)])
    tell_git(call, report.touched, staged=report.staged)


def unprotect(call: Call) -> None:
    """Make files one's own."""
    unprotect_targets(call.repo, call.options.targets, call.bar)
