"""`treering completion`: a script that teaches a shell to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script for SHELL.

    For bash, put this into ~/.bashrc: eval "$(treering completion bash)"
    """
    chosen = get_completion_class(shell)
    if chosen is None:
        msg = f"This version of click does not know {shell}."
        raise click.ClickException(msg)
    click.echo(chosen(ctx.find_root().command, {}, "treering", "_TREERING_COMPLETE").source())
