"""The prediction log, read: answers with what was asked, rows with names, and the truth where it has come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from treering.core.plugins import Registry
from treering.entities.prediction import Prediction

__all__ = ["SEGMENTS", "ReadSegment"]

ReadSegment = Callable[[Path], Iterator[Prediction]]
"""The answers in one file. What cannot be read is passed over, and said in the log."""

SEGMENTS: Registry[ReadSegment] = Registry(
    "treering.prediction_segments",
    "form of a segment of the prediction log",
    {
        "jsonl": "treering.monitoring.predictions.lines:read",
        "parquet": "treering.monitoring.predictions.parquet:read",
    },
    {"parquet": "pandas"},
)
