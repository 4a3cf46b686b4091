"""Models as pickles. Reading keeps to the list of `models.safety`, or needs the user's word, and then says so."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from treering.core.errors import DamagedData, MissingExtra, PermissionDenied
from treering.core.log import logger
from treering.models.load_options import LoadOptions
from treering.models.python_model import FunctionModel, PythonModel, PythonModelContext
from treering.models.safety.names import Allowed
from treering.models.safety.own import is_own
from treering.models.safety.reading import GuardedUnpickler, Refused

__all__ = ["NotingUnpickler", "dump", "load", "modules_of"]


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


class NotingUnpickler(pickle.Unpickler):
    """Reads any pickle, and notes the modules that it refers to; for what the user trusts."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle calls `name` of `module`."""
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
    # Reading needs neither cloudpickle nor the list of installed packages.
    write: Callable[..., frozenset[str]] = importlib.import_module("treering.models.pickle_writing").dump
    return write(model, path, by_name=by_name)


def modules_of(model: Any) -> frozenset[str]:
    """The modules that an object's class and methods come from and refer to; nothing is written."""
    find: Callable[..., frozenset[str]] = importlib.import_module("treering.models.pickle_writing").modules_of
    return find(model)


def load(
    path: Path,
    options: LoadOptions,
    allowed: tuple[str, ...] = (),
    stand_ins: Mapping[tuple[str, str], Any] | None = None,
) -> Any:
    """The object in the pickle at `path`.

    Args:
        allowed: What the flavour's pickles refer to beside what every model may: names such as
            `scipy.sparse._csr.csr_matrix`, or `sklearn.*` for all classes of a package.
        stand_ins: What is given instead of some names, as long as the user has not given his word for them.

    Raises:
        PermissionDenied: If the pickle refers to anything else, and `options` do not allow that.
        DamagedData: If the file is no pickle, or needs a class that is not there.
        MissingExtra: If it needs a package that is not installed.
    """
    if path.is_file() and is_own(path, options.own):
        return _read(path, NotingUnpickler)
    names = Allowed.standard(allowed, options.trust)
    guards = {place: one for place, one in (stand_ins or {}).items() if not Allowed().plus(options.trust).has(*place)}
    try:
        return _read(path, lambda file: GuardedUnpickler(file, names, guards))
    except Refused as error:
        refused = error
    if not options.allow_code:
        named = f"trust=[{refused.name!r}] or " if refused.name else ""
        msg = (
            f"{path.name} was not read, because it could run any code. {refused.message} `treering models scan {path}`"
            f" shows all that it refers to. If you trust who made the model, load it with {named}trust=True, or set"
            " TREERING_ALLOW_MODEL_CODE=true."
        )
        raise PermissionDenied(msg) from refused
    if not options.quiet:
        logger.warning(
            "Loading the pickle %s, which can run code: %s Load only models whose maker you trust.",
            path, refused.message,
        )  # fmt: skip
    return _read(path, NotingUnpickler)


def _read(path: Path, unpickler: Callable[[Any], pickle.Unpickler]) -> Any:
    try:
        with path.open("rb") as file:
            return unpickler(file).load()
    except FileNotFoundError as error:
        msg = f"The model is incomplete: {path} is missing. Save or download it again."
        raise DamagedData(msg) from error
    except ModuleNotFoundError as error:
        msg = f"The model needs the module {error.name!r}, which is not installed. See its requirements.txt."
        raise MissingExtra(msg) from error
    except Exception as error:
        if isinstance(error, Refused):
            raise
        msg = f"The model {path} cannot be read: {error}. It may be damaged, or need other versions of its packages."
        raise DamagedData(msg) from error
