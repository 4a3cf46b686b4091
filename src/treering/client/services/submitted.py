"""Tasks as their clients hold them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from treering.client.services.described import Endpoint

__all__ = ["AsyncTask", "AsyncTasks", "ResultStatus", "Task", "Tasks"]


class ResultStatus(Enum):
    """How a task is."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class Tasks(Protocol):
    """What a client knows of tasks."""

    def ask_task(self, endpoint: Endpoint, verb: str, task: str) -> Any:
        """The answer to status, get, retry or cancel."""


class AsyncTasks(Protocol):
    """As `Tasks`, awaited."""

    async def ask_task(self, endpoint: Endpoint, verb: str, task: str) -> Any:
        """The answer to status, get, retry or cancel."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task that was submitted."""

    id: str
    endpoint: Endpoint
    client: Tasks

    def get_status(self) -> ResultStatus:
        """How it is."""
        return ResultStatus(self.client.ask_task(self.endpoint, "status", self.id)["status"])

    def get(self) -> Any:
        """Its value. Raises what it raised, and InvalidInput while it is not done."""
        return self.client.ask_task(self.endpoint, "get", self.id)

    def cancel(self) -> None:
        """Stop it."""
        self.client.ask_task(self.endpoint, "cancel", self.id)

    def retry(self) -> Task:
        """Submit the same again."""
        return Task(self.client.ask_task(self.endpoint, "retry", self.id)["task_id"], self.endpoint, self.client)


@dataclass(frozen=True, slots=True)
class AsyncTask:
    """A task that was submitted."""

    id: str
    endpoint: Endpoint
    client: AsyncTasks

    async def get_status(self) -> ResultStatus:
        """How it is."""
        return ResultStatus((await self.client.ask_task(self.endpoint, "status", self.id))["status"])

    async def get(self) -> Any:
        """Its value. Raises what it raised, and InvalidInput while it is not done."""
        return await self.client.ask_task(self.endpoint, "get", self.id)

    async def cancel(self) -> None:
        """Stop it."""
        await self.client.ask_task(self.endpoint, "cancel", self.id)

    async def retry(self) -> AsyncTask:
        """Submit the same again."""
        found = await self.client.ask_task(self.endpoint, "retry", self.id)
        return AsyncTask(found["task_id"], self.endpoint, self.client)
