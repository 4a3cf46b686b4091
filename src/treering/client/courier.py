"""The background thread that delivers this process's journals while training goes on.

It sleeps while nothing is logged. When something is, it waits a moment for more and
delivers all of it; when the store cannot take it, it tries again, less and less
often. `flush` makes it try at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from treering.client.delivery import Delivery, open_delivery
from treering.client.standstill import Standstill
from treering.core.errors import DeadlineExceeded, TreeringError, Unavailable
from treering.core.log import logger
from treering.storage.journal.folder import remove
from treering.storage.journal.writer import JournalWriter

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = ["Courier"]

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


class Courier:
    """Delivers the journals of one destination; methods may be called from any thread.

    Args:
        services: Gives the destination; called in the background, at the first delivery.
        interval: Longest time in seconds that something waits for more to come along.
        standstill: What keeps forks away from the work; None where the work holds no locks, as a request does.
        resting: Whether nothing is to be delivered at all; the journals are only closed at the end.

    Attributes:
        idle: Whether the thread sleeps until `stir`; read without a lock by those who log.
        failure: Why the last try to deliver failed, None if it did not.
    """

    def __init__(
        self, services: Callable[[], Services], interval: float, standstill: Standstill | None, *, resting: bool = False
    ) -> None:
        self.idle = not resting
        self.failure: Exception | None = None
        self._standstill = standstill
        self._resting = resting
        self._open_services = services
        self._interval = interval
        self._changed = threading.Condition()
        self._writers: list[JournalWriter] = []
        self._deliveries: dict[str, Delivery] = {}
        self._asked = 0
        self._answered = 0
        self._progress = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def adopt(self, writer: JournalWriter) -> None:
        """Deliver what `writer` holds and will hold; remove its file when it is sealed and delivered."""
        with self._changed:
            self._writers.append(writer)
            if self._thread is None and not self._stopping and not self._resting:
                self._thread = threading.Thread(target=self._work, name="treering-courier", daemon=True)
                self._thread.start()

    @property
    def writers(self) -> list[JournalWriter]:
        """The journals that are not done yet."""
        return self._writers

    def stir(self) -> None:
        """Say that something was logged; needed only while `idle`."""
        with self._changed:
            self.idle = False
            self._changed.notify_all()

    def fail(self, error: TreeringError) -> None:
        """Note that the destination cannot be reached, as if delivery had found it; said once."""
        with self._changed:
            known, self.failure = self.failure, error
        if known is None:
            _tell(error)

    def await_progress(self, timeout: float) -> None:
        """Return when something was delivered, or after `timeout` seconds."""
        with self._changed:
            before = self._progress
            self._changed.wait_for(lambda: self._progress != before, timeout)

    def is_behind(self) -> bool:
        """Whether something waits for delivery."""
        with self._changed:
            return any(not self._is_delivered(writer) for writer in self._writers)

    def flush(self, timeout: float | None = None, stall: float | None = None) -> None:
        """Return when all that was logged before the call is delivered or set aside.

        Args:
            timeout: Longest time in seconds.
            stall: Longest time in seconds in which nothing at all is delivered.

        Raises:
            TreeringError: If the destination did not take it when it was tried now; it is kept and tried again.
            DeadlineExceeded: If that took longer than `timeout` seconds, or stood still for `stall` seconds.
        """
        with self._changed:
            if not any(not self._is_delivered(writer) for writer in self._writers):
                return
            self._asked += 1
            ticket = self._asked
            self._changed.notify_all()
            if not self._await_answer(ticket, timeout, stall):
                msg = "What was logged was not delivered in time. It is kept, and delivery goes on."
                raise DeadlineExceeded(msg)
            failure = self.failure
        if isinstance(failure, TreeringError):
            raise failure
        if failure is not None:
            msg = f"What was logged could not be delivered ({failure!r}). It is kept, and tried again."
            raise Unavailable(msg) from failure

    def stop(self, timeout: float) -> None:
        """End the thread after what it is doing; nothing is delivered afterwards."""
        with self._changed:
            self._stopping = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(timeout)
        if thread is not None and thread.is_alive():
            # It waits for a server; its journals stay open, and with them ours, until the process ends.
            return
        for writer in list(self._writers):
            self._part_with(writer)

    def _await_answer(self, ticket: int, timeout: float | None, stall: float | None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            before = self._progress
            left = None if end is None else max(end - time.monotonic(), 0)
            patience = min((limit for limit in (left, stall) if limit is not None), default=None)

            def answered() -> bool:
                return self._answered >= ticket or self._thread is None

            if self._changed.wait_for(answered, patience):
                return True
            if self._progress == before or (end is not None and time.monotonic() >= end):
                return False

    def _advanced(self) -> None:
        with self._changed:
            self._progress += 1
            self._changed.notify_all()
        if self._standstill is not None:
            self._standstill.rest()

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with self._changed:
                self._wait(pause)
                if self._stopping:
                    self._thread = None
                    self._changed.notify_all()
                    return
                ticket = self._asked
                failed_before = self.failure is not None
                writers = list(self._writers)
            behind, failure = self.is_behind(), self._try(writers)
            if failure is None:
                pause = _FIRST_PAUSE
            else:
                pause = min(pause * 2, _LONGEST_PAUSE) if failed_before else _FIRST_PAUSE
                if not failed_before:
                    _tell(failure)
            with self._changed:
                if failure is None and failed_before and behind:
                    logger.info("The destination answers again; what was logged meanwhile is delivered.")
                # What nobody has tried since may still be so.
                self.failure = failure if behind else failure or self.failure
                self._answered = max(self._answered, ticket)
                self._changed.notify_all()

    def _wait(self, pause: float) -> None:
        """Until something is to be done: asked for, gathered long enough, or worth another try."""

        def urgent() -> bool:
            return self._stopping or self._asked > self._answered

        if self.failure is not None and not all(self._is_delivered(writer) for writer in self._writers):
            self._changed.wait_for(urgent, pause)
            return
        # Who logs appends first and looks at `idle` then; so it is set before looking at the ends.
        self.idle = True
        if all(self._is_delivered(writer) for writer in self._writers):
            self._changed.wait_for(lambda: urgent() or not self.idle)
        self.idle = False
        self._changed.wait_for(urgent, self._interval)

    def _try(self, writers: list[JournalWriter]) -> Exception | None:
        try:
            services = self._open_services()
            with self._standstill.work() if self._standstill else nullcontext():
                for writer in writers:
                    self._deliver(writer, services)
        except TreeringError as error:
            return error
        except Exception as error:  # noqa: BLE001  # a worker's border
            # Training must not end because of a fault in delivery.
            logger.exception("Delivery failed for an unexpected reason; it will be tried again.")
            return error
        return None

    def _deliver(self, writer: JournalWriter, services: Services) -> None:
        journal_id = writer.opening.journal_id
        delivery = self._deliveries.get(journal_id)
        if delivery is None:
            delivery = self._deliveries[journal_id] = open_delivery(
                writer.path, services, fresh=True, progress=self._advanced
            )
        # Only up to here: somebody who logs without a pause must not keep others waiting for ever.
        end = writer.end
        while delivery.offset < end and delivery.advance():
            self._advanced()
        if writer.is_sealed:
            with self._changed:
                if self._is_delivered(writer):
                    self._part_with(writer)
                    self._writers.remove(writer)

    def _part_with(self, writer: JournalWriter) -> None:
        """Close a sealed journal; its file goes if all of it was delivered."""
        if self._is_delivered(writer):
            remove(writer.path)
        delivery = self._deliveries.pop(writer.opening.journal_id, None)
        if delivery is not None:
            delivery.close()
        writer.close()

    def _is_delivered(self, writer: JournalWriter) -> bool:
        delivery = self._deliveries.get(writer.opening.journal_id)
        return writer.is_empty if delivery is None else delivery.offset >= writer.end


def _tell(failure: Exception) -> None:
    logger.warning("What is logged is kept on this machine and delivered later: %s", failure)
