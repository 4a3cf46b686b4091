"""One section of a job: read in chunks, predicted, and written as a part."""

from __future__ import annotations

import gzip
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from treering.core.errors import InvalidInput, TreeringError
from treering.models.loading import LoadedModel, load
from treering.models.scoring.answers import as_table, beside
from treering.models.scoring.checksums import checksum, room_for
from treering.models.scoring.crew import PartOf
from treering.models.scoring.job import Recipe
from treering.models.scoring.messages import Done, Rows
from treering.models.scoring.outputs import OUTPUT_FORMATS
from treering.models.scoring.shaping import Shape
from treering.storage.tables import TABLE_FORMATS
from treering.storage.tables.sections import Chunk, Section

__all__ = ["Scorer", "alone"]


class Scorer:
    """A loaded model, and what it takes from a section to its part.

    Raises:
        TreeringError: If the model cannot be loaded.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._model: LoadedModel = load(Path(recipe.folder), recipe.loading)
        self._shape = Shape(self._model.signature, recipe)
        self._source = TABLE_FORMATS.load(recipe.input_format)
        self._target = OUTPUT_FORMATS.load(recipe.output_format)

    def score(self, section: Section, part: str) -> Iterator[Rows | Done]:
        """Write the part of a section, all of it or nothing; the last message says that it is there.

        Raises:
            InvalidInput: If rows cannot be read or predicted; the message names them.
            StorageFull: If the disk is full.
        """
        draft = f"{part}.draft"
        try:
            with room_for(part), Path(draft).open("wb") as file:
                rows, columns = yield from self._write(section, file)
            size, crc = checksum(draft)
            Path(draft).replace(part)
        finally:
            Path(draft).unlink(missing_ok=True)
        yield Done(section.index, rows, size, crc, columns, section.weight)

    def _write(self, section: Section, file: BinaryIO) -> Generator[Rows, None, tuple[int, list[str]]]:
        there = self._source.columns(section.file)
        asked, kept = self._shape.asked(there, section.file), self._shape.kept(there, section.file)
        target = file
        if self._recipe.compressed:
            target = cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="wb", mtime=0, compresslevel=5))
        writer = self._target.writer(target)
        rows = 0
        columns: list[str] = []
        for chunk in self._source.read(section, self._shape.wanted(there, section.file), self._recipe.chunk_rows):
            answers = self._answers(chunk, asked, section)
            found = beside(chunk.table, kept, answers)
            if columns and found.column_names != columns:
                msg = f"The model's answers have the columns {found.column_names}, and before had {columns}."
                raise InvalidInput(msg)
            columns = found.column_names
            writer.write(found)
            rows += found.num_rows
            yield Rows(found.num_rows)
        writer.close()
        if target is not file:
            target.close()
        return rows, columns

    def _answers(self, chunk: Chunk, asked: tuple[str, ...], section: Section) -> Any:
        try:
            return self._ask(chunk.table, asked)
        except Exception as error:  # noqa: BLE001 -- the model's own code runs here; what it raises is told with the rows
            failed = error
        raise self._blame(chunk, asked, section, failed) from failed

    def _ask(self, table: Any, asked: tuple[str, ...]) -> Any:
        answer = self._model.predict(self._shape.data(table, asked), dict(self._recipe.params) or None)
        return as_table(answer, table.num_rows)

    def _blame(self, chunk: Chunk, asked: tuple[str, ...], section: Section, error: Exception) -> InvalidInput:
        """Which row is at fault: found by halves, as far as it fails by itself."""
        first, last = 0, chunk.table.num_rows
        while last - first > 1:
            middle = (first + last) // 2
            if self._fails(chunk.table.slice(first, middle - first), asked):
                last = middle
            else:
                first = middle
        alone = chunk.table.num_rows > 1 and self._fails(chunk.table.slice(first, 1), asked)
        if not alone:
            first, last = 0, chunk.table.num_rows
        # Where each row by itself is refused, it is not that row.
        if alone and first == 0 and self._fails(chunk.table.slice(chunk.table.num_rows - 1, 1), asked):
            last = chunk.table.num_rows
        before = self._source.rows_before(section) + chunk.first
        where = f"row {before + first + 1}" if last - first == 1 else f"rows {before + first + 1} to {before + last}"
        said = str(error) if isinstance(error, TreeringError) else f"{type(error).__name__}: {error}"
        return InvalidInput(f"The model failed on {where} of {section.file}: {said}")

    def _fails(self, table: Any, asked: tuple[str, ...]) -> bool:
        try:
            self._ask(table, asked)
        except Exception:  # noqa: BLE001 -- as above
            return True
        return False


def alone(recipe: Recipe, sections: Iterator[Section], part_of: PartOf) -> Generator[Rows | Done, None, None]:
    """Score the sections in this process. Raises as `Scorer`."""
    scorer: Scorer | None = None
    for section in sections:
        scorer = scorer or Scorer(recipe)
        yield from scorer.score(section, part_of(section))
