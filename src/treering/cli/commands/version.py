"""`treering version`."""

from __future__ import annotations

import json
import platform

import click

import treering

__all__ = ["version"]


@click.command
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the versions of Python and of the system.")
def version(*, as_json: bool) -> None:
    """Show the version."""
    if as_json:
        told = {"treering": treering.__version__, "python": platform.python_version(), "system": platform.platform()}
        click.echo(json.dumps(told))
    else:
        click.echo(f"treering {treering.__version__}")
