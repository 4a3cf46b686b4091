"""Wraps functions of a library, so that what they do is logged; and restores them.

A wrapper calls the library's function exactly once, with the user's arguments and
what a hook added to them; the function's answer and errors reach the user as they are.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from treering.client.autologging.guard import attempt, inside, is_free
from treering.client.autologging.imports import when_imported
from treering.client.autologging.options import Options
from treering.client.autologging.training import Training, begin

__all__ = ["Around", "Call", "Patches"]


@dataclass(slots=True)
class Call:
    """One call of a wrapped function, as a hook sees it.

    Attributes:
        args: Positional arguments, with `self` first for a method; a hook may replace them before its `yield`.
        kwargs: Named arguments; likewise.
        options: The options that hold for this call.
        log: Where to log; None for a function that was wrapped with `watch`.
        result: What the function answered; set after the hook's `yield`.
    """

    original: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    options: Options
    log: Training | None = None
    result: Any = None
    _bound: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def instance(self) -> Any:
        """What the method was called on."""
        return self.args[0]

    @property
    def training(self) -> Training:
        """Where to log, of a function that was wrapped with `training`."""
        if self.log is None:
            msg = "This function is watched, not a training; it has no run."
            raise TypeError(msg)
        return self.log

    def arguments(self) -> dict[str, Any]:
        """Every argument by name, as the user gave it or as its default; `**kwargs` of the function are merged in."""
        if self._bound is None:
            signature = inspect.signature(self.original)
            bound = signature.bind(*self.args, **self.kwargs)
            bound.apply_defaults()
            self._bound = {}
            for name, value in bound.arguments.items():
                if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                    self._bound.update(value)
                else:
                    self._bound[name] = value
        return self._bound

    def set(self, name: str, value: Any) -> None:
        """Give the function another value for the argument `name`."""
        positions = [
            parameter.name
            for parameter in inspect.signature(self.original).parameters.values()
            if parameter.kind in {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
        ]
        if name in positions[: len(self.args)]:
            args = list(self.args)
            args[positions.index(name)] = value
            self.args = tuple(args)
        else:
            self.kwargs = {**self.kwargs, name: value}

    def proceed(self) -> None:
        """Call the library's function."""
        self.result = self.original(*self.args, **self.kwargs)


Around = Callable[[Call], Iterator[None]]
"""A hook: a generator that runs to its `yield` before the function is called, and on from there when it has answered.

One that returns before its `yield` has nothing to log. It is not resumed if the function fails. What it raises is logged, and ends it.
"""

_MISSING = object()


@dataclass(slots=True)
class _Replaced:
    owner: Any
    attribute: str
    before: Any
    now: Any


