"""Formats whose rows are lines: files cut at line ends, plain or compressed by gzip, without reading them twice."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.models.scoring.formats.base import Chunk, Cutting, Output, PartWriter, Wanted
from treering.models.scoring.job import Piece

__all__ = ["Layout", "Lines", "TextOutput", "head_of", "without_times"]

_GZIP = ".gz"
_HEAD_BYTES = 1 << 20
_COPY_BYTES = 1 << 20
# A row of this length is a mistake: most likely a quote that is never closed.
_MOST_BYTES_OF_A_ROW = 256 << 20
_SYNC_BYTES = 64 << 20
_CHUNK_BYTES = 32 << 20
_ROW = re.compile(r"(?: in row |Row #)(\d+):? ?")
_BOM = b"\xef\xbb\xbf"

Layout = Mapping[str, Any]
"""The columns of a file with the Arrow types that its first rows have; null where they have no value."""


class Lines(ABC):
    """A format of lines.

    Attributes:
        quote: What a value stands between that may hold line ends; empty if values never do.
        heading: How many rows at the top are names.
    """

    suffixes: tuple[str, ...] = ()
    counts_rows = False
    quote = b""
    heading = 0

    @abstractmethod
    def layout(self, file: str) -> Layout:
        """The columns of a file."""

    @abstractmethod
    def parse(self, data: bytes, file: str, types: Layout) -> Any:
        """An Arrow table of whole lines, with these columns; raises ArrowInvalid."""

    @abstractmethod
    def writer(self, file: BinaryIO) -> PartWriter:
        """See `Format`."""

    @abstractmethod
    def head(self, columns: Sequence[str]) -> bytes:
        """What stands at the top of an output."""

    def output(self, path: str, *, compressed: bool) -> Output:
        """See `Format`."""
        return TextOutput(path, self.head, compressed=compressed)

    def size(self, file: str) -> int:
        """See `Format`."""
        return _stat(file).st_size

    def groups(self, file: str) -> int:
        """See `Format`."""
        _stat(file)
        return 1

    def columns(self, file: str) -> tuple[str, ...]:
        """See `Format`."""
        return tuple(self.layout(file))

    def plan(self, file: str, cutting: Cutting) -> Iterator[Piece]:
        """See `Format`."""
        packed = file.endswith(_GZIP)
        with Path(file).open("rb") as raw, _unpacked(raw, packed=packed) as stream:
            place = self.skip_heading(stream)
            rest = b""
            index = seen = 0
            while True:
                block = _read(stream, cutting.text_bytes, file)
                data = rest + block
                if not data:
                    return
                # A file whose last line has no end is cut there.
                end = self.cut(data) if block else len(data)
                if end == 0:
                    if len(data) > _MOST_BYTES_OF_A_ROW:
                        msg = f"{file} has a row of more than {len(data)} bytes, behind byte {place}. Is a quote not closed?"
                        raise InvalidInput(msg)
                    rest = data
                    continue
                # How far the file itself was read: what is unpacked of it is not known beforehand.
                told = raw.tell() if packed else place + end
                yield Piece(index, file, place, place + end, data=data[:end] if packed else b"", weight=told - seen)
                index, seen = index + 1, told
                place += end
                rest = data[end:]

    def rows_before(self, piece: Piece) -> int:
        """See `Format`."""
        count = -self.heading
        left = piece.start
        with _open(piece.file) as stream:
            while left and (block := stream.read(min(left, _COPY_BYTES))):
                count += block.count(b"\n")
                left -= len(block)
        return max(count, 0)

    def read(self, piece: Piece, wanted: Wanted, chunk_rows: int) -> Iterator[Chunk]:
        """See `Format`."""
        data = piece.data
        if not data:
            with Path(piece.file).open("rb") as stream:
                stream.seek(piece.start)
                data = stream.read(piece.stop - piece.start)
        table = self._table(data, piece, wanted)
        if table.num_rows:
            chunk_rows = max(1, min(chunk_rows, _CHUNK_BYTES * table.num_rows // max(table.nbytes, 1)))
        for first in range(0, table.num_rows, chunk_rows):
            yield Chunk(table.slice(first, chunk_rows), first)

    def _table(self, data: bytes, piece: Piece, wanted: Wanted) -> Any:
        found = self.layout(piece.file)
        names = [name for name in wanted.columns if name in found]
        told = {name: wanted.types.get(name) for name in names}
        last: pa.ArrowInvalid | None = None
        for attempt in (_as_seen, _wider):
            types = {name: told[name] or attempt(found[name]) for name in names}
            try:
                return self.parse(data, piece.file, types)
            except pa.ArrowInvalid as error:
                last = last or error
        raise self._told(last, piece) from last

    def _told(self, error: pa.ArrowInvalid | None, piece: Piece) -> InvalidInput:
        text = str(error).partition("\n")[0]
        found = _ROW.search(text)
        where = ""
        if found:
            # Counted from 1, and within the piece alone.
            number = self.rows_before(piece) + int(found[1]) + (1 if found[0].startswith(" in") else 0)
            where = f" in row {number}"
            text = _ROW.sub("", text)
        msg = f"{piece.file} has a value that cannot be read{where}: {text}. Correct it, or the type of the column."
        return InvalidInput(msg)

    def skip_heading(self, stream: BinaryIO) -> int:
        """The first byte of the first row, which the stream then stands at; a file of a heading alone ends there."""
        place = len(_BOM) if stream.read(len(_BOM)) == _BOM else 0
        stream.seek(place)
        if not self.heading:
            return place
        line = stream.readline()
        while self.quote and line.count(self.quote) % 2 and (more := stream.readline()):
            line += more
        return place + len(line)

    def cut(self, data: bytes) -> int:
        """Behind the last line end that is no part of a value; 0 if there is none."""
        end = data.rfind(b"\n") + 1
        if not self.quote or not end:
            return end
        odd = data.count(self.quote, 0, end) % 2
        while odd and end:
            # Inside a value: go back to where it begins, and to the line end before.
            opened = data.rfind(self.quote, 0, end)
            end = data.rfind(b"\n", 0, opened) + 1
            odd = data.count(self.quote, 0, end) % 2
        return end


class TextOutput:
    """Lines put together, byte by byte.

    Args:
        head: What stands at the top, made of the names of the columns.
    """

    def __init__(self, path: str, head: Any, *, compressed: bool) -> None:
        self._file = Path(path).open("wb")  # noqa: SIM115 -- closed by close()
        self._head = head
        self._compressed = compressed
        self._columns: tuple[str, ...] | None = None
        self._unsynced = 0

    def append(self, part: str, columns: Sequence[str]) -> None:
        """See `Output`."""
        self._begin(columns)
        if tuple(columns) != self._columns:
            msg = f"The model's answers have the columns {list(columns)}, and before had {list(self._columns or ())}."
            raise InvalidInput(msg)
        with Path(part).open("rb") as source:
            shutil.copyfileobj(source, self._file, _COPY_BYTES)
            self._unsynced += source.tell()
        if self._unsynced > _SYNC_BYTES:
            # Little by little, while the workers work: the end would have to wait for all of it.
            self._file.flush()
            os.fsync(self._file.fileno())
            self._unsynced = 0

    def finish(self, columns: Sequence[str]) -> None:
        """See `Output`."""
        self._begin(columns)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """See `Output`."""
        self._file.close()

    def _begin(self, columns: Sequence[str]) -> None:
        if self._columns is None:
            self._columns = tuple(columns)
            head = self._head(columns)
            self._file.write(gzip.compress(head, mtime=0) if self._compressed and head else head)


def without_times(schema: pa.Schema) -> dict[str, Any]:
    """The types of a schema that was guessed: texts that look like times stay texts, as other readers leave them."""
    return {field.name: pa.string() if pa.types.is_temporal(field.type) else _plain(field.type) for field in schema}


def _plain(kind: Any) -> Any:
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(one.name, _plain(one.type)) for one in kind])
    return pa.string() if pa.types.is_temporal(kind) else kind


def _as_seen(kind: Any) -> Any:
    # The first rows may have no value where later ones have.
    return pa.float64() if pa.types.is_null(kind) else kind


def _wider(kind: Any) -> Any:
    if pa.types.is_null(kind):
        return pa.string()
    return pa.float64() if pa.types.is_integer(kind) else kind


def head_of(file: str) -> bytes:
    """The first rows of a file, without a mark of the byte order; the last of them may be cut."""
    with _open(file) as stream:
        return _read(stream, _HEAD_BYTES, file).removeprefix(_BOM)


def _open(file: str) -> BinaryIO:
    _stat(file)
    return cast("BinaryIO", gzip.open(file, "rb")) if file.endswith(_GZIP) else Path(file).open("rb")


def _unpacked(raw: BinaryIO, *, packed: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb")) if packed else raw


def _read(stream: BinaryIO, size: int, file: str) -> bytes:
    try:
        return stream.read(size)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        msg = f"{file} is damaged: it is not whole gzip ({error}). Fetch or make it again."
        raise DamagedData(msg) from error


def _stat(file: str) -> os.stat_result:
    try:
        return Path(file).stat()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}. Check the input."
        raise NotFound(msg) from error
