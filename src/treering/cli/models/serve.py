"""`treering models serve`: a model behind HTTP, until Ctrl-C."""

from __future__ import annotations

from contextlib import ExitStack

import click

from treering.cli.models.options import env_manager_option, folder_of, install_mlflow_option, model_uri_option
from treering.cli.models.where import ELSEWHERE, HERE, Elsewhere
from treering.core.settings import Settings
from treering.models.flavours.base import LoadOptions
from treering.serving.front.options import ServingOptions, what_of_models
from treering.serving.front.running import Where
from treering.serving.front.running import serve as serve_model

__all__ = ["serve"]


@click.command("serve")
@model_uri_option
@click.option("--port", "-p", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--host", "-h", help="Address to listen on; 0.0.0.0 opens the server to the network.")
@click.option(
    "--timeout", "-t", type=click.FloatRange(0, min_open=True), help="Seconds until a prediction is given up."
)
@click.option("--workers", "-w", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--show-traces", is_flag=True, help="Tell clients where in the code an error came from.")
@env_manager_option
@install_mlflow_option
@click.option("--no-conda", is_flag=True, hidden=True)
@click.pass_context
def serve(  # noqa: PLR0913 -- the options of a command
    ctx: click.Context,
    /,
    *,
    model_uri: str,
    port: int | None,
    host: str | None,
    timeout: float | None,
    workers: int,
    show_traces: bool,
    env_manager: str,
    install_mlflow: bool,
    no_conda: bool,  # noqa: ARG001 -- MLflow's older word for --env-manager local
) -> None:
    """Answer POST /invocations with the model's predictions, until Ctrl-C."""
    if env_manager != HERE:
        ctx.exit(ELSEWHERE.load("environment")(ctx, model_uri, Elsewhere(env_manager, install_mlflow=install_mlflow)))
    settings: Settings = ctx.obj
    with ExitStack() as stack:
        folder = folder_of(model_uri, settings, stack)
        model = {"name": "model", "version": "1", "folder": str(folder), "uri": model_uri}
        serve_model(
            ServingOptions(
                "models",
                what_of_models([model], LoadOptions.of(settings), show_traces=show_traces),
                workers=workers,
                timeout=settings.model_server_timeout if timeout is None else timeout,
                body=settings.max_body_bytes,
            ),
            Where(settings.host if host is None else host, settings.port if port is None else port),
            lambda url: click.echo(f"The model answers at {url}/invocations (Ctrl-C stops it)"),
        )
