"""What people give as a table - a file, a data frame, a dictionary of columns, a matrix - as pieces of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.storage.tables import PIECE, CodedPiece, Column, Piece, TableFile, open_table
from treering.storage.tables.texts import coded

__all__ = ["GivenTable", "given_table"]

_MATRIX = 2


class GivenTable:
    """A table that can be read as often as one likes.

    Attributes:
        name: What it is called where nobody says.
        file: The file, if it is one.
        names: The columns.
    """

    def __init__(
        self, name: str, names: Sequence[str], columns: Mapping[str, Column] | None, file: TableFile | None
    ) -> None:
        self.name = name
        self.file = file
        self.names = names
        self._columns = columns

    def pieces(self, wanted: Sequence[str] | None = None) -> Iterator[Piece]:
        """All rows, some at a time."""
        if self.file is not None:
            yield from self.file.pieces(wanted)
            return
        columns = self._columns or {}
        rows = len(next(iter(columns.values()), ()))
        for start in range(0, rows, PIECE):
            yield {name: columns[name][start : start + PIECE] for name in wanted or self.names}

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """The same, with columns of texts as `Texts`."""
        if self.file is not None:
            yield from self.file.coded_pieces()
            return
        for piece in self.pieces():
            yield {name: coded(column) for name, column in piece.items()}


def given_table(data: Any, feature_names: Sequence[str] = ()) -> GivenTable:
    """What was given, as a table.

    Raises:
        NotFound: If it is the path of no file.
        InvalidInput: If it is no table.
    """
    if isinstance(data, str | PathLike):
        file = open_table(Path(data))
        return GivenTable(Path(data).name, file.names, None, file)
    if hasattr(data, "iloc") and hasattr(data, "columns"):  # pandas, which is not loaded for it
        columns = {str(name): np.asarray(data.iloc[:, place]) for place, name in enumerate(data.columns)}
        return _of_columns(columns, len(data.columns))
    if hasattr(data, "to_pandas"):  # Arrow, Polars
        return given_table(data.to_pandas())
    if isinstance(data, Mapping):
        return _of_columns({str(name): np.asarray(column) for name, column in data.items()}, len(data))
    matrix = np.asarray(data)
    if matrix.ndim != _MATRIX:
        msg = f"A table is a file, a data frame, a dictionary of columns or a matrix, and not {type(data).__name__}."
        raise InvalidInput(msg)
    names = [str(name) for name in feature_names] or [str(place) for place in range(matrix.shape[1])]
    return _of_columns(dict(zip(names, matrix.T, strict=True)), matrix.shape[1])


def _of_columns(columns: Mapping[str, Column], many: int) -> GivenTable:
    if len(columns) < many:
        msg = "Two columns have the same name. Rename one."
        raise InvalidInput(msg)
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        msg = f"The columns have different lengths: {', '.join(map(str, sorted(lengths)))}."
        raise InvalidInput(msg)
    plain = {name: _plain(column) for name, column in columns.items()}
    return GivenTable("table", list(plain), plain, None)


def _plain(column: Column) -> Column:
    """Texts as objects, which all of Python's are."""
    return column.astype(object) if column.dtype.kind in "US" else column
