"""`treering models prepare-env`: an environment built before it is needed."""

from __future__ import annotations

from contextlib import ExitStack

import click

from treering.cli.models.elsewhere import prepare
from treering.cli.models.options import folder_of, install_mlflow_option, model_uri_option
from treering.cli.models.where import Elsewhere
from treering.core.settings import Settings

__all__ = ["prepare_env"]


@click.command("prepare-env")
@model_uri_option
@click.option("--env-manager", default="virtualenv", show_default=True, help="Who builds it: uv, virtualenv or conda.")
@install_mlflow_option
@click.pass_obj
def prepare_env(settings: Settings, *, model_uri: str, env_manager: str, install_mlflow: bool) -> None:
    """Build the environment that `serve` and `predict` run a model in, and print its Python.

    It is kept by what it holds, so that models with the same requirements share one.
    """
    with ExitStack() as stack:
        folder = folder_of(model_uri, settings, stack)
        click.echo(str(prepare(folder, Elsewhere(env_manager, install_mlflow), settings)))
