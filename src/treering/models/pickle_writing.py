"""Writing models as pickles, so that they load where the user's own modules are not installed."""

from __future__ import annotations

import inspect
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle

from treering.core.errors import InvalidInput
from treering.models import python_model
from treering.models.pickles import NotingUnpickler
from treering.models.requirements import imports_of, is_installed

__all__ = ["dump", "modules_of"]


def dump(model: Any, path: Path, *, by_name: tuple[str, ...] = ()) -> frozenset[str]:
    """Write `model` to `path` and read it back; returns the modules that it refers to.

    Classes and functions from modules that no installed package holds go along by value.

    Args:
        by_name: Modules that are there when the model is loaded, because their code is saved beside it.

    Raises:
        InvalidInput: If the model cannot be pickled, or not read again.
    """
    with _by_value(model, by_name):
        try:
            with path.open("wb") as file:
                cloudpickle.dump(model, file)
        except (TypeError, AttributeError, pickle.PicklingError, RecursionError, NotImplementedError) as error:
            msg = f"The model cannot be pickled: {error}. Keep open files, locks and connections out of it."
            raise InvalidInput(msg) from error
    with path.open("rb") as file:
        reader = NotingUnpickler(file)
        try:
            reader.load()
        except (TypeError, AttributeError, ImportError, ValueError, pickle.UnpicklingError) as error:
            msg = f"The model was pickled but cannot be read again: {error}."
            raise InvalidInput(msg) from error
    return frozenset(reader.modules | imports_of(getattr(model, "func", model)))


def modules_of(model: Any) -> frozenset[str]:
    """See `pickles.modules_of`."""
    return frozenset({cls.__module__ for cls in type(model).__mro__} | imports_of(getattr(model, "func", model)))


@contextmanager
def _by_value(model: Any, by_name: tuple[str, ...]) -> Iterator[None]:
    """Within, cloudpickle writes the code of modules that may be missing elsewhere."""
    names = {python_model.__name__, *_own_modules(model)}
    registered = cloudpickle.list_registry_pickle_by_value()
    chosen = [
        sys.modules[name]
        for name in names
        if name in sys.modules and name.partition(".")[0] not in by_name and name not in registered
    ]
    for module in chosen:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in chosen:
            cloudpickle.unregister_pickle_by_value(module)


def _own_modules(model: Any) -> set[str]:
    things = [getattr(model, "func", model), *getattr(model, "__dict__", {}).values()]
    found: set[str] = set()
    for thing in things:
        if inspect.ismodule(thing):
            continue
        kinds = [thing] if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing).__mro__
        found |= {kind.__module__ for kind in kinds if getattr(kind, "__module__", None)}
    if not inspect.isbuiltin(model):
        found |= imports_of(getattr(model, "func", model))
    return {name for name in found if name != "__main__" and not is_installed(name) and not name.startswith("treering")}
