"""Where the rows of a text end: at line ends, but not at those that stand in a quoted value of CSV.

A quote opens a value only where the value begins, and closes it where another quote does not follow; anywhere
else it is a character like others. So read Arrow, pandas and Python's `csv`, too.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from treering.core.errors import DamagedData, InvalidInput, NotFound

__all__ = ["Places", "Text", "blocks_of_rows", "count_rows", "is_packed", "names_of", "opened", "row_bounds"]

Places = np.ndarray[Any, np.dtype[np.intp]]

_BOM = b"\xef\xbb\xbf"
# A row of this length is a mistake: most likely a quote that is never closed.
_MOST_BYTES_OF_A_ROW = 64 << 20
_HEADING_BYTES = 1 << 16
_SHOWN = 5
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Text:
    """A file of rows that is open.

    Attributes:
        heading: Its first row, if that is the names of the columns.
        stream: The rows behind it, unpacked.
        raw: The file itself.
    """

    heading: bytes
    stream: BinaryIO
    raw: BinaryIO


def is_packed(file: str) -> bool:
    """Whether the end of a name says that gzip compressed it."""
    return file.lower().endswith(".gz")


@contextmanager
def opened(file: str, separator: str = "", *, heading: bool) -> Iterator[Text]:
    """A file, standing behind its heading and the mark of the byte order.

    Raises:
        NotFound: If it cannot be opened.
        InvalidInput: If its heading is none.
        DamagedData: If it is not whole gzip.
    """
    try:
        raw = Path(file).open("rb")  # noqa: SIM115 -- closed below
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}. Check the input."
        raise NotFound(msg) from error
    with raw:
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb")) if is_packed(file) else raw
        stream.seek(len(_BOM) if _read_some(stream, len(_BOM), file) == _BOM else 0)
        yield Text(_heading_of(stream, file, separator) if heading else b"", stream, raw)


def blocks_of_rows(stream: BinaryIO, size: int, file: str, separator: str = "") -> Iterator[bytes]:
    """What is left of a stream, cut behind rows into blocks of about this size.

    Args:
        file: What it is called in messages.
        separator: Of the values, if they may be quoted.

    Raises:
        InvalidInput: If a row does not end; the message names its first byte.
        DamagedData: If the stream is not whole gzip.
    """
    rest = b""
    place = stream.tell()
    while True:
        # A row that is longer than a block is not copied again and again.
        block = _read_some(stream, max(size, len(rest)), file)
        data = rest + block
        if not data:
            return
        end, inside = _last_end(data, separator)
        if (inside and not block) or (end == 0 and len(data) > _MOST_BYTES_OF_A_ROW):
            why = "its quote is not closed" if inside else "there is no line end"
            msg = f"{file} has a row that does not end, behind byte {place + end:,}: {why}. Correct it."
            raise InvalidInput(msg)
        # The last line needs no end.
        end = end if block else len(data)
        if end:
            yield data[:end]
        place += end
        rest = data[end:]


def _heading_of(stream: BinaryIO, file: str, separator: str) -> bytes:
    """The first row, with its line end; the stream stands behind it then, having stood at it."""
    began = stream.tell()
    for size in (_HEADING_BYTES, _MOST_BYTES_OF_A_ROW):
        stream.seek(began)
        data = _read_some(stream, size, file)
        quotes = _quotes(data, separator)
        ends = _line_ends(data, quotes)
        if len(ends) or len(data) < size:
            break
    if not len(ends) and (len(quotes) % 2 or len(data) == _MOST_BYTES_OF_A_ROW):
        why = "its quote is not closed" if len(quotes) % 2 else "there is no line end"
        msg = f"{file} has a heading that does not end: {why}. Correct it."
        raise InvalidInput(msg)
    found = data[: int(ends[0]) + 1] if len(ends) else data
    if found.startswith(_UTF_16):
        msg = f"{file} is UTF-16. Save it as UTF-8."
        raise InvalidInput(msg)
    try:
        found.decode()
    except UnicodeDecodeError as error:
        msg = f"{file} is not UTF-8: {error}. Save it as that."
        raise InvalidInput(msg) from error
    stream.seek(began + len(found))
    return found


def names_of(heading: bytes, file: str, separator: str) -> list[str]:
    """The names in a heading.

    Raises:
        InvalidInput: If there are none, or two are the same.
    """
    if not heading.strip():
        msg = f"{file} is empty: it has not even a heading. Begin it with the names of its columns."
        raise InvalidInput(msg)
    rows = csv.reader(io.StringIO(heading.decode(), newline=""), delimiter=separator)
    try:
        names, more = next(rows), next(rows, None)
    except csv.Error as error:
        msg = f"{file} has a heading that cannot be read: {error}. Correct it."
        raise InvalidInput(msg) from error
    if more is not None:
        msg = f"{file} has line ends of a carriage return alone. Save it with those of Unix or Windows."
        raise InvalidInput(msg)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        msg = f"{file} has columns of the same name: {', '.join(twice[:_SHOWN])}. Give each a name of its own."
        raise InvalidInput(msg)
    return names


def row_bounds(data: bytes, separator: str = "") -> tuple[Places, Places]:
    """The first byte of each row of a block, and the byte behind it; empty lines are none."""
    ends = _line_ends(data, _quotes(data, separator))
    stops = ends + 1
    if data and (not len(stops) or stops[-1] < len(data)):
        stops = np.append(stops, len(data))
    starts = np.append(0, stops[:-1])[: len(stops)]
    lengths = stops - starts
    first = np.frombuffer(data, np.uint8)[starts]
    empty = ((lengths == 1) & (first == _LINE_FEED)) | ((lengths <= len("\r\n")) & (first == _RETURN))
    return starts[~empty], stops[~empty]


def count_rows(data: bytes, separator: str = "") -> int:
    """How many rows there are in a block."""
    return len(row_bounds(data, separator)[0])


def _read_some(stream: BinaryIO, size: int, file: str) -> bytes:
    """Bytes of a stream, which may be one that unpacks.

    Raises:
        DamagedData: If it is not whole gzip.
    """
    try:
        return stream.read(size)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        msg = f"{file} is damaged: it is not whole gzip ({error}). Fetch or make it again."
        raise DamagedData(msg) from error


def _last_end(data: bytes, separator: str) -> tuple[int, bool]:
    """Behind the last line feed that ends a row, 0 if there is none; and whether the data ends inside a quoted value."""
    quotes = _quotes(data, separator)
    end = data.rfind(b"\n") + 1
    while end and (before := int(np.searchsorted(quotes, end))) % 2:
        end = data.rfind(b"\n", 0, int(quotes[before - 1])) + 1
    return end, len(quotes) % 2 == 1


def _line_ends(data: bytes, quotes: Places) -> Places:
    """The places of the line feeds that end rows."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED)
    return ends[np.searchsorted(quotes, ends) % 2 == 0] if len(quotes) else ends


