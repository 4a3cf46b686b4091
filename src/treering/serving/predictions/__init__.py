"""The prediction log: what was asked and answered, kept on disk for monitoring and for labels that come later.

    front: sample ─▶ bounded queue ─▶ thread ─pipe─▶ writer process: decode, privacy, segments on disk

What is not kept is counted, and no request ever waits for the log.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from treering.core.plugins import Registry

__all__ = ["BODIES", "FORMS", "BodyReader", "Finish"]

Finish = Callable[[Path, Path], None]
"""Makes the file at the second path of the finished lines at the first, whole or not at all."""

FORMS: Registry[Finish] = Registry(
    "treering.prediction_forms",
    "form of the prediction log",
    {
        "jsonl": "treering.serving.predictions.lines:finish",
        "parquet": "treering.serving.predictions.parquet:finish",
    },
    {"parquet": "pandas"},
)
"""What segments become when they are full; lines of JSON until then."""

BodyReader = Callable[[bytes], tuple[list[str], list[list[object]]]]
"""Columns and rows of a body."""

BODIES: Registry[BodyReader] = Registry(
    "treering.prediction_bodies",
    "kind of body that the prediction log looks into",
    {
        "application/vnd.apache.arrow.stream": "treering.serving.predictions.arrow:read_stream",
        "application/vnd.apache.parquet": "treering.serving.predictions.arrow:read_parquet",
    },
    {
        "application/vnd.apache.arrow.stream": "pandas",
        "application/vnd.apache.parquet": "pandas",
    },
)
"""Kinds that need a package; what cannot be read is withheld."""
