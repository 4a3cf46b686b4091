"""The parser of `treering dvc`: of the one verb that is called, so that the others cost nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from treering.cli.dvc.table import ALIASES, FIRST_WORDS, GROUPS, find_verb, verbs_of
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["SPOKEN", "Asked", "HelpShown", "WrongUsage", "parse"]

SPOKEN = "3.67.1"
"""The version of DVC whose command line this is: editors and scripts ask for it before they use one."""

# DVC's own developers look into DVC with these; they are understood, and do nothing.
_PROBES = (
    *("--cprofile", "--yappi", "--yappi-separate-threads", "--viztracer", "--viztracer-async", "--pdb"),
    *("--instrument", "--instrument-open", "--show-stack", "--ss"),
)
_COLUMNS = 100
_PROBES_WITH_VALUE = ("--cprofile-dump", "--viztracer-depth")


class WrongUsage(Exception):
    """The arguments make no sense.

    Attributes:
        help: How the command is used.
    """

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


class HelpShown(Exception):
    """Help or the version was asked for, and is on standard output."""


class Asked(argparse.Namespace):
    """What was asked for: the verb, what may be said of every verb, and the verb's options under their names."""

    verb: Verb
    quiet: int
    verbose: int
    cd: str
    wait_for_lock: bool


def parse(arguments: Sequence[str], prog: str) -> Asked:
    """Understand a command line.

    Args:
        arguments: The words behind the name of the program.
        prog: That name, for the help.

    Raises:
        WrongUsage: With what is wrong; the exit status is 254.
        HelpShown: There is nothing left to do.
    """
    asked = Asked(quiet=0, verbose=0, cd=".", wait_for_lock=False)
    parser = _general_parser(prog, "DVC's command line, as Treering runs it.", _first_words)
    parser.add_argument("-V", "--version", action="version", version=SPOKEN, help="Show which DVC this stands for.")
    parser.add_argument("--cd", metavar="<path>", default=".", help="Go to this folder first.")
    parser.add_argument("--wait-for-lock", action="store_true", help="Nothing: locks are always waited for.")
    first, *rest = _spoken(parser, arguments, asked)
    name = ALIASES.get(first, first)
    second = ""
    if name in GROUPS:
        inner = _general_parser(f"{prog} {first}", GROUPS[name].help, lambda: _second_words(name))
        second, *rest = _spoken(inner, rest, asked)
        parser = inner
    verb = find_verb(name, second)
    if verb is None:
        known = ", ".join(word for words, _ in (_second_words(name) if second else _first_words()) for word in words)
        parser.error(f"there is no command {second or first!r}. Known ones: {known}")
    words = " ".join(filter(None, (prog, first, second)))
    _spoken(_verb_parser(verb, words), rest, asked)
    asked.verb = verb
    return asked


class _Parser(argparse.ArgumentParser):
    """Says what is wrong, with its help, and never ends the process itself."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage(message, self.format_help())

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            self._print_message(message)
        raise HelpShown(status)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal; argparse's own would load a large module to find that out, for each argument."""

    def __init__(self, prog: str) -> None:
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError, AttributeError):
            columns = _COLUMNS
        super().__init__(prog, width=columns - 2)


