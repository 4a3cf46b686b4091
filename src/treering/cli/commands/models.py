"""`treering models`: serve a model over HTTP, or ask it for predictions on a file."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from treering.cli.scan import scan
from treering.cli.session import session
from treering.client.artifacts import download_tree
from treering.core.errors import NotFound, NotSupported, Unavailable
from treering.core.settings import Settings
from treering.core.uri import local_path, scheme_of
from treering.models.flavours.base import LoadOptions
from treering.models.loading import load
from treering.registry.locate import locate
from treering.serving.app import ScoringOptions
from treering.serving.decoding import decode
from treering.serving.encoding import encode
from treering.serving.run import serve

__all__ = ["models"]

_TYPES = {"csv": "text/csv", "json": "application/json"}

_model_uri = click.option(
    "--model-uri", "-m", required=True, help="A folder, runs:/<run id>/<path>, models:/<name>/<version> or @<alias>."
)
_env_manager = click.option(
    "--env-manager", default="local", show_default=True, help="Where the model runs; local: in this environment."
)


@click.group()
def models() -> None:
    """Serve models and ask them for predictions."""


models.add_command(scan)


@models.command("serve")
@_model_uri
@click.option("--port", "-p", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--host", "-h", help="Address to listen on; 0.0.0.0 opens the server to the network.")
@click.option(
    "--timeout", "-t", type=click.FloatRange(0, min_open=True), help="Seconds until a prediction is given up."
)
@click.option("--workers", "-w", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--show-traces", is_flag=True, help="Tell clients where in the code an error came from.")
@_env_manager
@click.option("--no-conda", is_flag=True, hidden=True)
@click.pass_obj
def serve_model(  # noqa: PLR0913 -- the options of a command
    settings: Settings,
    *,
    model_uri: str,
    port: int | None,
    host: str | None,
    timeout: float | None,
    workers: int,
    show_traces: bool,
    env_manager: str,
    no_conda: bool,  # noqa: ARG001 -- MLflow's older word for --env-manager local
) -> None:
    """Answer POST /invocations with the model's predictions, until Ctrl-C."""
    _check_environment(env_manager)
    with ExitStack() as stack:
        options = ScoringOptions(
            _folder(model_uri, settings, stack),
            timeout=settings.model_server_timeout if timeout is None else timeout,
            max_body_bytes=settings.max_body_bytes,
            show_traces=show_traces,
            loading=LoadOptions.of(settings),
        )
        serve(
            options,
            host=settings.host if host is None else host,
            port=settings.port if port is None else port,
            workers=workers,
            announce=lambda url: click.echo(f"The model answers at {url}/invocations (Ctrl-C stops it)"),
        )


@models.command("predict")
@_model_uri
@click.option(
    "--input-path",
    "-i",
    type=click.Path(path_type=Path),
    help="File with what a request to /invocations holds.  [default: stdin]",
)
@click.option(
    "--output-path", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: stdout]"
)
@click.option(
    "--content-type", "-t", type=click.Choice(sorted(_TYPES)), default="json", show_default=True,
    help="Format of the input.",
)  # fmt: skip
@_env_manager
@click.pass_obj
def predict(
    settings: Settings,
    *,
    model_uri: str,
    input_path: Path | None,
    output_path: Path | None,
    content_type: str,
    env_manager: str,
) -> None:
    """Write the model's predictions for a file, as JSON."""
    _check_environment(env_manager)
    body = _read(input_path)
    with ExitStack() as stack:
        folder = _folder(model_uri, settings, stack)
        model = load(folder, LoadOptions.of(settings))
        asked = decode(body, _TYPES[content_type], model.signature)
        answer = encode(model.predict(asked.data, asked.params), bare=asked.bare)
    if output_path is None:
        click.echo(answer)
        return
    try:
        output_path.write_bytes(answer + b"\n")
    except OSError as error:
        msg = f"The predictions cannot be written to {output_path}: {error.strerror}. Choose another --output-path."
        raise Unavailable(msg) from error


def _read(path: Path | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Check --input-path."
        raise NotFound(msg) from error


def _check_environment(env_manager: str) -> None:
    if env_manager != "local":
        msg = (
            f"--env-manager {env_manager}: this version runs models in its own environment only. Install the model's"
            " requirements.txt there, and leave the option out."
        )
        raise NotSupported(msg)


def _folder(uri: str, settings: Settings, stack: ExitStack) -> Path:
    """Where the model is on this disk; fetched until the end of `stack` if it is elsewhere."""
    if scheme_of(uri) == "file":
        return local_path(uri)
    target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="treering-model-")))
    with session(settings) as services:
        return download_tree(services, locate(uri, services.tracking, services.registry), target)
