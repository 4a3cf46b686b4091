"""Tables in files, which may be larger than memory.

    file ──TABLE_FORMATS──▶ sections ──read──▶ chunks (Arrow): several processes, each the sections it takes
    file ──open_table─────▶ pieces (NumPy columns), one after the other; CSV without Arrow, too

rows        where the rows of a text end
sections    what a format offers: cutting files, and reading what was cut
lines, csv, jsonl, json, parquet    the formats
arrow       pieces from any of them
plain       pieces from CSV by the standard library alone
hashing     numbers that stand for values and rows
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from treering.core.errors import InvalidInput, MissingExtra, NotFound
from treering.core.plugins import Registry
from treering.storage.tables.rows import Places
from treering.storage.tables.sections import TableFormat

if TYPE_CHECKING:
    from treering.storage.tables.texts import Texts

__all__ = [
    "GAPS",
    "PIECE",
    "TABLE_FORMATS",
    "TABLE_READERS",
    "CodedPiece",
    "Column",
    "Piece",
    "TableFile",
    "open_table",
]

Column = np.ndarray[Any, np.dtype[Any]]
"""Numbers (NaN for gaps), truth values, `datetime64`, or objects (None for gaps)."""

Piece = dict[str, Column]
"""Some rows of a table; all columns are equally long."""

CodedPiece = dict[str, "Column | Texts"]
"""The same with columns of texts as `Texts`."""

PIECE = 1 << 16
"""How many rows are read at once, about."""

GAPS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""What stands for nothing in a file of texts: the same as for pandas."""


class TableFile(Protocol):
    """A table in a file; nothing of it is kept in memory."""

    names: Sequence[str]
    """The columns, in order."""

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """All rows, in order, a piece at a time; of some columns only, if they are named.

        Raises:
            InvalidInput: If the file is not what its name says; the message names the place.
            DamagedData: If it is not whole.
        """
        ...

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """As `pieces` gives all columns, with those of texts as `Texts`. Raises InvalidInput."""
        ...

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """Write each row, as it stands in the file, into one of several new files of the same kind.

        Args:
            parts: For each row, the place of its file in `paths`.

        Raises:
            InvalidInput: If there are more or fewer rows than `parts`.
        """
        ...


TABLE_FORMATS: Registry[TableFormat] = Registry(
    "treering.table_formats",
    "format of tables",
    {
        "csv": "treering.storage.tables.csv:FORMAT",
        "json": "treering.storage.tables.json:FORMAT",
        "jsonl": "treering.storage.tables.jsonl:FORMAT",
        "parquet": "treering.storage.tables.parquet:FORMAT",
    },
    extras={"csv": "pandas", "json": "pandas", "jsonl": "pandas", "parquet": "pandas"},
)

TABLE_READERS: Registry[Callable[[Path, str], TableFile]] = Registry(
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
        DamagedData: If it is not whole.
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
        reader = TABLE_READERS.load(kind)
    except MissingExtra:
        if kind != "csv":
            raise
        reader = TABLE_READERS.load("plain_csv")
    return reader(path, "\t" if ending == ".tsv" else ",")
