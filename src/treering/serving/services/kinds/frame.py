"""Data frames of pandas: rows or columns in JSON, or a whole body of CSV, Parquet or Arrow."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from treering.serving.services.kinds.base import Scratch, Single, Upload, sliced, unsuitable
from treering.serving.services.validators import BadValue, DataframeSchema

__all__ = ["TABLES", "FrameKind"]

TABLES = ("text/csv", "application/vnd.apache.parquet", "application/x-parquet", "application/vnd.apache.arrow.stream")


class FrameKind(Single):
    """Data frames, of the columns that a schema names."""

    batches = True

    def __init__(self, schema: DataframeSchema) -> None:
        self._schema = schema
        self._pandas = importlib.import_module("pandas")

    def load(self, raw: Any, scratch: Scratch) -> Any:  # noqa: ARG002 -- the protocol's
        """A frame with the wanted columns, in their order."""
        frame = raw if isinstance(raw, self._pandas.DataFrame) else self._read(raw)
        if self._schema.columns is None:
            return frame
        missing = [name for name in self._schema.columns if name not in frame.columns]
        if missing:
            msg = f"The columns {', '.join(map(repr, missing))} are missing; there are {_listed(frame.columns)}."
            raise BadValue(msg, kind="missing")
        unknown = [name for name in frame.columns if name not in self._schema.columns]
        if unknown:
            msg = f"There are no columns {_listed(unknown)}; known are {_listed(self._schema.columns)}."
            raise BadValue(msg)
        return frame[list(self._schema.columns)]

    def dump(self, value: Any) -> Any:
        """Rows, or columns; what is missing becomes null."""
        if hasattr(value, "to_frame") and not hasattr(value, "columns"):
            value = value.to_frame()
        if not isinstance(value, self._pandas.DataFrame):
            raise unsuitable(value, "a data frame")
        return value.to_dict(orient="records" if self._schema.orient == "records" else "list")

    def schema(self) -> dict[str, Any]:
        """As BentoML writes it."""
        found: dict[str, Any] = {"type": "dataframe", "orient": self._schema.orient}
        return found | ({"columns": list(self._schema.columns)} if self._schema.columns else {})

    def described(self) -> dict[str, Any]:
        """A list of objects, or an object of lists."""
        names = self._schema.columns or ()
        if self._schema.orient == "records":
            row: dict[str, Any] = {"type": "object"}
            if names:
                row |= {"properties": {name: {} for name in names}, "required": list(names)}
            return {"type": "array", "items": row}
        columns: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "array"}}
        if names:
            columns |= {"properties": {name: {"type": "array"} for name in names}, "required": list(names)}
        return columns

    def joined(self, values: Sequence[Any], axis: int) -> Any:
        """One below another; of the same columns and types only."""
        if axis or any(not one.dtypes.equals(values[0].dtypes) for one in values[1:]):
            msg = "They are of different columns."
            raise ValueError(msg)
        return self._pandas.concat(values, ignore_index=True)

    def parts(self, value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
        """Rows of it."""
        return sliced(value, lengths, axis)

    def rows(self, value: Any, axis: int) -> int:  # noqa: ARG002 -- the protocol's
        """The rows."""
        return len(value)

    def _read(self, raw: Any) -> Any:
        if isinstance(raw, Upload):
            return self._table(raw)
        if not isinstance(raw, list | Mapping):
            raise unsuitable(raw, "a list of rows or an object of columns")
        try:
            return self._pandas.DataFrame(raw)
        except (ValueError, TypeError, AttributeError) as error:
            msg = f"This is no data frame: {error}."
            raise BadValue(msg) from error

    def _table(self, raw: Upload) -> Any:
        readers = {
            TABLES[0]: "read_csv",
            TABLES[1]: "read_parquet",
            TABLES[2]: "read_parquet",
            TABLES[3]: "read_feather",
        }
        reader = readers.get(raw.content_type.partition(";")[0].strip())
        if reader is None:
            msg = f"A data frame does not come as {raw.content_type!r}. Send JSON, or one of {', '.join(TABLES)}."
            raise BadValue(msg)
        try:
            if reader == "read_feather":
                return importlib.import_module("pyarrow.ipc").open_stream(raw.content).read_pandas()
            return getattr(self._pandas, reader)(io.BytesIO(raw.content))
        # Parsers of three libraries, which share no class of errors; the file is a client's.
        except (ValueError, OSError, TypeError, KeyError) as error:
            msg = f"The body is no {raw.content_type}: {error}."
            raise BadValue(msg) from error


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(repr(name) for name in names)
