"""Predictions for files of any size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import click

from treering.cli.models.options import folder_of
from treering.cli.progress import RowsTold
from treering.core.errors import InvalidInput
from treering.core.settings import Settings
from treering.models.flavours.base import LoadOptions
from treering.models.scoring.batch import score
from treering.models.scoring.job import DEFAULT_CHUNK_ROWS, BatchJob, Recipe
from treering.models.scoring.request import find_files, sink

__all__ = ["predict_files"]


def predict_files(
    settings: Settings, model_uri: str, input_path: str, output_path: str, options: Mapping[str, Any]
) -> None:
    """Write the predictions to a file, with progress on stderr."""
    files = find_files(input_path, options["input_format"] or "")
    target = sink(output_path, options["output_format"] or "", folder=options["parts"])
    with ExitStack() as stack:
        recipe = Recipe(
            str(folder_of(model_uri, settings, stack)),
            files.format,
            target.format,
            _names(options["columns"]),
            _names(options["keep"]),
            _params(options["params"]),
            options["chunk_rows"] or DEFAULT_CHUNK_ROWS,
            target.compressed,
            LoadOptions.of(settings, options["trust"]),
        )
        job = BatchJob(recipe, files.paths, target.path, options["workers"] or 0, options["resume"], options["parts"])
        told = RowsTold("Scored")
        try:
            done = score(job, lambda progress: told(progress.rows, progress.share))
        except KeyboardInterrupt:
            told.end()
            click.echo("Interrupted. What is done is kept: the same command with --resume goes on.", err=True)
            raise
        finally:
            told.end()
    left = f", {done.resumed_rows:,} of them by an earlier try" if done.resumed_rows else ""
    click.echo(f"{done.rows:,} rows in {done.seconds:.1f} s{left}: {done.output}", err=True)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()


def _params(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        msg = f'--params is no JSON: {error}. Write it such as {{"temperature": 0.5}}.'
        raise InvalidInput(msg) from error
    if not isinstance(found, dict):
        msg = f'--params is a JSON object, such as {{"temperature": 0.5}}, and not {text!r}.'
        raise InvalidInput(msg)
    return found
