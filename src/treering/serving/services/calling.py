"""Methods of an instance called the other way round: plain ones awaited, async ones waited for."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

__all__ = ["Awaited", "Blocking"]

_END = object()


class Awaited:
    """`instance.to_async.method(...)`: always to be awaited, or looped over with `async for`."""

    def __init__(self, instance: Any, names: Mapping[str, bool]) -> None:
        self._instance = instance
        self._names = names

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method."""
        if name not in self._names:
            raise AttributeError(name)
        method = getattr(self._instance, name)
        if self._names[name]:
            return method  # type: ignore[no-any-return]  # it is awaited anyway
        if inspect.isgeneratorfunction(method):
            return lambda *args, **kwargs: _pieces(method(*args, **kwargs))
        return lambda *args, **kwargs: asyncio.to_thread(method, *args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Of a service that can be called itself."""
        return self.__getattr__("__call__")(*args, **kwargs)


class Blocking:
    """`instance.to_sync.method(...)`: never to be awaited; not for code that runs on an event loop."""

    def __init__(self, instance: Any, names: Mapping[str, bool]) -> None:
        self._instance = instance
        self._names = names

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method."""
        if name not in self._names:
            raise AttributeError(name)
        method = getattr(self._instance, name)
        if not self._names[name]:
            return method  # type: ignore[no-any-return]  # as it is
        if inspect.isasyncgenfunction(method):
            return lambda *args, **kwargs: _waited(method(*args, **kwargs))
        return lambda *args, **kwargs: asyncio.run(method(*args, **kwargs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Of a service that can be called itself."""
        return self.__getattr__("__call__")(*args, **kwargs)


async def _pieces(found: Iterator[Any]) -> AsyncIterator[Any]:
    while (one := await asyncio.to_thread(next, found, _END)) is not _END:
        yield one


def _waited(found: Any) -> Iterator[Any]:
    with asyncio.Runner() as runner:

        async def step() -> Any:
            return await anext(found, _END)

        while (one := runner.run(step())) is not _END:
            yield one
