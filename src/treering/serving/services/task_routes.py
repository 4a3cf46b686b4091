"""What clients ask of tasks: submit, status, get, retry, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from treering.core.errors import InvalidInput, NotFound
from treering.serving.hosting import Answer
from treering.serving.services.bodies import Reader
from treering.serving.services.contexts import Exchange
from treering.serving.services.method import ApiMethod
from treering.serving.services.running import Running
from treering.serving.services.task_store import Task, TaskStore
from treering.serving.services.tasks import Tasks

__all__ = ["TaskRoutes"]

_VERBS = {"submit": "POST", "status": "GET", "get": "GET", "retry": "POST", "cancel": "PUT"}
_TOLD = {"waiting": "in_progress", "running": "in_progress"}


class TaskRoutes:
    """Answers below the routes of tasks. Which worker is asked does not matter, nor which runs the task."""

    def __init__(self, running: Running, readers: Mapping[str, Reader], path: Path, what: Mapping[str, Any]) -> None:
        self._store = TaskStore(path)
        self._running = running
        self._readers = readers
        self._what = what
        self._tasks: Tasks | None = None
        prefix = running.service.path_prefix
        self._routes = {
            f"{prefix}{method.route.rstrip('/')}/{verb}": (method, verb)
            for method in running.service.apis.values()
            if method.is_task
            for verb in _VERBS
        }

    def start(self) -> None:
        """Begin to run tasks; on the service's loop."""
        self._tasks = Tasks(self._running, self._readers, self._store, self._what)

    def close(self) -> None:
        """Stop what runs."""
        if self._tasks is not None:
            self._running.loop.wait(self._tasks.close())
        self._store.close()

    def route(self, way: str, path: str) -> tuple[ApiMethod, str] | None:
        """The method and what is asked of its tasks, if that is what a request is for."""
        found = self._routes.get(path)
        if found is None:
            return None
        # BentoML's own description has PUT and POST of these two exchanged.
        both = {"retry": ("POST", "PUT"), "cancel": ("PUT", "POST")}
        return found if way in both.get(found[1], (_VERBS[found[1]],)) else None

    async def answer(self, method: ApiMethod, verb: str, task: str | None, kind: str, body: bytes) -> Answer:
        """The answer to one request.

        Raises:
            NotFound: If there is no such task.
            InvalidInput: If it is not in a state in which this can be asked.
        """
        if verb == "submit":
            return await asyncio.to_thread(self._submit, method, kind, body)
        if not task:
            msg = "The task is not named: ?task_id=..."
            raise InvalidInput(msg)
        found = await asyncio.to_thread(self._store.find, task)
        if found is None or found.method != method.name:
            msg = f"There is no task {task!r} of {method.name}; results are kept for a day."
            raise NotFound(msg)
        if verb == "status":
            return _status(found)
        if verb == "get":
            return _result(found)
        if verb == "retry":
            if not found.ended_well_or_not:
                raise _unfinished(found)
            return await asyncio.to_thread(self._submit, method, found.content_type, found.body)
        return await self._cancel(found)

    def _submit(self, method: ApiMethod, kind: str, body: bytes) -> Answer:
        with Exchange() as exchange:
            # What does not fit is told now, and not to whoever asks for the result.
            self._readers[method.name].arguments(kind, body, exchange.folder)
        task = self._store.submit(method.name, kind, body)
        if self._tasks is not None:
            self._running.loop.loop.call_soon_threadsafe(self._tasks.wake)
        return _status(task)

    async def _cancel(self, task: Task) -> Answer:
        if not await asyncio.to_thread(self._store.cancel, task.id):
            now = await asyncio.to_thread(self._store.find, task.id)
            msg = f"The task {task.id} is {(now or task).status} already."
            raise InvalidInput(msg)
        if self._tasks is not None:
            await self._tasks.look()
        return _status(task._replace(status="canceled"))


def _status(task: Task) -> Answer:
    told: dict[str, Any] = {
        "task_id": task.id,
        "status": _TOLD.get(task.status, task.status),
        "created_at": _date(task.created),
        "executed_at": _date(task.started),
    }
    if task.ended is not None:
        told["completed_at"] = _date(task.ended)
    return Answer(200, msgspec.json.encode(told))


def _result(task: Task) -> Answer:
    answer = task.answer
    if answer is None:
        raise _unfinished(task)
    return answer


def _unfinished(task: Task) -> InvalidInput:
    if task.status == "canceled":
        return InvalidInput(f"The task {task.id} was canceled.")
    return InvalidInput(f"The task {task.id} is not completed yet.")


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
