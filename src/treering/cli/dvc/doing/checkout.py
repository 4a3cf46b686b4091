"""The verb `checkout`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.wording import changed_lines, counted
from treering.versioning.checkout import CheckoutOptions, CheckoutReport, Incomplete
from treering.versioning.checkout import checkout as bring

__all__ = ["changes_in", "checkout", "print_changes"]

_STATES = ("added", "modified", "deleted")


def checkout(call: Call) -> None:
    """Bring the working tree to what its pointers say."""
    asked = call.options
    options = CheckoutOptions(
        force=asked.force,
        relink=asked.relink,
        allow_missing=asked.allow_missing,
        patterns=tuple(getattr(asked, "only", ())),
    )
    try:
        report = bring(
            call.repo,
            asked.targets,
            options,
            sources=all_sources(call.repo),
            recursive=asked.recursive,
            progress=call.bar,
        )
    except Incomplete as error:
        _tell(call, error.report)
        raise
    _tell(call, report)
    if asked.relink and not call.wants_json:
        call.say("Relinked successfully")


def _tell(call: Call, report: CheckoutReport) -> None:
    call.bar.clear()
    if call.wants_json:
        files = dict(zip(_STATES, report.files, strict=True))
        call.show({**changes_in(call, report), "failed": list(report.failed), "files": files})
    elif call.options.summary:
        call.say(counted(dict(zip(_STATES, report.files, strict=True))) or "No changes.")
    else:
        print_changes(call, changes_in(call, report))


def changes_in(call: Call, report: CheckoutReport) -> dict[str, list[str]]:
    """Paths of outputs by what became of them, relative to the working directory; folders end with a slash."""
    return {
        "added": _shown(call, report.added),
        "modified": _shown(call, report.modified),
        "deleted": _shown(call, report.deleted),
    }


def print_changes(call: Call, changes: Mapping[str, Iterable[str]]) -> None:
    """A line for each, such as `A       data/`."""
    for line, colour in changed_lines(changes):
        call.mark(line, colour)


def _shown(call: Call, paths: Iterable[str]) -> list[str]:
    root = call.repo.root
    return [os.path.relpath(root / path, call.here) + (os.sep if path.endswith("/") else "") for path in paths]
