"""Looks for changes of experiments while somebody wants to know, once a second for all who do.

The counters that it looks at stand in the database, so it does not matter which
process changed something. Everything here runs on the event loop, but for the
one question a second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from treering.core.errors import InvalidInput, TreeringError, Unavailable
from treering.core.log import logger

__all__ = ["WATCHER_KEY", "Listener", "Watcher"]

WATCHER_KEY = "treering.watcher"
"""Where the application's watcher stands in a request's scope."""

_PERIOD = 1.0
# Each holds a file descriptor, of which a process may often have only 1,024.
_MOST_LISTENERS = 500
_MOST_EXPERIMENTS = 1000

Versions = Callable[[Sequence[str]], Mapping[str, str]]


class Listener:
    """What one page has not been told yet: the newest version of each experiment, however often it changed."""

    def __init__(self, experiment_ids: Iterable[str]) -> None:
        self.experiment_ids = frozenset(experiment_ids)
        self._pending: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()

    async def changes(self, patience: float) -> Mapping[str, str]:
        """Versions by experiment as soon as there are any; empty after `patience` seconds."""
        try:
            # Not wait_for: in Python 3.11 it takes no notice of being cancelled in the moment in which something came.
            async with asyncio.timeout(patience):
                await self._wake.wait()
        except TimeoutError:
            return {}
        self._wake.clear()
        found, self._pending = self._pending, {}
        return found

    async def until_end(self) -> None:
        """Wait until no more will be told."""
        await self._ended.wait()

    def tell(self, experiment_id: str, version: str) -> None:
        """Remember a change for the next `changes`."""
        self._pending[experiment_id] = version
        self._wake.set()

    def end(self) -> None:
        """There will be no more."""
        self._ended.set()


class Watcher:
    """Tells listeners of changes; asks for nothing while there are none. Not for several threads.

    Args:
        versions: As in Services; None where changes are not counted, so that none are told.
        period: Seconds between two questions.
        most: How many may listen at a time.
    """

    def __init__(self, versions: Versions | None, *, period: float = _PERIOD, most: int = _MOST_LISTENERS) -> None:
        self._versions = versions
        self._period = period
        self._most = most
        self._ended = False
        self._listeners: set[Listener] = set()
        self._watched: Counter[str] = Counter()
        self._known: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def live(self) -> bool:
        """Whether changes are told."""
        return self._versions is not None

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @contextmanager
    def listen(self, experiment_ids: Sequence[str]) -> Iterator[Listener]:
        """A listener until the block ends.

        Raises:
            InvalidInput: If it asks for no experiment, or for more than 1,000.
            Unavailable: If too many listen already, or the server is ending.
        """
        listener = Listener(experiment_ids)
        if not 1 <= len(listener.experiment_ids) <= _MOST_EXPERIMENTS:
            msg = (
                f"The field `experiment_ids` names {len(listener.experiment_ids)} experiments. It must be at least 1"
                f" and at most {_MOST_EXPERIMENTS}."
            )
            raise InvalidInput(msg)
        if self._ended:
            msg = "The server is ending, and tells of no more changes. Connect again when it is back."
            raise Unavailable(msg)
        if len(self._listeners) >= self._most:
            msg = (
                f"{self._most} pages listen for changes already, and this server process lets no more."
                " Ask again from time to time instead, or start the server with more workers."
            )
            raise Unavailable(msg)
        self._listeners.add(listener)
        self._watched.update(listener.experiment_ids)
        if self._task is None and self.live:
            self._task = asyncio.create_task(self._watch())
            self._task.add_done_callback(self._stopped)
        try:
            yield listener
        finally:
            self._leave(listener)

    async def versions(self, listener: Listener) -> Mapping[str, str]:
        """How things stand for a listener; what changes from here on, it is told."""
        new = [name for name in listener.experiment_ids if name not in self._known]
        if new:
            for name, version in (await self._asked(new)).items():
                self._known.setdefault(name, version)
        return {name: self._known[name] for name in sorted(listener.experiment_ids) if self._known.get(name)}

    def end(self) -> None:
        """End all listening at once, for good."""
        self._ended = True
        self._end_all()

    def _end_all(self) -> None:
        for listener in self._listeners:
            listener.end()

    def _stopped(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            # Those who listen connect again, and do not believe in the meantime that nothing changes.
            logger.error("Watching for changes failed.", exc_info=task.exception())
            self._task = None
            self._end_all()

    def _leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        for name in listener.experiment_ids:
            self._watched[name] -= 1
            if not self._watched[name]:
                del self._watched[name]
                self._known.pop(name, None)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            try:
                found = await self._asked(list(self._watched))
            except TreeringError as error:
                logger.warning("It cannot be seen which experiments changed: %s", error)
                continue
            for name, version in found.items():
                self._compare(name, version)

    def _compare(self, name: str, version: str) -> None:
        if name not in self._watched:
            return  # the last who wanted to know left meanwhile
        known = self._known.get(name)
        self._known[name] = version
        if known is not None and known != version:
            for listener in self._listeners:
                if name in listener.experiment_ids:
                    listener.tell(name, version)

    async def _asked(self, experiment_ids: Sequence[str]) -> Mapping[str, str]:
        """A version for each; "" for those that do not exist."""
        if self._versions is None:
            return {}
        found = await asyncio.to_thread(self._versions, experiment_ids)
        return {name: found.get(name, "") for name in experiment_ids}
