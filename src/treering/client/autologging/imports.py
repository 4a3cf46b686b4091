"""Tells when a module has been imported, so that a library is wrapped the moment it is there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from treering.client.autologging.guard import attempt

__all__ = ["when_imported"]

Action = Callable[[ModuleType], None]


def when_imported(name: str, action: Action) -> None:
    """Call `action` with the module `name`: now if it is imported, else as soon as it has been."""
    module = sys.modules.get(name)
    # One that is being imported right now is in sys.modules, but does not have its names yet.
    if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
        action(module)
        return
    with _Watch.lock:
        _Watch.actions.setdefault(name, []).append(action)
        if _Watch.finder not in sys.meta_path:
            sys.meta_path.insert(0, _Watch.finder)


class _Told(Loader):
    """Loads as another loader does, and then calls the actions."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        found: ModuleType | None = self._loader.create_module(spec)
        return found

    def exec_module(self, module: ModuleType) -> None:
        # The module is to look as if nobody had watched.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        with _Watch.lock:
            actions = _Watch.actions.pop(module.__name__, [])
        for action in actions:
            with attempt(f"following the import of {module.__name__}"):
                action(module)


class _Finder(MetaPathFinder):
    """Finds nothing itself; it wraps the loaders of watched modules that others find."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _Watch.actions:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Told(spec.loader)
                return spec
        return None


class _Watch:
    """The one finder of this process, and what waits for which module."""

    lock = threading.RLock()
    finder = _Finder()
    actions: dict[str, list[Action]] = {}  # noqa: RUF012  # shared on purpose
