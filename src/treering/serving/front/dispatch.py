"""Gives what waits to whoever is free: no request is held back to wait for others unless a host asks for that.

While a worker is busy, requests gather in their lane; the next free worker takes them together.
Everything here runs in the loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Protocol

from treering.core.log import logger
from treering.serving.front.lanes import Group, Lane, Waiting
from treering.serving.hosting import Answer
from treering.serving.refusing import refusal

__all__ = ["Desk", "Dispatcher", "Worker"]

_GROUP_BYTES = 16 << 20
_RETRY = ((b"retry-after", b"1"),)


class Worker(Protocol):
    """What holds a host, in a process of its own or here."""

    def ask(self, number: int, alone: bool, parts: Sequence[tuple[str, Sequence[object]]]) -> None:  # noqa: FBT001 -- of the wire
        """Take a group of calls; `Dispatcher.answered` is told when it is done."""

    def stuck(self) -> None:
        """It has not answered long after it should have, and has no hand free: end it."""


class Desk:
    """A worker as the dispatcher sees it.

    Attributes:
        hands: What it has in hand, by number.
        busy: Whether the one hand that serves most lanes is full.
        solo: Whether it has a request over which another worker died, and so gets nothing beside it.
        closed: Whether it gets nothing more.
    """

    __slots__ = ("alone", "busy", "closed", "hands", "solo", "worker")

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.hands: dict[int, Group] = {}
        self.alone: dict[Lane, int] = {}
        self.busy = False
        self.solo = False
        self.closed = False

    def free_for(self, lane: Lane) -> bool:
        """Whether it can take a group of that lane now."""
        if self.closed or self.solo:
            return False
        most = lane.policy.at_once
        return not self.busy if most == 1 else self.alone.get(lane, 0) < most


class Dispatcher:
    """The lanes and the workers.

    Args:
        grace: Seconds after the deadline until a worker that has not answered is ended.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._desks: list[Desk] = []
        self._wanting: deque[Lane] = deque()
        self._number = 0
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hopeless = ""
        self.lanes: dict[str, Lane] = {}

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it runs in."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    @property
    def in_flight(self) -> int:
        """How many requests wait or are in hand."""
        waiting = sum(len(lane.queue) + len(lane.again) for lane in self.lanes.values())
        return waiting + sum(len(group.members) for desk in self._desks for group in desk.hands.values())

    @property
    def busy(self) -> bool:
        """Whether any request waits or is in hand."""
        return any(desk.hands for desk in self._desks) or any(lane.queue or lane.again for lane in self.lanes.values())

    # Requests

    def put(self, waiting: Waiting) -> None:
        """Let a request wait for a worker; it may be refused at once."""
        lane = waiting.target.lane
        if len(lane.queue) >= lane.room and len(lane.queue) >= lane.room + self._free_hands(lane):
            lane.rejected += 1
            self._tell(waiting, _FULL)
            return
        if self._hopeless:
            self._tell(waiting, refusal(503, "TEMPORARILY_UNAVAILABLE", self._hopeless, _RETRY))
            return
        lane.queue.append(waiting)
        if not lane.listed:
            lane.listed = True
            self._wanting.append(lane)
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._pump)
        if self._timer is None or waiting.deadline < self._due:
            self._arm(waiting.deadline)

    def drop(self, waiting: Waiting) -> None:
        """Forget a request: nobody waits for its answer any more."""
        if not waiting.open:
            return
        waiting.open = False
        lane = waiting.target.lane
        for queue in (lane.queue, lane.again):
            try:
                queue.remove(waiting)
            except ValueError:
                continue
            break

    def begun(self, waiting: Waiting) -> bool:
        """Whether a worker has the request, or gets it now."""
        if self._scheduled:
            self._pump()
        lane = waiting.target.lane
        return waiting.open and waiting not in lane.queue and waiting not in lane.again

    def refuse_all(self, lane: Lane, answer: Answer) -> None:
        """Answer everything that waits in a lane so."""
        for queue in (lane.again, lane.queue):
            while queue:
                self._tell(queue.popleft(), answer)

    # Workers

    def add(self, worker: Worker) -> Desk:
        """A worker is ready."""
        desk = Desk(worker)
        self._desks.append(desk)
        self._hopeless = ""
        self.wake()
        return desk

    def close(self, desk: Desk) -> None:
        """Give a worker nothing more; it may answer what it has."""
        desk.closed = True

    def remove(self, desk: Desk) -> None:
        """A worker has gone; what it had in hand is asked again where that is allowed."""
        desk.closed = True
        if desk in self._desks:
            self._desks.remove(desk)
        for group in desk.hands.values():
            for waiting in group.members:
                if waiting.open:
                    self._again(group.lane, waiting)
        desk.hands.clear()
        self.wake()

    def give_up(self, why: str) -> None:
        """No worker is there and none will be soon: answer 503 until one is."""
        if self._desks:
            return
        self._hopeless = why
        answer = refusal(503, "TEMPORARILY_UNAVAILABLE", why, _RETRY)
        for lane in self.lanes.values():
            self.refuse_all(lane, answer)

    def answered(self, desk: Desk, number: int, seconds: float, answers: Sequence[Answer]) -> None:
        """A worker is done with a group. Others are handed on before these are written, so that it does not wait."""
        group = desk.hands.pop(number, None)
        if group is None:
            return
        lane = group.lane
        if lane.policy.at_once == 1 or not desk.alone.get(lane):
            desk.busy = False
        else:
            desk.alone[lane] -= 1
        desk.solo = False
        if self._wanting:
            self._pump()
        counts = lane.counts
        counts.predicted.note(seconds)
        counts.requests.note(len(group.members))
        for waiting, answer in zip(group.members, answers, strict=False):
            counts.rows += answer.rows
            if waiting.open:
                waiting.open = False
                waiting.reply.answered(waiting, answer)

    def wake(self) -> None:
        """Look soon whether something that waits can be handed out."""
        if self._wanting and not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._pump)

    # Inside

    def _free_hands(self, lane: Lane) -> int:
        """How many requests of a lane would be handed out at once."""
        policy = lane.policy
        free = (desk for desk in self._desks if desk.free_for(lane))
        if policy.at_once == 1:
            return policy.group * sum(1 for _ in free)
        return policy.group * sum(policy.at_once - desk.alone.get(lane, 0) for desk in free)

    def _again(self, lane: Lane, waiting: Waiting) -> None:
        if not lane.policy.again:
            self._tell(waiting, _MAYBE_DONE)
        elif waiting.tried:
            self._tell(waiting, _KILLS)
        else:
            waiting.tried = 1
            lane.again.append(waiting)
            if not lane.listed:
                lane.listed = True
                self._wanting.append(lane)

    def _tell(self, waiting: Waiting, answer: Answer) -> None:
        if waiting.open:
            waiting.open = False
            waiting.reply.answered(waiting, answer)

    def _pump(self) -> None:
        self._scheduled = False
        wanting = self._wanting
        now = monotonic()
        unserved = []
        for _ in range(len(wanting)):
            lane = wanting.popleft()
            before = self._number
            if lane.again:
                self._hand_alone(lane, now)
            if lane.queue:
                self._hand_out(lane, now)
            if not lane.queue and not lane.again:
                lane.listed = False
            elif self._number == before:
                unserved.append(lane)
            else:
                wanting.append(lane)
        # Who got nothing comes first the next time.
        wanting.extendleft(reversed(unserved))

    def _hand_alone(self, lane: Lane, now: float) -> None:
        while lane.again:
            desk = next((one for one in self._desks if not one.hands and one.free_for(lane)), None)
            if desk is None:
                return
            waiting = lane.again.popleft()
            if waiting.deadline <= now:
                self._tell(waiting, _late(lane))
            else:
                self._hand(desk, lane, [waiting], now)
                desk.solo = True

    def _hand_out(self, lane: Lane, now: float) -> None:
        queue, policy = lane.queue, lane.policy
        while queue:
            free = [desk for desk in self._desks if desk.free_for(lane)]
            if not free:
                return
            if policy.delay and len(queue) < policy.group and (left := queue[0].begun + policy.delay - now) > 0:
                self.loop.call_later(left, self.wake)
                return
            desk = free[0] if len(free) == 1 else min(free, key=_load)
            share = min(policy.group, -(-len(queue) // len(free)))
            members = self._take(lane, share, now)
            if members:
                self._hand(desk, lane, members, now)

    def _take(self, lane: Lane, most: int, now: float) -> list[Waiting]:
        """The next requests, no more bytes than go well together, and none that nobody waits for any more."""
        queue = lane.queue
        members: list[Waiting] = []
        room = _GROUP_BYTES
        waited = lane.counts.waited
        while queue and len(members) < most:
            waiting = queue[0]
            room -= len(waiting.call[2])
            if room < 0 and members:
                break
            queue.popleft()
            if waiting.deadline <= now:
                self._tell(waiting, _late(lane))
            else:
                members.append(waiting)
                waited.note(now - waiting.begun)
        return members

    def _hand(self, desk: Desk, lane: Lane, members: list[Waiting], now: float) -> None:
        self._number = number = (self._number + 1) & 0x7FFFFFFF
        path = members[0].target.path
        if len(members) == 1:
            parts = [(path, [members[0].call])]
        else:
            by_path: dict[str, list[Waiting]] = {}
            for waiting in members:
                path = waiting.target.path
                if path in by_path:
                    by_path[path].append(waiting)
                else:
                    by_path[path] = [waiting]
            if len(by_path) > 1:
                members = [waiting for some in by_path.values() for waiting in some]
            parts = [(one, [waiting.call for waiting in some]) for one, some in by_path.items()]
        alone = lane.policy.at_once > 1
        if alone:
            desk.alone[lane] = desk.alone.get(lane, 0) + 1
        else:
            desk.busy = True
        desk.hands[number] = Group(lane, members, now, max(waiting.deadline for waiting in members))
        desk.worker.ask(number, alone, parts)

    def _arm(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self.loop.call_later(max(0.0, due - monotonic()) + 0.002, self._look)

    def _look(self) -> None:
        """Answer what is late, and have workers ended that answer nothing any more."""
        self._timer = None
        now = monotonic()
        dues: list[float] = []
        for lane in self.lanes.values():
            for queue in (lane.again, lane.queue):
                while queue and queue[0].deadline <= now:
                    self._tell(queue.popleft(), _late(lane))
                if queue:
                    dues.append(queue[0].deadline)
        for desk in list(self._desks):
            dues.extend(self._look_at(desk, now))
        if dues:
            self._arm(min(dues))

    def _look_at(self, desk: Desk, now: float) -> Iterable[float]:
        dues = []
        for group in desk.hands.values():
            for waiting in group.members:
                if waiting.open and waiting.deadline <= now:
                    self._tell(waiting, _late(group.lane))
                elif waiting.open:
                    dues.append(waiting.deadline)
            end = group.deadline + self._grace
            if end <= now:
                group.overdue = True
            else:
                dues.append(end)
        late = [group for group in desk.hands.values() if group.overdue]
        if late and not desk.closed and _full_of(late):
            desk.closed = True
            logger.warning(
                "A worker has not answered for %.1f s and is replaced.", now - min(one.begun for one in late)
            )
            desk.worker.stuck()
        return dues


def _full_of(late: Sequence[Group]) -> bool:
    """Whether nothing of a lane can be answered because of these."""
    counts: dict[Lane, int] = {}
    for group in late:
        counts[group.lane] = counts.get(group.lane, 0) + 1
    return any(count >= lane.policy.at_once for lane, count in counts.items())


def _load(desk: Desk) -> int:
    return len(desk.hands)


def _late(lane: Lane) -> Answer:
    return refusal(
        504,
        "DEADLINE_EXCEEDED",
        f"There was no answer within {lane.policy.timeout:g} seconds. Ask with fewer rows, or start the server with a"
        " longer --timeout.",
    )


_FULL = refusal(429, "TEMPORARILY_UNAVAILABLE", "Too many requests are waiting already. Try again in a moment.", _RETRY)
_KILLS = refusal(
    500,
    "INTERNAL_ERROR",
    "The process that worked on this request died twice over it. Do not send it again; the server's log says more.",
)
_MAYBE_DONE = refusal(
    503,
    "TEMPORARILY_UNAVAILABLE",
    "The process that worked on this request died. It may have done a part of it, so it was not asked again.",
    _RETRY,
)
