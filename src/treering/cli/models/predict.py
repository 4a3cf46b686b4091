"""`treering models predict`: predictions for one request's body, or for files of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from treering.cli.models.options import (
    env_manager_option,
    install_mlflow_option,
    model_uri_option,
    trust_option,
    trusted,
)
from treering.cli.models.where import ELSEWHERE, HERE, Elsewhere, set_locally
from treering.core.errors import InvalidInput
from treering.core.plugins import Registry
from treering.core.settings import Settings
from treering.models.scoring.request import format_of

__all__ = ["predict"]

# Each is loaded only where it is the one that is asked for.
_WAYS: Registry[Any] = Registry(
    "treering.ways_to_predict",
    "way to predict",
    {"files": "treering.cli.models.files:predict_files", "request": "treering.cli.models.request:predict_request"},
    extras={"files": "pandas"},
)
_BATCH = ("input_format", "output_format", "columns", "keep", "params", "chunk_rows", "workers", "resume", "parts")


@click.command("predict")
@model_uri_option
@click.option("--input-path", "-i", help="A file, a folder, or a pattern such as 'data/*.csv'.  [default: stdin]")
@click.option("--output-path", "-o", help="File to write.  [default: stdout]")
@click.option(
    "--content-type", "-t", type=click.Choice(["csv", "json"]), default="json", show_default=True,
    help="Format of what a request to /invocations holds; the predictions are JSON then.",
)  # fmt: skip
@click.option(
    "--input-format", type=click.Choice(["csv", "json", "jsonl", "parquet"]),
    help="Format of files to score.  [default: what their names end with]",
)  # fmt: skip
@click.option(
    "--output-format", type=click.Choice(["csv", "jsonl", "parquet"]),
    help="Format of the predictions.  [default: what the output's name ends with]",
)  # fmt: skip
@click.option(
    "--columns", help="Columns that the model is given, by commas.  [default: those of its signature, or all]"
)
@click.option("--keep", help="Columns of the input to write before the predictions, by commas; '*' for all.")
@click.option("--params", help="Parameters that the model's signature names, as a JSON object.")
@click.option("--chunk-rows", type=click.IntRange(1), help="Rows that the model is asked for at once, at most.")
@click.option("--workers", "-w", type=click.IntRange(1), help="Processes.  [default: one for each core]")
@click.option("--resume", is_flag=True, help="Go on from what an interrupted command left.")
@click.option("--parts", is_flag=True, help="Write a folder of files, each of some rows, instead of one file.")
@trust_option
@env_manager_option
@install_mlflow_option
@click.option(
    "--pip-requirements-override",
    "-r",
    "override",
    help="Requirements to install instead of the model's own of these packages, by commas.",
)
@click.option("--env", multiple=True, help="A variable for the model, as NAME=VALUE; may be given again.")
@click.pass_context
def predict(  # noqa: PLR0913 -- the options of a command
    ctx: click.Context,
    /,
    *,
    model_uri: str,
    input_path: str | None,
    output_path: str | None,
    content_type: str,
    env_manager: str,
    install_mlflow: bool,
    override: str | None,
    env: tuple[str, ...],
    trust: tuple[str, ...],
    **batch: Any,
) -> None:
    """Write a model's predictions.

    For files of any size: CSV, Parquet or JSON lines, told by the ending of their names, are read in
    chunks and scored on all cores; the output has a row for each of theirs, in their order.

    For what a request to /invocations holds, in a file or from stdin: the predictions are JSON. That is
    so with --content-type, and for files that are neither CSV, Parquet nor JSON lines.
    """
    settings: Settings = ctx.obj
    explicit = ctx.get_parameter_source("content_type") is not ParameterSource.DEFAULT
    wants_batch = _wants_batch(input_path, batch, explicit=explicit)
    if env_manager != HERE:
        where = Elsewhere(env_manager, install_mlflow, override or "", tuple(env), with_files=wants_batch)
        ctx.exit(ELSEWHERE.load("environment")(ctx, model_uri, where))
    set_locally(env, override)
    if not wants_batch:
        _WAYS.load("request")(settings, model_uri, input_path, output_path, content_type, trusted(trust))
        return
    if explicit:
        msg = f"--content-type is for requests, and {_given(batch)} for files. Leave one of them out."
        raise InvalidInput(msg)
    if input_path is None or output_path is None:
        msg = "Scoring files needs --input-path and --output-path."
        raise InvalidInput(msg)
    _WAYS.load("files")(settings, model_uri, input_path, output_path, {**batch, "trust": trusted(trust)})


def _wants_batch(path: str | None, batch: dict[str, Any], *, explicit: bool) -> bool:
    if any(batch[name] for name in _BATCH):
        return True
    if path is None or explicit:
        return False
    several = not Path(path).is_file() and (Path(path).is_dir() or any(sign in path for sign in "*?["))
    return several or format_of(path) in {"csv", "jsonl", "parquet"}


def _given(batch: dict[str, Any]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in _BATCH if batch[name])
