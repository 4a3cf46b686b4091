"""CSV read by the standard library alone: slower, and needs nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.storage.tables import GAPS, PIECE, CodedPiece, Column, Piece
from treering.storage.tables.texts import coded

__all__ = ["PlainCsvFile", "divide_csv", "typed"]

Places = np.ndarray[Any, np.dtype[np.intp]]

_NOTHING = frozenset(GAPS)
_TRUTH = {"true": True, "false": False}


class PlainCsvFile:
    """See `TableFile`."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        with self._open() as file:
            try:
                self.names: Sequence[str] = next(csv.reader(file, delimiter=delimiter), [])
            except (csv.Error, UnicodeDecodeError, OSError) as error:
                raise self._unreadable(error) from error
        if not self.names:
            msg = f"{path.name!r} is empty: a table begins with the names of its columns."
            raise InvalidInput(msg)

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """See `TableFile`."""
        wanted = [place for place, name in enumerate(self.names) if columns is None or name in set(columns)]
        with self._open() as file:
            rows = csv.reader(file, delimiter=self._delimiter)
            next(rows, None)
            try:
                while some := list(islice(rows, PIECE)):
                    yield self._piece([row for row in some if row], wanted, rows.line_num)
            except (csv.Error, UnicodeDecodeError, OSError, EOFError) as error:
                raise self._unreadable(error) from error

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """See `TableFile`."""
        for piece in self.pieces():
            yield {name: coded(column) for name, column in piece.items()}

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`."""
        with self._open() as file:
            try:
                divide_csv(csv.reader(file, delimiter=self._delimiter), self._delimiter, parts, paths)
            except (csv.Error, UnicodeDecodeError, OSError, EOFError) as error:
                raise self._unreadable(error) from error

    def _open(self) -> io.TextIOBase:
        if self._path.suffix.lower() == ".gz":
            return gzip.open(self._path, "rt", encoding="utf-8-sig", newline="")
        return self._path.open(encoding="utf-8-sig", newline="")

    def _piece(self, rows: list[list[str]], wanted: list[int], line: int) -> Piece:
        width = len(self.names)
        for row in rows:
            if len(row) != width:
                msg = f"{self._path.name!r} has {width} columns, and a row before line {line:,} has {len(row)} values."
                raise InvalidInput(msg)
        return {self.names[place]: typed([row[place] for row in rows]) for place in wanted}

    def _unreadable(self, error: Exception) -> InvalidInput:
        return InvalidInput(f"{self._path.name!r} cannot be read as CSV in UTF-8: {error}.")


def divide_csv(rows: Iterator[list[str]], delimiter: str, parts: Places, paths: Sequence[Path]) -> None:
    """See `TableFile.divide`; the first row is the heading, which each file gets."""
    heading = next(rows, [])
    count = 0
    with ExitStack() as stack:
        files = [stack.enter_context(_created(path)) for path in paths]
        writers = [csv.writer(file, delimiter=delimiter, lineterminator="\n") for file in files]
        for writer in writers:
            writer.writerow(heading)
        places = iter(parts.tolist())
        for row in rows:
            if row:
                place = next(places, None)
                count += 1
                if place is not None:
                    writers[place].writerow(row)
    if count != len(parts):
        msg = f"The file had {len(parts):,} rows and now has {count:,}: somebody changed it meanwhile. Split it again."
        raise InvalidInput(msg)


def _created(path: Path) -> io.TextIOBase:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


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
