"""Tables as pandas holds them: schemas, safe casts, and the forms in which tables travel.

The casting rules are MLflow's: only casts that lose nothing are made, so a
model gets the types that it was trained on or a message that says which column
is wrong.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from treering.core.errors import InvalidInput, MissingExtra
from treering.models.schema import Column, Schema
from treering.models.types import AnyType, Array, ColumnType, DataType, MapType, Object, of_dtype, of_value

__all__ = ["TABLES", "PandasTables"]

_WIDEST_INT_IN_DOUBLE = 4  # bytes: every int32 is a double, not every int64


class PandasTables:
    """The table library `pandas`."""

    def schema_of(self, data: Any) -> Schema:
        """See `TableLibrary`."""
        if isinstance(data, pd.Series):
            return Schema((_column_of(data, str(data.name) if data.name is not None else ""),))
        names = list(data.columns)
        if names == list(range(len(names))):
            return Schema(tuple(_column_of(data.iloc[:, place], "") for place in names))
        return Schema(tuple(_column_of(data.iloc[:, place], str(name)) for place, name in enumerate(names)))

    def enforce(self, data: Any, schema: Schema) -> Any:
        """See `TableLibrary`."""
        columns = schema.columns()
        frame = _frame(data, columns)
        if not schema.names():
            return _by_position(frame, columns)
        frame = frame.rename(columns=str) if any(not isinstance(name, str) for name in frame.columns) else frame
        known = set(frame.columns)
        missing = [column.name for column in columns if column.required and column.name not in known]
        if missing:
            extra = sorted(known - set(schema.names()))
            hint = f" It has columns that the model does not know: {extra}." if extra else ""
            msg = f"Model is missing inputs {missing}.{hint} Give every column that the signature requires."
            raise InvalidInput(msg)
        _check_unique(frame, schema.names())
        present = [column for column in columns if column.name in known]
        return pd.DataFrame(
            {column.name: _checked(column.name, frame[column.name], column) for column in present}, index=frame.index
        )

    def array_of(self, data: Any) -> Any:
        """See `TableLibrary`."""
        return data.to_numpy()

    def split(self, data: Any) -> dict[str, Any]:
        """See `TableLibrary`."""
        frame = data.to_frame() if isinstance(data, pd.Series) else data
        rows = [[_plain(value) for value in row] for row in frame.itertuples(index=False, name=None)]
        return {"columns": [_plain(name) for name in frame.columns], "data": rows}

    def from_split(self, data: Any, schema: Schema | None) -> Any:
        """See `TableLibrary`."""
        if not isinstance(data, Mapping) or "data" not in data:
            msg = "A table in split form is a dictionary with 'columns' and 'data'."
            raise InvalidInput(msg)
        unknown = set(data) - {"columns", "data", "index"}
        if unknown:
            msg = f"A table in split form has 'columns', 'data' and 'index', and no {sorted(map(str, unknown))}."
            raise InvalidInput(msg)
        try:
            _check_split(data)
            frame = pd.DataFrame(data["data"], columns=data.get("columns"), index=data.get("index"))
        except (TypeError, ValueError, AssertionError) as error:
            raise InvalidInput(str(error)) from error
        return _cast(frame, schema)

    def from_records(self, data: Any, schema: Schema | None) -> Any:
        """See `TableLibrary`."""
        if not isinstance(data, list) or not all(isinstance(row, Mapping) for row in data):
            msg = "A table in records form is a list with one dictionary per row."
            raise InvalidInput(msg)
        return _cast(pd.DataFrame(data), schema)

    def from_columns(self, data: Any, schema: Schema | None) -> Any:
        """See `TableLibrary`."""
        return _cast(_frame(data, schema.columns() if schema else ()), schema)

    def from_arrays(self, names: Sequence[str], columns: Sequence[Any], matrix: Any) -> Any:
        """See `TableLibrary`."""
        if matrix is not None and matrix.dtype.kind != "O":
            # Column by column in memory, as a table that was made of columns is.
            return pd.DataFrame(np.asfortranarray(matrix), columns=list(names))
        return pd.DataFrame(
            {
                name: values if values.dtype.kind != "O" else pd.Series(values.tolist())
                for name, values in zip(names, columns, strict=True)
            }
        )

    def from_csv(self, data: bytes, schema: Schema | None, delimiter: str = ",") -> Any:
        """See `TableLibrary`."""
        texts = {item.name: str for item in (schema.columns() if schema else ()) if item.type is DataType.STRING}
        try:
            frame = pd.read_csv(io.BytesIO(data), dtype=texts or None, sep=delimiter)
        except (ValueError, UnicodeDecodeError) as error:  # pandas' parser errors are ValueErrors
            raise InvalidInput(str(error)) from error
        return _cast(frame, schema)

    def from_parquet(self, data: bytes) -> Any:
        """See `TableLibrary`."""
        try:
            return pd.read_parquet(io.BytesIO(data))
        except ImportError as error:
            msg = "Reading Parquet needs the package 'pyarrow'. Install it with: pip install 'treering[pandas]'"
            raise MissingExtra(msg) from error
        except (OSError, ValueError) as error:
            raise InvalidInput(str(error)) from error

    def from_arrow(self, data: bytes) -> Any:
        """See `TableLibrary`."""
        try:
            ipc = importlib.import_module("pyarrow.ipc")
        except ImportError as error:
            msg = "Reading Arrow needs the package 'pyarrow'. Install it with: pip install 'treering[pandas]'"
            raise MissingExtra(msg) from error
        try:
            reader = ipc.open_file(data) if data.startswith(b"ARROW1") else ipc.open_stream(data)
            table = reader.read_all()
            # Offsets in it may point anywhere; nothing is read before they were looked at.
            table.validate(full=True)
            return table.to_pandas()
        except (OSError, ValueError, TypeError, NotImplementedError) as error:  # Arrow's errors are of these
            raise InvalidInput(str(error)) from error

    def join(self, tables: Sequence[Any]) -> Any:
        """See `TableLibrary`."""
        return pd.concat(tables, ignore_index=True)

    def to_records(self, data: Any) -> list[dict[str, Any]]:
        """See `TableLibrary`."""
        if isinstance(data, pd.Series):
            data = data.to_frame(data.name if data.name is not None else 0)
        names = [str(name) for name in data.columns]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in data.itertuples(index=False, name=None)]


def _check_split(data: Mapping[str, Any]) -> None:
    """What pandas would fail over in its own words, or fill up."""
    columns, index, rows = data.get("columns"), data.get("index"), data["data"]
    widths = {len(row) for row in rows} if isinstance(rows, list) and rows and isinstance(rows[0], list) else set()
    if len(widths) > 1:
        msg = f"The rows of a table have the same length, and these have {sorted(widths)[:10]}."
        raise InvalidInput(msg)
    if columns is not None and any(not isinstance(name, str | int | float | None) for name in columns):
        msg = f"The columns of a table are named by texts or numbers, and not as in {str(columns)[:100]}."
        raise InvalidInput(msg)
    if index is not None and len(index) != len(rows):
        msg = f"The table has {len(rows)} rows, and an index for {len(index)}."
        raise InvalidInput(msg)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else value


def _column_of(values: pd.Series[Any], name: str) -> Column:
    required = not bool(values.isna().any())
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return Column(of_dtype(dtype), name, required)
    if isinstance(dtype, pd.StringDtype):
        return Column(DataType.STRING, name, required)
    if isinstance(dtype, pd.CategoricalDtype):
        return Column(_column_of(pd.Series(dtype.categories), name).type, name, required)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return Column(DataType.DATETIME, name, required)
    inner = getattr(dtype, "numpy_dtype", None)
    if isinstance(inner, np.dtype) and inner.kind != "O":
        return Column(of_dtype(inner), name, required)
    kind = of_value([value for value in values if value is not None and value is not pd.NA and value == value])  # noqa: PLR0124 -- NaN is what differs from itself
    return Column(kind.items if isinstance(kind, Array) else AnyType(), name, required)


def _frame(data: Any, columns: tuple[Column, ...]) -> pd.DataFrame:  # noqa: PLR0911 -- one return a form
    names = [column.name for column in columns if column.name]
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame(names[0] if len(names) == 1 else data.name)
    try:
        if isinstance(data, Mapping):
            return _from_mapping(data, columns)
        if hasattr(data, "tocsr"):
            return pd.DataFrame(data.toarray(), columns=names or None)
        if isinstance(data, list) and data and isinstance(data[0], Mapping):
            return pd.DataFrame(data)
        if not isinstance(data, list | tuple | np.ndarray):
            data = [data]
        one_column = len(columns) == 1
        if one_column and isinstance(data, list | tuple):
            return pd.DataFrame({names[0] if names else 0: pd.Series(list(data))})
        return pd.DataFrame(data, columns=names or None)
    except (TypeError, ValueError) as error:
        msg = f"The input cannot be made a table with the columns {names or len(columns)}: {error}"
        raise InvalidInput(msg) from error


def _from_mapping(data: Mapping[str, Any], columns: tuple[Column, ...]) -> pd.DataFrame:
    """One row if the values are what the columns hold; a column each if they are lists of that."""
    kinds = {column.name: column.type for column in columns}

    def is_cell(name: str, value: Any) -> bool:
        if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
            return True
        if isinstance(kinds.get(name), Array):
            first = value[0] if len(value) else None
            return not isinstance(first, list | tuple | np.ndarray)
        return isinstance(value, Mapping)

    if data and all(is_cell(name, value) for name, value in data.items()):
        return pd.DataFrame([dict(data)])
    return pd.DataFrame({name: pd.Series(list(value)) for name, value in data.items()})


def _check_unique(frame: pd.DataFrame, names: list[str]) -> None:
    if frame.columns.is_unique:
        return
    twice = {str(name) for name in frame.columns[frame.columns.duplicated()]}
    if wrong := [name for name in names if name in twice]:
        msg = f"The table has more than one column {wrong[0]!r}, so it is not known which the model is to take."
        raise InvalidInput(msg)


def _by_position(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    if len(frame.columns) < len(columns):
        msg = f"Model inference is missing inputs: it needs {len(columns)} columns and was given {len(frame.columns)}."
        raise InvalidInput(msg)
    checked = [_checked(place, frame.iloc[:, place], column) for place, column in enumerate(columns)]
    result = pd.concat(checked, axis=1) if checked else frame
    result.columns = frame.columns[: len(columns)]
    return result


def _checked(name: Any, values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    kind = column.type
    if isinstance(kind, AnyType):
        return values
    if isinstance(kind, DataType):
        return _safely_cast(name, values, kind)
    for row, value in enumerate(values):
        if value is None and not column.required:
            continue
        problem = _mismatch(value, kind)
        if problem:
            msg = f"Incompatible input types for column {name}, row {row}: expected {kind}, but {problem}."
            raise InvalidInput(msg)
    return values


def _safely_cast(name: Any, values: pd.Series[Any], kind: DataType) -> pd.Series[Any]:
    if _is_object(values.dtype) and kind not in {DataType.BINARY, DataType.STRING}:
        values = values.infer_objects()
    dtype = values.dtype
    if _fits_already(values, kind):
        return values
    if kind is DataType.DATETIME:
        return _to_datetime(name, values)
    source = getattr(dtype, "numpy_dtype", dtype)
    target = kind.dtype()
    if not isinstance(source, np.dtype):
        raise _unsafe(name, dtype, kind)
    if source.kind == "O" and kind is DataType.DOUBLE and all(isinstance(value, Decimal) for value in values):
        return values.astype(target)
    if not _is_upcast(source, target):
        raise _unsafe(name, dtype, kind)
    try:
        return values.astype(target)
    except (TypeError, ValueError) as error:
        raise _unsafe(name, dtype, kind) from error


def _fits_already(values: pd.Series[Any], kind: DataType) -> bool:  # noqa: PLR0911 -- one return a type
    dtype = values.dtype
    if dtype == kind.dtype() and not _is_object(dtype):
        return True
    if kind is DataType.STRING:
        categories = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
        if not _is_object(categories):
            return isinstance(categories, pd.StringDtype)
        return all(isinstance(value, str) or pd.isna(value) is True for value in values)
    if kind is DataType.BINARY:
        return _is_object(dtype) and all(isinstance(value, bytes | bytearray) or value is None for value in values)
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories.dtype == kind.dtype()
    inner = getattr(dtype, "numpy_dtype", None)
    if inner is not None and inner == kind.dtype():
        return True
    # A column of booleans with gaps cannot be cast without inventing values.
    return (
        kind is DataType.BOOLEAN
        and _is_object(dtype)
        and all(value is None or isinstance(value, bool | np.bool_) for value in values)
    )


def _is_object(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind == "O"


def _is_upcast(source: np.dtype[Any], target: np.dtype[Any]) -> bool:
    if source.kind == target.kind:
        return source.itemsize <= target.itemsize
    if source.kind == "u" and target.kind == "i":
        return source.itemsize < target.itemsize
    if source.kind in "iu" and target.kind == "f":
        return source.itemsize <= _WIDEST_INT_IN_DOUBLE and target.itemsize > source.itemsize
    return False


def _to_datetime(name: Any, values: pd.Series[Any]) -> pd.Series[Any]:
    if values.dtype.kind == "M":
        return values if isinstance(values.dtype, pd.DatetimeTZDtype) else values.astype(DataType.DATETIME.dtype())
    if _is_object(values.dtype) or isinstance(values.dtype, pd.StringDtype):
        try:
            return pd.to_datetime(values, errors="raise", format="mixed")
        except (TypeError, ValueError) as error:
            msg = f"Failed to convert column {name} from type {values.dtype} to datetime: {error}"
            raise InvalidInput(msg) from error
    raise _unsafe(name, values.dtype, DataType.DATETIME)


def _unsafe(name: Any, source: Any, kind: DataType) -> InvalidInput:
    dtype = kind.dtype()
    target = kind.value if _is_object(dtype) else str(dtype)
    msg = f"Incompatible input types for column {name}. Can not safely convert {source} to {target}."
    if getattr(source, "kind", "") == "f" and dtype.kind == "i":
        msg += (
            " Integer columns with missing values become floats in pandas: fill the gaps and cast the column,"
            " or train with a column of doubles."
        )
    else:
        msg += f" Convert the column to {target} first."
    return InvalidInput(msg)


def _mismatch(value: Any, kind: ColumnType) -> str:  # noqa: PLR0911 -- one return a type
    """What is wrong with `value` where `kind` is asked for; empty if nothing."""
    if isinstance(kind, AnyType):
        return ""
    if isinstance(kind, Array):
        if not isinstance(value, list | tuple | np.ndarray):
            return f"found {type(value).__name__}"
        return next((problem for one in value if (problem := _mismatch(one, kind.items))), "")
    if isinstance(kind, MapType):
        if not isinstance(value, Mapping):
            return f"found {type(value).__name__}"
        return next((problem for one in value.values() if (problem := _mismatch(one, kind.values))), "")
    if isinstance(kind, Object):
        return _object_mismatch(value, kind)
    try:
        found = of_value(value)
    except InvalidInput:
        return f"found {type(value).__name__}"
    widens = isinstance(found, DataType) and _is_upcast(found.dtype(), kind.dtype())
    return "" if found == kind or widens else f"found {found}"


def _object_mismatch(value: Any, kind: Object) -> str:
    if not isinstance(value, Mapping):
        return f"found {type(value).__name__}"
    known = {one.name: one for one in kind.properties}
    unknown = sorted(str(name) for name in value if name not in known)
    if unknown:
        return f"found the unknown keys {unknown}"
    for name, one in known.items():
        if value.get(name) is None:
            if one.required:
                return f"the key {name!r} is missing"
        elif problem := _mismatch(value[name], one.type):
            return f"{problem} at {name!r}"
    return ""


def _cast(frame: pd.DataFrame, schema: Schema | None) -> pd.DataFrame:
    """Values read from JSON or CSV made what the signature says; what cannot be is left for enforcement to name."""
    if schema is None:
        return frame
    columns = schema.columns()
    _check_unique(frame, schema.names())
    places = {column.name: column for column in columns} if schema.names() else dict(zip(frame, columns, strict=False))
    made = {}
    for name in frame.columns[~frame.columns.duplicated(keep=False)]:
        column = places.get(str(name)) or places.get(name)
        if column is not None and isinstance(column.type, DataType):
            made[name] = _parsed(frame[name], column.type)
    return frame.assign(**made) if all(isinstance(name, str) for name in made) else _assign(frame, made)


def _assign(frame: pd.DataFrame, made: dict[Any, pd.Series[Any]]) -> pd.DataFrame:
    changed = frame.copy()
    for name, values in made.items():
        changed[name] = values
    return changed


def _parsed(values: pd.Series[Any], kind: DataType) -> pd.Series[Any]:  # noqa: PLR0911 -- one return a type
    if _fits_already(values, kind):
        return values
    try:
        if kind is DataType.BINARY:
            return values.map(lambda text: base64.b64decode(text, validate=True) if isinstance(text, str) else text)
        if kind is DataType.DATETIME:
            return pd.to_datetime(values)
        if kind is DataType.STRING:
            return values
        if kind is DataType.BOOLEAN and values.dtype != bool:
            return values
        if kind is not DataType.BOOLEAN and _holds_truths(values):
            return values  # which are no numbers, though they could be made some
        if kind in {DataType.INTEGER, DataType.LONG} and values.dtype.kind == "f":
            whole = values.astype(kind.dtype())
            return whole if bool((whole == values).all()) else values
        return values.astype(kind.dtype())
    except (TypeError, ValueError, OverflowError, binascii.Error):
        return values


def _holds_truths(values: pd.Series[Any]) -> bool:
    return values.dtype == bool or (
        _is_object(values.dtype) and any(isinstance(value, bool | np.bool_) for value in values)
    )


TABLES = PandasTables()
