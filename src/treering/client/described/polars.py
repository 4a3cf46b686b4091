"""Frames of Polars, with MLflow's digest: the sum of Polars' own hashes of the rows."""

from __future__ import annotations

from typing import Any

import polars as pl

from treering.client.described import Description
from treering.models.schema import Column, Schema
from treering.models.types import Array, ColumnType, DataType, Object, Property

__all__ = ["DATA", "PolarsData"]

_TYPES: dict[Any, DataType] = {
    pl.Binary: DataType.BINARY,
    pl.Boolean: DataType.BOOLEAN,
    pl.Categorical: DataType.STRING,
    pl.Date: DataType.DATETIME,
    pl.Datetime: DataType.DATETIME,
    pl.Enum: DataType.STRING,
    pl.Float32: DataType.FLOAT,
    pl.Float64: DataType.DOUBLE,
    pl.Int8: DataType.INTEGER,
    pl.Int16: DataType.INTEGER,
    pl.Int32: DataType.INTEGER,
    pl.Int64: DataType.LONG,
    pl.String: DataType.STRING,
    pl.UInt8: DataType.INTEGER,
    pl.UInt16: DataType.INTEGER,
    pl.UInt32: DataType.LONG,
}


class PolarsData:
    """Implements `DataLibrary` for `polars.DataFrame`."""

    def columns(self, data: Any) -> list[str]:
        """As `DataLibrary.columns`."""
        return list(data.columns)

    def describe(self, data: Any) -> Description:
        """As `DataLibrary.describe`; digests of two versions of Polars may differ."""
        profile = {"num_rows": data.height, "num_elements": data.height * data.width}
        return Description(str(data.hash_rows().sum()), _schema(data), profile)


def _schema(data: pl.DataFrame) -> Schema | None:
    kinds = {name: _type(dtype) for name, dtype in data.schema.items()}
    found = [Column(kind, name, data[name].count() > 0) for name, kind in kinds.items() if kind is not None]
    return Schema(tuple(found)) if len(found) == len(kinds) else None


def _type(dtype: Any) -> ColumnType | None:
    """None for what no schema holds."""
    if isinstance(dtype, pl.List | pl.Array):
        items = _type(dtype.inner)
        return None if items is None else Array(items)
    if isinstance(dtype, pl.Struct):
        kinds = [(field.name, _type(field.dtype)) for field in dtype.fields]
        found = tuple(Property(name, kind) for name, kind in sorted(kinds) if kind is not None)
        return Object(found) if len(found) == len(kinds) else None
    return _TYPES.get(dtype.base_type())


DATA = PolarsData()
