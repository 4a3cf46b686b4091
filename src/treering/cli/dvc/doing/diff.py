"""The verb `diff`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.tabular import print_table
from treering.versioning.diff import diff as compare

__all__ = ["diff"]

_COLOURS = {"added": "green", "deleted": "red", "renamed": "green", "modified": "yellow", "not in cache": "yellow"}
_SHORT = 8

Entry = Mapping[str, Any]


def diff(call: Call) -> None:
    """Print which tracked files differ."""
    asked = call.options
    # Python's JSON gives `b_rev` only where a second commit was named.
    found = compare(call.repo, asked.a_rev, asked.b_rev, asked.targets, sources=all_sources(call.repo))
    entries = {state: _sorted(rows) for state, rows in found.as_dict(hashes=asked.show_hash).items()}
    if asked.hide_missing or asked.b_rev:
        entries.pop("not in cache", None)
    if asked.json:
        call.show(entries)
    elif asked.markdown:
        _print_markdown(call, entries)
    elif entries:
        _print(call, entries)


def _sorted(rows: Sequence[Entry]) -> list[Entry]:
    return sorted(rows, key=lambda row: row["path"]["old"] if isinstance(row["path"], Mapping) else row["path"])


def _print_markdown(call: Call, entries: Mapping[str, Sequence[Entry]]) -> None:
    rows = [(state, row) for state in _COLOURS for row in entries.get(state, ())]
    if call.options.show_hash:
        cells = [(state, _hash(row), _path(row)) for state, row in rows]
        print_table(call, ("Status", "Hash", "Path"), cells, markdown=True)
    else:
        print_table(call, ("Status", "Path"), [(state, _path(row)) for state, row in rows], markdown=True)


def _print(call: Call, entries: Mapping[str, Sequence[Entry]]) -> None:
    counts = {}
    for state, colour in _COLOURS.items():
        rows = entries.get(state, ())
        if not rows:
            continue
        counts[state] = sum(not _path(row).endswith("/") for row in rows)
        call.say(f"{call.paint(state.capitalize(), colour)}:")
        for row in rows:
            digest = f"{_hash(row)}  " if "hash" in row else ""
            call.say(f"    {digest}{_path(row)}")
        call.say()
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    if told:
        call.say(f"files summary: {told}")


def _path(row: Entry) -> str:
    path = row["path"]
    return f"{path['old']} -> {path['new']}" if isinstance(path, Mapping) else str(path)


def _hash(row: Entry) -> str:
    found = row.get("hash") or ""
    if isinstance(found, Mapping):
        return f"{(found['old'] or '')[:_SHORT]}..{(found['new'] or '')[:_SHORT]}"
    return str(found)[:_SHORT]
