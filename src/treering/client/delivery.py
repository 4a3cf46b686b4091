"""Carrying one journal into a store: in order, nothing twice, and past what the store refuses.

A journal is delivered in parcels. Each goes in one transaction together with its
`Origin`, so that repeating one is harmless. When a store refuses a parcel, the
records that it refuses are found and set aside in `<journal>.refused` with the
reason, and the rest goes on. Any other error leaves everything where it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from treering.client.belated import create_run
from treering.client.pieces import send_file
from treering.core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    TreeringError,
    Unavailable,
    UnknownEndpoint,
    WrongMethod,
)
from treering.core.log import logger
from treering.entities.dataset import DatasetInput
from treering.entities.lifecycle import Lifecycle
from treering.entities.metric import Metric, MetricColumns
from treering.entities.run import LogBatch, ModelInput, ModelOutput, Origin
from treering.storage.journal.files import FileChunks, kept_file, set_file_aside
from treering.storage.journal.folder import acknowledge, acknowledged, note_refused
from treering.storage.journal.frames import Change, Columns, Creation, SpooledFile
from treering.storage.journal.notes import drop_note, noted_creation
from treering.storage.journal.reader import Damaged, JournalReader, Point, Points, Record, open_reader
from treering.wire.native.numbers import to_number, to_numbers

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = ["Delivery", "open_delivery"]

Item = Point | Points | Record
Single = Change | Creation | SpooledFile | Damaged


class Delivery:
    """One journal on its way into a store; for one thread at a time.

    Attributes:
        delivered: How many records a store has taken.
        refused: How many it would not take.
        damaged: How many stretches could not be read.
        sent: Bytes of files that were sent, also of those that had to be sent again.
    """

    def __init__(self, reader: JournalReader, services: Services, progress: Callable[[], None]) -> None:
        self.delivered = 0
        self.refused = 0
        self.damaged = 0
        self.sent = 0
        self._reader = reader
        self._services = services
        self._tracking = services.tracking
        self._progress = progress
        self._journal_id = reader.opening.journal_id
        self._pending: list[list[Item]] = []
        self._delivered_to = reader.offset
        self._refused_anew = False
        self._uploaded: list[Path] = []
        self._made = 0

    @property
    def path(self) -> Path:
        """The journal."""
        return self._reader.path

    def advance(self) -> bool:
        """Deliver the next parcel; False if there is nothing more to read now.

        Raises:
            TreeringError: If the store cannot take anything now; the parcel is kept, and tried again next time.
        """
        if not self._pending:
            self._delivered_to = self._reader.offset
            self._pending = list(_parcels(self._reader.read()))
            if not self._pending:
                return False
        while self._pending:
            end = self._pending[0][-1].end
            self._send(self._pending[0])
            self._delivered_to = end
            del self._pending[0]
            # What was refused is not in the store's memory, so it has to be in ours.
            if self._refused_anew or self._uploaded or not self._pending:
                acknowledge(self.path, end)
                self._refused_anew = False
                while self._uploaded:
                    self._uploaded.pop().unlink(missing_ok=True)
            self._progress()
        return True

    @property
    def offset(self) -> int:
        """Up to where everything was delivered or set aside."""
        return self._delivered_to if self._pending else self._reader.offset

    @property
    def journal_id(self) -> str:
        """The journal's identity."""
        return self._journal_id

    @property
    def open_runs(self) -> list[str]:
        """Runs that the journal's process has begun and not ended, as far as `advance` came."""
        return list(self._reader.open_runs)

    def torn(self) -> int:
        """Bytes at the end that were torn, once `advance` finds nothing more."""
        return self._reader.unread()

    def close(self) -> None:
        """Close the journal; it stays."""
        self._reader.close()

    def _send(self, items: list[Item]) -> None:
        first = items[0]
        if isinstance(first, Record) and not isinstance(first.content, LogBatch):
            self._send_single(first.content)
            return
        try:
            self._tracking.runs.log(_gathered(items), Origin(self._journal_id, items[-1].end))
        except (UnknownEndpoint, WrongMethod) as error:
            raise _not_ours(error) from error
        except (InvalidInput, NotFound) as error:
            self._separate(items, error)
        else:
            self.delivered += len(items)

    def _send_single(self, content: Single) -> None:
        if isinstance(content, Damaged):
            self.damaged += 1
            logger.warning("A part of %s from byte %d on is damaged and was left out.", self.path, content.start)
            return
        try:
            self._carry_out(content)
        except (UnknownEndpoint, WrongMethod) as error:
            raise _not_ours(error) from error
        except (InvalidInput, NotFound, Conflict) as error:
            if isinstance(content, SpooledFile) and kept_file(self.path, content.name).exists():
                where = set_file_aside(self.path, content.name)
                self._set_aside([msgspec.to_builtins(content) | {"kept": str(where)}], 1, error)
            else:
                self._set_aside([msgspec.to_builtins(content)], 1, error)
        else:
            self.delivered += 1

    def _carry_out(self, content: Change | Creation | SpooledFile) -> None:
        if isinstance(content, Creation):
            self._create(content)
        elif isinstance(content, Change):
            self._settle(content.run_id)
            self._tracking.runs.update(content.run_id, content.status, content.end_time, content.run_name)
        else:
            self._upload(content)

    def _create(self, creation: Creation) -> None:
        try:
            create_run(self._tracking, creation)
        except (InvalidInput, NotFound, Conflict):
            drop_note(self.path.parent, creation.new.run_id)
            raise
        drop_note(self.path.parent, creation.new.run_id)

    def _settle(self, run_id: str) -> None:
        """Make a run that another journal, which was not delivered yet, says has begun."""
        creation = noted_creation(self.path.parent, run_id)
        if creation is not None:
            self._create(creation)
            self._made += 1

    def _upload(self, file: SpooledFile) -> None:
        self._settle(file.run_id)
        copy = kept_file(self.path, file.name)
        if not copy.is_file():
            msg = f"The copy {copy} is gone. Log the file again."
            raise NotFound(msg)
        uri = self._tracking.runs.get(file.run_id).info.artifact_uri
        send_file(self._services.open_artifacts(uri), file.path, FileChunks(copy, self._count))
        # Not before the upload is remembered may the copy go.
        self._uploaded.append(copy)

    def _count(self, size: int) -> None:
        self.sent += size
        self._progress()

    def _separate(self, items: list[Item], error: TreeringError) -> None:
        """Find what of `items` is refused: whole runs that are gone, else by halving."""
        known = self._made
        gone = {run_id: reason for run_id in _runs_of(items) if (reason := self._why_gone(run_id))}
        if gone:
            for run_id, reason in gone.items():
                theirs = [item for item in items if _run_of(item) == run_id]
                self._set_aside(_plain(_gathered(theirs)), len(theirs), reason)
            if rest := [item for item in items if _run_of(item) not in gone]:
                self._send(rest)
        elif self._made != known:
            self._send(items)
        elif len(items) == 1:
            self._set_aside(_plain(_gathered(items)), 1, error)
        else:
            middle = len(items) // 2
            self._send(items[:middle])
            self._send(items[middle:])

    def _why_gone(self, run_id: str) -> TreeringError | None:
        try:
            self._settle(run_id)
            run = self._tracking.runs.get(run_id)
        except (InvalidInput, NotFound, Conflict) as error:
            return error
        if run.info.lifecycle_stage is Lifecycle.DELETED:
            return InvalidInput(f"Run {run_id} is deleted. Restore it and log again.")
        return None

    def _set_aside(self, contents: Sequence[object], count: int, error: TreeringError) -> None:
        lines = [
            msgspec.json.encode({"reason": error.message, "code": error.code, "refused": content}).decode()
            for content in contents
        ]
        where = note_refused(self.path, lines)
        self.refused += count
        self._refused_anew = True
        logger.warning("%d logged records were refused and set aside in %s: %s", count, where, error.message)


