"""Workers come and go: what that means for the queues, for what is answered, and for readiness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from treering.serving.front.dispatch import Desk
from treering.serving.front.engine import Engine
from treering.serving.hosting import Answer, Offer
from treering.serving.workers.board import Member

__all__ = ["FrontBoard"]


class FrontBoard:
    """The engine as workers see it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dispatcher = engine.dispatcher

    def up(self, member: Member, offer: Offer) -> object:
        """A worker is ready."""
        engine = self._engine
        if engine.offer is None or not engine.ready_workers:
            engine.accept(offer)
        engine.ready_workers += 1
        desk = self._dispatcher.add(member)
        if offer.tunnel:
            engine.tunnel.up(desk, member)
        return desk

    def down(self, desk: object) -> None:
        """A worker has gone."""
        engine = self._engine
        engine.ready_workers -= 1
        self._dispatcher.remove(cast("Desk", desk))
        engine.tunnel.down(desk)

    def closing(self, desk: object) -> None:
        """A worker shall get nothing more."""
        self._dispatcher.close(cast("Desk", desk))
        self._engine.tunnel.closing(desk)

    def idle(self, desk: object) -> bool:
        """Whether a worker has nothing in hand."""
        return not cast("Desk", desk).hands and not self._engine.tunnel.busy(desk)

    def answered(self, desk: object, number: int, seconds: float, answers: Sequence[Answer]) -> None:
        """A worker is done with a group."""
        self._dispatcher.answered(cast("Desk", desk), number, seconds, answers)

    def offered(self, offer: Offer) -> None:
        """All workers offer this from now on."""
        self._engine.accept(offer)

    def event(self, desk: object, stream: int, message: Mapping[str, Any]) -> None:
        """A host's own application says something."""
        self._engine.tunnel.take(desk, stream, message)

    def restarted(self) -> None:
        """A worker is replaced."""
        self._engine.restarts += 1

    def hopeless(self, why: str) -> None:
        """Workers do not come up any more."""
        self._dispatcher.give_up(why)
