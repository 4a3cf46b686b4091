"""Datasets of Hugging Face, with MLflow's digest: that of their first 10,000 rows in pandas."""

from __future__ import annotations

from typing import Any

from treering.client.described import Description
from treering.client.described.arrow import schema_or_none
from treering.client.frames.pandas import FRAMES

__all__ = ["DATA", "HuggingFaceData"]

_MOST_ROWS = 10_000


class HuggingFaceData:
    """Implements `DataLibrary` for `datasets.Dataset`."""

    def columns(self, data: Any) -> list[str]:
        """As `DataLibrary.columns`."""
        return list(data.column_names)

    def describe(self, data: Any) -> Description:
        """As `DataLibrary.describe`."""
        first = next(iter(data.to_pandas(batch_size=_MOST_ROWS, batched=True)))
        profile = {
            "num_rows": data.num_rows,
            "dataset_size": data.dataset_size,
            "size_in_bytes": data.size_in_bytes,
        }
        return Description(FRAMES.digest(first), schema_or_none(first), profile)


DATA = HuggingFaceData()
