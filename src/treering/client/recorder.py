"""Where a log call goes: into this process's journal, from where the courier takes it.

A call returns when the operating system has the record. The store learns of it
later, in the background; `flush` waits for that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from treering.client.courier import Courier
from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger
from treering.core.settings import Settings
from treering.entities.run import LogBatch
from treering.storage.journal.frames import Change
from treering.storage.journal.writer import JournalSealed, JournalWriter, open_journal
from treering.tracking.base import Tracking
from treering.tracking.limits import check_key

__all__ = ["Recorder", "check_keys"]

_PARTING = 0.1


class Recorder:
    """Everything that this process logs for one destination; shared by threads, reset in a forked child.

    Args:
        folder: Where journals lie.
        destination: What the journal says of where it goes; "" for the embedded store beside the folder.
        tracking: Gives the destination; called in the background only.
    """

    def __init__(self, folder: Path, destination: str, settings: Settings, tracking: Callable[[], Tracking]) -> None:
        self.folder = folder
        self.destination = destination
        self._settings = settings
        self._tracking = tracking
        self._lock = threading.Lock()
        self._writer: JournalWriter | None = None
        self._params: dict[str, dict[str, str]] = {}
        self._courier = self._new_courier()

    def metric(self, run_id: str, key: str, value: float, timestamp: int, step: int) -> None:
        """Record one point. Raises StorageFull, InvalidInput."""
        try:
            (self._writer or self._open()).metric(run_id, key, value, timestamp, step)
        except JournalSealed:
            self._open().metric(run_id, key, value, timestamp, step)
        if self._courier.idle:
            self._courier.stir()

    def metrics(self, run_id: str, points: Sequence[tuple[str, float, int, int]]) -> None:
        """Record (key, value, timestamp, step) points at once. Raises as `metric`."""
        self._append(lambda writer: writer.metrics(run_id, points))

    def params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Record params. Raises as `batch`."""
        self.batch(LogBatch(run_id, params=params))

    def tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Record tags. Raises as `batch`."""
        self.batch(LogBatch(run_id, tags=tags))

    def batch(self, batch: LogBatch) -> None:
        """Record params, tags, inputs and linked points.

        Raises:
            InvalidInput: If this process has logged another value of a param.
            StorageFull: If the disk is full.
        """
        check_keys("params.key", batch.params)
        check_keys("tags.key", batch.tags)
        if batch.params:
            self._remember(batch.run_id, batch.params)
        self._append(lambda writer: writer.batch(batch))

    def change(self, change: Change) -> None:
        """Record that a run's state has changed. Raises StorageFull."""
        self._append(lambda writer: writer.change(change))

    def know_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Params that the run has already, so that a contradiction is noticed at once."""
        self._params[run_id] = dict(params)

    def forget_run(self, run_id: str) -> None:
        """The run has ended here; its params need not be remembered."""
        self._params.pop(run_id, None)

    def is_behind(self) -> bool:
        """Whether something waits for delivery."""
        return self._courier.is_behind()

    def flush(self, timeout: float | None = None) -> None:
        """As `Courier.flush`."""
        self._courier.flush(timeout)

    def close(self, timeout: float) -> bool:
        """Deliver what can be within `timeout` seconds, then end. False if something is left for later."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.seal()
        try:
            self._courier.flush(timeout)
        except TreeringError as error:
            # Said by the caller, who knows how; the journal stays and is delivered later.
            logger.debug("The last delivery failed: %s", error)
        done = not self._courier.is_behind()
        self._courier.stop(timeout if done else _PARTING)
        return done

    def reset_after_fork(self) -> None:
        """In the child: leave the parent's journal and thread to the parent, and begin anew."""
        if self._writer is not None:
            self._writer.abandon()
        for writer in self._courier.writers:
            writer.abandon()
        self._lock = threading.Lock()
        self._writer = None
        self._courier = self._new_courier()

    def _new_courier(self) -> Courier:
        return Courier(self._tracking, self._settings.flush_interval)

    def _append(self, append: Callable[[JournalWriter], None]) -> None:
        try:
            append(self._writer or self._open())
        except JournalSealed:
            append(self._open())
        if self._courier.idle:
            self._courier.stir()

    def _open(self) -> JournalWriter:
        with self._lock:
            if self._writer is None or self._writer.is_sealed:
                self._writer = open_journal(
                    self.folder, self.destination, sync=self._settings.journal_sync, check_key=_check_metric_key
                )
                self._courier.adopt(self._writer)
            return self._writer

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


def check_keys(what: str, values: Mapping[str, str]) -> None:
    """Raises InvalidInput for a name that no store would take, while the caller can still do something about it."""
    for key in values:
        check_key(key, what)


def _check_metric_key(key: str) -> None:
    check_key(key, "metrics.key")
