"""Doing the same with many things at once, in threads that take one thing after the other: nothing waits in a queue.

Whoever interrupts it waits for what is under way, or for as long as that takes to
notice; what is done stays done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["Helpers", "Stop", "Stopped", "run_many"]

Thing = TypeVar("Thing")


class Stopped(Exception):
    """Work was given up because somebody asked for it."""


class Stop:
    """Asks those who work to end early."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def wanted(self) -> bool:
        """Whether it was asked for."""
        return self._event.is_set()

    def ask(self) -> None:
        """Ask for it."""
        self._event.set()

    def check(self) -> None:
        """Raise Stopped if it was asked for."""
        if self._event.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until it is asked for."""
        self._event.wait(seconds)


def run_many(act: Callable[[Thing], object], things: Iterable[Thing], jobs: int, stop: Stop) -> None:
    """Do `act` with each thing, in at most `jobs` threads; with one, in this thread.

    The first error ends all: those under way are asked to stop, and waited for. So does an
    interruption by the user.

    Raises:
        Exception: What `act` raised first.
    """
    if jobs <= 1:
        for thing in things:
            stop.check()
            act(thing)
        return
    crew = _Crew(act, iter(things), stop)
    threads = [threading.Thread(target=crew.work, name=f"treering-{number}", daemon=True) for number in range(jobs)]
    started: list[threading.Thread] = []
    try:
        for thread in threads:
            if crew.ended:
                break
            thread.start()
            started.append(thread)
        for thread in started:
            _join(thread)
    except BaseException:
        stop.ask()
        for thread in started:
            thread.join()
        raise
    if crew.errors:
        raise crew.errors[0]
    stop.check()


class Helpers:
    """A few threads for what takes long while somebody goes on with what does not; end it with `finish`.

    Args:
        jobs: How many threads there are at most; who hands something on waits while they have enough to do.
    """

    def __init__(self, jobs: int, stop: Stop) -> None:
        self._jobs, self._stop = jobs, stop
        self._waiting: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._room = threading.Semaphore(2 * jobs)
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def hand_on(self, act: Callable[[], object]) -> None:
        """Have something done. What an earlier thing raised is raised here."""
        self._room.acquire()
        if self._errors:
            raise self._errors[0]
        self._waiting.put(act)
        if len(self._threads) < self._jobs:
            thread = threading.Thread(target=self._work, name=f"treering-helper-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def finish(self) -> None:
        """Wait until all is done. Raises what one of them raised."""
        threads = list(self._threads)
        self.leave()
        for thread in threads:
            _join(thread)
        if self._errors:
            raise self._errors[0]

    def leave(self) -> None:
        """Let the threads end when they are done, without waiting for them."""
        for _ in self._threads:
            self._waiting.put(None)
        self._threads.clear()

    def _work(self) -> None:
        while (act := self._waiting.get()) is not None:
            try:
                act()
            except Stopped:
                pass
            except BaseException as error:  # noqa: BLE001 - it is raised again where the work was handed on
                self._errors.append(error)
                self._stop.ask()
            finally:
                self._room.release()


class _Crew:
    """What the threads share."""

    def __init__(self, act: Callable[[Thing], object], things: Iterator[Thing], stop: Stop) -> None:
        self._act, self._things, self._stop = act, things, stop
        self._lock = threading.Lock()
        self.ended = False
        self.errors: list[BaseException] = []

    def work(self) -> None:
        while not self._stop.wanted:
            try:
                with self._lock:
                    thing = next(self._things, self)
                if thing is self:
                    self.ended = True
                    return
                self._act(thing)  # type: ignore[arg-type]  # it is no longer the sign of the end
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - it is raised again where the work was asked for
                with self._lock:
                    self.errors.append(error)
                self._stop.ask()


def _join(thread: threading.Thread) -> None:
    # A join without a time cannot be interrupted everywhere.
    while thread.is_alive():
        thread.join(0.5)
