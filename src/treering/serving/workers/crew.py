"""The workers of a server: started, watched, replaced when they die, hang or grow, and ended with it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from treering.core.errors import TreeringError, Unavailable, error_for
from treering.core.log import logger
from treering.serving.hosting import Offer
from treering.serving.workers import frames
from treering.serving.workers.frames import Answered, Changed, Event, Failure, Frames, Start, pack

if TYPE_CHECKING:
    from treering.serving.workers.board import Board
    from treering.serving.workers.spawning import Spawned

__all__ = ["Crew", "Process"]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 30.0
_HOPELESS = 6
# Who can say why it does not start will say so again.
_HOPELESS_WITH_REASON = 3
_LAST = 5.0
_LOOK = 0.05


class Process(asyncio.Protocol):
    """A worker in a process of its own, and the link to it.

    Attributes:
        desk: What the board calls it; `None` until it is ready.
    """

    def __init__(self, crew: Crew, spawned: Spawned) -> None:
        self._crew = crew
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self.spawned = spawned
        self.desk: object = None
        self.orders = spawned.orders
        self.failure: Failure | None = None
        self.leaving = False
        self.why = ""
        self.changes: dict[int, asyncio.Future[Changed]] = {}
        self.gone = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.spawned.process.pid

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The link is there."""
        self._transport = transport  # type: ignore[assignment]  # of a socket
        transport.set_write_buffer_limits(high=1 << 30)  # type: ignore[attr-defined]  # see above

    def data_received(self, data: bytes) -> None:
        """It says something."""
        for kind, body in self._frames.feed(data):
            if kind == frames.ANSWERED:
                done: Answered = body
                self._crew.board.answered(self.desk, done.number, done.seconds, done.answers)
            else:
                self._crew.told(self, kind, body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's shape
        """It has ended, or is about to."""
        self._transport = None
        self._crew.lost(self)

    def ask(self, number: int, alone: bool, parts: Sequence[tuple[str, Sequence[Any]]]) -> None:  # noqa: FBT001 -- of the wire
        """Take a group of calls."""
        self.send(frames.ASK, (number, alone, parts))

    def stuck(self) -> None:
        """End it, whatever it does."""
        self.why = "hung"
        self.kill()

    def pass_on(self, stream: int, message: Mapping[str, Any]) -> None:
        """Take a message of ASGI for the host's own application."""
        self.send(frames.EVENT, (stream, message))

    def send(self, kind: int, body: object) -> None:
        """Say something to it."""
        if self._transport is not None:
            self._transport.write(pack(kind, body))

    def leave(self) -> None:
        """Let it finish what it has, and end."""
        self.leaving = True
        if self._transport is not None:
            self._transport.write_eof()

    def kill(self) -> None:
        """End it now."""
        if self.spawned.process.poll() is None:
            self.spawned.process.kill()

    def memory(self) -> int:
        """Bytes that it holds; 0 where that cannot be known."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1]) * _PAGE
        except (OSError, IndexError, ValueError):
            return 0

    def check(self) -> None:
        """A worker whose children hold the link open has ended all the same."""
        if self._transport is not None and self.spawned.process.poll() is not None:
            self._transport.abort()


class Crew:
    """As many workers as were asked for.

    Args:
        spawn: Starts one.
        memory: Bytes that one may hold before it is replaced; 0: any.
    """

    def __init__(self, board: Board, spawn: Callable[[Start], Spawned], first: Start, *, memory: int = 0) -> None:
        self.board = board
        self._spawn = spawn
        self._first = first
        self._memory = memory
        self._members: list[Process] = []
        self._orders: list[dict[str, Any]] = []
        self._number = 0
        self._failures = 0
        self._ending = False
        self._pauses: set[asyncio.TimerHandle] = set()
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self.up: asyncio.Future[None] = self._loop.create_future()
        """Done when the first worker is ready; an error if none will be."""

    async def open(self, spawned: Sequence[Spawned]) -> None:
        """Take over workers that were started already."""
        for one in spawned:
            await self._adopt(one)

    def told(self, member: Process, kind: int, body: Any) -> None:
        """A worker said something other than answers."""
        if kind == frames.HELLO:
            offer: Offer = body
            if member.orders < len(self._orders):
                self._later(self._catch_up(member))
            else:
                self._welcome(member, offer)
        elif kind == frames.FAILED:
            member.failure = body
        elif kind == frames.CHANGED:
            changed: Changed = body
            if (waiting := member.changes.pop(changed.number, None)) is not None and not waiting.done():
                waiting.set_result(changed)
        elif kind == frames.EVENT:
            event: Event = body
            self.board.event(member.desk, event.stream, event.message)

    def lost(self, member: Process) -> None:
        """A worker's link was closed."""
        if member in self._members:
            self._members.remove(member)
        if member.desk is not None:
            self.board.down(member.desk)
        for waiting in member.changes.values():
            if not waiting.done():
                waiting.set_result(Changed(0, Failure(Unavailable.code, "The worker ended.", Unavailable.status), None))
        self._later(self._bury(member))

    def look(self) -> None:
        """Called about once a second."""
        for member in list(self._members):
            member.check()
            if self._memory and member.desk is not None and not member.leaving and member.memory() > self._memory:
                self._later(self._relieve(member))

    async def change(self, order: Mapping[str, Any], undo: Mapping[str, Any] | None = None) -> None:
        """Have all workers load or unload something.

        Args:
            undo: What takes it back in those that could, if one could not.

        Raises:
            TreeringError: If a worker could not.
        """
        async with self._changing:
            members = [one for one in self._members if one.desk is not None and not one.leaving]
            done = await asyncio.gather(*(self._order(one, order) for one in members))
            failed = next((one.failure for one in done if one.failure is not None), None)
            if failed is not None:
                if undo is not None:
                    able = [member for member, one in zip(members, done, strict=True) if one.failure is None]
                    await asyncio.gather(*(self._order(one, undo) for one in able))
                raise error_for(failed.code, failed.message, failed.status)
            self._orders.append(dict(order))
            for member in members:
                member.orders += 1
            offers = [one.offer for one in done if one.offer is not None]
            if offers:
                self.board.offered(offers[-1])

    async def close(self) -> None:
        """End all workers, and wait until they have."""
        self._ending = True
        for pause in self._pauses:
            pause.cancel()
        members = list(self._members)
        for member in members:
            member.leave()
            os.close(member.spawned.line)
            if member.desk is None:  # it loads, and hears nothing
                member.kill()
        if members:
            await asyncio.wait([member.gone for member in members], timeout=_LAST)
        for member in members:
            member.kill()
        if members:
            await asyncio.wait([member.gone for member in members], timeout=_LAST)

    # Inside

    async def _adopt(self, spawned: Spawned) -> None:
        member = Process(self, spawned)
        self._members.append(member)
        await asyncio.get_running_loop().create_unix_connection(lambda: member, sock=spawned.link)

    def _welcome(self, member: Process, offer: Offer) -> None:
        self._failures = 0
        try:
            member.desk = self.board.up(member, offer)
        except TreeringError as error:  # what was said of the server does not fit what is served
            if not self.up.done():
                self.up.set_exception(error)
            member.kill()
            return
        if not self.up.done():
            self.up.set_result(None)

    async def _catch_up(self, member: Process) -> None:
        """Have a worker that was started before a change make it too."""
        async with self._changing:
            offer = None
            for order in self._orders[member.orders :]:
                done = await self._order(member, order)
                if done.offer is None:
                    member.kill()
                    return
                member.orders += 1
                offer = done.offer
            if offer is not None:
                self._welcome(member, offer)

    async def _order(self, member: Process, order: Mapping[str, Any]) -> Changed:
        self._number += 1
        waiting: asyncio.Future[Changed] = asyncio.get_running_loop().create_future()
        member.changes[self._number] = waiting
        member.send(frames.CHANGE, (self._number, dict(order)))
        return await waiting

    async def _bury(self, member: Process) -> None:
        """See a process to its end, say why, and start another in its place."""
        process = member.spawned.process
        until = monotonic() + _LAST
        while process.poll() is None:
            if monotonic() > until:
                process.kill()
            await asyncio.sleep(0.01)
        if not self._ending:
            os.close(member.spawned.line)
        member.gone.set_result(None)
        if self._ending or member.leaving:
            return
        how = member.why or _how(process.returncode)
        if not self.up.done():
            if member.failure is not None:
                failure = member.failure
                self.up.set_exception(error_for(failure.code, failure.message, failure.status))
            else:
                msg = f"A worker {how} before it was ready. Its messages stand above."
                self.up.set_exception(Unavailable(msg))
            return
        self.board.restarted()
        if member.desk is not None:
            logger.warning("Worker %d %s and is replaced.", process.pid, how)
            self._start()
            return
        self._failures += 1
        why = member.failure.message if member.failure is not None else f"it {how}"
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._failures)
        logger.error("A worker could not start: %s. The next one starts in %.1f s.", why, pause)
        if self._failures >= (_HOPELESS_WITH_REASON if member.failure is not None else _HOPELESS):
            self.board.hopeless(f"What is served cannot be loaded any more: {why}")
        self._start_later(pause)

    async def _relieve(self, member: Process) -> None:
        """Replace a worker that has grown: first another, then it may go."""
        member.leaving = True
        logger.warning("Worker %d holds %d MiB and is replaced.", member.pid, member.memory() >> 20)
        self.board.restarted()
        before = sum(1 for one in self._members if one.desk is not None)
        self._start()
        await _until(lambda: sum(1 for one in self._members if one.desk is not None) > before)
        self.board.closing(member.desk)
        await _until(lambda: self.board.idle(member.desk) or member not in self._members)
        member.leave()

    def _start(self) -> None:
        if self._ending:
            return
        start = Start(self._first.kind, self._first.what, [*self._first.orders, *self._orders])
        try:
            spawned = self._spawn(start)
        except OSError as error:  # no memory, or too many processes
            logger.error("A worker could not be started: %s. Another attempt follows.", error)
            self._start_later(_FIRST_PAUSE * 2**4)
            return
        self._later(self._adopt(spawned))

    def _start_later(self, seconds: float) -> None:
        self._pauses = {one for one in self._pauses if not one.cancelled() and one.when() > self._loop.time()}
        self._pauses.add(self._loop.call_later(seconds, self._start))

    def _later(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _until(holds: Callable[[], bool]) -> None:
    until = monotonic() + 2 * _LONGEST_PAUSE
    while not holds() and monotonic() < until:  # noqa: ASYNC110 -- several things may make it hold
        await asyncio.sleep(_LOOK)


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
