"""A folder of files instead of one: for outputs that others read in parallel, or that are too large for one file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from treering.models.scoring.outputs.base import Output, OutputFormat

__all__ = ["FolderOutput"]


class FolderOutput:
    """See `Output`: each part becomes a file, all of the same columns.

    Args:
        path: The folder, which is made anew.
    """

    def __init__(self, path: str, form: OutputFormat, *, compressed: bool) -> None:
        self._folder = Path(path)
        self._form = form
        self._compressed = compressed
        self._suffix = f"{form.suffix}.gz" if compressed else form.suffix
        self._count = 0
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()

    def append(self, part: str, columns: Sequence[str]) -> None:
        """See `Output`."""
        with self._next() as output:
            output.append(part, columns)
            output.finish(columns)

    def finish(self, columns: Sequence[str]) -> None:
        """See `Output`."""
        if not self._count:
            with self._next() as output:
                output.finish(columns)

    def close(self) -> None:
        """Each file is closed by itself."""

    def _next(self) -> closing[Output]:
        path = self._folder / f"part-{self._count:06}{self._suffix}"
        self._count += 1
        return closing(self._form.output(str(path), compressed=self._compressed))
