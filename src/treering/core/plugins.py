"""One table class for every seam: names to the drivers that bear them.

Built-ins are strings, so naming a driver imports nothing. Other people's
packages add drivers through an entry point whose group is the table's name.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from treering.core.errors import MissingExtra, NotSupported, UnknownPlugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """A table of `name -> "module:Object"`, loaded on first use.

    Args:
        group: The entry point group that extends the table, such as `treering.object_stores`.
        noun: What a row is called in messages, such as `artifact store`.
        builtins: Rows that ship with Treering, in alphabetical order.
        extras: For a row that needs an optional package: the extra that installs it.

    Raises:
        ValueError: If the built-in rows are not in alphabetical order.
    """

    def __init__(
        self,
        group: str,
        noun: str,
        builtins: Mapping[str, str],
        extras: Mapping[str, str] | None = None,
    ) -> None:
        if list(builtins) != sorted(builtins):
            msg = f"Rows of {group} are not in alphabetical order."
            raise ValueError(msg)
        self.group = group
        self.noun = noun
        self.builtins: Mapping[str, str] = MappingProxyType(dict(builtins))
        self.extras: Mapping[str, str] = MappingProxyType(dict(extras or {}))
        self._loaded: dict[str, T] = {}

    def names(self) -> list[str]:
        """All known names, built-in and from installed packages, sorted."""
        return sorted({*self.builtins, *(point.name for point in self._points())})

    def __contains__(self, name: object) -> bool:
        return name in self.builtins or name in self.names()

    def load(self, name: str) -> T:
        """The object registered under `name`.

        Raises:
            UnknownPlugin: If no row has that name; the message lists those that exist.
            MissingExtra: If the driver needs a package that is not installed.
            NotSupported: If the row names something that its module does not have.
        """
        if name not in self._loaded:
            self._loaded[name] = self._import(name, self._target(name))
        return self._loaded[name]

    def _target(self, name: str) -> str:
        if name in self.builtins:
            return self.builtins[name]
        for point in self._points():
            if point.name == name:
                return f"{point.module}:{point.attr}"
        known = ", ".join(self.names())
        msg = f"There is no {self.noun} called {name!r}. Known ones: {known}."
        raise UnknownPlugin(msg)

    def _points(self) -> EntryPoints:
        # A third of the start of the command line, and only other people's packages need it.
        metadata = importlib.import_module("importlib.metadata")
        points: EntryPoints = metadata.entry_points(group=self.group)
        return points

    def _import(self, name: str, target: str) -> Any:
        module_name, _, attribute = target.partition(":")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] == "treering":
                raise
            extra = self.extras.get(name)
            hint = f"pip install 'treering[{extra}]'" if extra else f"pip install {error.name}"
            msg = (
                f"The {self.noun} {name!r} needs the package {error.name!r}, which is not installed."
                f" Install it with: {hint}"
            )
            raise MissingExtra(msg) from error
        try:
            return getattr(module, attribute)
        except AttributeError as error:
            msg = f"The {self.noun} {name!r} should be {attribute!r} in {module_name}, which has no such name."
            raise NotSupported(msg) from error
