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
from treering.entities.run import Run

__all__ = ["FRAMES", "PandasFrames"]

_MOST_ROWS = 10_000
_DIGEST_LENGTH = 8


class PandasFrames:
    """Implements `FrameLibrary`."""

    def runs(self, runs: Sequence[Run]) -> pd.DataFrame:
        """As `FrameLibrary.runs`: `metrics.*` missing as NaN, `params.*` and `tags.*` as None."""
        columns: dict[str, Any] = {
            "run_id": [run.info.run_id for run in runs],
            "experiment_id": [run.info.experiment_id for run in runs],
            "status": [str(run.info.status) for run in runs],
            "artifact_uri": [run.info.artifact_uri for run in runs],
            "start_time": _times([run.info.start_time for run in runs]),
            "end_time": _times([run.info.end_time for run in runs]),
        }
        metrics = [run.data.metrics for run in runs]
        for key in _keys(metrics):
            columns[f"metrics.{key}"] = [found.get(key, float("nan")) for found in metrics]
        columns |= _texts("params", [run.data.params for run in runs])
        columns |= _texts("tags", [run.data.tags for run in runs])
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

    def digest(self, frame: Any) -> str:
        """As `FrameLibrary.digest`."""
        first = frame.head(_MOST_ROWS)
        # Only columns of numbers and those of nothing but text count.
        texts = first.columns[(frame.map(type).astype(object) == str).all(axis=0)]  # noqa: E721  # a type for each cell
        kept = first[texts.union(first.select_dtypes(include=[np.number]).columns)]
        hashed = hashlib.md5(pd.util.hash_pandas_object(kept).to_numpy().tobytes(), usedforsecurity=False)
        hashed.update(np.int64(len(frame)).tobytes())
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


def _times(millis: Sequence[int | None]) -> Any:
    return pd.to_datetime(pd.array(list(millis), dtype="Int64"), unit="ms", utc=True)


def _keys(mappings: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for found in mappings for key in found))


def _texts(prefix: str, mappings: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {
        f"{prefix}.{key}": pd.Series([found.get(key) for found in mappings], dtype=object) for key in _keys(mappings)
    }


FRAMES = PandasFrames()
