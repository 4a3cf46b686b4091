"""CSV read by the standard library alone: slower, and needs nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from treering.core.errors import InvalidInput
from treering.storage.tables import GAPS, PIECE, CodedPiece, Column, Piece
from treering.storage.tables.rows import Places, blocks_of_rows, is_packed, names_of, opened, row_bounds
from treering.storage.tables.texts import coded

__all__ = ["PlainCsvFile", "divide_rows", "typed"]

_BLOCK = 1 << 23
_NOTHING = frozenset(GAPS)
_TRUTH = {"true": True, "false": False}


class PlainCsvFile:
    """See `TableFile`."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        with opened(str(path), delimiter, heading=True) as text:
            self.names: Sequence[str] = names_of(text.heading, str(path), delimiter)

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """See `TableFile`."""
        chosen = None if columns is None else set(columns)
        wanted = [place for place, name in enumerate(self.names) if chosen is None or name in chosen]
        first = 1
        rows = filter(None, self._rows())
        while some := list(islice(rows, PIECE)):
            yield self._piece(some, wanted, first)
            first += len(some)

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """See `TableFile`."""
        for piece in self.pieces():
            yield {name: coded(column) for name, column in piece.items()}

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`."""
        divide_rows(self._path, self._delimiter, parts, paths)

    def _rows(self) -> Iterator[list[str]]:
        file = str(self._path)
        with opened(file, self._delimiter, heading=True) as text:
            for data in blocks_of_rows(text.stream, _BLOCK, file, self._delimiter):
                try:
                    yield from csv.reader(io.StringIO(data.decode(), newline=""), delimiter=self._delimiter)
                except (csv.Error, UnicodeDecodeError) as error:
                    msg = f"{file} cannot be read as CSV in UTF-8: {error}. Correct it."
                    raise InvalidInput(msg) from error

    def _piece(self, rows: list[list[str]], wanted: list[int], first: int) -> Piece:
        width = len(self.names)
        for number, row in enumerate(rows, first):
            if len(row) != width:
                msg = f"{self._path} has {width} columns, and {len(row)} values in row {number}. Correct it."
                raise InvalidInput(msg)
        return {self.names[place]: typed([row[place] for row in rows]) for place in wanted}


def divide_rows(path: Path, delimiter: str, parts: Places, paths: Sequence[Path]) -> None:
    """See `TableFile.divide`; each file gets the heading."""
    count = 0
    with ExitStack() as stack:
        files = [stack.enter_context(_created(one)) for one in paths]
        text = stack.enter_context(opened(str(path), delimiter, heading=True))
        for file in files:
            file.write(text.heading)
        for data in blocks_of_rows(text.stream, _BLOCK, str(path), delimiter):
            starts, stops = row_bounds(data, delimiter)
            of_block = parts[count : count + len(starts)]
            count += len(starts)
            for place, file in enumerate(files):
                mine = np.flatnonzero(of_block == place)
                rows = [
                    data[start:stop] for start, stop in zip(starts[mine].tolist(), stops[mine].tolist(), strict=True)
                ]
                # The last row of the file may have no line end.
                file.write(b"".join(rows) if not rows or rows[-1].endswith(b"\n") else b"".join([*rows, b"\n"]))
    if count != len(parts):
        msg = f"{path} had {len(parts):,} rows and now has {count:,}: somebody changed it meanwhile. Split it again."
        raise InvalidInput(msg)


def _created(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "wb")) if is_packed(path.name) else path.open("wb")


def typed(texts: list[str]) -> Column:
    """Texts as what all of them are: numbers, truth values, times or texts."""
    gaps = np.array([text in _NOTHING for text in texts], bool)
    try:
        numbers = np.array(["nan" if gap else text for text, gap in zip(texts, gaps.tolist(), strict=True)], float)
    except ValueError:
        pass
    else:
        whole = not gaps.any() and all(text.lstrip("+-").isdigit() for text in texts)
        return _whole(texts, numbers) if whole else numbers
    known = {text.lower() for text, gap in zip(texts, gaps.tolist(), strict=True) if not gap}
    if known and known <= set(_TRUTH) and not gaps.any():
        return np.array([_TRUTH[text.lower()] for text in texts], bool)
    if _may_be_times(known):
        try:
            return np.array(
                [None if gap else text for text, gap in zip(texts, gaps.tolist(), strict=True)], "datetime64[us]"
            )
        except ValueError:
            pass
    made = np.empty(len(texts), object)
    made[:] = [None if gap else text for text, gap in zip(texts, gaps.tolist(), strict=True)]
    return made


def _whole(texts: list[str], numbers: Column) -> Column:
    try:
        return np.array(list(map(int, texts)), np.int64)
    except (ValueError, OverflowError):
        return numbers


def _may_be_times(known: set[str]) -> bool:
    return bool(known) and all(len(text) >= 8 and text[:4].isdigit() and text[4] == "-" for text in known)  # noqa: PLR2004 -- 2020-1-1
