"""The packages that a model needs, pinned to the versions that are installed.

What is pinned: the packages that a flavour always needs, and those whose modules
the saved model refers to. Treering itself is not among them, because a model
folder is loaded by MLflow as well.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from types import CodeType, FunctionType
from typing import Any

__all__ = ["imports_of", "installed_version", "is_installed", "pin", "requirements_of"]

_OURS = {"treering", "mlflow"}


@cache
def _distributions() -> dict[str, list[str]]:
    return {name: sorted(set(found)) for name, found in metadata.packages_distributions().items()}


def is_installed(module: str) -> bool:
    """Whether `module` comes with Python or an installed package, and so can be imported elsewhere."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in sys.builtin_module_names or top in _distributions()


def installed_version(package: str) -> str | None:
    """The version of an installed package; `None` if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def pin(package: str) -> str:
    """`package==version` of the installed package; just its name if it is not installed."""
    try:
        # A local label such as +cpu names a build that no index need have.
        return f"{package}=={metadata.version(package).partition('+')[0]}"
    except metadata.PackageNotFoundError:
        return package


def requirements_of(packages: Iterable[str], modules: Iterable[str]) -> list[str]:
    """Pinned requirements: `packages` by name, and those that `modules` come from; sorted."""
    wanted = {name.lower().replace("_", "-"): name for name in packages}
    for module in modules:
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in _OURS:
            for name in _distributions().get(top, [])[:1]:
                wanted.setdefault(name.lower().replace("_", "-"), name)
    return sorted(pin(name) for name in wanted.values())


def imports_of(thing: Any) -> set[str]:
    """The modules that a function, or the methods of an object, import or refer to when called."""
    found: set[str] = set()
    seen: set[int] = set()
    pending: list[Any] = [thing] if inspect.isroutine(thing) else _methods(thing)
    while pending:
        function = inspect.unwrap(pending.pop())
        function = getattr(function, "__func__", function)
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen.add(id(function))
        found |= _imported(function.__code__)
        for name in _names(function.__code__):
            used = function.__globals__.get(name)
            if inspect.ismodule(used):
                found.add(used.__name__)
            elif isinstance(used, FunctionType | type) and used.__module__:
                found.add(used.__module__)
                if isinstance(used, FunctionType) and not is_installed(used.__module__):
                    pending.append(used)
    return found


def _methods(thing: Any) -> list[Any]:
    return [
        getattr(member, "__func__", member)
        for cls in type(thing).__mro__
        if not is_installed(cls.__module__) or cls.__module__ == "__main__"
        for member in vars(cls).values()
    ]


def _imported(code: CodeType) -> set[str]:
    found = {str(step.argval) for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME" and step.argval}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _imported(constant)
    return found


def _names(code: CodeType) -> set[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found
