"""The verb `profile`."""

from __future__ import annotations

import json
from pathlib import Path

from treering.cli.dvc.call import Call
from treering.client.profiling import DataProfile
from treering.client.profiling import profile as make

__all__ = ["profile"]

_COLOURS = {"error": "red", "warning": "yellow", "note": ""}
_WORDS = {"error": "problem", "warning": "warning", "note": "note"}


def profile(call: Call) -> int:
    """Tell what a table looks like; a page or the counts go into a file where one is named."""
    asked = call.options
    made = make(asked.file, asked.target, None, asked.against, log=False)
    if asked.out:
        out = Path(asked.out)
        if out.suffix.lower() == ".json":
            made.to_json(out)
        else:
            made.to_html(out)
    if call.wants_json:
        call.show(json.loads(made.to_json()))
        return 0
    _tell(call, made)
    if asked.out:
        call.say(f"\nWritten to {asked.out}")
    return 0


def _tell(call: Call, made: DataProfile) -> None:
    found = made.profile
    call.say(
        f"{found.name}: {found.rows:,} rows, {len(found.columns):,} columns, {found.duplicates:,} duplicate rows\n"
    )
    width = max(len(column.name) for column in found.columns)
    for column in found.columns:
        about = "" if column.distinct_exact else "about "
        missing = f", {column.missing / column.rows:.1%} missing" if column.missing else ""
        call.say(f"  {column.name:<{width}}  {column.kind:<7}  {about}{column.distinct:,} different{missing}")
    if found.findings:
        call.say()
    for finding in found.findings:
        call.say(f"{call.paint(_WORDS[finding.level], _COLOURS[finding.level])}: {finding.text}")
