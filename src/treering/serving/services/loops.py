"""The event loop of a service: one thread, in which everything async of it runs, whoever asks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ServiceLoop"]

T = TypeVar("T")


class ServiceLoop:
    """An event loop in a thread of its own. What a service opens when it starts belongs to it, so that is where it is used."""

    def __init__(self) -> None:
        self.loop = _made()
        self._thread = threading.Thread(target=self._run, name="treering-service", daemon=True)
        self._thread.start()

    def wait(self, running: Coroutine[Any, Any, T]) -> T:
        """Run something there, and wait for it here; not from the loop itself."""
        return asyncio.run_coroutine_threadsafe(running, self.loop).result()

    async def join(self, running: Coroutine[Any, Any, T]) -> T:
        """Run something there, and await it here; a cancellation goes along."""
        if asyncio.get_running_loop() is self.loop:
            return await running
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(running, self.loop))

    def bridged(self, app: ASGIApp) -> ASGIApp:
        """An application that runs there, for servers that run elsewhere."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            outer = asyncio.get_running_loop()
            if outer is self.loop:
                await app(scope, receive, send)
                return

            async def received() -> Message:
                return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(receive), outer))

            async def sent(message: Message) -> None:
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(send, message), outer))

            await self.join(_awaited(app, scope, received, sent))

        return answer

    def close(self) -> None:
        """End what still runs, and the thread."""
        if self.loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_others(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())


async def _awaited(action: Callable[..., Any], *arguments: Any) -> Any:
    return await action(*arguments)


async def _cancel_others() -> None:
    own = asyncio.current_task()
    others = [one for one in asyncio.all_tasks() if one is not own]
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _made() -> asyncio.AbstractEventLoop:
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    return made