def _quotes(data: bytes, separator: str) -> Places:
    """The places of the quotes that open and close values, in turns."""
    if not separator or b'"' not in data:
        return np.empty(0, np.intp)
    array = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(array == _QUOTE)
    return quotes if _is_regular(array, quotes, separator) else _bounds(data, separator)


def _is_regular(array: Any, quotes: Places, separator: str) -> bool:
    """Whether each second quote opens a value, and the others close it; those that are doubled do both."""
    around = np.zeros(256, bool)
    around[[_QUOTE, _LINE_FEED, _RETURN, ord(separator)]] = True
    opening, closing = quotes[::2], quotes[1::2]
    if opening[0] == 0:
        opening = opening[1:]
    if len(closing) and closing[-1] == len(array) - 1:
        closing = closing[:-1]
    return bool(around[array[opening - 1]].all() and around[array[closing + 1]].all())


def _bounds(data: bytes, separator: str) -> Places:
    """The quotes that open and close values, where others stand between."""
    value = re.compile(rb"(?:\A|(?<=[\r\n" + re.escape(separator).encode() + rb']))"(?:[^"]++|"")*+("?)')
    places: list[int] = []
    for found in value.finditer(data):
        places.append(found.start())
        if found[1]:
            places.append(found.end() - 1)
    return np.array(places, np.intp)
