"""Which words may stand at a place of a command line, for shells that complete them."""

from __future__ import annotations

from collections.abc import Sequence

from treering.cli.dvc.table import ALIASES, FIRST_WORDS, GROUPS, find_verb, verbs_of
from treering.cli.dvc.verb import Verb

__all__ = ["candidates"]


def candidates(words: Sequence[str], incomplete: str) -> list[str]:
    """What may stand behind `words` and begins with `incomplete`: commands, options, or values that are listed.

    There is nothing where a file may stand; shells complete those themselves.
    """
    plain = [word for word in words if not word.startswith("-")]
    found = _behind(plain, list(words), incomplete)
    return sorted(text for text in found if text.startswith(incomplete))


def _behind(plain: Sequence[str], words: Sequence[str], incomplete: str) -> list[str]:
    first = ALIASES.get(plain[0], plain[0]) if plain else ""
    if not first:
        shown = [name for name in FIRST_WORDS if not (GROUPS[name] if name in GROUPS else verbs_of(name)[0]).hidden]
        return [*shown, *(alias for alias, name in ALIASES.items() if name in shown)]
    if first in GROUPS and len(plain) == 1:
        return [verb.name.partition(" ")[2] for verb in verbs_of(first) if not verb.hidden]
    verb = find_verb(*plain[: 2 if first in GROUPS else 1])
    return _of_verb(verb, words[-1], incomplete) if verb else []


def _of_verb(verb: Verb, last: str, incomplete: str) -> list[str]:
    for option in verb.options:
        if last in option.spellings and option.choices:
            return list(option.choices)
    flags = [flag for option in verb.options if not option.hidden for flag in option.spellings]
    return flags if incomplete.startswith("-") else []
