"""Finds the service that a command names: `service:Shop`, `service.py:Shop`, a folder."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.serving.services.service import Service
from treering.serving.services.targets import in_folder, parted

__all__ = ["found_service", "importing"]


def found_service(target: str, folder: str | Path = ".") -> Service[Any]:
    """The service that a target names; its module is imported, with the folder on Python's path.

    Args:
        target: `module:Name`, `module`, a file of Python, or a folder with a `bentofile.yaml` or a `service.py`.
            Without a name it is the one service of the module that no other there depends on.

    Raises:
        NotFound: If there is no such module or service.
        InvalidInput: If the module has several services, so that it has to be named.
    """
    base = Path(folder).absolute()
    where, colon, name = parted(target)
    if (path := base / where).is_dir() and not _is_module(base, where):
        base, (where, colon, name) = path, in_folder(path, name)
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))
    return _chosen(_module(base, where, target), name if colon else "", target)


@contextmanager
def importing() -> Iterator[None]:
    """Around imports that only the server needs: where a package is missing, its use fails and not its import."""
    try:
        yield
    except ImportError as error:
        module = sys.modules.get(getattr(sys._getframe(2), "f_globals", {}).get("__name__", ""))  # noqa: SLF001 -- who imports
        if module is None or error.name is None:
            raise
        setattr(module, error.name.partition(".")[0], _Missing(error.name))


class _Missing:
    """Stands for a package that is not installed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        msg = f"{self._name}.{attribute} was asked for, and {self._name} is not installed: pip install {self._name}"
        raise NotFound(msg)


def _is_module(base: Path, where: str) -> bool:
    return where not in {"", "."} and (base / where / "__init__.py").exists()


def _module(base: Path, where: str, target: str) -> ModuleType:
    path = base / where
    if where.endswith(".py") and path.exists():
        try:
            where = ".".join(path.resolve().relative_to(base.resolve()).with_suffix("").parts)
        except ValueError:
            sys.path.insert(0, str(path.resolve().parent))
            where = path.stem
    importlib.invalidate_caches()
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is not None and (where == error.name or where.startswith(f"{error.name}.")):
            msg = f"There is no module {where!r} in {base} or on Python's path, of which {target!r} would be a service."
            raise NotFound(msg) from error
        raise


def _chosen(module: ModuleType, name: str, target: str) -> Service[Any]:
    if name:
        found: Any = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if isinstance(found, Service):
            return found
        known = sorted(key for key, value in vars(module).items() if isinstance(value, Service))
        listed = ", ".join(known) or "none"
        msg = f"{module.__name__} has no service {name!r}. Services there: {listed}."
        raise NotFound(msg)
    services = list({id(one): one for one in vars(module).values() if isinstance(one, Service)}.values())
    used = {id(dependency.on) for one in services for dependency in one.dependencies.values()}
    tops = [one for one in services if id(one) not in used]
    if len(tops) == 1:
        return tops[0]
    if not tops:
        msg = f"{module.__name__} has no service: a class under @treering.service."
        raise NotFound(msg)
    names = ", ".join(one.name for one in tops)
    msg = f"{module.__name__} has several services: {names}. Name one: {target}:{tops[0].name}"
    raise InvalidInput(msg)
