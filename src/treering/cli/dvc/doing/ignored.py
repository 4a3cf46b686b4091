"""The verb `check-ignore`."""

from __future__ import annotations

import sys
from itertools import takewhile

from treering.cli.dvc.call import Call, Misuse
from treering.versioning.check_ignore import Checked
from treering.versioning.check_ignore import check_ignore as ask

__all__ = ["check_ignore"]


def check_ignore(call: Call) -> int:
    """Print which of the paths are left out; 1 where none is."""
    asked = call.options
    _check(call)
    # A program that asks line by line waits for each answer.
    lines = (line.rstrip("\n") for line in sys.stdin)
    names = takewhile(bool, lines) if asked.stdin else asked.targets
    if call.wants_json:
        return _show(call, list(ask(call.repo, names)))
    found = False
    for checked in ask(call.repo, names):
        found |= _told(call, checked)
        sys.stdout.flush()
    return 0 if found else 1


def _show(call: Call, found: list[Checked]) -> int:
    call.show(
        [
            {"path": one.target, "ignored": one.is_ignored, "pattern": one.reason.shown if one.reason else None}
            for one in found
        ]
    )
    return 0 if any(one.is_ignored for one in found) else 1


def _check(call: Call) -> None:
    asked = call.options
    wrong = ""
    if bool(asked.targets) == asked.stdin:
        wrong = "Give either paths or --stdin."
    elif asked.non_matching and not asked.details:
        wrong = "--non-matching goes with --details only."
    elif asked.all and not asked.details:
        wrong = "--all goes with --details only."
    elif call.quiet and asked.details:
        wrong = "--details and --quiet exclude each other."
    if wrong:
        raise Misuse(wrong)


def _told(call: Call, checked: Checked) -> bool:
    """Print what there is to say of one path; whether it counts as left out."""
    if not call.options.details:
        if checked.is_ignored:
            call.say(checked.target)
        return checked.is_ignored
    # With details, a line that takes a path back counts as well.
    if checked.reason is not None or call.options.non_matching:
        call.say(checked.details())
    return checked.reason is not None
