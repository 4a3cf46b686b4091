"""Requests that wait, and the queues in which they do."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from treering.serving.front.meter import LaneCounts

if TYPE_CHECKING:
    from treering.serving.front.targets import Target
    from treering.serving.hosting import Answer, Headers, Policy

__all__ = ["NO_KEYS", "Group", "Keys", "Lane", "Reply", "Waiting"]

Plain = tuple[bytes, bytes, bytes, "Headers", bytes]
"""A `Call` as a plain tuple: half the cost of making one, and the same on the wire."""


Keys = tuple[bytes, bytes, bytes]
"""Whom a request is for, the variant that it insists on, and its `traceparent`; empty where it does not say."""

NO_KEYS: Keys = (b"", b"", b"")


class Reply(Protocol):
    """Whoever wants an answer: a connection, or something that waits."""

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        """Called once, in the loop's thread, unless the request was dropped before."""


class Waiting:
    """One request from its whole body to its answer.

    Attributes:
        deadline: When it is told 504, on the monotonic clock.
        open: Whether somebody still waits for the answer.
        tried: How often a worker died over it.
        keys: What its headers said to the router and of traces.
    """

    __slots__ = ("begun", "call", "deadline", "keys", "open", "reply", "target", "tried")

    def __init__(self, call: Plain, target: Target, reply: Reply, begun: float, deadline: float) -> None:
        self.call = call
        self.target = target
        self.reply = reply
        self.begun = begun
        self.deadline = deadline
        self.open = True
        self.tried = 0
        self.keys: Keys = NO_KEYS


class Lane:
    """A queue, first in first out.

    Attributes:
        again: Requests over which a worker died: each goes alone, and before the others.
        listed: Whether the dispatcher has it among those that want a worker.
        counts: What groups of it took.
    """

    __slots__ = ("again", "counts", "listed", "name", "policy", "queue", "rejected", "room", "timeout")

    def __init__(self, name: str, policy: Policy) -> None:
        self.name = name
        self.queue: deque[Waiting] = deque()
        self.again: deque[Waiting] = deque()
        self.listed = False
        self.rejected = 0
        self.counts = LaneCounts()
        self.rule(policy)

    def rule(self, policy: Policy) -> None:
        """Go by another policy from now on."""
        self.policy = replace(policy, group=max(1, policy.group), at_once=max(1, policy.at_once))
        self.room = policy.waiting
        self.timeout = policy.timeout


class Group:
    """Requests that one worker has in hand together."""

    __slots__ = ("begun", "deadline", "lane", "members", "overdue")

    def __init__(self, lane: Lane, members: list[Waiting], begun: float, deadline: float) -> None:
        self.lane = lane
        self.members = members
        self.begun = begun
        self.deadline = deadline
        self.overdue = False
