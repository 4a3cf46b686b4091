"""Sentences that several verbs print, as DVC's scripts expect them; and how commands are called in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from shlex import quote

__all__ = ["UP_TO_DATE", "amount", "changed_lines", "counted", "git_hint", "joined", "size_text", "spoken"]

UP_TO_DATE = "Data and pipelines are up to date."
_LETTERS: Mapping[str, str] = {"modified": "M", "added": "A", "deleted": "D"}
COLOURS: Mapping[str, str] = {"modified": "yellow", "added": "green", "deleted": "red"}
# First words that are no verbs of data under Treering's own names, with what stands before them there.
_GROUPS: Mapping[str, str] = {
    **dict.fromkeys(("dag", "freeze", "metrics", "params", "plots", "stage", "unfreeze"), "pipeline "),
    **dict.fromkeys(("exp", "repro"), ""),
    "queue": "exp ",
}
_UNITS = "kMGTPEZ"
_STEP = 1024
_THREE_DIGITS = 999.5


def counted(counts: Mapping[str, int]) -> str:
    """Such as `2 files pushed` or `1 file fetched and 3 files added`; empty where every count is 0."""
    return joined(f"{number} {'file' if number == 1 else 'files'} {word}" for word, number in counts.items() if number)


def joined(words: Iterable[str]) -> str:
    """Words with commas, and `and` before the last."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def changed_lines(changes: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """A line for each path of `modified`, `added` and `deleted`, such as `A` and `data/` with a tab between, and its colour."""
    return [
        (f"{letter}\t{path}", COLOURS[state]) for state, letter in _LETTERS.items() for path in changes.get(state, ())
    ]


def spoken(verb: str, *, ours: bool) -> str:
    """How a verb of DVC is called by who called one under Treering's own names, or under DVC's: `treering data add`, `dvc add`."""
    return f"treering {_GROUPS.get(verb.partition(' ')[0], 'data ')}{verb}" if ours else f"dvc {verb}"


def git_hint(files: Iterable[str], *, ours: bool = False) -> str:
    """What tells the user to show Git these files."""
    listed = " ".join(quote(file) for file in sorted(set(files)))
    config = spoken("config core.autostage true", ours=ours)
    return f"\nTo track the changes with git, run:\n\n\tgit add {listed}\n\nTo enable auto staging, run:\n\n\t{config}"


def amount(size: int) -> str:
    """A number of bytes in a sentence: `512B`, `31.2MB`."""
    return f"{size_text(size)}B"


def size_text(size: int) -> str:
    """A number of bytes as people read it: `512`, `4.00k`, `31.2M`."""
    if size < _STEP:
        return str(size)
    value, unit = size / _STEP, 0
    while value >= _THREE_DIGITS and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:#.3g}".rstrip(".") + _UNITS[unit]
