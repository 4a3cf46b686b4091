"""A service that runs in this process: its instance, its hooks, and how its methods are called."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

from treering.core.errors import NotSupported
from treering.core.log import logger
from treering.core.variables import process_variables, set_variable
from treering.serving.services.contexts import Context, Exchange, server_context
from treering.serving.services.dependencies import instances, is_elsewhere
from treering.serving.services.lifecycle import hooks
from treering.serving.services.loops import ServiceLoop
from treering.serving.services.method import ApiMethod
from treering.serving.services.mounts import bind_views
from treering.serving.services.service import Service
from treering.serving.services.slots import Slot, once

__all__ = ["Running"]

_END = object()
_VISIBLE = "CUDA_VISIBLE_DEVICES"


class Running:
    """A started service. Its methods may be called from any thread.

    Plain methods run at most `threads` at a time, whoever calls them; async ones run together on the service's loop.

    Args:
        folder: Where the workers of the same server meet.
    """

    def __init__(self, service: Service[Any], folder: Path) -> None:
        if service.cmd is not None or hasattr(service.inner, "__command__"):
            msg = (
                f"The service {service.name} starts a server by a command of its own, which is not passed on to."
                " Start that server itself, and call it from a method."
            )
            raise NotSupported(msg)
        self.service = service
        self.threads = service.config.threads
        self._room = threading.Semaphore(self.threads)
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="service")
        self._slot = Slot(folder)
        self._began = False
        server_context.worker_index = self._slot.number
        server_context.service_name = service.name
        self.loop = ServiceLoop()
        try:
            self._start(folder)
        except BaseException:
            self.close()
            raise

    def call(self, method: ApiMethod, arguments: Mapping[str, Any], exchange: Exchange) -> Any:
        """The value of a method, waited for; not from the service's loop."""
        if method.is_async:
            return self.loop.wait(self._awaited(method, arguments, exchange))
        with self._room:
            token = Context.enter(exchange)
            try:
                return method.called(self.instance, arguments, self.service.context)
            finally:
                Context.leave(token)

    async def result(self, method: ApiMethod, arguments: Mapping[str, Any], exchange: Exchange) -> Any:
        """The value of a method; on the service's loop."""
        if method.is_async:
            return await self._awaited(method, arguments, exchange)
        return await self.in_thread(self.call, method, arguments, exchange)

    async def pieces(
        self, method: ApiMethod, arguments: Mapping[str, Any], exchange: Exchange
    ) -> AsyncGenerator[Any, None]:
        """What a method yields; on the service's loop. A plain generator gives its thread back between two pieces."""
        Context.enter(exchange)
        found = method.called(self.instance, arguments, self.service.context)
        try:
            if inspect.isasyncgen(found):
                async for one in found:
                    yield one
                return
            while (one := await self.in_thread(self._next, found)) is not _END:
                yield one
        finally:
            if inspect.isasyncgen(found):
                await found.aclose()
            else:
                await self.in_thread(found.close)

    async def in_thread(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Run something in one of the service's threads, which sees the same request."""
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(action, *arguments))

    async def is_well(self, question: str) -> bool:
        """What the service itself says of whether it is alive or ready; yes if it says nothing."""
        asked = getattr(self.instance, question, None)
        if asked is None:
            return True
        found = asked() if inspect.iscoroutinefunction(asked) else await asyncio.to_thread(asked)
        return bool(await found if inspect.isawaitable(found) else found)

    def close(self) -> None:
        """Run the hooks of its end, and give back what it holds."""
        for instance, inner in reversed(self._instances() if self._began else ()):
            for name in hooks(inner, "shutdown"):
                try:
                    self._run_hook(getattr(instance, name))
                except Exception:  # noqa: BLE001  # a user's code, and the others still have to run
                    logger.exception("The hook %s failed while the service ended.", name)
        for one in self.service.all_services().values():
            for dependency in one.dependencies.values():
                self.loop.wait(dependency.leave())
                dependency.forget()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.loop.close()
        self._slot.close()

    def _start(self, folder: Path) -> None:
        self._see_devices()
        services = {name: one for name, one in self.service.all_services().items() if not is_elsewhere(name)}
        for one in services.values():
            once(folder, f"deployment-{one.name}", lambda one=one: _deploy(one))  # type: ignore[misc]  # bound at once
        self.instance = self.service()
        server_context.instance = self.instance
        self._began = True
        for one in services.values():
            for dependency in one.dependencies.values():
                # Made here and not at the first request, so that what cannot start is told at the start.
                dependency.get()
        for instance, inner in self._instances():
            for name in hooks(inner, "startup"):
                self._run_hook(getattr(instance, name))
        for mount in self.service.mounts:
            bind_views(mount.app, self.service.inner, self.instance)

    def _instances(self) -> list[tuple[Any, type]]:
        """Those that are here, what is depended on first."""
        known = self.service.all_services()
        others = [(one, known[name].inner) for name, one in instances().items() if name in known]
        return [*reversed(others), (self.instance, self.service.inner)]

    def _run_hook(self, hook: Callable[[], Any]) -> None:
        if inspect.iscoroutinefunction(hook):
            self.loop.wait(hook())
        else:
            hook()

    async def _awaited(self, method: ApiMethod, arguments: Mapping[str, Any], exchange: Exchange) -> Any:
        Context.enter(exchange)
        return await method.called(self.instance, arguments, self.service.context)

    def _next(self, found: Any) -> Any:
        with self._room:
            return next(found, _END)

    def _see_devices(self) -> None:
        """Show it the graphics processors that it asks for; who has said already what is seen is obeyed."""
        wanted = float(self.service.config.resources.gpu or 0)
        if wanted and _VISIBLE not in process_variables():
            set_variable(_VISIBLE, ",".join(str(one) for one in range(max(1, int(wanted)))))


def _deploy(service: Service[Any]) -> None:
    for name in hooks(service.inner, "deployment"):
        getattr(service.inner, name)()
