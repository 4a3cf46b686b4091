"""What a batch job is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from treering.models.load_options import LoadOptions

__all__ = ["DEFAULT_CHUNK_ROWS", "PREDICTION", "BatchJob", "BatchResult", "Progress", "Recipe"]

DEFAULT_CHUNK_ROWS = 32_768
PREDICTION = "prediction"
"""The column of predictions that have no name of their own."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a worker needs to know: the same for each section of a job.

    Attributes:
        folder: The model's, on this machine.
        columns: The columns that the model is given, in this order; empty: those of its signature, or all.
        keep: Columns of the input that stand before the predictions; `*` stands for all.
        chunk_rows: How many rows the model is asked for at once, at most; wide rows are fewer.
        compressed: Whether parts of text are compressed by gzip.
    """

    folder: str
    input_format: str
    output_format: str
    columns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    chunk_rows: int = DEFAULT_CHUNK_ROWS
    compressed: bool = False
    loading: LoadOptions = field(default_factory=LoadOptions)


@dataclass(frozen=True, slots=True)
class BatchJob:
    """Files to score.

    Attributes:
        inputs: Files, in the order in which their rows stand in the output.
        workers: Processes; 0: one for each core.
        resume: Whether to go on from what an interrupted job left, if it left something.
        folder: Whether the output is a folder of files.
    """

    recipe: Recipe
    inputs: tuple[str, ...]
    output: str
    workers: int = 0
    resume: bool = False
    folder: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        rows: Rows that have predictions, with those of an earlier try.
        share: From 0 to 1, of what there is to read.
    """

    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a job.

    Attributes:
        rows: In the output.
        resumed_rows: How many of them an earlier try had left.
        seconds: How long it took this time.
    """

    output: str
    rows: int
    resumed_rows: int
    seconds: float
    workers: int
