"""What a method may see of its request, and say of its answer: a parameter `ctx: Context`."""

from __future__ import annotations

import shutil
import tempfile
from contextvars import ContextVar, Token
from typing import Any, ClassVar, Self

from starlette.background import BackgroundTasks
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from treering.core.errors import NotSupported

__all__ = ["Context", "Exchange", "ResponseContext", "ServerContext", "get_current_service", "server_context"]


class ResponseContext:
    """What is said of the answer beside its value.

    Attributes:
        headers: Added to the answer's.
        background: Run when the answer is out.
    """

    def __init__(self) -> None:
        self.headers = MutableHeaders()
        self.status_code = 200
        self.background = BackgroundTasks()
        self._cookies = Response()

    @property
    def metadata(self) -> MutableHeaders:
        """The headers, under BentoML's other name."""
        return self.headers

    def set_cookie(self, key: str, value: str = "", **options: Any) -> None:
        """Give the client a cookie; the options are Starlette's: max_age, expires, path, domain, secure ..."""
        self._cookies.set_cookie(key, value, **options)

    def pairs(self) -> list[tuple[bytes, bytes]]:
        """The headers with the cookies."""
        cookies = [(name, value) for name, value in self._cookies.raw_headers if name == b"set-cookie"]
        return [*self.headers.raw, *cookies]


class Exchange:
    """One request with its answer: a folder for its files, removed at the end.

    Attributes:
        request: As Starlette has it; None where the body came alone.
    """

    __slots__ = ("_folder", "request", "response")

    def __init__(self, request: Request | None = None) -> None:
        self.request = request
        self.response = ResponseContext() if request is not None else None
        self._folder: str | None = None

    def folder(self) -> str:
        """Where files of this request lie."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="treering-request-")
        return self._folder

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Context:
    """Where a method sees its request. One for a service in a process; each request sees its own.

    Attributes:
        state: A dictionary that all requests of the process share.
    """

    current: ClassVar[ContextVar[Exchange]] = ContextVar("treering_exchange")

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    @staticmethod
    def enter(exchange: Exchange) -> Token[Exchange]:
        """Make an exchange the current one of this task or thread."""
        return Context.current.set(exchange)

    @staticmethod
    def leave(token: Token[Exchange]) -> None:
        """Make the one before the current one again."""
        Context.current.reset(token)

    @property
    def request(self) -> Request:
        """The request: headers, query, cookies, client.

        Raises:
            NotSupported: Outside of a request.
        """
        found = _current().request
        if found is None:
            raise NotSupported(_NO_REQUEST)
        return found

    @property
    def response(self) -> ResponseContext:
        """The answer: status_code, headers, cookies.

        Raises:
            NotSupported: Outside of a request.
        """
        found = _current().response
        if found is None:
            raise NotSupported(_NO_REQUEST)
        return found

    @property
    def temp_dir(self) -> str:
        """A folder that is removed when the request is answered."""
        return _current().folder()


class ServerContext:
    """What a service may know of the process it runs in.

    Attributes:
        worker_index: The number of the worker among those of the service, from 1 on; None outside of a server.
        instance: The service's instance; None outside of a server.
    """

    def __init__(self) -> None:
        self.worker_index: int | None = None
        self.service_name: str | None = None
        self.service_type = "service"
        self.bento_name = ""
        self.bento_version = "not available"
        self.instance: Any = None


server_context = ServerContext()
"""One for a process, as its worker is one."""


def get_current_service() -> Any:
    """The instance of the service that runs in this process.

    Raises:
        NotSupported: If none runs.
    """
    if server_context.instance is None:
        msg = "No service runs in this process."
        raise NotSupported(msg)
    return server_context.instance


_NO_REQUEST = "There is no request here: a context tells of one only while a method with a parameter for it answers."


def _current() -> Exchange:
    found = Context.current.get(None)
    if found is None:
        raise NotSupported(_NO_REQUEST)
    return found
