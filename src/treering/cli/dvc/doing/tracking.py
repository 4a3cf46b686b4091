"""Verbs that change tracked files, or what is known of them."""

from __future__ import annotations

from importlib import import_module

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.staging import tell_git
from treering.versioning.move import move as move_output
from treering.versioning.remove import remove as remove_targets
from treering.versioning.unprotect import unprotect as unprotect_targets

__all__ = ["move", "remove", "unprotect"]


def remove(call: Call) -> None:
    """Stop tracking."""
    report = remove_targets(
        call.repo,
        call.options.targets,
        outs=call.options.outs,
        # What fetches is loaded where the list of a folder's files is not here.
        fetch=lambda oids: import_module("treering.cli.dvc.bringing").bring_objects(call, oids),
    )
    if report.changed:
        tell_git(call, report.touched, staged=report.staged)


def move(call: Call) -> None:
    """Move a tracked file or folder."""
    report = move_output(call.repo, call.options.src, call.options.dst, sources=[*all_sources(call.repo)])
    tell_git(call, report.touched, staged=report.staged)


def unprotect(call: Call) -> None:
    """Make files one's own."""
    unprotect_targets(call.repo, call.options.targets, call.bar)
