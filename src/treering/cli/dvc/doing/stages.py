"""Verbs that list and write stages."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module

from treering.cli.dvc.call import Call
from treering.cli.dvc.staging import tell_git
from treering.cli.dvc.tabular import print_table
from treering.pipelines import freeze as freezing
from treering.pipelines import stage_list
from treering.pipelines.stage import Stage
from treering.pipelines.stage_add import StageAdd, add_stage

__all__ = ["add", "freeze", "list_stages", "unfreeze"]

_LISTS = (
    *("deps", "params", "outs", "outs_no_cache", "outs_persist", "outs_persist_no_cache"),
    *("metrics", "metrics_no_cache", "plots", "plots_no_cache"),
)


def list_stages(call: Call) -> None:
    """Print addresses and descriptions of stages."""
    asked = call.options
    found = stage_list.list_stages(
        call.repo, asked.targets, every=asked.all, recursive=asked.recursive, fail=asked.fail, base=call.here
    )
    if call.wants_json:
        call.show([{"name": one.address, "description": one.text} for one in found])
    elif asked.name_only:
        for one in found:
            call.give(one.address)
    else:
        print_table(call, [], [(one.address, one.text) for one in found])


def add(call: Call) -> None:
    """Write a stage into dvc.yaml, and run it where that is asked for."""
    asked = call.options
    lists = {name: getattr(asked, name) for name in _LISTS}
    spec = StageAdd(
        asked.name,
        asked.command,
        wdir=asked.wdir or "",
        always_changed=asked.always_changed,
        desc=asked.desc or "",
        force=asked.force,
        **lists,
    )
    added = add_stage(call.repo, spec, base=call.here)
    call.say(f"Added stage '{added.address}' in '{os.path.relpath(added.file, call.here)}'")
    if added.not_ignored:
        call.warn(f"Git will not ignore all that it makes: {', '.join(map(str, added.not_ignored))} cannot be written.")
    touched = [added.file, *added.ignores]
    if asked.run:
        # What runs stages is loaded for those who run one.
        touched += import_module("treering.cli.dvc.doing.repro").run_added(call, added.address)
    tell_git(call, touched)


def freeze(call: Call) -> None:
    """Let stages not follow what they need."""
    _each(call, freezing.freeze)


def unfreeze(call: Call) -> None:
    """Undo freeze."""
    _each(call, freezing.unfreeze)


def _each(call: Call, change: Callable[..., Stage]) -> None:
    for target in call.options.targets:
        stage = change(call.repo, target, base=call.here)
        file = os.path.relpath(stage.file, call.here)
        call.say(f"Modifying stage '{stage.name}' in '{file}'" if stage.name else f"Modifying '{file}'")
        if call.ours:
            tell_git(call, [stage.file])
