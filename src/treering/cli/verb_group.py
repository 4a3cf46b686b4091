"""Groups of commands made from the verbs that `treering dvc` has, with Treering's own additions.

A verb is made into a command when it is called, and what runs it is loaded then.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.table import find_verb
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["Row", "VerbCommand", "VerbGroup", "command_of", "row"]

# Shells complete these with names of files.
_FILES = {"dst", "out", "src", "target", "targets"}
# How many of something at once, which is one at least.
_COUNTS = {"jobs", "remote_jobs"}
_QUIET = Option("-q --quiet", "Print nothing but errors.")


class Row(NamedTuple):
    """A command of a group.

    Attributes:
        verb: Its words in `treering dvc`, or a verb that only Treering has.
        more: What it takes beside what the verb takes.
        without: Flags that it does not have.
        help: One sentence, where the verb's own does not fit.
    """

    verb: str | Verb
    more: tuple[Option | Argument, ...] = ()
    without: tuple[str, ...] = ()
    help: str = ""


def row(verb: str | Verb, *more: Option | Argument, without: tuple[str, ...] = (), text: str = "") -> Row:
    """A row with any number of additions."""
    return Row(verb, more, without, text)


class VerbGroup(click.Group):
    """A group of verbs.

    Args:
        name: Its word.
        text: Its help.
        rows: Its commands, and groups of more commands, by name.

    Attributes:
        rows: As given.
    """

    def __init__(self, name: str, text: str, rows: Mapping[str, Row | VerbGroup]) -> None:
        super().__init__(name, help=text)
        self.rows = rows

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """The names, sorted; without aliases."""
        return sorted(self.rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's shape
        """The command of a name or an alias; None where there is none."""
        found = self.rows.get(cmd_name)
        if found is None:
            cmd_name = self._names().get(cmd_name, "")
            found = self.rows.get(cmd_name)
        return command_of(cmd_name, found) if isinstance(found, Row) else found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their whole line of help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._line(name)) for name in self.list_commands(ctx)])

    def _line(self, name: str) -> str:
        item = self.rows[name]
        return item.help or _verb(item).help if isinstance(item, Row) else item.help or ""

    def _names(self) -> dict[str, str]:
        """Alias to name."""
        verbs = {name: _verb(item) for name, item in self.rows.items() if isinstance(item, Row)}
        return {alias: name for name, verb in verbs.items() for alias in verb.aliases}


class VerbCommand(click.Command):
    """A command that says what its arguments are.

    Args:
        name: Its word.
        arguments: What it takes without a dash.
    """

    def __init__(self, name: str, arguments: list[Argument], **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.arguments = arguments

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Arguments first, then options."""
        if self.arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([(_metavar(item), item.help) for item in self.arguments])
        super().format_options(ctx, formatter)


def command_of(name: str, item: Row) -> VerbCommand:
    """A command that runs a verb."""
    verb = _verb(item)
    takes = [one for one in verb.takes if not (isinstance(one, Option) and set(one.spellings) & set(item.without))]
    takes = [*takes, *item.more]
    takes += [] if any("--quiet" in one.flags for one in takes if isinstance(one, Option)) else [_QUIET]
    rest = any(isinstance(one, Argument) and one.times == "..." for one in takes)
    return VerbCommand(
        name,
        [one for one in takes if isinstance(one, Argument)],
        params=[_param(index, one) for index, one in enumerate(takes)],
        callback=_Runs(verb, takes),
        help=item.help or verb.help,
        # What is behind the first word of a command that is passed on belongs to that command.
        context_settings={"allow_interspersed_args": not rest},
    )


def _verb(item: Row) -> Verb:
    if isinstance(item.verb, Verb):
        return item.verb
    verb = find_verb(*item.verb.split(" "))
    if verb is None:
        msg = f"There is no verb {item.verb!r}."
        raise LookupError(msg)
    return verb


