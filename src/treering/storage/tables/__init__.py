"""Tables in files: CSV and Parquet, read piece by piece as columns, so that a file may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from treering.core.errors import InvalidInput, MissingExtra, NotFound
from treering.core.plugins import Registry

if TYPE_CHECKING:
    from treering.storage.tables.texts import Texts

__all__ = ["GAPS", "PIECE", "READERS", "CodedPiece", "Column", "Piece", "TableFile", "open_table"]

Column = np.ndarray[Any, np.dtype[Any]]
"""Numbers (NaN for gaps), truth values, `datetime64`, or objects (None for gaps)."""

Piece = dict[str, Column]
"""Some rows of a table; all columns are equally long."""

CodedPiece = dict[str, "Column | Texts"]
"""The same with columns of texts as `Texts`."""

PIECE = 1 << 16
"""How many rows are read at once, about."""

GAPS = ("", "#N/A", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
"""What stands for nothing in a file of texts."""


class TableFile(Protocol):
    """A table in a file; nothing of it is kept in memory."""

    names: Sequence[str]
    """The columns, in order."""

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """All rows, in order, a piece at a time; of some columns only, if they are named.

        Raises:
            InvalidInput: If the file is not what its name says; the message names the place.
        """
        ...

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """As `pieces` gives all columns, with those of texts as `Texts`. Raises InvalidInput."""
        ...

    def divide(self, parts: np.ndarray[Any, np.dtype[np.intp]], paths: Sequence[Path]) -> None:
        """Write each row, as it stands in the file, into one of several new files of the same kind.

        Args:
            parts: For each row, the place of its file in `paths`.

        Raises:
            InvalidInput: If there are more or fewer rows than `parts`.
        """
        ...


READERS: Registry[Any] = Registry(
    "treering.table_readers",
    "reader of tables",
    {
        "csv": "treering.storage.tables.arrow:CsvFile",
        "parquet": "treering.storage.tables.arrow:ParquetFile",
        "plain_csv": "treering.storage.tables.plain:PlainCsvFile",
    },
    extras={"csv": "pandas", "parquet": "pandas"},
)

_ENDINGS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet", ".tsv": "csv"}


def open_table(path: str | Path) -> TableFile:
    """The table in a file, by the end of its name: `.csv`, `.tsv` (both also with `.gz`), `.parquet`, `.pq`.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If the name has another end, or the file cannot be read as what its name says.
        MissingExtra: If reading Parquet needs a package that is not installed.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"There is no file {str(path)!r}."
        raise NotFound(msg)
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    kind = _ENDINGS.get(ending)
    if kind is None:
        msg = f"{path.name!r} is no table that can be read. Give a file that ends with {', '.join(sorted(_ENDINGS))}."
        raise InvalidInput(msg)
    try:
        reader = READERS.load(kind)
    except MissingExtra:
        if kind != "csv":
            raise
        reader = READERS.load("plain_csv")
    opened: TableFile = reader(path, "\t" if ending == ".tsv" else ",")
    if len(set(opened.names)) < len(opened.names):
        twice = sorted({name for name in opened.names if list(opened.names).count(name) > 1})
        msg = f"{path.name!r} has columns of the same name: {', '.join(twice[:5])}. Rename them."
        raise InvalidInput(msg)
    return opened
