"""The command `treering`: a table of commands, each loaded when it is called, and the border of a command."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

import treering
from treering.core.errors import BadFilter, InvalidInput, TreeringError
from treering.core.log import logger, show_log
from treering.core.plugins import Registry
from treering.core.printable import printable
from treering.core.settings import read_settings

__all__ = ["COMMANDS", "HELP", "LazyGroup", "Program", "main"]

_FAILED = 1
_WRONG_USAGE = 2
_INTERRUPTED = 130


# What `treering --help` says of each command, in alphabetical order; a command stands in the file of its name.
HELP: Mapping[str, str] = {
    "artifacts": "List, fetch and add files of runs and models.",
    "bundle": "Pack models with all they need, and ship them.",
    "ci": "Judge new models, and report on them.",
    "completion": "Print a script that completes commands.",
    "config": "Show every setting, its value and where it comes from.",
    "data": "Versions of data: add, status, checkout, push, pull.",
    "db": "Look at a database's tables, and migrate them.",
    "demo": "The whole life of a model, on real data.",
    "deploy": "Put a model where it answers.",
    "deployments": "What answers where: promote, roll back, remove.",
    "doctor": "Find out what is wrong with an installation.",
    "dvc": "DVC's own command line, word for word.",
    "evaluate": "Judge a model by data whose truth is known.",
    "exp": "Run pipelines with other params, and compare.",
    "experiments": "Make, find and change experiments.",
    "export": "Take runs out, for other tools.",
    "gc": "Remove for good what was deleted.",
    "import": "Bring over what another tool kept.",
    "init": "Start a project that runs, with CI files.",
    "lineage": "What something came of, and what came of it.",
    "models": "Serve a model, or let it predict.",
    "pipeline": "Run the stages of dvc.yaml, and look at them.",
    "registry": "List, register and alias models.",
    "repro": "Run the stages of dvc.yaml that changed.",
    "runs": "Search, describe, delete and restore runs.",
    "sagemaker": "Images, models and batch jobs in SageMaker.",
    "serve": "Serve models, a service or a bundle.",
    "server": "Serve the API and the user interface.",
    "services": "What a service can be asked, and its clients.",
    "sync": "Deliver what was logged and not delivered yet.",
    "ui": "Serve the user interface; as server.",
    "version": "Show the version.",
    "webhooks": "Tell other programs of what happens.",
}


def _file(name: str) -> str:
    """A command whose name is a word of Python has an underscore behind it."""
    return f"{name}_" if keyword.iskeyword(name) else name


COMMANDS: Registry[click.Command] = Registry(
    "treering.commands",
    "command",
    {name: f"treering.cli.commands.{_file(name)}:{_file(name)}" for name in HELP},
    extras={"demo": "demo", "models": "sklearn"},
)
"""The commands; those of other packages are added through the entry point group `treering.commands`."""


class LazyGroup(click.Group):
    """A group that lists its commands without importing them.

    Args:
        table: The commands by name.
        lines: One line of help for each; a command without one is listed by its package's name alone.
    """

    def __init__(self, *args: Any, table: Registry[click.Command], lines: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table
        self._lines = lines

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """The names, sorted."""
        return self._table.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's shape
        """Import a command; None where there is none of that name."""
        return self._table.load(cmd_name) if cmd_name in self._table else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their lines of help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lines.get(name, "")) for name in self.list_commands(ctx)])


class Program(LazyGroup):
    """The group that is a process: whatever happens in a command becomes words on stderr and an exit status."""

    def main(  # type: ignore[override]  # never returns, which click does in another mode
        self, args: Sequence[str] | None = None, prog_name: str | None = "treering", **extra: Any
    ) -> NoReturn:
        """Run a command and end the process: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
        sys.exit(self._status(args, prog_name, {**extra, "standalone_mode": False}))

    def _status(self, args: Sequence[str] | None, prog_name: str | None, extra: Mapping[str, Any]) -> int:
        try:
            result = super().main(None if args is None else list(args), prog_name, **extra)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            return _INTERRUPTED
        except TreeringError as error:
            return _told(error)
        except BrokenPipeError:
            # Who read our output has seen enough, as `head` does; nothing may be flushed into the closed pipe.
            sys.stdout = None
            return _FAILED
        except Exception:  # noqa: BLE001 - the border of a command
            show_log("ERROR")
            logger.exception("The command failed through a fault of Treering's own.")
            return _FAILED
        return result if isinstance(result, int) else 0


def _told(error: TreeringError) -> int:
    """Say what went wrong, with the place in a filter in colour; the exit status."""
    reason, newline, place = printable(error.message, lines=True).partition("\n")
    bad_filter = isinstance(error, BadFilter)
    click.echo(f"Error: {reason}{newline}{click.style(place, fg='red') if bad_filter else place}", err=True)
    return _WRONG_USAGE if bad_filter else _FAILED


def _show_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's shape
    if asked and not ctx.resilient_parsing:
        click.echo(f"treering {treering.__version__}")
        ctx.exit()


@click.group(cls=Program, table=COMMANDS, lines=HELP)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Treering: the whole life of a machine-learning model in one tool.

    Settings come from variables TREERING_...; `treering config` lists them.
    """
    settings = read_settings()
    try:
        show_log(settings.log_level)
    except ValueError as error:
        msg = f"TREERING_LOG_LEVEL is {settings.log_level!r}. Set it to DEBUG, INFO, WARNING or ERROR."
        raise InvalidInput(msg) from error
    ctx.obj = settings
