"""Batch jobs for tests, and the files that they read and write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from treering.models.flavours.base import LoadOptions
from treering.models.scoring import batch
from treering.models.scoring.job import BatchJob, BatchResult, Recipe
from treering.models.scoring.request import find_files, sink

__all__ = ["read", "score", "write"]


def _job(model: Path, given: Any, output: Path, **options: Any) -> BatchJob:
    files, target = find_files(given), sink(output, folder=options.get("folder", False))
    ours = {name: options.pop(name) for name in ("workers", "resume", "folder") if name in options}
    recipe = Recipe(
        str(model),
        files.format,
        target.format,
        compressed=target.compressed,
        loading=LoadOptions(allow_code=True),
        **options,
    )
    return BatchJob(recipe, files.paths, target.path, **{"workers": 1, **ours})


def score(model: Path, given: Any, output: Path, **options: Any) -> BatchResult:
    return batch.score(_job(model, given, output, **options))


def write(frame: pd.DataFrame, path: Path) -> Path:
    kind = path.name.partition(".")[2]
    if kind.startswith("csv"):
        frame.to_csv(path, index=False)
    elif kind.startswith("jsonl"):
        frame.to_json(path, orient="records", lines=True, double_precision=15)
    elif kind == "json":
        frame.to_json(path, orient="records", double_precision=15, indent=1)
    else:
        frame.to_parquet(path, row_group_size=700)
    return path


def read(path: Path) -> pd.DataFrame:
    kind = path.name.partition(".")[2]
    if kind.startswith("csv"):
        return pd.read_csv(path)
    return pd.read_json(path, lines=True, precise_float=True) if kind.startswith("jsonl") else pd.read_parquet(path)
