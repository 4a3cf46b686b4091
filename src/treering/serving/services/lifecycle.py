"""What runs when a service starts and ends: `@on_deployment`, `@on_startup`, `@on_shutdown`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

__all__ = ["hooks", "on_deployment", "on_shutdown", "on_startup"]

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__treering_hook__"


def on_deployment(function: F) -> F:
    """Run a function once when a service is started, before its workers are ready; it is static."""
    plain = function.__func__ if isinstance(function, staticmethod) else function
    setattr(plain, _MARK, "deployment")
    return function if isinstance(function, staticmethod) else staticmethod(function)  # type: ignore[return-value]  # callable all the same


def on_startup(function: F) -> F:
    """Run a method in each worker when its instance has been made; it may be async."""
    setattr(function, _MARK, "startup")
    return function


def on_shutdown(function: F) -> F:
    """Run a method in each worker when it ends; it may be async."""
    setattr(function, _MARK, "shutdown")
    return function


def hooks(owner: type, when: str) -> Iterator[str]:
    """The names of a class's hooks of one time, in the order in which they are written, bases first."""
    seen: dict[str, None] = {}
    for one in reversed(owner.__mro__):
        for name, value in vars(one).items():
            plain = value.__func__ if isinstance(value, staticmethod) else value
            if getattr(plain, _MARK, None) == when:
                seen.setdefault(name)
    yield from seen
