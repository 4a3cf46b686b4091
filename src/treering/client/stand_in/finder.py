"""Stands in the way of `import mlflow`, and of who asks whether and in which version MLflow is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

from treering.client.stand_in.names import MODULES, sources
from treering.client.stand_in.version import VERSION
from treering.core.errors import Conflict

__all__ = ["install_as_mlflow", "uninstall_as_mlflow"]


def install_as_mlflow() -> None:
    """Make `import mlflow` give Treering, in this process, also where MLflow is installed.

    Call it first: a library that was imported before may have looked for MLflow already.
    A second call does nothing. A process that is spawned calls it anew.

    Raises:
        Conflict: If MLflow itself has been imported.
    """
    if _FINDER in sys.meta_path:
        return
    found = sys.modules.get("mlflow")
    if found is not None:
        msg = (
            f"MLflow itself is imported already, from {getattr(found, '__file__', None) or 'elsewhere'}, and whoever"
            " has imported it would go on using it. Call treering.install_as_mlflow() before anything imports mlflow."
        )
        raise Conflict(msg)
    sys.meta_path.insert(0, _FINDER)


def uninstall_as_mlflow() -> None:
    """Undo `install_as_mlflow`: what imports mlflow from now on gets MLflow, or an error if there is none.

    Who has it already keeps Treering.
    """
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    for name in [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]:
        del sys.modules[name]


class _StandIn(ModuleType):
    """A module of MLflow whose names are those of ours."""

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        if sources(full) is not None:
            return import_module(full)
        if not name.startswith("__") or name == "__version__":
            for source in sources(self.__name__) or ():
                module = import_module(source)
                # A flavour gives a library's own classes only when it is asked for them.
                if name in module.__all__ or (name not in vars(module) and hasattr(module, name)):
                    return getattr(module, name)
        msg = f"Treering stands in for MLflow here (treering.install_as_mlflow), and has no {full}."
        raise AttributeError(msg, name=name, obj=self)

    def __dir__(self) -> list[str]:
        names = {*self.__dict__}
        for source in sources(self.__name__) or ():
            names.update(import_module(source).__all__)
        prefix = f"{self.__name__}."
        names.update(name.removeprefix(prefix).partition(".")[0] for name in MODULES if name.startswith(prefix))
        return sorted(names)


class _Loader(Loader):
    """Makes the modules; they are filled when they are asked for something."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name, f"Treering, under MLflow's name {spec.name}.")

    def exec_module(self, module: ModuleType) -> None:
        # For `from mlflow.x import *`, which takes what is public.
        module.__dict__["__all__"] = sorted(
            {name for source in sources(module.__name__) or () for name in import_module(source).__all__}
        )


class _Description(Distribution):
    """What `importlib.metadata` tells of MLflow."""

    def read_text(self, filename: str) -> str | None:
        if filename == "METADATA":
            return f"Metadata-Version: 2.1\nName: mlflow\nVersion: {VERSION}\nSummary: Treering, under MLflow's name.\n"
        return "mlflow\n" if filename == "top_level.txt" else None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        return Path(__file__).parent / path


class _Finder(MetaPathFinder):
    """Finds MLflow's modules and its description; the import system asks the first, importlib.metadata the second."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        if sources(name) is None:
            return None
        return ModuleSpec(name, _LOADER, origin="treering", is_package=True)

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        asked = None if context is None else context.name
        return [_Description()] if asked is None or asked.lower() == "mlflow" else []


_LOADER = _Loader()
_FINDER = _Finder()
