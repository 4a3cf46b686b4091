"""Runs tasks: takes what waits in the store, as many at once as fit, and stops those that are cancelled."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request

from treering.core.log import logger
from treering.serving.hosting import Answer
from treering.serving.services.answers import answered, refused, refused_with
from treering.serving.services.bodies import Reader
from treering.serving.services.contexts import Context, Exchange
from treering.serving.services.method import ApiMethod
from treering.serving.services.running import Running
from treering.serving.services.task_process import Order, TaskProcess
from treering.serving.services.task_store import Task, TaskStore
from treering.serving.services.task_threads import StoppableThread

__all__ = ["Tasks"]

_LOOK = 0.25
_BURY = 40
_ASYNC = 32
_GONE = "The worker that ran this task ended before it was done. Submit it again: POST retry."


class Tasks:
    """The tasks that this worker runs; all on the service's loop, plain ones in threads of their own.

    A worker runs as many plain tasks as it has threads, beside its other methods, so that a long task
    keeps nobody waiting who asks for something short.

    Args:
        what: What the host was opened with, for tasks in processes of their own.
    """

    def __init__(
        self, running: Running, readers: Mapping[str, Reader], store: TaskStore, what: Mapping[str, Any]
    ) -> None:
        self._running = running
        self._readers = readers
        self._store = store
        self._what = what
        self._owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._wake = asyncio.Event()
        self._work: dict[str, asyncio.Task[None]] = {}
        self._methods = {name: one for name, one in running.service.apis.items() if one.is_task}
        self._kinds = {
            True: [name for name, one in self._methods.items() if one.is_async and not one.isolated],
            False: [name for name, one in self._methods.items() if not one.is_async or one.isolated],
        }
        self._busy = {True: 0, False: 0}
        self._room = {True: _ASYNC, False: running.threads}
        self._loop = asyncio.get_running_loop()
        self._watch = asyncio.create_task(self._watched())

    def wake(self) -> None:
        """Look at once whether something waits."""
        self._wake.set()

    async def look(self) -> None:
        """Stop at once what was cancelled, if it runs here."""
        await self._stop_cancelled()

    async def close(self) -> None:
        """Stop all; those that ran are failed, and say why."""
        self._watch.cancel()
        self._store.abandon(self._owner, refused_with(503, _GONE))
        for one in list(self._work.values()):
            one.cancel()
        await asyncio.gather(*self._work.values(), self._watch, return_exceptions=True)

    async def _watched(self) -> None:
        looks = 0
        while True:
            try:
                if looks % _BURY == 0:
                    self._store.bury(refused_with(503, _GONE))
                await self._stop_cancelled()
                self._take()
            except Exception:  # noqa: BLE001  # a worker's border: the next look may go well
                logger.exception("The tasks of %s could not be looked at.", self._running.service.name)
            looks += 1
            try:
                await asyncio.wait_for(self._wake.wait(), _LOOK)
            except TimeoutError:
                continue
            self._wake.clear()

    def _take(self) -> None:
        for is_async, names in self._kinds.items():
            while names and self._busy[is_async] < self._room[is_async]:
                task = self._store.claim(self._owner, names)
                if task is None:
                    break
                self._busy[is_async] += 1
                self._work[task.id] = asyncio.create_task(self._ran(task, is_async=is_async))

    async def _stop_cancelled(self) -> None:
        if not self._work:
            return
        alive = self._store.still_running(self._owner, self._work)
        for name in [name for name in self._work if name not in alive]:
            self._work[name].cancel()

    async def _ran(self, task: Task, *, is_async: bool) -> None:
        method = self._methods[task.method]
        where = f"{self._running.service.name}.{method.name}"
        try:
            self._store.finish(task.id, self._owner, await self._answer(method, task, where))
            logger.info("The task %s of %s is done.", task.id, where)
        except asyncio.CancelledError:
            logger.info("The task %s of %s was stopped.", task.id, where)
        except Exception as error:  # noqa: BLE001 -- the border of a task
            self._store.finish(task.id, self._owner, refused(error, where))
        finally:
            del self._work[task.id]
            self._busy[is_async] -= 1
            self._wake.set()

    async def _answer(self, method: ApiMethod, task: Task, where: str) -> Answer:
        if method.isolated:
            order = Order({**self._what}, method.name, task.content_type, task.body)
            process = await asyncio.to_thread(TaskProcess, order)
            found: Answer = await self._stoppable(process.wait, process.kill)
            return found
        with Exchange(_request(method, task)) as exchange:
            try:
                given = self._readers[method.name].arguments(task.content_type, task.body, exchange.folder)
                if method.is_async:
                    value = await self._running.result(method, given, exchange)
                else:
                    value = await self._stoppable(lambda: _called(self._running, method, given, exchange))
                return answered(method.output, value, task.content_type)
            except Exception as error:  # noqa: BLE001 -- the border of a request
                return refused(error, where)

    async def _stoppable(self, action: Callable[[], Any], stop: Callable[[], None] | None = None) -> Any:
        thread = StoppableThread(action, self._loop)
        try:
            return await asyncio.shield(thread.result)
        except asyncio.CancelledError:
            (stop or thread.stop)()
            # It counts as running until it has really ended.
            await _ended(thread.result)
            raise


async def _ended(result: Awaitable[Any]) -> None:
    await asyncio.wait([asyncio.ensure_future(result)])
    if isinstance(result, asyncio.Future) and not result.cancelled():
        result.exception()


def _called(running: Running, method: ApiMethod, given: Mapping[str, Any], exchange: Exchange) -> Any:
    Context.enter(exchange)
    return method.called(running.instance, given, running.service.context)


def _request(method: ApiMethod, task: Task) -> Request:
    """What a task's context shows: there is no client any more."""
    headers = [(b"content-type", task.content_type.encode("latin-1"))]
    scope = {"type": "http", "method": "POST", "path": method.route, "headers": headers, "query_string": b""}
    return Request({**scope, "state": {"task_id": task.id}})