def open_delivery(
    path: Path, services: Services, *, fresh: bool = False, progress: Callable[[], None] = lambda: None
) -> Delivery:
    """Begin, or go on, to deliver a journal.

    Args:
        fresh: Whether nothing of it can have been delivered yet, so that the store need not be asked.
        progress: Called now and then, whenever something more was delivered.

    Raises:
        NotFound: If there is no such journal.
        DamagedData: If it is none.
        TreeringError: If the store cannot be asked how far it came.
    """
    reader = open_reader(path)
    try:
        if not fresh:
            reader.skip_to(max(acknowledged(path), services.tracking.runs.delivered(reader.opening.journal_id)))
    except UnknownEndpoint as error:
        reader.close()
        raise _not_ours(error) from error
    except BaseException:
        reader.close()
        raise
    return Delivery(reader, services, progress)


def _parcels(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Cut before and behind what cannot share a batch, keeping the order."""
    parcel: list[Item] = []
    params: dict[tuple[str, str], str] = {}
    for item in items:
        if isinstance(item, Record):
            alone = not isinstance(item.content, LogBatch)
            if parcel and (alone or _contradicts(item, params)):
                yield parcel
                parcel, params = [], {}
            if alone:
                yield [item]
                continue
            if isinstance(item.content, LogBatch):
                params.update({(item.content.run_id, key): value for key, value in item.content.params.items()})
        parcel.append(item)
    if parcel:
        yield parcel


def _contradicts(item: Record, params: dict[tuple[str, str], str]) -> bool:
    content = item.content
    return isinstance(content, LogBatch) and any(
        params.get((content.run_id, key), value) != value for key, value in content.params.items()
    )


@dataclass(slots=True)
class _Gathering:
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    series: dict[str, Columns] = field(default_factory=dict)
    linked: list[Metric] = field(default_factory=list)
    dataset_inputs: list[DatasetInput] = field(default_factory=list)
    model_inputs: list[ModelInput] = field(default_factory=list)
    model_outputs: list[ModelOutput] = field(default_factory=list)

    def columns_of(self, key: str) -> Columns:
        return self.series.setdefault(key, (array("q"), array("q"), array("d")))

    def add(self, batch: LogBatch) -> None:
        self.params |= batch.params
        self.tags |= batch.tags
        self.linked += batch.linked
        self.dataset_inputs += batch.dataset_inputs
        self.model_inputs += batch.model_inputs
        self.model_outputs += batch.model_outputs


def _gathered(items: Sequence[Item]) -> list[LogBatch]:
    """One batch for each run, with everything that `items` say of it."""
    runs: dict[str, _Gathering] = {}
    columns: dict[int, Columns] = {}
    for item in items:
        if not isinstance(item, Record):
            column = columns.get(id(item.series))
            if column is None:
                column = columns[id(item.series)] = runs.setdefault(item.series.run_id, _Gathering()).columns_of(
                    item.series.key
                )
            steps, timestamps, values = column
            if isinstance(item, Point):
                steps.append(item.step)
                timestamps.append(item.timestamp)
                values.append(item.value)
            else:
                steps.extend(item.columns[0])
                timestamps.extend(item.columns[1])
                values.extend(item.columns[2])
        elif isinstance(item.content, LogBatch):
            runs.setdefault(item.content.run_id, _Gathering()).add(item.content)
    return [
        LogBatch(
            run_id,
            run.params,
            run.tags,
            {key: MetricColumns(*columns) for key, columns in run.series.items()},
            run.linked,
            run.dataset_inputs,
            run.model_inputs,
            run.model_outputs,
        )
        for run_id, run in runs.items()
    ]


def _run_of(item: Item) -> str:
    if not isinstance(item, Record):
        return item.series.run_id
    return item.content.run_id if isinstance(item.content, LogBatch) else ""


def _runs_of(items: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys(map(_run_of, items)))


def _plain(batches: Sequence[LogBatch]) -> list[object]:
    """What a person can read and put right; floats that JSON does not know become words."""
    return [
        {
            "run_id": batch.run_id,
            "params": batch.params,
            "tags": batch.tags,
            "series": {
                key: {
                    "steps": list(points.steps),
                    "timestamps": list(points.timestamps),
                    "values": to_numbers(points.values),
                }
                for key, points in batch.series.items()
            },
            "linked": [msgspec.to_builtins(metric) | {"value": to_number(metric.value)} for metric in batch.linked],
            "inputs": msgspec.to_builtins([*batch.dataset_inputs, *batch.model_inputs, *batch.model_outputs]),
        }
        for batch in batches
    ]


def _not_ours(error: TreeringError) -> Unavailable:
    return Unavailable(
        f"The tracking server does not take what Treering's client delivers ({error.message})."
        " Check that the tracking URI is that of a Treering server, of this version or newer."
    )
