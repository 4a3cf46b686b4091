"""`@treering.api` and `@treering.task`: methods of a service that clients can call."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, overload

from treering.core.errors import InvalidInput
from treering.serving.services.plan import MISSING, Input, Output, hints_of, input_of, output_of

__all__ = ["ApiMethod", "Batching", "api", "task"]

F = TypeVar("F", bound=Callable[..., Any])
_ROUTE = re.compile(r"/[^\s?#]*")
_FRAMES = 4


@dataclass(frozen=True, slots=True)
class Batching:
    """How requests go together.

    Attributes:
        axis: Along which arguments are put together, and answers taken apart.
        rows: At most so many rows are handed to the method at once.
        seconds: A request that waited so long is given up.
    """

    axis: tuple[int, int] = (0, 0)
    rows: int = 100
    seconds: float = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class ApiMethod:
    """A method that clients can call. On an instance of the class it is the plain method.

    Attributes:
        function: As the user wrote it.
        name: What clients call it.
        route: Where it answers, before the service's prefix.
        batching: None if each request is answered by itself.
        timeout: Seconds for a request; None leaves it to the service.
        is_task: Whether it is submitted, and its result fetched later.
        isolated: Whether each of its tasks runs in a process of its own.
    """

    function: Callable[..., Any]
    name: str
    route: str
    input: Input
    output: Output
    batching: Batching | None = None
    timeout: float | None = None
    is_task: bool = False
    isolated: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether it answers piece by piece."""
        return self.output.stream

    @property
    def is_async(self) -> bool:
        """Whether it runs on the event loop."""
        return inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function)

    @property
    def batchable(self) -> bool:
        """Whether requests go together."""
        return self.batching is not None

    @property
    def doc(self) -> str | None:
        """What its author says of it."""
        return inspect.getdoc(self.function)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """The plain method of an instance; of the class, this."""
        if instance is None:
            return self
        bound = self.function.__get__(instance, owner)
        made = {one.name: one.makes for one in self.input.parameters if one.makes is not None}
        return _with_defaults(bound, made) if made else bound

    def called(self, instance: Any, arguments: Mapping[str, Any], context: Any = None) -> Any:
        """Call it with a request's arguments: its value, a coroutine or a generator."""
        named = dict(arguments)
        positional: list[Any] = []
        if self.input.root is not None:
            value = named.pop(self.input.root.name, MISSING)
            if self.input.spread:
                named = {name: getattr(value, name) for name in type(value).model_fields}
            elif value is not MISSING:
                positional.append(value)
        if "args" in named or "kwargs" in named:
            positional, named = self._with_rest(named)
        if self.input.context is not None:
            named[self.input.context] = context
        return self.function(instance, *positional, **named)

    def _with_rest(self, named: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        positional: list[Any] = []
        rest = {one.rest: one.name for one in self.input.parameters if one.rest}
        further = named.pop(rest["**"], {}) if "**" in rest else {}
        if "*" in rest:
            last = named.pop(rest["*"], [])
            if last:
                before = [one.name for one in self.input.parameters if not one.rest]
                positional = [named.pop(name) for name in before if name in named]
            positional += last
        return positional, {**named, **further}

    def schema(self, prefix: str = "") -> dict[str, Any]:
        """In the words of `/schema.json`."""
        found: dict[str, Any] = {
            "name": self.name,
            "route": prefix + self.route,
            "batchable": self.batchable,
            "input": self.input.schema(),
            "output": self.output.schema(),
            "is_task": self.is_task,
        }
        return found | ({"doc": self.doc, "description": self.doc} if self.doc else {})


@overload
def api(function: F, /) -> F: ...


@overload
def api(function: None = None, /, **options: Any) -> Callable[[F], F]: ...


def api(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Let clients call a method, with POST.

    Args:
        **options: `route`, by default its name; `batchable`, whether it takes rows
            of several requests at once: its arguments are put together along `batch_dim` (one number, or one for
            arguments and one for answers), at most `max_batch_size` rows, and a request waits at most
            `max_latency_ms`; `timeout`, seconds for a request; `input_spec` and `output_spec`, models of
            Pydantic in place of the signature.

    Raises:
        InvalidInput: If the signature holds what no request can.
    """
    return _decorated(function, options, is_task=False)


@overload
def task(function: F, /) -> F: ...


@overload
def task(function: None = None, /, **options: Any) -> Callable[[F], F]: ...


def task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Let clients submit calls of a method and fetch what came of them later.

    Args:
        **options: As of `api`, and `isolated`: whether each task runs in a process of its own, which is killed
            when the task is cancelled. Else a task is cancelled between two steps of Python.

    Raises:
        InvalidInput: If the signature holds what no request can, or the method is a generator.
    """
    return _decorated(function, options, is_task=True)


_OPTIONS = {
    "route", "name", "input_spec", "output_spec", "batchable", "batch_dim", "max_batch_size", "max_latency_ms",
    "timeout", "isolated",
}  # fmt: skip


def _decorated(function: Callable[..., Any] | None, options: Mapping[str, Any], *, is_task: bool) -> Any:
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        msg = f"There are no options {', '.join(unknown)}. Known ones: {', '.join(sorted(_OPTIONS))}."
        raise InvalidInput(msg)
    names = _names_around()
    if function is None:
        return lambda given: _made(given, options, names, is_task=is_task)
    return _made(function, options, names, is_task=is_task)


def _made(
    function: Callable[..., Any], options: Mapping[str, Any], names: Mapping[str, Any], *, is_task: bool
) -> ApiMethod:
    name = function.__name__
    if name.startswith("__") and name != "__call__":
        msg = f"{function.__qualname__} cannot be called by clients: names that begin with __ are Python's own."
        raise InvalidInput(msg)
    hints = hints_of(function, names)
    method = ApiMethod(
        function,
        name,
        _route(options.get("route"), name),
        input_of(function, hints, options.get("input_spec")),
        output_of(function, hints, options.get("output_spec")),
        _batching(options) if options.get("batchable") else None,
        options.get("timeout"),
        is_task,
        bool(options.get("isolated")),
    )
    if is_task and method.is_stream:
        msg = f"{function.__qualname__} yields pieces, and the result of a task is fetched whole: return it."
        raise InvalidInput(msg)
    if method.batching is not None and not any(one.kind.batches for one in _values(method.input)):
        msg = (
            f"{function.__qualname__} is batchable, and takes no list, array or data frame whose rows could be put"
            " together with those of other requests."
        )
        raise InvalidInput(msg)
    return method


def _values(found: Input) -> list[Any]:
    return [found.root] if found.root is not None else list(found.parameters)


def _route(given: str | None, name: str) -> str:
    if given is None:
        return "/" if name == "__call__" else f"/{name}"
    if not _ROUTE.fullmatch(given):
        msg = f"A route begins with a slash and has no spaces, unlike {given!r}."
        raise InvalidInput(msg)
    return given


def _batching(options: Mapping[str, Any]) -> Batching:
    axis = options.get("batch_dim", 0)
    rows = options.get("max_batch_size", 100)
    milliseconds = options.get("max_latency_ms", 60_000)
    if not isinstance(rows, int) or rows < 1 or milliseconds <= 0:
        msg = f"max_batch_size and max_latency_ms are numbers above 0, not {rows!r} and {milliseconds!r}."
        raise InvalidInput(msg)
    both = tuple(axis) if isinstance(axis, tuple | list) else (axis, axis)
    return Batching((both[0], both[1]), rows, milliseconds / 1000)


def _names_around() -> dict[str, Any]:
    """The local names where the class is written: annotations that are texts may name them."""
    found: dict[str, Any] = {}
    frame = sys._getframe(3)  # noqa: SLF001 -- the class that is being made, whose names nothing else tells
    for _ in range(_FRAMES):
        if frame.f_code.co_name == "<module>":
            break
        found = {**frame.f_locals, **found}
        if frame.f_back is None:
            break
        frame = frame.f_back
    return found


def _with_defaults(bound: Callable[..., Any], made: Mapping[str, Callable[[], Any]]) -> Callable[..., Any]:
    """What Python code calls gets the default that a `Field` holds, as clients do, and not the `Field`."""
    order = list(inspect.signature(bound).parameters)

    @wraps(bound)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = {*order[: len(args)], *kwargs}
        return bound(*args, **{name: make() for name, make in made.items() if name not in given}, **kwargs)

    return call