class _Pairs(argparse.Action):
    """Collects `name=value`, once or several times."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        del parser, option_string
        found = dict(getattr(namespace, self.dest) or {})
        for pair in values:
            name, equals, value = pair.partition("=")
            if not (name and equals and value):
                raise argparse.ArgumentError(self, f"{pair!r} is not of the form name=value")
            found[name] = value
        setattr(namespace, self.dest, found)


def _spoken(parser: _Parser, arguments: Sequence[str], asked: Asked) -> list[str]:
    """Put what a parser finds into `asked`; the words that are left. How loud to be adds up over the levels."""
    found = parser.parse_args(list(arguments))
    found.quiet += asked.quiet
    found.verbose += asked.verbose
    words: list[str] = vars(found).pop("words", [])
    vars(asked).update(vars(found))
    return words


def _base_parser(prog: str, text: str) -> _Parser:
    parser = _Parser(prog=prog, description=text, add_help=False, formatter_class=_Formatter)
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="count", default=0, help="Print nothing but errors.")
    loudness.add_argument("-v", "--verbose", action="count", default=0, help="Also print what is done.")
    for flag in _PROBES:
        parser.add_argument(flag, action="store_true", dest="probed", help=argparse.SUPPRESS)
    for flag in _PROBES_WITH_VALUE:
        parser.add_argument(flag, dest="probed", help=argparse.SUPPRESS)
    return parser


def _general_parser(prog: str, text: str, listed: Callable[[], list[tuple[list[str], str]]]) -> _Parser:
    """A parser of what stands before a word that says which verb it is."""

    class Help(argparse.Action):
        """Shows the words there are; only now are they looked for."""

        def __call__(self, shown: argparse.ArgumentParser, *_: object) -> None:
            print(_with_words(shown.format_help(), listed()), end="")
            raise HelpShown

    parser = _base_parser(prog, text)
    parser.add_argument("-h", "--help", action=Help, nargs=0, help="Show this help.")
    parser.add_argument("words", nargs=argparse.PARSER, metavar="command", help=argparse.SUPPRESS)
    return parser


def _with_words(text: str, rows: list[tuple[list[str], str]]) -> str:
    labels = [f"{names[0]} ({', '.join(names[1:])})" if names[1:] else names[0] for names, _ in rows]
    width = max(map(len, labels))
    lines = [f"  {label.ljust(width)}  {line}" for label, (_, line) in zip(labels, rows, strict=True)]
    return "\n".join([text.rstrip(), "", "commands:", *lines, ""])


def _first_words() -> list[tuple[list[str], str]]:
    """Each first word that is shown, its other names behind it, and its line of help."""
    rows = []
    for name in sorted(FIRST_WORDS):
        item = GROUPS[name] if name in GROUPS else verbs_of(name)[0]
        if not item.hidden:
            rows.append(([name, *item.aliases], item.help))
    return rows


def _second_words(group: str) -> list[tuple[list[str], str]]:
    verbs = [verb for verb in verbs_of(group) if not verb.hidden or GROUPS[group].hidden]
    return [([verb.name.partition(" ")[2], *verb.aliases], verb.help) for verb in verbs]


def _verb_parser(verb: Verb, prog: str) -> _Parser:
    parser = _base_parser(prog, verb.help)
    parser.add_argument("-h", "--help", action="help", help="Show this help.")
    alone: dict[str, Any] = {}
    for item in verb.takes:
        if isinstance(item, Argument):
            _add_argument(parser, item)
            continue
        if item.alone and item.alone not in alone:
            alone[item.alone] = parser.add_mutually_exclusive_group()
        _add_option(alone.get(item.alone, parser), item)
    parser.set_defaults(**{option.dest: option.preset for option in verb.options})
    return parser


def _add_argument(parser: _Parser, item: Argument) -> None:
    count = argparse.REMAINDER if item.times == "..." else item.times or None
    parser.add_argument(item.name, nargs=count, default=item.default, metavar=item.takes or None, help=item.help)


def _add_option(parser: Any, item: Option) -> None:
    shown: dict[str, Any] = {
        "dest": item.dest,
        "help": argparse.SUPPRESS if item.hidden else item.help.replace("%", "%%"),
    }
    if item.how == "either":
        parser.add_argument(*item.spellings[:-1], action=argparse.BooleanOptionalAction, default=False, **shown)
    elif not item.takes:
        parser.add_argument(*item.spellings, action="store_const", const=item.const, **shown)
    elif item.how == "pairs":
        parser.add_argument(*item.spellings, action=_Pairs, nargs="*", metavar=item.takes, **shown)
    else:
        shown |= {"type": item.kind, "metavar": item.takes, "choices": item.choices or None, "required": item.required}
        if item.how == "append":
            shown["action"] = "append"
        elif item.how == "several":
            shown["nargs"] = "*"
        elif item.how == "perhaps":
            shown |= {"nargs": "?", "const": None if item.const is True else item.const}
        parser.add_argument(*item.spellings, **shown)
