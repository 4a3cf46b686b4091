"""The formats of predictions: one file each, reached through the table `OUTPUT_FORMATS`."""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.models.scoring.outputs.base import OutputFormat

__all__ = ["OUTPUT_FORMATS"]

OUTPUT_FORMATS: Registry[OutputFormat] = Registry(
    "treering.prediction_formats",
    "format of predictions",
    {
        "csv": "treering.models.scoring.outputs.csv:FORMAT",
        "jsonl": "treering.models.scoring.outputs.jsonl:FORMAT",
        "parquet": "treering.models.scoring.outputs.parquet:FORMAT",
    },
    extras={"csv": "pandas", "jsonl": "pandas", "parquet": "pandas"},
)
