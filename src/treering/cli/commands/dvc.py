"""`treering dvc`: DVC's own command line. A process that is called so never comes here: see `treering.cli.start`."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from treering.cli.dvc.completing import candidates
from treering.cli.dvc.program import program

__all__ = ["dvc"]


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Words that may stand here."""
    return [CompletionItem(text) for text in candidates(ctx.params["words"], incomplete)]


class _Passed(click.Command):
    """A command that understands nothing itself, `--help` neither."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take all words as they are."""
        ctx.params["words"] = tuple(args)
        ctx.args = []
        return []


@click.command(cls=_Passed, add_help_option=False)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, shell_complete=_complete)
@click.pass_context
def dvc(ctx: click.Context, /, **given: Any) -> None:
    """DVC's own command line, word for word.

    For scripts and editors that call `dvc`: all commands, options, texts and exit
    statuses are DVC's. What it can do is listed by `treering dvc --help`.
    """
    ctx.exit(program(list(given["words"])))
