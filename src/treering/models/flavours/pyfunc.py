"""Models written in Python: a class with a `predict` method, or a plain function."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import cloudpickle

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.core.uri import local_path
from treering.models import pickles
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.python_model import FunctionModel, PythonModelContext, call_predict
from treering.models.tables import TABLES, is_table

__all__ = ["FLAVOUR", "PyfuncFlavour"]

_FILE = "python_model.pkl"


class PyfuncFlavour:
    """The flavour `pyfunc`.

    Options: `artifacts` (paths of files or folders by name, copied into the model),
    `model_config` (a dictionary), `code_modules` (modules whose code is saved beside the model).
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return callable(getattr(model, "predict", None)) or callable(model)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if isinstance(model, type):
            msg = f"{model.__name__} is a class. Give an instance of it: {model.__name__}()."
            raise InvalidInput(msg)
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no Python model: it has no predict method and is no function."
            raise InvalidInput(msg)
        if not callable(getattr(model, "predict", None)):
            model = FunctionModel(model)
        modules = pickles.dump(model, folder / _FILE, by_name=tuple(options.get("code_modules", ())))
        entry: dict[str, Any] = {"cloudpickle_version": cloudpickle.__version__, "python_model": _FILE}
        if artifacts := options.get("artifacts"):
            entry["artifacts"] = {name: _copy(name, source, folder) for name, source in artifacts.items()}
        if config := options.get("model_config"):
            entry["config"] = dict(config)
        return Written({}, python_entry("mlflow.pyfunc.model", streamable=False, **entry), ("cloudpickle",), modules)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.python_function
        if "python_model" not in entry:
            msg = f"The model in {folder} names no pickled Python model, so it cannot be loaded. Save it again."
            raise DamagedData(msg)
        path = inside(folder, entry["python_model"])
        return pickles.load(path, options)

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:
        """See `Flavour`."""
        entry = model.python_function
        artifacts = {name: str(inside(folder, one["path"])) for name, one in (entry.get("artifacts") or {}).items()}
        config = {**(entry.get("config") or {}), **options.model_config}
        context = PythonModelContext(artifacts, config)
        if callable(getattr(native, "load_context", None)):
            native.load_context(context)

        hint = getattr(getattr(native, "predict_type_hints", None), "input", None)

        def predict(data: Any, params: dict[str, Any]) -> Any:
            return call_predict(native, context, _as_hinted(data, hint), params)

        return predict


def _as_hinted(data: Any, hint: Any) -> Any:
    """A table as the list of values or records that a predict function's hint asks for."""
    if get_origin(hint) is not list or not is_table(data):
        return data
    records = TABLES.load("pandas").to_records(data)
    inner = (get_args(hint) or (Any,))[0]
    if inner is dict or get_origin(inner) is dict:
        return records
    return [next(iter(record.values()), None) for record in records]


def _copy(name: str, source: Any, folder: Path) -> dict[str, str]:
    origin = local_path(str(source))
    relative = f"artifacts/{origin.name}"
    target = folder / relative
    if not origin.exists():
        msg = f"The artifact {name!r} cannot be saved with the model: {origin} does not exist. Correct the path."
        raise NotFound(msg)
    if target.exists():
        msg = f"Two artifacts of the model are called {origin.name!r}. Rename one of the files."
        raise InvalidInput(msg)
    target.parent.mkdir(exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, target)
    else:
        shutil.copyfile(origin, target)
    # MLflow records where the file came from; a path of this machine says nothing elsewhere.
    return {"path": relative, "uri": relative}


FLAVOUR = PyfuncFlavour()
