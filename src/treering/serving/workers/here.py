"""A host in this process, asked in threads: for tests, and for programs that embed a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from treering.core.log import logger
from treering.serving.hosting import Answer, Call, Host, Offer
from treering.serving.workers.asking import ask
from treering.serving.workers.board import Board

__all__ = ["Here"]


class Here:
    """The one worker of a server without processes."""

    def __init__(self, host: Host, board: Board) -> None:
        self._host = host
        self._board = board
        self._desk: object = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._one: ThreadPoolExecutor | None = None
        self._alone: ThreadPoolExecutor | None = None
        self._routes: Mapping[str, Any] = {}

    def open(self) -> None:
        """Begin to answer, in the loop that runs."""
        self._loop = asyncio.get_running_loop()
        offer = self._host.offer()
        threads = sum(policy.at_once for policy in offer.lanes.values() if policy.at_once > 1)
        self._one = ThreadPoolExecutor(1, thread_name_prefix="answer")
        self._alone = ThreadPoolExecutor(threads, thread_name_prefix="answer-alone") if threads else None
        self._take(offer)
        self._desk = self._board.up(self, offer)

    def close(self) -> None:
        """End, without waiting for what a thread still does."""
        for pool in (self._one, self._alone):
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)
        self._host.close()

    def ask(self, number: int, alone: bool, parts: Sequence[tuple[str, Sequence[Any]]]) -> None:  # noqa: FBT001 -- of the wire
        """Take a group of calls."""
        pool = self._alone if alone and self._alone is not None else self._one
        if pool is not None:
            pool.submit(self._answer, number, parts)

    def stuck(self) -> None:
        """A thread cannot be ended: it keeps its place until it is done."""
        logger.warning("The model has not answered in time, and keeps its thread.")

    def pass_on(self, stream: int, message: Mapping[str, Any]) -> None:
        """The host's own application is called without frames here."""

    async def change(self, order: Mapping[str, Any], undo: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 -- there is nobody else to undo it in
        """Load or unload something.

        Raises:
            TreeringError: If that cannot be done.
        """
        await asyncio.to_thread(self._host.change, order)
        offer = self._host.offer()
        self._take(offer)
        self._board.offered(offer)

    def _take(self, offer: Offer) -> None:
        self._routes = {route.path: route for route in offer.routes}

    def _answer(self, number: int, parts: Sequence[tuple[str, Sequence[Any]]]) -> None:
        begun = time.perf_counter()
        answers: list[Answer] = []
        for path, calls in parts:
            answers += ask(self._host, self._routes.get(path), [Call(*call) for call in calls])
        seconds = time.perf_counter() - begun
        self._from_thread(lambda: self._board.answered(self._desk, number, seconds, answers))

    def _from_thread(self, action: Callable[[], None]) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(action)
        except RuntimeError:  # the loop was closed while the model still worked
            logger.debug("A prediction ended after the server.")
