"""The command `treering`: a table of commands, each loaded when it is called, and the border of a command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger, show_log
from treering.core.settings import read_settings

__all__ = ["COMMANDS", "LazyGroup", "Program", "Row", "main"]

_FAILED = 1
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Row:
    """Where a command is, as `module:command`, and its line in the list of commands."""

    target: str
    help: str


# In alphabetical order.
COMMANDS: Mapping[str, Row] = {
    "artifacts": Row("treering.cli.commands.artifacts:artifacts", "List, fetch and add files of runs and models."),
    "completion": Row("treering.cli.commands.completion:completion", "Print a script that completes commands."),
    "config": Row("treering.cli.commands.config:config", "Show every setting, its value and where it comes from."),
    "demo": Row("treering.cli.commands.demo:demo", "The whole life of a model, on real data."),
    "experiments": Row("treering.cli.commands.experiments:experiments", "Make, find and change experiments."),
    "models": Row("treering.cli.commands.models:models", "Serve models and ask them for predictions."),
    "registry": Row("treering.cli.commands.registry:registry", "List, register and alias models."),
    "runs": Row("treering.cli.commands.runs:runs", "List, describe, delete and restore runs."),
    "server": Row("treering.cli.commands.server:server", "Serve the API and the user interface."),
    "sync": Row("treering.cli.commands.sync:sync", "Deliver what was logged while a server was away."),
    "ui": Row("treering.cli.commands.ui:ui", "Serve the user interface; as server."),
    "version": Row("treering.cli.commands.version:version", "Show the version."),
}


class LazyGroup(click.Group):
    """A group that lists its commands without importing them.

    Args:
        rows: The commands by name.
    """

    def __init__(self, *args: Any, rows: Mapping[str, Row], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = rows

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """The names, in the order of the table."""
        return list(self._rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's shape
        """Import a command; None where there is none of that name."""
        row = self._rows.get(cmd_name)
        if row is None:
            return None
        module_name, _, attribute = row.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module_name), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's shape
        """List the commands with the lines of the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in self._rows.items()])


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
            click.echo(f"Error: {error}", err=True)
            return _FAILED
        except BrokenPipeError:
            # Who read our output has seen enough, as `head` does; nothing may be flushed into the closed pipe.
            sys.stdout = None
            return _FAILED
        except Exception:  # noqa: BLE001 - the border of a command
            show_log("ERROR")
            logger.exception("The command failed through a fault of Treering's own.")
            return _FAILED
        return result if isinstance(result, int) else 0


@click.group(cls=Program, rows=COMMANDS)
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
