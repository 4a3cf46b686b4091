"""`treering.AsyncHTTPClient`: a service's methods as coroutines of a client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Self

import msgspec

from treering.client.services.connections import Connections
from treering.client.services.described import Endpoint, endpoints_of
from treering.client.services.messages import JSON, Message, Reply, checked, error_of, message_of, piece_of, value_of
from treering.client.services.places import where_of
from treering.client.services.submitted import AsyncTask, ResultStatus
from treering.core.errors import DeadlineExceeded, NotFound, NotSupported, Unavailable

__all__ = ["AsyncHTTPClient"]

_READY = "/readyz"
_FAILED = 400
_PAUSE = 0.05


class AsyncHTTPClient:
    """A client of one service, for one event loop: `async with AsyncHTTPClient(url) as client`.

    Each of the service's methods is a coroutine here; one that yields is to be looped over with `async for`, and a
    task has `.submit(...)`. Arguments are those of `SyncHTTPClient`. Within the block the methods are known.

    Raises:
        Unavailable: If the service does not get ready in time.
        NotSupported: If what answers there is no service.
    """

    def __init__(
        self,
        url: str,
        *,
        media_type: str = JSON,
        token: str | None = None,
        timeout: float = 30.0,
        server_ready_timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.url = url
        self.endpoints: dict[str, Endpoint] = {}
        self._media_type = media_type
        self._timeout = timeout
        self._patience = server_ready_timeout
        self._headers = {**(headers or {}), **({"authorization": f"Bearer {token}"} if token else {})}
        self._lines = Connections(where_of(url), timeout)

    async def __aenter__(self) -> Self:
        try:
            if self._patience != 0:
                await self.wait_until_server_ready(self._patience)
            self.endpoints = endpoints_of(checked(await self.request("GET", "/schema.json")))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __getattr__(self, name: str) -> Any:
        endpoints: dict[str, Endpoint] = self.__dict__.get("endpoints", {})
        if not endpoints and not name.startswith("_"):
            msg = "The methods of the service are known within `async with` only."
            raise NotSupported(msg)
        found = endpoints.get(name) or endpoints.get(name.removeprefix("api_"))
        if found is None:
            msg = f"The service at {self.url} has no method {name!r}. It has: {', '.join(endpoints)}."
            raise AttributeError(msg, name=name, obj=self)
        return _Method(self, found) if found.is_task else partial(self.call, found.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the service's own `__call__`."""
        return self.call("__call__", *args, **kwargs)

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method by its name: to be awaited, or looped over if it yields.

        Raises:
            TreeringError: What the service answered, if that is an error.
            Unavailable: If it cannot be reached.
        """
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            msg = f"The service at {self.url} has no method {name!r}. It has: {', '.join(self.endpoints)}."
            raise NotFound(msg)
        message = message_of(endpoint, args, kwargs, self._media_type)
        return self._stream(endpoint, message) if endpoint.is_stream else self._value(endpoint, message)

    async def submit(self, name: str, /, *args: Any, **kwargs: Any) -> AsyncTask:
        """Submit a task."""
        endpoint = self.endpoints[name]
        message = message_of(endpoint, args, kwargs, self._media_type)
        reply = await self._post(f"{endpoint.route}/submit", message)
        return AsyncTask(msgspec.json.decode(checked(reply))["task_id"], endpoint, self)

    async def ask_task(self, endpoint: Endpoint, verb: str, task: str) -> Any:
        """What becomes of a task: its value for `get`, else what the service tells of it."""
        way = {"retry": "POST", "cancel": "PUT"}.get(verb, "GET")
        reply = await self.request(way, f"{endpoint.route}/{verb}?task_id={task}")
        if verb == "get":
            return value_of(endpoint, reply)
        return msgspec.json.decode(checked(reply))

    async def request(
        self, method: str, path: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Any request to the server."""
        return await self._lines.ask(method, path, {**self._headers, **(headers or {})}, content)

    async def is_ready(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 -- as the client that blocks
        """Whether the service can answer."""
        try:
            async with asyncio.timeout(timeout):
                return (await self.request("GET", _READY)).status < _FAILED
        except (Unavailable, DeadlineExceeded, TimeoutError):
            return False

    async def wait_until_server_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 -- as above
        """Wait until the service can answer.

        Raises:
            Unavailable: If it cannot in time.
        """
        seconds = self._timeout if timeout is None else timeout
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not await self.is_ready(seconds):
            if loop.time() >= until:
                msg = f"The service at {self.url} is not ready after {seconds:g} seconds."
                raise Unavailable(msg)
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """Give the connections back."""
        await self._lines.close()

    async def _post(self, path: str, message: Message) -> Reply:
        return await self.request("POST", path, content=message.body, headers={"content-type": message.content_type})

    async def _value(self, endpoint: Endpoint, message: Message) -> Any:
        return value_of(endpoint, await self._post(endpoint.route, message))

    async def _stream(self, endpoint: Endpoint, message: Message) -> AsyncIterator[Any]:
        headers = {**self._headers, "content-type": message.content_type}
        opened = await self._lines.open("POST", endpoint.route, headers, message.body)
        try:
            if opened.status >= _FAILED:
                raise error_of(Reply(opened.status, opened.headers, await opened.read()))
            async for piece in opened.pieces():
                yield piece_of(endpoint, piece)
        finally:
            opened.close()


class _Method:
    """A task's method: awaited, it waits for the value; `submit` does not."""

    def __init__(self, client: AsyncHTTPClient, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self.submit: Callable[..., Coroutine[Any, Any, AsyncTask]] = partial(client.submit, endpoint.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.call(self._endpoint.name, *args, **kwargs)

    async def get(self, task_id: str) -> Any:
        """The value of a task by its id."""
        return await AsyncTask(task_id, self._endpoint, self._client).get()

    async def get_status(self, task_id: str) -> ResultStatus:
        """How a task is, by its id."""
        return await AsyncTask(task_id, self._endpoint, self._client).get_status()

    async def cancel(self, task_id: str) -> None:
        """Stop a task by its id."""
        await AsyncTask(task_id, self._endpoint, self._client).cancel()

    async def retry(self, task_id: str) -> AsyncTask:
        """Submit a task again, by its id."""
        return await AsyncTask(task_id, self._endpoint, self._client).retry()
