"""The formats of files that are scored and written: one file each, reached through the table `SCORING_FORMATS`."""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.models.scoring.formats.base import Format

__all__ = ["SCORING_FORMATS"]

SCORING_FORMATS: Registry[Format] = Registry(
    "treering.scoring_formats",
    "format of scored files",
    {
        "csv": "treering.models.scoring.formats.csv:FORMAT",
        "json": "treering.models.scoring.formats.json:FORMAT",
        "jsonl": "treering.models.scoring.formats.jsonl:FORMAT",
        "parquet": "treering.models.scoring.formats.parquet:FORMAT",
    },
    extras={"csv": "pandas", "json": "pandas", "jsonl": "pandas", "parquet": "pandas"},
)
