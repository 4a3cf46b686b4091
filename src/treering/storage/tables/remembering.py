"""What is found out about a file once, as long as the file is the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from treering.core.errors import NotFound

__all__ = ["per_file"]

T = TypeVar("T")

_FILES = 64


def per_file(find: Callable[[str], T], most: int = _FILES) -> Callable[[str], T]:
    """`find`, which is asked again for a file only when that has changed.

    What is returned raises NotFound where there is no file.
    """

    @lru_cache(maxsize=most)
    def found(file: str, _changed: int, _size: int) -> T:
        return find(file)

    def ask(file: str) -> T:
        try:
            stat = Path(file).stat()
        except OSError as error:
            msg = f"{file} cannot be read: {error.strerror}. Check the input."
            raise NotFound(msg) from error
        return found(file, stat.st_mtime_ns, stat.st_size)

    return ask
