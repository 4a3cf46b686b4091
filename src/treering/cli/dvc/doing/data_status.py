"""The verb `data status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.versioning.data_status import DataStatusOptions
from treering.versioning.data_status import data_status as compare

__all__ = ["data_status"]


class _Part(NamedTuple):
    title: str
    colour: str
    hints: tuple[str, ...] = ()


_INDENT = " " * 8


def data_status(call: Call) -> None:
    """Print what differs between commit, pointers and working tree."""
    asked = call.options
    options = DataStatusOptions(
        granular=asked.granular,
        untracked=asked.untracked_files == "all",
        # What speaks with remotes is loaded for those who ask one.
        missing_remotely=import_module("treering.cli.dvc.doing.cloud").missing(call) if asked.not_in_remote else None,
    )
    found = compare(call.repo, asked.targets, options, sources=all_sources(call.repo))
    call.bar.clear()
    parts = {key: value for key, value in found.as_dict().items() if value}
    if not asked.unchanged:
        parts.pop("unchanged", None)
    if asked.json:
        call.show(parts)
        return
    part_of = _ours() if call.ours else _theirs()
    if not parts:
        call.say("No changes in an empty git repo." if found.git.get("is_empty") else "No changes.")
    for number, (key, value) in enumerate(parts.items()):
        if number:
            call.say()
        _print(call, part_of[key], value)
    if found.git.get("is_dirty"):
        other = "other " if parts else ""
        by = "here" if call.ours else "by dvc"
        call.say(f'(there are {other}changes not tracked {by}, use "git status" to see)', "blue")


def _theirs() -> Mapping[str, _Part]:
    """What DVC prints above the parts."""
    return {
        "not_in_cache": _Part("Not in cache", "red", ('use "dvc fetch <file>..." to download files',)),
        "not_in_remote": _Part("Not in remote", "red", ('use "dvc push <file>..." to upload files',)),
        "committed": _Part(
            "DVC committed changes", "green", ("git commit the corresponding dvc files to update the repo",)
        ),
        "uncommitted": _Part(
            "DVC uncommitted changes",
            "yellow",
            ('use "dvc commit <file>..." to track changes', 'use "dvc checkout <file>..." to discard changes'),
        ),
        "untracked": _Part(
            "Untracked files",
            "cyan",
            ('use "git add <file> ..." or "dvc add <file>..." to commit to git or to dvc',),
        ),
        "unchanged": _Part("DVC unchanged files", ""),
    }


def _ours() -> Mapping[str, _Part]:
    """The same under Treering's own names."""
    return {
        "not_in_cache": _Part("Not in the cache", "red", ('use "treering data fetch <file>..." to download files',)),
        "not_in_remote": _Part("Not in the remote", "red", ('use "treering data push <file>..." to upload files',)),
        "committed": _Part(
            "Changes that are written down in pointers or lock files",
            "green",
            ('use "git commit" to keep them in the history',),
        ),
        "uncommitted": _Part(
            "Changes that are not written down",
            "yellow",
            (
                'use "treering data commit <file>..." to track changes',
                'use "treering data checkout <file>..." to discard changes',
            ),
        ),
        "untracked": _Part(
            "Untracked files",
            "cyan",
            ('use "treering data add <file>..." to track data, or "git add <file>..." for what belongs to Git',),
        ),
        "unchanged": _Part("Unchanged files", ""),
    }


def _print(call: Call, part: _Part, value: Any) -> None:
    call.say(f"{part.title}:")
    for hint in part.hints:
        call.say(f"  ({hint})")
    lines = [_INDENT + line for line in _lines(value)]
    call.say("\n".join(lines), part.colour)


def _lines(value: Mapping[str, Sequence[str | Mapping[str, str]]] | Sequence[str]) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield from value
        return
    for state, changes in value.items():
        for change in changes:
            yield f"{state}: {change if isinstance(change, str) else ' -> '.join(change.values())}"
