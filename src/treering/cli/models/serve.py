"""`treering models serve`: a model behind HTTP, until Ctrl-C."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from treering.cli.models.options import env_manager_option, install_mlflow_option, model_uri_option
from treering.cli.models.starting import serving_options, start
from treering.cli.models.where import ELSEWHERE, HERE, Elsewhere
from treering.serving.aiming import Aim, name_of

__all__ = ["serve"]


@click.command("serve")
@model_uri_option
@click.option("--name", default="", help="What the model is called at /v2/models; its own name unless given.")
@serving_options
@env_manager_option
@install_mlflow_option
@click.option("--no-conda", is_flag=True, hidden=True)
@click.pass_context
def serve(
    ctx: click.Context,
    /,
    *,
    model_uri: str,
    name: str,
    env_manager: str,
    install_mlflow: bool,
    no_conda: bool,  # noqa: ARG001 -- MLflow's older word for --env-manager local
    **given: Any,
) -> None:
    """Answer POST /invocations with the model's predictions, until Ctrl-C."""
    aim = Aim("models", name, model_uri)
    if env_manager != HERE:
        # What runs there is given a folder, whose name says nothing.
        ctx.params["name"] = name_of(aim)[0]
        ctx.set_parameter_source("name", ParameterSource.COMMANDLINE)
        ctx.exit(ELSEWHERE.load("environment")(ctx, model_uri, Elsewhere(env_manager, install_mlflow=install_mlflow)))
    start(ctx.obj, [aim], given)
