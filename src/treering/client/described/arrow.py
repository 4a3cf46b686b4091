"""Tables of Arrow, which have the digest of the same table in pandas."""

from __future__ import annotations

from typing import Any

from treering.client.described import Description
from treering.client.frames.pandas import FRAMES
from treering.core.errors import InvalidInput
from treering.models.schema import Schema
from treering.models.signature import infer_schema

__all__ = ["DATA", "ArrowData", "schema_or_none"]

_MOST_ROWS = 10_000


class ArrowData:
    """Implements `DataLibrary` for `pyarrow.Table`; the first 10,000 rows are looked at."""

    def columns(self, data: Any) -> list[str]:
        """As `DataLibrary.columns`."""
        return list(data.column_names)

    def describe(self, data: Any) -> Description:
        """As `DataLibrary.describe`."""
        first = data.slice(0, _MOST_ROWS).to_pandas()
        profile = {"num_rows": data.num_rows, "num_elements": data.num_rows * data.num_columns}
        return Description(FRAMES.digest(first, data.num_rows), schema_or_none(first), profile)


def schema_or_none(frame: Any) -> Schema | None:
    """The columns; None if one has a type that no schema holds, as with MLflow."""
    try:
        return infer_schema(frame)
    except InvalidInput:
        return None


DATA = ArrowData()
