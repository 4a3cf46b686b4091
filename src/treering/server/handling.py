"""How handlers are found: each handler module has a table of endpoint to function.

A plain handler takes the services and the decoded request, and runs in a worker
thread. A streaming handler takes the services and Starlette's own request, runs
on the event loop, and answers with a response of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.wire.endpoint import Endpoint, Stream

__all__ = ["Handlers"]

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

PlainHandler = Callable[[Services, Any], Any]
StreamHandler = Callable[[Services, Request], Awaitable[Response]]


class Handlers:
    """A table of endpoints and the functions that answer them; each endpoint stands in it once."""

    def __init__(self) -> None:
        self._plain: dict[str, tuple[Endpoint[Any, Any], PlainHandler]] = {}
        self._streams: dict[str, tuple[Endpoint[Any, Any], StreamHandler]] = {}

    def handles(
        self, endpoint: Endpoint[Asked, Answered]
    ) -> Callable[[Callable[[Services, Asked], Answered]], Callable[[Services, Asked], Answered]]:
        """Register the decorated function as the one that answers `endpoint`.

        Raises:
            ValueError: If the endpoint has a handler already.
        """

        def register(function: Callable[[Services, Asked], Answered]) -> Callable[[Services, Asked], Answered]:
            self._refuse_second(endpoint)
            self._plain[endpoint.name] = (endpoint, function)
            return function

        return register

    def streams(
        self, endpoint: Endpoint[Any, Stream] | Endpoint[Stream, Any]
    ) -> Callable[[StreamHandler], StreamHandler]:
        """As `handles`, for a handler that reads or writes the body itself."""

        def register(function: StreamHandler) -> StreamHandler:
            self._refuse_second(endpoint)
            self._streams[endpoint.name] = (endpoint, function)
            return function

        return register

    def plain(self) -> Iterator[tuple[Endpoint[Any, Any], PlainHandler]]:
        """All plain handlers with their endpoints."""
        return iter(self._plain.values())

    def streaming(self) -> Iterator[tuple[Endpoint[Any, Any], StreamHandler]]:
        """All streaming handlers with their endpoints."""
        return iter(self._streams.values())

    def _refuse_second(self, endpoint: Endpoint[Any, Any]) -> None:
        if endpoint.name in self._plain or endpoint.name in self._streams:
            msg = f"Endpoint {endpoint.name} has a handler already."
            raise ValueError(msg)
