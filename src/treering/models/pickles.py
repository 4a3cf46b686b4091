"""Models as pickles: written so that they load elsewhere, read with their modules noted.

A pickle can run any code when it is read. Readers here say so in the log and
refuse where the settings forbid it.
"""

from __future__ import annotations

import inspect
import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import cloudpickle

from treering.core.errors import DamagedData, InvalidInput, MissingExtra, PermissionDenied
from treering.core.log import logger
from treering.models import python_model
from treering.models.flavours.base import LoadOptions
from treering.models.python_model import FunctionModel, PythonModel, PythonModelContext
from treering.models.requirements import imports_of, is_installed

__all__ = ["dump", "load"]


class _Unknown:
    """Stands for an object of MLflow's own that a model carries along and predictions do not need."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.arguments = (args, named)

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _as_given(args: tuple[Any, ...], kwargs: dict[str, Any], *_rest: Any) -> tuple[Any, Any]:
    return args, kwargs


class _FunctionHints(NamedTuple):
    """What MLflow's wrapper around a hinted predict function carries along."""

    input_type_hint: Any = None
    input_param_name: str = ""


# What MLflow's own pickles refer to, so that they load without MLflow.
_STAND_INS: Mapping[tuple[str, str], Any] = {
    ("mlflow.pyfunc.model", "PythonModel"): PythonModel,
    ("mlflow.pyfunc.model", "PythonModelContext"): PythonModelContext,
    ("mlflow.pyfunc.model", "_FunctionPythonModel"): FunctionModel,
    ("mlflow.pyfunc.utils.data_validation", "FuncInfo"): _FunctionHints,
    ("mlflow.pyfunc.utils.data_validation", "_validate_model_input"): _as_given,
}
_CARRIED = ("mlflow.models.", "mlflow.types.", "mlflow.pyfunc.utils.", "mlflow.types", "mlflow.exceptions")


class _Reader(pickle.Unpickler):
    """Notes the modules that a pickle refers to."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _STAND_INS:
            return _STAND_INS[module, name]
        if module.startswith(_CARRIED):
            return _Unknown
        self.modules.add(module)
        found = super().find_class(module, name)
        return self._subimport if (module, name) == ("cloudpickle.cloudpickle", "subimport") else found

    def _subimport(self, name: str) -> ModuleType:
        self.modules.add(name)
        __import__(name)
        return sys.modules[name]


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
        reader = _Reader(file)
        try:
            reader.load()
        except (TypeError, AttributeError, ImportError, ValueError, pickle.UnpicklingError) as error:
            msg = f"The model was pickled but cannot be read again: {error}."
            raise InvalidInput(msg) from error
    return frozenset(reader.modules | imports_of(getattr(model, "func", model)))


def load(path: Path, options: LoadOptions, allowed: tuple[str, ...] = ()) -> Any:  # noqa: ARG001
    """The object in the pickle at `path`.

    Args:
        allowed: What the flavour's pickles refer to beside what every model may: names such as
            `scipy.sparse._csr.csr_matrix`, or `sklearn.*` for all classes of a package.

    Raises:
        PermissionDenied: If the pickle refers to anything else, and `options` do not allow that.
        DamagedData: If the file is no pickle, or needs a class that is not there.
        MissingExtra: If it needs a package that is not installed.
    """
    if not options.allow_code:
        msg = (
            f"{path.name} is a pickle, which can run any code when it is read, and TREERING_ALLOW_MODEL_CODE is false."
            " Save the model in a format without code, such as skops, or allow it if you trust who made it."
        )
        raise PermissionDenied(msg)
    if not options.quiet:
        logger.warning("Loading the pickle %s, which can run code. Load only models whose maker you trust.", path)
    try:
        with path.open("rb") as file:
            return _Reader(file).load()
    except FileNotFoundError as error:
        msg = f"The model is incomplete: {path} is missing. Save or download it again."
        raise DamagedData(msg) from error
    except ModuleNotFoundError as error:
        msg = f"The model needs the module {error.name!r}, which is not installed. See its requirements.txt."
        raise MissingExtra(msg) from error
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError, ValueError) as error:
        msg = f"The model {path} cannot be read: {error}. It may be damaged, or need other versions of its packages."
        raise DamagedData(msg) from error


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
