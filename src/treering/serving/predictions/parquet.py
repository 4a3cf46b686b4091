"""The form `parquet`: finished segments as columns, a tenth of the size, which any tool reads.

What has no fixed form (inputs and answers) is text in JSON, so that all segments have the same columns.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from treering.entities.prediction import Prediction

__all__ = ["finish"]

_SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("ms", tz="UTC")),
        ("request_id", pa.string()),
        ("endpoint", pa.dictionary(pa.int32(), pa.string())),
        ("model", pa.dictionary(pa.int32(), pa.string())),
        ("version", pa.dictionary(pa.int32(), pa.string())),
        ("variant", pa.dictionary(pa.int32(), pa.string())),
        ("route", pa.dictionary(pa.int32(), pa.string())),
        ("status", pa.int16()),
        ("seconds", pa.float64()),
        ("columns", pa.dictionary(pa.int32(), pa.string())),
        ("rows", pa.string()),
        ("request", pa.string()),
        ("answer", pa.string()),
        ("withheld", pa.dictionary(pa.int32(), pa.string())),
        ("key", pa.string()),
        ("shadow", pa.bool_()),
        ("trace", pa.string()),
    ]
)
_TEXTS = frozenset({"columns", "rows", "request", "answer"})
_GROUP = 20_000


def finish(part: Path, finished: Path) -> None:
    """Make a Parquet file of the lines, and remove them when it is there."""
    temporary = finished.with_name(f".{finished.name}.{os.urandom(4).hex()}.tmp")
    try:
        with part.open("rb") as lines, pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
            group: list[Prediction] = []
            for line in lines:
                group.append(msgspec.json.decode(line, type=Prediction))
                if len(group) >= _GROUP:
                    writer.write_table(_table(group))
                    group = []
            if group:
                writer.write_table(_table(group))
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o600)
        temporary.replace(finished)
    finally:
        temporary.unlink(missing_ok=True)
    part.unlink()


def _table(group: list[Prediction]) -> pa.Table:
    columns = []
    for field in _SCHEMA:
        values = [getattr(one, field.name) for one in group]
        if field.name in _TEXTS:
            values = [None if value is None else msgspec.json.encode(value).decode() for value in values]
        columns.append(pa.array(values, field.type))
    return pa.table(columns, schema=_SCHEMA)
