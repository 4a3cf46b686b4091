"""`treering.SyncHTTPClient`: a service's methods as methods of a client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as TimedOut

from treering.client.services.described import Endpoint, endpoints_of
from treering.client.services.messages import JSON, Reply, checked, error_of, message_of, piece_of, value_of
from treering.client.services.places import where_of
from treering.client.services.sockets import socket_pool
from treering.client.services.submitted import ResultStatus, Task
from treering.core.errors import DeadlineExceeded, NotFound, Unavailable

__all__ = ["SyncHTTPClient"]

_READY = "/readyz"
_FAILED = 400
_PAUSE = 0.05


class SyncHTTPClient:
    """A client of one service; shared by threads.

    Each of the service's methods is a method here; one that yields is an iterator, and a task has
    `.submit(...)`, whose result has `get_status`, `get`, `cancel` and `retry`.

    Args:
        url: Where the service answers: `http://host:port`, or `unix:///path/to.sock`.
        media_type: How arguments are sent: as JSON, or `application/vnd.treering+msgpack`, which carries arrays
            as their bytes.
        token: Sent as a bearer token. Nothing is sent unless it is given.
        server_ready_timeout: Seconds to wait until the service is ready; 0 does not wait, None waits `timeout`.

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
        self._where = where_of(url)
        self._media_type = media_type
        self._timeout = timeout
        self._headers = {**(headers or {}), **({"authorization": f"Bearer {token}"} if token else {})}
        self._pool: urllib3.HTTPConnectionPool | urllib3.PoolManager
        self._pool = socket_pool(self._where.socket) if self._where.socket else urllib3.PoolManager(maxsize=16)
        try:
            if server_ready_timeout != 0:
                self.wait_until_server_ready(server_ready_timeout)
            self.endpoints = endpoints_of(checked(self._ask("GET", "/schema.json")))
        except BaseException:
            self.close()
            raise

    def __getattr__(self, name: str) -> Any:
        endpoints: dict[str, Endpoint] = self.__dict__.get("endpoints", {})
        found = endpoints.get(name) or endpoints.get(name.removeprefix("api_"))
        if found is None:
            msg = f"The service at {self.url} has no method {name!r}. It has: {', '.join(endpoints) or 'none'}."
            raise AttributeError(msg, name=name, obj=self)
        return _Method(self, found) if found.is_task else partial(self.call, found.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the service's own `__call__`."""
        return self.call("__call__", *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.endpoints})

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method by its name: its value, or an iterator over what it yields.

        Raises:
            TreeringError: What the service answered, if that is an error.
            Unavailable: If it cannot be reached.
        """
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            msg = f"The service at {self.url} has no method {name!r}. It has: {', '.join(self.endpoints)}."
            raise NotFound(msg)
        message = message_of(endpoint, args, kwargs, self._media_type)
        if endpoint.is_stream:
            return self._stream(endpoint, message.body, message.content_type)
        headers = {"content-type": message.content_type}
        return value_of(endpoint, self._ask("POST", endpoint.route, message.body, headers))

    def submit(self, name: str, /, *args: Any, **kwargs: Any) -> Task:
        """Submit a task."""
        endpoint = self.endpoints[name]
        message = message_of(endpoint, args, kwargs, self._media_type)
        headers = {"content-type": message.content_type}
        reply = self._ask("POST", f"{endpoint.route}/submit", message.body, headers)
        return Task(msgspec.json.decode(checked(reply))["task_id"], endpoint, self)

    def ask_task(self, endpoint: Endpoint, verb: str, task: str) -> Any:
        """What becomes of a task: its value for `get`, else what the service tells of it."""
        way = {"retry": "POST", "cancel": "PUT"}.get(verb, "GET")
        reply = self._ask(way, f"{endpoint.route}/{verb}?task_id={task}")
        if verb == "get":
            return value_of(endpoint, reply)
        return msgspec.json.decode(checked(reply))

    def request(
        self, method: str, path: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Any request to the server."""
        return self._ask(method, path, content, headers)

    def is_ready(self, timeout: float | None = None) -> bool:
        """Whether the service can answer."""
        try:
            return self._ask("GET", _READY, seconds=timeout).status < _FAILED
        except (Unavailable, DeadlineExceeded):
            return False

    def wait_until_server_ready(self, timeout: float | None = None) -> None:
        """Wait until the service can answer.

        Raises:
            Unavailable: If it cannot in time.
        """
        seconds = self._timeout if timeout is None else timeout
        until = time.monotonic() + seconds
        while not self.is_ready(min(seconds, 5.0)):
            if time.monotonic() >= until:
                msg = f"The service at {self.url} is not ready after {seconds:g} seconds."
                raise Unavailable(msg)
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Give the connections back."""
        if isinstance(self._pool, urllib3.PoolManager):
            self._pool.clear()
        else:
            self._pool.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Reply:
        response = self._open(method, path, body, headers, seconds, whole=True)
        return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, response.data)

    def _open(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        seconds: float | None,
        *,
        whole: bool,
    ) -> urllib3.BaseHTTPResponse:
        where = self._where
        url = path if where.socket else f"{where.url}{where.base}{path}"
        try:
            return self._pool.request(
                method,
                url,
                body=body,
                headers={**self._headers, **(headers or {})},
                timeout=self._timeout if seconds is None else seconds,
                preload_content=whole,
                retries=False,
                redirect=False,
            )
        except NewConnectionError as error:
            msg = f"The service at {self.url} cannot be reached: {error}"
            raise Unavailable(msg) from error
        except TimedOut as error:
            msg = f"The service at {self.url} has not answered within {self._timeout:g} seconds."
            raise DeadlineExceeded(msg) from error
        except HTTPError as error:
            msg = f"The service at {self.url} cannot be reached: {error}"
            raise Unavailable(msg) from error

    def _stream(self, endpoint: Endpoint, body: bytes, content_type: str) -> Iterator[Any]:
        headers = {"content-type": content_type}
        response = self._open("POST", endpoint.route, body, headers, None, whole=False)
        if response.status >= _FAILED:
            told = {key.lower(): value for key, value in response.headers.items()}
            raise error_of(Reply(response.status, told, response.read()))
        return self._pieces(endpoint, response)

    def _pieces(self, endpoint: Endpoint, response: urllib3.BaseHTTPResponse) -> Iterator[Any]:
        try:
            for piece in response.stream(None):
                yield piece_of(endpoint, piece)
        except HTTPError as error:
            msg = f"The service at {self.url} has broken off its answer: {error}"
            raise Unavailable(msg) from error
        finally:
            with suppress(HTTPError):
                response.close()


class _Method:
    """A task's method: called, it waits; `submit` does not."""

    def __init__(self, client: SyncHTTPClient, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self.submit: Callable[..., Task] = partial(client.submit, endpoint.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.call(self._endpoint.name, *args, **kwargs)

    def get(self, task_id: str) -> Any:
        """The value of a task by its id."""
        return Task(task_id, self._endpoint, self._client).get()

    def get_status(self, task_id: str) -> ResultStatus:
        """How a task is, by its id."""
        return Task(task_id, self._endpoint, self._client).get_status()

    def cancel(self, task_id: str) -> None:
        """Stop a task by its id."""
        Task(task_id, self._endpoint, self._client).cancel()

    def retry(self, task_id: str) -> Task:
        """Submit a task again, by its id."""
        return Task(task_id, self._endpoint, self._client).retry()