def _param(index: int, item: Argument | Option) -> click.Parameter:
    """How click reads one thing; its place in the list is its name, because several may set one value."""
    name = f"p{index}"
    if isinstance(item, Argument):
        many = item.times in {"*", "+", "..."}
        return click.Argument(
            [name],
            nargs=-1 if many else 1,
            required=item.times in {"", "+"},
            metavar=_metavar(item),
            type=click.UNPROCESSED if item.times == "..." else click.Path() if item.name in _FILES else None,
        )
    if item.how == "either":
        return click.Option([name, "/".join(item.spellings)], default=None, help=item.help, hidden=item.hidden)
    if not item.takes:
        return click.Option([name, *item.spellings], is_flag=True, help=item.help, hidden=item.hidden)
    # A default that is given, be it None, would stand for what has to be said.
    extra: dict[str, Any] = {} if item.default is None else {"default": item.default}
    if item.how == "perhaps" and isinstance(item.const, str):
        extra |= {"is_flag": False, "flag_value": item.const}
    return click.Option(
        [name, *item.spellings],
        multiple=item.how in {"append", "several", "pairs"},
        type=_kind(item),
        metavar=None if item.choices else item.takes,
        required=item.required,
        help=item.help,
        hidden=item.hidden,
        **extra,
    )


def _kind(item: Option) -> click.ParamType[Any] | type:
    if item.choices:
        return click.Choice(item.choices)
    return click.IntRange(1) if item.dest in _COUNTS else item.kind


def _metavar(item: Argument) -> str:
    word = (item.takes or item.name).upper()
    word = f"[{word}]" if item.times in {"*", "?"} else word
    return f"{word}..." if item.times in {"*", "+", "..."} else word


class _Runs:
    """What click calls: it gathers what was given under the names that the verb knows."""

    def __init__(self, verb: Verb, takes: list[Argument | Option]) -> None:
        self._verb = verb
        self._takes = takes

    def __call__(self, **given: Any) -> None:
        context = click.get_current_context()
        said = {
            index
            for index in range(len(self._takes))
            if context.get_parameter_source(f"p{index}") not in {ParameterSource.DEFAULT, None}
        }
        self._check_alone(said)
        options = Namespace(verb=self._verb)
        for item in self._takes:
            setattr(options, *_preset(item))
        for index in sorted(said):
            item = self._takes[index]
            setattr(options, *_value(item, given[f"p{index}"]))
        module, _, name = self._verb.does.partition(":")
        call = Call(options, ours=True, quiet=options.quiet)
        try:
            status = getattr(import_module(module), name)(call)
        except Misuse as error:
            raise click.UsageError(error.message) from error
        finally:
            call.bar.clear()
        if status:
            context.exit(1)

    def _check_alone(self, said: set[int]) -> None:
        first: dict[str, Option] = {}
        for index in sorted(said):
            item = self._takes[index]
            if isinstance(item, Option) and item.alone and first.setdefault(item.alone, item) is not item:
                msg = f"{first[item.alone].spellings[-1]} and {item.spellings[-1]} exclude each other."
                raise click.UsageError(msg)


def _preset(item: Argument | Option) -> tuple[str, Any]:
    if isinstance(item, Option):
        return item.dest, item.preset
    return item.name, item.default if item.default is not None or item.times in {"", "?"} else []


def _value(item: Argument | Option, given: Any) -> tuple[str, Any]:
    if isinstance(item, Argument):
        return item.name, list(given) if isinstance(given, tuple) else given
    if item.how == "pairs":
        pairs = [pair.partition("=") for pair in given]
        wrong = [name + equals + value for name, equals, value in pairs if not (name and equals and value)]
        if wrong:
            msg = f"{wrong[0]!r} is not of the form name=value."
            raise click.UsageError(msg)
        return item.dest, {name: value for name, _, value in pairs}
    if isinstance(given, tuple):
        return item.dest, list(given)
    return item.dest, given if item.takes or item.how == "either" else item.const
