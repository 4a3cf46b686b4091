"""Where a log call goes: into this process's journal, from where the courier takes it.

A call returns when the operating system has the record. The store learns of it
later, in the background; `flush` waits for that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from treering.client.courier import Courier
from treering.client.standstill import Standstill
from treering.core.errors import InvalidInput, StorageFull, TreeringError
from treering.core.log import logger
from treering.core.settings import Settings
from treering.entities.run import LogBatch
from treering.storage.journal.files import keep_file, kept_file, settle_file, usage
from treering.storage.journal.frames import Begun, Change, Columns, Creation, SpooledFile
from treering.storage.journal.notes import note_creation
from treering.storage.journal.writer import JournalFull, JournalSealed, JournalWriter, open_journal
from treering.tracking.limits import check_key

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = ["Recorder"]

_PARTING = 0.1
_LOOK_AGAIN = 0.5
_WORTH_SAYING = 1.0
_SAY_AGAIN = 60.0
_ROTATE_AT = 64 << 20
_POLICIES = ("wait", "drop", "raise")


class Recorder:
    """Everything that this process logs for one destination; shared by threads, reset in a forked child.

    Args:
        folder: Where journals lie.
        destination: What the journal says of where it goes; "" for the embedded store beside the folder.
        services: Gives the destination; called in the background only.
        standstill: As for `Courier`.
        offline: Whether nothing is to be delivered by this process at all.

    Attributes:
        dropped: How many calls were left out because the folder was full, as the settings ask for.

    Raises:
        InvalidInput: If the setting `journal_full` is none of its values.
    """

    def __init__(
        self,
        folder: Path,
        destination: str,
        settings: Settings,
        services: Callable[[], Services],
        standstill: Standstill | None = None,
        *,
        offline: bool = False,
    ) -> None:
        if settings.journal_full not in _POLICIES:
            msg = f"TREERING_JOURNAL_FULL is {settings.journal_full!r}. Set it to one of {', '.join(_POLICIES)}."
            raise InvalidInput(msg)
        self.folder = folder
        self.destination = destination
        self.offline = offline
        self.dropped = 0
        self._settings = settings
        self._services = services
        self._standstill = standstill
        self._limit = settings.journal_max_bytes
        # So that a small limit is not taken up by one journal that is delivered but for its end.
        self._rotate_at = min(_ROTATE_AT, self._limit // 4) if self._limit else _ROTATE_AT
        self._lock = threading.RLock()
        self._writer: JournalWriter | None = None
        self._params: dict[str, dict[str, str]] = {}
        self._begun: dict[str, None] = {}
        self._files: dict[tuple[str, str], Path] = {}
        self._full_since = 0.0
        self._full_is_told = False
        self._told_at = 0.0
        self._look_again = 0.0
        self._courier = self._new_courier()

    def metric(self, run_id: str, key: str, value: float, timestamp: int, step: int) -> None:
        """Record one point. Raises StorageFull, InvalidInput."""
        try:
            (self._writer or self._open()).metric(run_id, key, value, timestamp, step)
        except (JournalSealed, JournalFull, StorageFull):
            self._append(lambda writer: writer.metric(run_id, key, value, timestamp, step))
        if self._courier.idle:
            self._courier.stir()

    def metrics(self, run_id: str, points: Sequence[tuple[str, float, int, int]]) -> None:
        """Record (key, value, timestamp, step) points at once. Raises as `metric`."""
        self._append(lambda writer: writer.metrics(run_id, points))

    def columns(self, run_id: str, key: str, columns: Columns) -> None:
        """Record many points of one series at once. Raises as `metric`."""
        self._append(lambda writer: writer.columns(run_id, key, columns))

    def params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Record params. Raises as `batch`."""
        self.batch(LogBatch(run_id, params=params))

    def tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Record tags. Raises as `batch`."""
        self.batch(LogBatch(run_id, tags=tags))

    def batch(self, batch: LogBatch) -> None:
        """Record params, tags, inputs and linked points.

        Raises:
            InvalidInput: If a name is none, or this process has logged another value of a param.
            StorageFull: If the disk is full.
        """
        _check_keys("params.key", batch.params)
        _check_keys("tags.key", batch.tags)
        _check_keys("metrics.key", {metric.key for metric in batch.linked})
        if batch.params:
            self._remember(batch.run_id, batch.params)
        self._append(lambda writer: writer.batch(batch))

    def change(self, change: Change) -> None:
        """Record that a run's state has changed. Raises StorageFull."""
        self._append(lambda writer: writer.change(change))

    def begun(self, run_id: str) -> None:
        """Record that this process ends the run: if it is killed, that is known by the journal.

        A full disk is no error here: it is when something is logged.
        """
        self._begun[run_id] = None
        with suppress(StorageFull):
            self._append(lambda writer: writer.begun(Begun(run_id)))

    def creation(self, creation: Creation) -> None:
        """Record that a run has begun that no store knows yet. Raises StorageFull."""
        # Before the record: nobody may find what a child logs to the run without finding the run.
        note_creation(self.folder, creation)
        self._append(lambda writer: writer.creation(creation))

    def keep(self, run_id: str, path: str, chunks: Iterable[bytes]) -> int:
        """Keep a file for the run's artifacts until it can be delivered, and return its size; 0 if it is left out.

        Raises:
            StorageFull: If the disk is full.
        """
        while self._limit and usage(self.folder) >= self._limit:
            if not self._pressed(self._writer):
                return 0

        def settle(copy: Path, size: int) -> None:
            with self._lock:
                writer = self._writer or self._open()
                name = settle_file(copy, writer.path)
                self._files[run_id, path] = kept_file(writer.path, name)
                writer.file(SpooledFile(run_id, path, name, size))

        size = keep_file(self.folder, chunks, settle)
        self._courier.stir()
        return size

    def kept(self, run_id: str = "", path: str = "") -> Path | None:
        """A file that waits for delivery to that place, or to that run, or to any; None for none."""
        with self._lock:
            for place, file in list(self._files.items()):
                if not file.exists():
                    del self._files[place]
                elif run_id in {"", place[0]} and path in {"", place[1]}:
                    return file
        return None

    def know_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Params that the run has already, so that a contradiction is noticed at once."""
        self._params[run_id] = dict(params)

    def forget_run(self, run_id: str) -> None:
        """The run has ended here; its params need not be remembered."""
        self._params.pop(run_id, None)
        self._begun.pop(run_id, None)

    @property
    def is_cut_off(self) -> bool:
        """Whether the destination could not be reached when it was tried last, or is not to be."""
        return self.offline or self._courier.failure is not None

    def cut_off(self, error: TreeringError) -> None:
        """Somebody else has found that the destination cannot be reached; said once, until it can be."""
        self._courier.fail(error)

    def is_behind(self) -> bool:
        """Whether something waits for delivery."""
        return self._courier.is_behind()

    def flush(self, timeout: float | None = None, stall: float | None = None) -> None:
        """As `Courier.flush`; nothing happens offline."""
        if not self.offline:
            self._courier.flush(timeout, stall)

    def close(self, timeout: float) -> bool:
        """Deliver what can be within `timeout` seconds, then end. False if something is left for later."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.seal()
        try:
            self.flush(timeout, self._settings.offline_after or None)
        except TreeringError as error:
            # Said by the caller, who knows how; the journal stays and is delivered later.
            logger.debug("The last delivery failed: %s", error)
        done = not self._courier.is_behind()
        self._courier.stop(timeout if done else _PARTING)
        if self.dropped:
            logger.warning("%d calls were left out in all, because %s was full.", self.dropped, self.folder)
        return done

    def reset_after_fork(self, standstill: Standstill) -> None:
        """In the child: leave the parent's journal and thread to the parent, and begin anew."""
        self._standstill = self._standstill and standstill
        if self._writer is not None:
            self._writer.abandon()
        for writer in self._courier.writers:
            writer.abandon()
        failure = self._courier.failure
        self._lock = threading.RLock()
        self._writer = None
        self._begun = {}
        self.dropped = 0
        self._full_since = self._told_at = 0.0
        self._full_is_told = False
        self._courier = self._new_courier()
        # A child does not wait again for what its parent has waited for.
        self._courier.failure = failure

    def _new_courier(self) -> Courier:
        return Courier(self._services, self._settings.flush_interval, self._standstill, resting=self.offline)

    def _append(self, append: Callable[[JournalWriter], None]) -> None:
        while True:
            writer = self._writer or self._open()
            try:
                append(writer)
            except JournalSealed:
                continue
            except StorageFull:
                self._part_with(writer)
                raise
            except JournalFull:
                if self._make_room(writer):
                    continue
                return
            break
        if self._courier.idle:
            self._courier.stir()

    def _open(self) -> JournalWriter:
        with self._lock:
            if self._writer is None or self._writer.is_sealed:
                self._writer = open_journal(
                    self.folder, self.destination, sync=self._settings.journal_sync, check_key=_check_metric_key
                )
                self._writer.room = self._rotate_at
                if self._limit:
                    self._writer.room = min(self._rotate_at, self._limit - usage(self.folder))
                # The journal that said so may be delivered and gone when this process is killed.
                with suppress(StorageFull):
                    for run_id in list(self._begun):
                        self._writer.begun(Begun(run_id))
                self._courier.adopt(self._writer)
            return self._writer

    def _make_room(self, writer: JournalWriter) -> bool:
        """Go on with the next journal, or in this one if there is room; False if what was to be logged is left out."""
        if self.dropped and self._full_since and time.monotonic() < self._look_again:
            self.dropped += 1
            return False
        with self._lock:
            if writer is not self._writer:
                return True
            free = self._limit - usage(self.folder) if self._limit else self._rotate_at
            if free > 0:
                if self._full_since:
                    self._tell_dropped()
                if writer.end >= self._rotate_at:
                    writer.seal()
                    self._writer = None
                else:
                    writer.room = min(self._rotate_at, writer.end + free)
                return True
        return self._pressed(writer)

    def _part_with(self, writer: JournalWriter) -> None:
        """Have a journal go as soon as it is delivered, because its disk is needed."""
        with self._lock:
            if writer is self._writer and not writer.is_empty:
                writer.seal()
                self._writer = None
        self._courier.stir()

    def _pressed(self, writer: JournalWriter | None) -> bool:
        """The folder holds as much as it may: wait, drop or raise; whether to try again."""
        policy = self._settings.journal_full
        where = f"{self.folder} holds {self._limit} bytes that are not delivered yet, as many as it may"
        if policy == "raise" or (policy == "wait" and self.offline):
            msg = f"{where}. Deliver them with `treering sync`, or raise TREERING_JOURNAL_MAX_BYTES."
            raise StorageFull(msg)
        at = time.monotonic()
        self._full_since = self._full_since or at
        # Short waits while delivery keeps up are not worth a word, and no word is worth saying each second.
        worth = policy == "drop" or at - self._full_since > _WORTH_SAYING
        if not self._full_is_told and worth and (not self._told_at or at - self._told_at > _SAY_AGAIN):
            self._full_is_told, self._told_at = True, at
            goes_on = "What is logged now is left out and counted" if policy == "drop" else "Logging waits for delivery"
            logger.warning("%s. %s, until there is room. TREERING_JOURNAL_MAX_BYTES sets the limit.", where, goes_on)
        if policy == "drop":
            self.dropped += 1
            self._look_again = time.monotonic() + _LOOK_AGAIN
            return False
        if writer is not None:
            self._part_with(writer)
        self._courier.await_progress(_LOOK_AGAIN)
        return True

    def _tell_dropped(self) -> None:
        waited = time.monotonic() - self._full_since
        told, self._full_is_told = self._full_is_told, False
        self._full_since = 0.0
        if not told:
            return
        if self.dropped:
            logger.warning(
                "%d calls were left out while %s was full, for %.0f seconds.", self.dropped, self.folder, waited
            )
        else:
            logger.warning("Logging goes on; it has waited %.0f seconds for room in %s.", waited, self.folder)

    def _remember(self, run_id: str, params: Mapping[str, str]) -> None:
        with self._lock:
            known = self._params.setdefault(run_id, {})
            for key, value in params.items():
                if known.get(key, value) != value:
                    msg = (
                        f"Changing param values is not allowed. Param with key={key!r} was already logged with"
                        f" value={known[key]!r} for run ID={run_id!r}. Attempted logging new value {value!r}."
                        " Log it under another name, or in another run."
                    )
                    raise InvalidInput(msg)
            known.update(params)


def _check_keys(what: str, keys: Iterable[str]) -> None:
    """Raises InvalidInput for a name that no store would take, while the caller can still do something about it."""
    for key in keys:
        check_key(key, what)


def _check_metric_key(key: str) -> None:
    check_key(key, "metrics.key")
