"""The values that a command line is made from: a verb, what stands behind it, and the options it takes.

Two parsers read them: `treering dvc` and the groups `treering data`, `pipeline` and `exp`.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

__all__ = ["Argument", "Group", "How", "Option", "Verb"]

How = Literal["once", "append", "several", "perhaps", "pairs", "either"]
"""How often an option's value is given.

once: one value. append: one value each time the option stands there. several: any number of values behind
one option. perhaps: a value, or none. pairs: as several, each `name=value`. either: a switch with a
twin `--no-...`.
"""


class Option(NamedTuple):
    """Something that may be said with a dash.

    Attributes:
        flags: How it is written, with spaces between: `-f --force`.
        help: One sentence.
        takes: What a value is called in the help; empty for a switch.
        how: How often a value may be given.
        name: Under which name the verb finds it; empty: the first long flag's.
        kind: What a value is made into.
        default: Without the option. None for a switch means that it is off.
        const: What a switch sets, or an option that is given without the value it may have.
        choices: The values there are; empty: any.
        alone: Options of one verb that have this word in common exclude each other.
        hidden: It is understood, and not shown.
        required: It has to be given.
    """

    flags: str
    help: str
    takes: str = ""
    how: How = "once"
    name: str = ""
    kind: type = str
    default: Any = None
    const: Any = True
    choices: tuple[str, ...] = ()
    alone: str = ""
    hidden: bool = False
    required: bool = False

    @property
    def spellings(self) -> list[str]:
        """Each way to write it."""
        return self.flags.split()

    @property
    def dest(self) -> str:
        """The name under which a verb finds what was given."""
        if self.name:
            return self.name
        spellings = self.spellings
        long = next((flag for flag in spellings if flag.startswith("--")), spellings[0])
        return long.lstrip("-").replace("-", "_")

    @property
    def preset(self) -> Any:
        """What a verb finds where nothing was given."""
        if self.default is not None:
            return self.default
        if self.how == "append":
            return []
        if self.takes:
            return None
        return not self.const if isinstance(self.const, bool) else None


class Argument(NamedTuple):
    """Something that is said without a dash.

    Attributes:
        name: Under which name the verb finds it.
        help: One sentence.
        times: Empty for exactly one, `?` for one or none, `*` for any number, `+` for one at least,
            `...` for all the rest, whatever it looks like.
        default: Where nothing was given.
        takes: What it is called in the help; empty: the name.
    """

    name: str
    help: str
    times: Literal["", "?", "*", "+", "..."] = ""
    default: Any = None
    takes: str = ""


class Verb(NamedTuple):
    """A command.

    Attributes:
        name: Its words: `remote add`.
        help: One sentence, as lists of commands show it.
        does: `module:function`; the function takes a `Call`, and gives an exit status or nothing.
        takes: Its arguments and options, in the order in which its help shows them.
        aliases: Other names for the last word.
        failed: The exit status of `treering dvc` where the work fails.
        hidden: It is understood, and not listed.
        refused: Why Treering does not do it; then nothing has to be done for it.
    """

    name: str
    help: str
    does: str = ""
    takes: tuple[Argument | Option, ...] = ()
    aliases: tuple[str, ...] = ()
    failed: int = 255
    hidden: bool = False
    refused: str = ""

    @property
    def options(self) -> list[Option]:
        """What it takes with a dash."""
        return [item for item in self.takes if isinstance(item, Option)]

    @property
    def arguments(self) -> list[Argument]:
        """What it takes without a dash."""
        return [item for item in self.takes if isinstance(item, Argument)]


class Group(NamedTuple):
    """A first word that has verbs behind it.

    Attributes:
        name: The word.
        help: One sentence.
        aliases: Other names for it.
        hidden: It is understood, and not listed.
    """

    name: str
    help: str
    aliases: tuple[str, ...] = ()
    hidden: bool = False
