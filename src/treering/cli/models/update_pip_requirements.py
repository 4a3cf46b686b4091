"""`treering models update-pip-requirements`: what a saved model says that it needs."""

from __future__ import annotations

import click

from treering.cli.models.options import model_uri_option
from treering.client.model_environments import update_model_requirements

__all__ = ["update_pip_requirements"]


@click.command("update-pip-requirements")
@model_uri_option
@click.argument("operation", type=click.Choice(["add", "remove"]))
@click.argument("requirement_strings", nargs=-1, required=True)
def update_pip_requirements(*, model_uri: str, operation: str, requirement_strings: tuple[str, ...]) -> None:
    """Add requirements to a model, or remove them, in all files that say what it needs.

    One that is added replaces that of the same package. The model itself stays as it is.
    """
    lines = update_model_requirements(model_uri, operation, requirement_strings)
    click.echo("\n".join(lines))
