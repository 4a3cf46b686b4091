"""Batch scoring by a model's URI: the fluent call, and what the command line and Ray stand on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from treering.client.artifacts import download_artifacts
from treering.client.session import session
from treering.core.uri import local_path, scheme_of
from treering.models.flavours.base import LoadOptions
from treering.models.scoring.batch import score
from treering.models.scoring.job import DEFAULT_CHUNK_ROWS, BatchJob, BatchResult, Progress, Recipe
from treering.models.scoring.request import find_files, sink

__all__ = ["model_folder", "predict_batch"]


def predict_batch(  # noqa: PLR0913 -- the options of a command, by name
    model_uri: str,
    input_path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output_path: str | os.PathLike[str],
    *,
    input_format: str = "",
    output_format: str = "",
    columns: Sequence[str] = (),
    keep: Sequence[str] = (),
    params: Mapping[str, Any] | None = None,
    chunk_rows: int = DEFAULT_CHUNK_ROWS,
    workers: int = 0,
    resume: bool = False,
    parts: bool = False,
    trust: object = None,
    progress: Callable[[Progress], None] | None = None,
) -> BatchResult:
    """Write a model's predictions for files: CSV, Parquet or JSON lines, in memory that does not grow with them.

    The rows of the output stand in the order of the input. It appears when all of it is
    there; what was done before an interruption is kept beside it for `resume=True`.

    Args:
        model_uri: A folder, or such as `models:/<name>@<alias>` or `runs:/<run id>/<path>`.
        input_path: A file, a folder, a pattern such as `data/*.csv`, or several of them.
        input_format: `csv`, `parquet`, `jsonl` or `json`; by default what the names end with. CSV and JSON
            lines may be compressed by gzip (`.gz`).
        output_format: `csv`, `parquet` or `jsonl`; by default what the name ends with.
        columns: What the model is given, in this order; by default the columns of its signature, or all.
        keep: Columns of the input that stand before the predictions; `*` is all of them.
        params: Parameters that the model's signature names.
        chunk_rows: How many rows the model is asked for at once, at most.
        workers: Processes, each with a copy of the model; 0: one for each core, and none besides this for little data.
        resume: Go on from what an interrupted call with the same arguments left.
        parts: Write a folder of files, each of some rows, instead of one file.
        trust: True: the model's code may run; or names that may be read though no allow-list has them.
        progress: Called now and then with how far it is.

    Raises:
        NotFound: If there is no such model or input.
        InvalidInput: If columns are missing, or rows cannot be read or predicted; the message names them.
        AlreadyExists: If `parts` is asked for, and there is something already.
        Conflict: If another process writes the same output, or the input while it is read.
        StorageFull: If the disk is full.
    """
    files = find_files(input_path, input_format)
    target = sink(output_path, output_format, folder=parts)
    with model_folder(model_uri) as folder:
        recipe = Recipe(
            str(folder),
            files.format,
            target.format,
            tuple(columns),
            tuple(keep),
            params or {},
            chunk_rows,
            target.compressed,
            LoadOptions.of(session().settings, trust),
        )
        return score(BatchJob(recipe, files.paths, target.path, workers, resume, parts), progress)


@contextmanager
def model_folder(model_uri: str) -> Iterator[Path]:
    """Where a model is on this machine; fetched for the time of the block if it is elsewhere."""
    if scheme_of(model_uri) == "file":
        yield local_path(model_uri)
        return
    with tempfile.TemporaryDirectory(prefix="treering-model-") as scratch:
        yield Path(download_artifacts(model_uri, dst_path=scratch))
