"""Segments in Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from treering.core.errors import DamagedData
from treering.entities.prediction import Prediction

__all__ = ["read"]

_TEXTS = ("columns", "rows", "request", "answer")


def read(file: Path) -> Iterator[Prediction]:
    """The answers, in their order.

    Raises:
        DamagedData: If it is no whole Parquet file.
    """
    try:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches():
                times = batch.column("time").cast(pa.int64()).to_pylist()
                for time, row in zip(times, batch.drop_columns(["time"]).to_pylist(), strict=True):
                    yield _prediction(time, row)
    except (pa.ArrowException, msgspec.MsgspecError) as error:
        msg = f"{file} is damaged: {error}. Take it out of the folder, or from a backup."
        raise DamagedData(msg) from error


def _prediction(time: int, row: dict[str, Any]) -> Prediction:
    for name in _TEXTS:
        if row[name] is not None:
            row[name] = msgspec.json.decode(row[name])
    return Prediction(time=time, **row)
