"""Lines of predictions put together, byte by byte, plain or compressed by gzip."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from treering.core.errors import InvalidInput

__all__ = ["TextOutput"]

_COPY_BYTES = 1 << 20
_SYNC_BYTES = 64 << 20


class TextOutput:
    """See `Output`.

    Args:
        head: What stands at the top, made of the names of the columns.
    """

    def __init__(self, path: str, head: Callable[[Sequence[str]], bytes], *, compressed: bool) -> None:
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
