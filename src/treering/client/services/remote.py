"""What stands for a service that another depends on and that runs elsewhere: its methods, sync and async."""

from __future__ import annotations

import asyncio
import inspect
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

from treering.client.services.asynchronous import AsyncHTTPClient
from treering.client.services.blocking import SyncHTTPClient
from treering.client.services.messages import JSON
from treering.serving.services.packing import PACKED

__all__ = ["Remote"]


class Remote:
    """Calls a service at an address. Its methods are sync or async as those of the service are.

    Args:
        service: Its class, if it is known; then it is one of ours, and arrays go as their bytes.
    """

    def __init__(self, url: str, service: Any = None) -> None:
        self._url = url
        self._service = service
        self._media_type = JSON if service is None else PACKED
        self._lock = threading.Lock()
        self._client: SyncHTTPClient | None = None
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncHTTPClient] = (
            weakref.WeakKeyDictionary()
        )
        self.to_sync = _Methods(self._blocking)
        self.to_async = _Methods(self._awaited)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        methods = getattr(self._service, "apis", {})
        if name in methods and methods[name].is_async:
            return self._awaited(name)
        return self._blocking(name)

    async def leave_remote(self) -> None:
        """Give back the connections of the loop that runs."""
        found = self._clients.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.close()

    def close_remote(self) -> None:
        """Give back the connections of threads."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _blocking(self, name: str) -> Callable[..., Any]:
        with self._lock:
            if self._client is None:
                self._client = SyncHTTPClient(self._url, media_type=self._media_type)
        found: Callable[..., Any] = getattr(self._client, name)
        return found

    def _awaited(self, name: str) -> Callable[..., Any]:
        methods = getattr(self._service, "apis", {})
        if name in methods and inspect.isasyncgenfunction(methods[name].function):
            return lambda *args, **kwargs: self._pieces(name, args, kwargs)
        return lambda *args, **kwargs: self._value(name, args, kwargs)

    async def _value(self, name: str, args: Any, kwargs: Any) -> Any:
        client = await self._for_loop()
        return await client.call(name, *args, **kwargs)

    async def _pieces(self, name: str, args: Any, kwargs: Any) -> AsyncIterator[Any]:
        client = await self._for_loop()
        async for one in client.call(name, *args, **kwargs):
            yield one

    async def _for_loop(self) -> AsyncHTTPClient:
        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        if found is None:
            found = await AsyncHTTPClient(self._url, media_type=self._media_type).__aenter__()
            self._clients[loop] = found
        return found


class _Methods:
    def __init__(self, find: Callable[[str], Callable[..., Any]]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._find(name)
