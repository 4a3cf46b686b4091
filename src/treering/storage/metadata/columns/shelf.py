"""The blocks that a process holds, of the experiments that are searched; bounded by a budget of memory.

An experiment gets a block when it is searched for the second time: many processes
search once and end. It is built by one thread beside, while the store behind answers.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.entities.run import Run
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.feed import RunFeed, Stamp

__all__ = ["Shelf", "beside"]

_ENOUGH = 2
_FAREWELL = 30.0
# Experiments that are remembered, to know whether they are searched again.
_REMEMBERED = 10_000


def beside(work: Callable[[], None]) -> None:
    """Do `work` in a thread."""
    threading.Thread(target=work, name="treering-columns", daemon=True).start()


class _Entry:
    """An experiment that was searched; `block` is None until it is built."""

    __slots__ = ("asked", "block", "building", "lock", "refused", "size")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.block: Block | None = None
        self.asked = 0
        self.size = 0
        self.building = False
        self.refused = False


class Shelf:
    """Blocks by experiment; shared by threads.

    Args:
        budget: Bytes that all blocks together may take; those not searched for longest go first.
        start: Does the building, at once or in a thread.
        eager: Whether a block is built when its experiment is searched first.
    """

    def __init__(
        self,
        feed: RunFeed,
        budget: int,
        start: Callable[[Callable[[], None]], None] = beside,
        *,
        eager: bool = False,
    ) -> None:
        self._feed = feed
        self._budget = budget
        self._start = start
        self._enough = 1 if eager else _ENOUGH
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._working = 0
        self._closed = False

    def has(self, experiment_ids: Sequence[str], *, now: bool = False) -> bool:
        """Whether all these have blocks; those that have none may get them soon.

        Args:
            now: Build what is not there before answering; what others are building is waited for.
        """
        to_build = []
        with self._lock:
            ready = True
            for experiment_id in experiment_ids:
                entry = self._entries.setdefault(experiment_id, _Entry())
                self._entries.move_to_end(experiment_id)
                entry.asked += 1
                if entry.block is None:
                    ready = False
                    if (now or entry.asked >= self._enough) and not (entry.building or entry.refused or self._closed):
                        entry.building = True
                        to_build.append((experiment_id, entry))
            self._forget()
            self._working += bool(to_build)
        if now and not ready:
            if to_build:
                self._work(to_build)
            self._await(experiment_ids)
            ready = self.holds(experiment_ids)
        elif to_build:
            try:
                self._start(lambda: self._work(to_build))
            except RuntimeError:
                # The system has no thread for it now.
                logger.warning("No thread could be started to build the columns of a search.", exc_info=True)
                self._done(to_build)
            # Where the building was not done beside but at once.
            ready = all(entry.block is not None for _, entry in to_build) and self.holds(experiment_ids)
        return ready

    def _await(self, experiment_ids: Sequence[str]) -> None:
        """Wait until nobody builds these any more."""
        with self._lock:
            entries = [self._entries[one] for one in experiment_ids if one in self._entries]
            self._idle.wait_for(lambda: not any(entry.building for entry in entries))

    def holds(self, experiment_ids: Sequence[str]) -> bool:
        """Whether all these have blocks now."""
        with self._lock:
            return all(
                (entry := self._entries.get(experiment_id)) is not None and entry.block is not None
                for experiment_id in experiment_ids
            )

    @contextmanager
    def block(self, experiment_id: str, stamp: Stamp) -> Iterator[Block | None]:
        """The block as of `stamp` or later, for the caller alone; None if it was given up."""
        with self._lock:
            entry = self._entries.get(experiment_id)
        if entry is None:
            yield None
            return
        with entry.lock:
            block = entry.block
            if block is not None:
                self._refresh(experiment_id, block, stamp)
            yield block
        if block is not None and abs(block.size - entry.size) > entry.size // 8:
            self._weigh(entry)

    def show(self, experiment_id: str, runs: Mapping[int, Run], version: int) -> None:
        """As Block.show, if the block is there still."""
        with self._lock:
            entry = self._entries.get(experiment_id)
        if entry is not None:
            with entry.lock:
                if entry.block is not None:
                    entry.block.show(runs, version)

    def close(self) -> None:
        """Build no more; waits for what is being built."""
        with self._lock:
            self._closed = True
            self._entries.clear()
            self._idle.wait_for(lambda: not self._working, _FAREWELL)

    def _forget(self) -> None:
        """Where too many are remembered, half of those without a block go: the ones not searched for longest."""
        if len(self._entries) > _REMEMBERED:
            without = [one for one, entry in self._entries.items() if entry.block is None and not entry.building]
            for experiment_id in without[: (len(without) + 1) // 2]:
                del self._entries[experiment_id]

    def _work(self, entries: Sequence[tuple[str, _Entry]]) -> None:
        try:
            self._build(entries)
        finally:
            self._done(entries)

    def _done(self, entries: Sequence[tuple[str, _Entry]]) -> None:
        with self._lock:
            for _, entry in entries:
                entry.building = False
            self._working -= 1
            self._idle.notify_all()

    def _build(self, entries: Sequence[tuple[str, _Entry]]) -> None:
        for experiment_id, entry in entries:
            block: Block | None = None
            # Whoever searches next tries again.
            with suppress(TreeringError):
                block = self._built(experiment_id)
                entry.refused = block is None and not self._closed
            with self._lock:
                entry.block = block
            if block is not None:
                self._weigh(entry)

    def _built(self, experiment_id: str) -> Block | None:
        """None if it does not fit, or nobody wants it any more."""
        block = Block()
        stamp = self._feed.stamps([experiment_id]).get(experiment_id)
        if stamp is None:
            return None
        version = stamp.version
        for runs in self._feed.changed(experiment_id, -1):
            block.put(runs)
            version = max(version, *(run.version for run in runs))
            if block.size > self._budget:
                logger.info(
                    "Searches in experiment %s are answered by the database: its columns would take more than %d MB."
                    " Raise TREERING_SEARCH_MEMORY_MB to keep them.",
                    experiment_id,
                    self._budget >> 20,
                )
                return None
            if self._closed:
                return None
        block.version, block.purged = version, stamp.purged
        return block

    def _refresh(self, experiment_id: str, block: Block, stamp: Stamp) -> None:
        if stamp.version > block.version:
            version = stamp.version
            for runs in self._feed.changed(experiment_id, block.version):
                block.put(runs)
                version = max(version, *(run.version for run in runs))
            # Only now: what was read halfway is read again.
            block.version = version
        if stamp.purged > block.purged:
            block.keep(self._feed.numbers(experiment_id))
            block.purged = stamp.purged

    def _weigh(self, entry: _Entry) -> None:
        """Note what a block takes, and give up others if all take too much."""
        block = entry.block
        with self._lock:
            entry.size = 0 if block is None else block.size
            total = sum(one.size for one in self._entries.values())
            for one in self._entries.values():
                if total <= self._budget:
                    break
                if one is not entry or one.size > self._budget:
                    total -= one.size
                    one.block, one.size, one.asked = None, 0, 0
