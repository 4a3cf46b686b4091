"""Tables as Parquet, with a type for each column; written by row groups, so that memory holds one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from treering.entities.metric import MetricColumns
from treering.exchange.gathered import GatheredRun, GatheredRuns
from treering.storage.series.columns import as_arrays

__all__ = ["PARQUET", "ParquetTables"]

_TIME = pa.timestamp("ms", tz="UTC")
_FIRST = (
    ("run_id", pa.string()), ("experiment_id", pa.string()), ("status", pa.string()), ("artifact_uri", pa.string()),
    ("start_time", _TIME), ("end_time", _TIME),
)  # fmt: skip
_POINTS = pa.schema(
    [("run_id", pa.string()), ("key", pa.string()), ("step", pa.int64()), ("timestamp", _TIME), ("value", pa.float64())]
)
_CELLS = 1_000_000
_MOST_ROWS = 20_000
_MOST_POINTS = 200_000


class ParquetTables:
    """Implements `TableWriter`: times as timestamps in UTC, metrics as doubles, the rest as texts.

    What a run has not is null; a NaN that was logged is NaN.
    """

    def runs(self, runs: GatheredRuns, out: BinaryIO) -> int:
        """As `TableWriter.runs`."""
        fields = [*_FIRST]
        fields += [(f"metrics.{key}", pa.float64()) for key in runs.metrics]
        fields += [(f"params.{key}", pa.string()) for key in runs.params]
        fields += [(f"tags.{key}", pa.string()) for key in runs.tags]
        schema = pa.schema(fields)
        count = 0
        with pq.ParquetWriter(out, schema, compression="zstd") as file:
            for rows in _groups(iter(runs), max(1, min(_MOST_ROWS, _CELLS // len(fields)))):
                columns = [
                    *([getattr(run, name) for run in rows] for name, _ in _FIRST),
                    *([run.metrics.get(key) for run in rows] for key in runs.metrics),
                    *([run.params.get(key) for run in rows] for key in runs.params),
                    *([run.tags.get(key) for run in rows] for key in runs.tags),
                ]
                _write(file, schema, columns, len(rows))
                count += len(rows)
        return count

    def points(self, series: Iterable[tuple[str, str, MetricColumns]], out: BinaryIO) -> int:
        """As `TableWriter.points`."""
        waiting: list[pa.RecordBatch] = []
        count = held = 0
        with pq.ParquetWriter(out, _POINTS, compression="zstd") as file:
            for run_id, key, part in series:
                waiting.append(_batch(run_id, key, part))
                held += len(part)
                if held >= _MOST_POINTS:
                    file.write_table(pa.Table.from_batches(waiting, _POINTS), held)
                    count, held = count + held, 0
                    waiting.clear()
            if held:
                file.write_table(pa.Table.from_batches(waiting, _POINTS), held)
        return count + held


def _groups(runs: Iterator[GatheredRun], size: int) -> Iterator[list[GatheredRun]]:
    while rows := list(islice(runs, size)):
        yield rows


def _write(file: Any, schema: Any, columns: Sequence[Sequence[Any]], rows: int) -> None:
    # From Python's own numbers, of which NaN is one and None is none.
    arrays = [pa.array(column, field.type, from_pandas=False) for column, field in zip(columns, schema, strict=True)]
    file.write_table(pa.Table.from_arrays(arrays, schema=schema), rows)


def _batch(run_id: str, key: str, part: MetricColumns) -> Any:
    steps, timestamps, values = as_arrays(part)
    names = [pa.array([text], pa.string()).take(pa.array([0] * len(part), pa.int64())) for text in (run_id, key)]
    return pa.RecordBatch.from_arrays(
        [*names, pa.array(steps), pa.array(timestamps).cast(_TIME), pa.array(values, from_pandas=False)],
        schema=_POINTS,
    )


PARQUET = ParquetTables()
