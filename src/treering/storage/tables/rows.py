"""Where the rows of a text end: at line ends, but not at those that stand in a quoted value of CSV.

A quote opens a value only where the value begins, and closes it where another quote does not follow; anywhere
else it is a character like others. So read Arrow, pandas and Python's `csv`, too.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from treering.core.errors import DamagedData, InvalidInput

__all__ = ["BOM", "Places", "blocks_of_rows", "count_rows", "heading_of", "read_some", "row_bounds"]

Places = np.ndarray[Any, np.dtype[np.intp]]

BOM = b"\xef\xbb\xbf"
# A row of this length is a mistake: most likely a quote that is never closed.
_MOST_BYTES_OF_A_ROW = 64 << 20
_HEADING_BYTES = 1 << 16
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


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
        block = read_some(stream, max(size, len(rest)), file)
        data = rest + block
        if not data:
            return
        ends, inside = _line_ends(data, separator)
        end = int(ends[-1]) + 1 if len(ends) else 0
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


def heading_of(stream: BinaryIO, file: str, separator: str) -> bytes:
    """The first row, with its line end; the stream stands behind it then, having stood at it.

    Raises:
        InvalidInput: If it does not end, or the text is not UTF-8; a file that ends with it is one of a heading alone.
        DamagedData: If the stream is not whole gzip.
    """
    began = stream.tell()
    for size in (_HEADING_BYTES, _MOST_BYTES_OF_A_ROW):
        stream.seek(began)
        data = read_some(stream, size, file)
        ends, inside = _line_ends(data, separator)
        if len(ends) or len(data) < size:
            break
    if inside and not len(ends):
        msg = f"{file} has a heading that does not end: its quote is not closed. Correct it."
        raise InvalidInput(msg)
    found = data[: int(ends[0]) + 1] if len(ends) else data
    if found.startswith(_UTF_16):
        msg = f"{file} is UTF-16. Save it as UTF-8."
        raise InvalidInput(msg)
    if b"\r" in found.rstrip(b"\r\n") and b"\n" not in data:
        msg = f"{file} has line ends of a carriage return alone. Save it with those of Unix or Windows."
        raise InvalidInput(msg)
    try:
        found.decode()
    except UnicodeDecodeError as error:
        msg = f"{file} is not UTF-8: {error}. Save it as that."
        raise InvalidInput(msg) from error
    stream.seek(began + len(found))
    return found


def row_bounds(data: bytes, separator: str = "") -> tuple[Places, Places]:
    """The first byte of each row of a block, and the byte behind it; empty lines are none."""
    ends, _inside = _line_ends(data, separator)
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


def read_some(stream: BinaryIO, size: int, file: str) -> bytes:
    """Bytes of a stream, which may be one that unpacks.

    Raises:
        DamagedData: If it is not whole gzip.
    """
    try:
        return stream.read(size)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        msg = f"{file} is damaged: it is not whole gzip ({error}). Fetch or make it again."
        raise DamagedData(msg) from error


def _line_ends(data: bytes, separator: str) -> tuple[Places, bool]:
    """The places of the line feeds that end rows, and whether the data ends inside a quoted value."""
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == _LINE_FEED)
    if not separator or b'"' not in data:
        return ends, False
    quotes = np.flatnonzero(array == _QUOTE)
    if not _is_regular(array, quotes, separator):
        quotes = _bounds(data, separator)
    return ends[np.searchsorted(quotes, ends) % 2 == 0], len(quotes) % 2 == 1


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
