"""Results as pandas data frames, with MLflow's column names."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from treering.core.errors import InvalidInput
from treering.entities.model import LoggedModel
from treering.entities.run_table import NO_TIME, RunTable, TextColumn

__all__ = ["FRAMES", "PandasFrames"]

_MOST_ROWS = 10_000
_DIGEST_LENGTH = 8


class PandasFrames:
    """Implements `FrameLibrary`."""

    def runs(self, pages: Sequence[RunTable]) -> pd.DataFrame:
        """As `FrameLibrary.runs`: `metrics.*` missing as NaN, `params.*` and `tags.*` as None."""
        columns: dict[str, Any] = {
            "run_id": [run_id for page in pages for run_id in page.run_ids],
            "experiment_id": [text for page in pages for text in _spelled(page.experiment_ids)],
            "status": [text for page in pages for text in _spelled(page.statuses)],
            "artifact_uri": [uri for page in pages for uri in page.artifact_uris],
            "start_time": _times([page.start_times for page in pages]),
            "end_time": _times([page.end_times for page in pages]),
        }
        for key in _keys([page.metrics for page in pages]):
            columns[f"metrics.{key}"] = np.concatenate(
                [page.metrics[key] if key in page.metrics else np.full(len(page), np.nan) for page in pages]
            )
        for prefix in ("params", "tags"):
            parts = [(getattr(page, prefix), len(page)) for page in pages]
            for key in _keys([found for found, _ in parts]):
                texts = [_spelled(found[key]) if key in found else np.full(rows, None) for found, rows in parts]
                columns[f"{prefix}.{key}"] = pd.Series(np.concatenate(texts), dtype=object)
        return pd.DataFrame(columns)

    def models(self, models: Sequence[LoggedModel]) -> pd.DataFrame:
        """As `FrameLibrary.models`."""
        return pd.DataFrame(
            {
                "experiment_id": [model.experiment_id for model in models],
                "model_id": [model.model_id for model in models],
                "name": [model.name for model in models],
                "artifact_location": [model.artifact_uri for model in models],
                "creation_timestamp": [model.creation_time for model in models],
                "last_updated_timestamp": [model.last_update_time for model in models],
                "model_type": [model.model_type for model in models],
                "source_run_id": [model.source_run_id for model in models],
                "status": [str(model.status) for model in models],
                "tags": [dict(model.tags) for model in models],
                "params": [dict(model.params) for model in models],
                "metrics": [{metric.key: metric.value for metric in model.metrics} for model in models],
            }
        )

    def table(self, columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        """As `FrameLibrary.table`."""
        return pd.DataFrame(dict(columns))

    def columns(self, frame: Any) -> dict[str, list[Any]]:
        """As `FrameLibrary.columns`."""
        return {str(name): values.tolist() for name, values in frame.items()}

    def concatenate(self, frames: Sequence[Any]) -> pd.DataFrame:
        """As `FrameLibrary.concatenate`."""
        return pd.concat(list(frames), ignore_index=True) if frames else pd.DataFrame()

    def to_parquet(self, columns: Mapping[str, Sequence[Any]]) -> bytes:
        """As `FrameLibrary.to_parquet`."""
        buffer = io.BytesIO()
        self.table(columns).to_parquet(buffer, index=False)
        return buffer.getvalue()

    def from_parquet(self, data: bytes) -> pd.DataFrame:
        """As `FrameLibrary.from_parquet`."""
        return pd.read_parquet(io.BytesIO(data))

    def check_column(self, frame: Any, column: str | None) -> None:
        """As `FrameLibrary.check_column`."""
        if column is not None and column not in frame.columns:
            msg = f"The table has no column {column!r}. It has: {', '.join(map(str, frame.columns[:20]))}."
            raise InvalidInput(msg)

    def digest(self, frame: Any, rows: int | None = None) -> str:
        """As `FrameLibrary.digest`."""
        first = frame.head(_MOST_ROWS)
        # Only columns of numbers and those of nothing but text count.
        texts = first.columns[[_is_text(frame.iloc[:, place]) for place in range(frame.shape[1])]]
        kept = first[texts.union(first.select_dtypes(include=[np.number]).columns)]
        hashed = hashlib.md5(pd.util.hash_pandas_object(kept).to_numpy().tobytes(), usedforsecurity=False)
        hashed.update(np.int64(len(frame) if rows is None else rows).tobytes())
        for name in frame.columns:
            hashed.update(str(name).encode())
        return hashed.hexdigest()[:_DIGEST_LENGTH]

    def hash_values(self, values: Any) -> bytes:
        """As `FrameLibrary.hash_values`."""
        try:
            return bytes(pd.util.hash_array(values).tobytes())
        except TypeError:
            # Lists and dictionaries in cells cannot be hashed.
            return np.int64(values.size).tobytes()


def _is_text(column: Any) -> bool:
    """Whether each of its values is a text; so it is, too, where there are none."""
    if not len(column):
        return True
    # Columns of numbers are told by their type, and need not be looked into.
    return column.dtype.kind not in "biufcmM" and set(map(type, column.to_numpy(object))) == {str}


def _times(parts: Sequence[Sequence[int]]) -> Any:
    millis = np.concatenate([np.asarray(part, np.int64) for part in parts])
    return pd.to_datetime(pd.arrays.IntegerArray(millis, millis == NO_TIME), unit="ms", utc=True)


def _keys(mappings: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for found in mappings for key in found))


def _spelled(column: TextColumn) -> Any:
    """The texts as an array of objects; None, which -1 finds, where there is none."""
    return np.array([*column.texts, None], object)[np.asarray(column.codes, np.int32)]


FRAMES = PandasFrames()