class Patches:
    """All that is wrapped for one library; made by a switch.

    Attributes:
        name: Of the integration.
        options: What holds now; the switch may replace them at any time.
    """

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self.options = options
        self.enabled = True
        self._lock = threading.RLock()
        self._replaced: list[_Replaced] = []

    def training(
        self,
        owner: Any,
        attribute: str,
        around: Around,
        allows: tuple[str, ...] = (),
        applies: Callable[..., bool] | None = None,
    ) -> None:
        """Wrap a function that trains: it gets a run, the user's active one or one of its own.

        Nothing happens where `owner` has no such attribute. A training inside another is
        not logged, unless the outer one allows it.

        Args:
            owner: The class or module.
            around: What to log.
            allows: Labels, `<integration>.<attribute>`, of trainings that are logged to the same run when this one
                calls them.
            applies: Asked with the call's arguments whether it is one to log.
        """
        label = f"{self.name}.{attribute}"
        within = frozenset(allows)

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def trained(*args: Any, **kwargs: Any) -> Any:
                if not self.enabled or not is_free(label) or not (applies is None or applies(*args, **kwargs)):
                    return original(*args, **kwargs)
                log = begin(self.name, self.options)
                if log is None:
                    return original(*args, **kwargs)
                call = Call(original, args, kwargs, self.options, log)
                with log, inside(label):
                    _around(call, around, label, within)
                return call.result

            return trained

        self.replace(owner, attribute, wrap)

    def watch(self, owner: Any, attribute: str, around: Around, applies: Callable[..., bool]) -> None:
        """Wrap a function that does not train; calls inside of a training, and of another watched one, are let pass.

        Args:
            applies: As for `training`; it decides fast, because such functions are called often.
        """
        label = f"{self.name}.{attribute}"

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def watched(*args: Any, **kwargs: Any) -> Any:
                if not self.enabled or not applies(*args, **kwargs) or not is_free(label):
                    return original(*args, **kwargs)
                call = Call(original, args, kwargs, self.options)
                with inside(label):
                    _around(call, around, label, frozenset())
                return call.result

            return watched

        self.replace(owner, attribute, wrap)

    def replace(self, owner: Any, attribute: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Put what `wrap` makes of a function in its place, until the integration is disabled.

        Nothing happens where `owner` itself has no such function: one is wrapped where it is defined.
        """
        raw = vars(owner).get(attribute, _MISSING)
        if raw is _MISSING:
            return
        if hasattr(raw, "fn") and hasattr(raw, "check"):  # a method of scikit-learn that is there on a condition
            self.replace(raw, "fn", wrap)
            return
        function = raw.__func__ if isinstance(raw, staticmethod | classmethod) else raw
        if not callable(function):
            return
        with self._lock:
            if any(one.owner is owner and one.attribute == attribute for one in self._replaced):
                return
            made = wrap(function)
            if isinstance(owner, ModuleType):
                # Pickle and cloudpickle look where a function says it is, and want to find it there.
                made.__module__, made.__qualname__ = owner.__name__, attribute
            now = type(raw)(made) if isinstance(raw, staticmethod | classmethod) else made
            setattr(owner, attribute, now)
            self._replaced.append(_Replaced(owner, attribute, raw, now))

    def subclasses(self, base: type[Any], action: Callable[[type], None]) -> None:
        """Call `action` with `base`, with each class below it, and with those that are defined from now on."""

        def defined(cls: type[Any], /, **kwargs: Any) -> None:
            super(base, cls).__init_subclass__(**kwargs)
            if self.enabled:
                with attempt(f"{self.name}: wrapping {cls.__name__}", silent=self.options.silent):
                    action(cls)

        with self._lock:
            before = vars(base).get("__init_subclass__", _MISSING)
            if before is _MISSING:  # else the library does something there itself, which we do not touch
                now: Any = classmethod(defined)
                setattr(base, "__init_subclass__", now)  # noqa: B010  # type checkers know no such assignment
                self._replaced.append(_Replaced(base, "__init_subclass__", _MISSING, now))
        pending = [base]
        while pending:
            cls = pending.pop()
            action(cls)
            pending.extend(cls.__subclasses__())

    def after_import(self, module: str, action: Callable[[ModuleType], None]) -> None:
        """Wrap more when a module of the library is imported; now if it is."""

        def act(found: ModuleType) -> None:
            if self.enabled:
                action(found)

        when_imported(module, act)

    def undo(self) -> None:
        """Restore everything. A wrapper that somebody has taken hold of calls the library from now on."""
        with self._lock:
            self.enabled = False
            for one in reversed(self._replaced):
                if vars(one.owner).get(one.attribute) is not one.now:
                    continue  # somebody has wrapped ours, which lets everything pass from now on
                if one.before is _MISSING:
                    delattr(one.owner, one.attribute)
                else:
                    setattr(one.owner, one.attribute, one.before)
            self._replaced.clear()


def _around(call: Call, around: Around, label: str, within: frozenset[str]) -> None:
    silent = call.options.silent
    steps: Iterator[None] | None = None
    with attempt(f"{label}, before the call", silent=silent):
        steps = around(call)
        next(steps, None)
    with inside(label, within):
        call.proceed()
    if steps is not None:
        with attempt(f"{label}, after the call", silent=silent):
            next(steps, None)
