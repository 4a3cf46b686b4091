"""A whole job: files cut, handed to workers, and their parts put together in order."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from treering.core.errors import Conflict, InvalidInput, NotFound, TreeringError
from treering.core.plugins import Registry
from treering.models import mlmodel
from treering.models.scoring.checksums import room_for
from treering.models.scoring.crew import cores, together
from treering.models.scoring.job import PREDICTION, BatchJob, BatchResult, Progress
from treering.models.scoring.messages import Done, Rows
from treering.models.scoring.outputs import OUTPUT_FORMATS
from treering.models.scoring.outputs.base import Output, OutputFormat
from treering.models.scoring.outputs.folder import FolderOutput
from treering.models.scoring.parts import Parts
from treering.models.scoring.shaping import Shape
from treering.storage.tables import TABLE_FORMATS
from treering.storage.tables.sections import Cutting, Section, TableFormat

__all__ = ["score"]

_TEXT_BYTES = 16 << 20
_LEAST_TEXT_BYTES = 256 << 10
_SECTIONS = 64
_SECTIONS_A_WORKER = 4
# Below this, workers would still be loading the model when one process is done.
_SMALL_ROWS = 50_000
_SMALL_BYTES = 4 << 20
_INPUT = "the input"

# Loaded where this process scores itself: it brings the model's libraries, which workers have for themselves.
_HANDS: Registry[Callable[..., Generator[Rows | Done, None, None]]] = Registry(
    "treering.scoring_hands", "way to score", {"alone": "treering.models.scoring.scorer:alone"}
)

Tell = Callable[[Progress], None]


def score(job: BatchJob, tell: Tell | None = None) -> BatchResult:
    """Write a model's predictions for files, all of them or nothing.

    Rows stand in the order of the input. Memory does not grow with the number of rows. What
    is done when a job is interrupted or fails is kept, for the same job with `resume`.

    Args:
        tell: Called now and then with how far it is.

    Raises:
        NotFound: If there is no model or no input.
        InvalidInput: If columns are missing, or rows cannot be read or predicted; the message names them.
        AlreadyExists: If the output is to be a folder, and there is one with something in it.
        Conflict: If another process writes the same output, or the input while it is read.
        StorageFull: If the disk is full.
        MissingExtra: If a package is missing that reads or writes the format.
    """
    began = time.monotonic()
    source = TABLE_FORMATS.load(job.recipe.input_format)
    target = OUTPUT_FORMATS.load(job.recipe.output_format)
    shape = Shape(mlmodel.read(Path(job.recipe.folder)).signature, job.recipe)
    _check_inputs(job, source, shape)
    total = sum(source.size(file) for file in job.inputs)
    small = total <= (_SMALL_ROWS if source.counts_rows else _SMALL_BYTES)
    workers = job.workers or (1 if small else cores())
    with Parts(job.output, resume=job.resume) as parts, room_for(parts.draft), ExitStack() as stack:
        facts = _facts(job)
        cutting = Cutting(**parts.begin(facts, asdict(_cutting(job, source, total, workers))))
        output = stack.enter_context(closing(_output(job, target, parts.draft)))
        merge = _Merge(parts, output, source, total, tell or (lambda _progress: None))
        resumed = merge.rows
        sections = (section for section in _planned(job, source, cutting) if section.index not in parts.done)

        def part_of(section: Section) -> str:
            return parts.part(section.index)

        one = workers == 1
        events = (
            _HANDS.load("alone")(job.recipe, sections, part_of)
            if one
            else together(job.recipe, sections, part_of, workers)
        )
        # Closed at once where something fails, so that no worker goes on.
        with _unchanged(job, facts, parts), closing(events):
            for event in events:
                merge.take(event)
        kept = shape.kept(source.columns(job.inputs[0]), job.inputs[0])
        merge.finish([*kept, PREDICTION])
    return BatchResult(job.output, merge.rows, resumed, time.monotonic() - began, workers)


@dataclass
class _Merge:
    """Parts put behind each other as they come, and what is told of it."""

    parts: Parts
    output: Output
    source: TableFormat
    total: int
    tell: Tell
    rows: int = 0
    weight: int = 0
    next: int = 0
    partly: int = 0
    columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for done in self.parts.done.values():
            self.rows += done.rows
            self.weight += done.weight
        self._append()

    def take(self, event: Any) -> None:
        if isinstance(event, Rows):
            self.partly += event.count
        else:
            self.parts.note(event)
            self.rows += event.rows
            self.partly -= event.rows
            self.weight += event.weight
            self._append()
        seen = self.rows + self.partly if self.source.counts_rows else self.weight
        self.tell(Progress(self.rows + self.partly, min(seen / self.total, 1.0) if self.total else 1.0))

    def finish(self, columns: list[str]) -> None:
        if len(self.parts.done) != self.next:
            msg = f"Of {len(self.parts.done)} parts only {self.next} follow each other. Begin anew without --resume."
            raise InvalidInput(msg)
        self.output.finish(self.columns or columns)
        self.parts.publish()
        self.tell(Progress(self.rows, 1.0))

    def _append(self) -> None:
        while (done := self.parts.done.get(self.next)) is not None:
            if done.rows:
                self.columns = self.columns or done.columns
                self.output.append(self.parts.part(done.index), done.columns)
            self.next += 1


def _check_inputs(job: BatchJob, source: TableFormat, shape: Shape) -> None:
    """Before anything is read: all columns are there, in all files."""
    if not job.inputs:
        msg = "There is no input to score. Name a file, a folder with files, or a pattern such as 'data/*.csv'."
        raise NotFound(msg)
    output = os.path.abspath(job.output)  # noqa: PTH100 -- there may be thousands
    if len(job.inputs) > 1 and output in map(os.path.abspath, job.inputs):
        msg = f"{job.output} is the output, and one of the files to score. Write it elsewhere, or name the others only."
        raise InvalidInput(msg)
    for file in job.inputs:
        shape.wanted(source.columns(file), file)


def _planned(job: BatchJob, source: TableFormat, cutting: Cutting) -> Iterator[Section]:
    index = 0
    for file in job.inputs:
        for section in source.plan(file, cutting):
            yield replace(section, index=index)
            index += 1


def _cutting(job: BatchJob, source: TableFormat, total: int, workers: int) -> Cutting:
    groups = sum(source.groups(file) for file in job.inputs)
    slices = 1 if workers == 1 or groups >= workers * _SECTIONS_A_WORKER else -(-workers * _SECTIONS_A_WORKER // groups)
    size = max(_LEAST_TEXT_BYTES, min(_TEXT_BYTES, total // _SECTIONS))
    return Cutting(_LEAST_TEXT_BYTES if source.counts_rows else size, max(slices, 1))


def _output(job: BatchJob, target: OutputFormat, draft: str) -> Output:
    if job.folder:
        return FolderOutput(draft, target, compressed=job.recipe.compressed)
    return target.output(draft, compressed=job.recipe.compressed)


@contextmanager
def _unchanged(job: BatchJob, facts: Mapping[str, Any], parts: Parts) -> Iterator[None]:
    """What is read meanwhile is of no use if somebody writes it, and an error that comes of that says nothing."""
    failed: TreeringError | None = None
    try:
        yield
    except TreeringError as error:
        failed = error
    changed = [old[0] for old, new in zip(facts[_INPUT], _inputs(job), strict=True) if old != new]
    if changed:
        parts.forget()
        msg = f"{changed[0]} changed while it was read, so nothing is written. Begin anew when nobody writes it."
        raise Conflict(msg) from failed
    if failed is not None:
        raise failed


def _inputs(job: BatchJob) -> list[list[Any]]:
    found = []
    for file in job.inputs:
        try:
            stat = os.stat(file)  # noqa: PTH116 -- there may be thousands
        except OSError:
            found.append([os.path.abspath(file), 0, 0])  # noqa: PTH100 -- as above
        else:
            found.append([os.path.abspath(file), stat.st_size, stat.st_mtime_ns])  # noqa: PTH100 -- as above
    return found


def _facts(job: BatchJob) -> dict[str, Any]:
    """What parts depend on, by the words in which a message tells that it changed."""
    recipe = job.recipe
    model = (Path(recipe.folder) / mlmodel.FILE_NAME).read_bytes()
    return {
        "the model": hashlib.sha256(model).hexdigest(),
        _INPUT: _inputs(job),
        "the formats": [recipe.input_format, recipe.output_format, recipe.compressed],
        "--columns": list(recipe.columns),
        "--keep": list(recipe.keep),
        "--params": dict(recipe.params),
    }
