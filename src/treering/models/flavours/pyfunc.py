"""Models written in Python: a class with a `predict` method, a plain function, a file of code, or a loader's data."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.core.errors import DamagedData, InvalidInput, NotFound, PermissionDenied
from treering.core.uri import local_path, scheme_of
from treering.models import pickles
from treering.models.code_models import config_of, model_of_code
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import HINTED, MLModel, inside, python_entry, tree_inside
from treering.models.python_model import FunctionModel, PythonModel, PythonModelContext, call_predict, call_stream
from treering.models.requirements import installed_version
from treering.models.safety.own import is_own
from treering.models.signature import Signature
from treering.models.type_hints import as_hinted, is_hint, schema_of_hint

__all__ = ["FLAVOUR", "PyfuncFlavour"]

_FILE = "python_model.pkl"
_PICKLED, _CODE = "mlflow.pyfunc.model", "mlflow.pyfunc.loaders.code_model"


class PyfuncFlavour:
    """The flavour `pyfunc`.

    Options: `artifacts` (paths of files or folders by name, copied into the model),
    `model_config` (a dictionary or a YAML file), `streamable`, `loader_module` and `data_path`
    (instead of a model: the module that loads it, and what from), `code_modules` (modules
    whose code is saved beside the model).
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return callable(getattr(model, "predict", None)) or callable(model)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if loader := options.get("loader_module"):
            return _write_for(str(loader), model, folder, options)
        config = config_of(options.get("model_config"))
        if isinstance(model, str | Path) and Path(model).suffix == ".py":
            name = _copy_file(Path(model), folder)
            found = model_of_code(folder / name, config)
            entry: dict[str, Any] = {"model_code_path": name}
            loader, modules = _CODE, pickles.modules_of(found)
        else:
            found = self._checked(model)
            modules = pickles.dump(found, folder / _FILE, by_name=tuple(options.get("code_modules", ())))
            entry = {"python_model": _FILE}
            loader = _PICKLED
        entry["cloudpickle_version"] = installed_version("cloudpickle")
        if artifacts := options.get("artifacts"):
            entry["artifacts"] = _copy_artifacts(artifacts, folder)
        if config:
            entry["config"] = config
        streamable = options.get("streamable")
        entry["streamable"] = _streams(found) if streamable is None else bool(streamable)
        signature = _signature_of(found)
        more = {} if signature is None else {HINTED: True, "type_hint_from_example": False}
        function = python_entry(loader, **entry)
        return Written({}, function, ("cloudpickle",), modules, signature, more=more)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.python_function
        if code := entry.get("model_code_path"):
            # MLflow writes where the file came from; only its name counts.
            path = inside(folder, Path(str(code)).name)
            if not options.allow_code and not is_own(path, options.own):
                msg = (
                    f"The model is the Python code in {path}, which would run. If you trust who wrote it, load it with"
                    " trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
                )
                raise PermissionDenied(msg)
            found = model_of_code(path, _config(model, options))
            return found if callable(getattr(found, "predict", None)) else FunctionModel(found)
        if "python_model" not in entry:
            msg = f"The model in {folder} names no pickled Python model, so it cannot be loaded. Save it again."
            raise DamagedData(msg)
        return pickles.load(inside(folder, entry["python_model"]), options)

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:
        """See `Flavour`."""
        return _Asked(native, folder, model, options)

    def _checked(self, model: Any) -> Any:
        if isinstance(model, type):
            msg = f"{model.__name__} is a class. Give an instance of it: {model.__name__}()."
            raise InvalidInput(msg)
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no Python model: it has no predict method and is no function."
            raise InvalidInput(msg)
        return model if callable(getattr(model, "predict", None)) else FunctionModel(model)


class _Asked:
    """A Python model with its context, as something that is called; `stream` gives the answer piece by piece."""

    def __init__(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> None:
        entry = model.python_function
        self._native = native
        self._context = PythonModelContext(_artifacts(folder, entry.get("artifacts") or {}), _config(model, options))
        self._hint = getattr(getattr(native, "predict_type_hints", None), "input", None)
        if callable(getattr(native, "load_context", None)):
            native.load_context(self._context)

    def __call__(self, data: Any, params: dict[str, Any]) -> Any:
        return call_predict(self._native, self._context, self._given(data), params)

    def stream(self, data: Any, params: dict[str, Any]) -> Any:
        """The pieces of the answer, one after the other."""
        return call_stream(self._native, self._context, self._given(data), params)

    def _given(self, data: Any) -> Any:
        return as_hinted(data, self._hint) if is_hint(self._hint) else data


def _artifacts(folder: Path, named: Any) -> dict[str, str]:
    if not isinstance(named, Mapping) or not all(isinstance(one, Mapping) and "path" in one for one in named.values()):
        msg = f"The MLmodel file in {folder} does not say where the model's artifacts are. Save the model again."
        raise DamagedData(msg)
    return {str(name): str(tree_inside(folder, one["path"])) for name, one in named.items()}


def _config(model: MLModel, options: LoadOptions) -> dict[str, Any]:
    return {**model.config, **options.model_config}


def _write_for(loader: str, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
    """A model that a module of the user's loads, from a copy of its data."""
    if model is not None or options.get("artifacts"):
        msg = "loader_module goes with data_path, and python_model with artifacts. Give one of the two pairs."
        raise InvalidInput(msg)
    entry: dict[str, Any] = {}
    if data := options.get("data_path"):
        origin = Path(str(data)).absolute()
        if not origin.exists():
            msg = f"The data {origin} does not exist, so it cannot be saved with the model. Correct data_path."
            raise NotFound(msg)
        _copy_into(origin, folder / "data" / origin.name)
        entry["data"] = f"data/{origin.name}"
    if config := config_of(options.get("model_config")):
        entry["config"] = config
    return Written({}, python_entry(loader, **entry), (), frozenset({loader}))


def _signature_of(model: Any) -> Signature | None:
    hints = getattr(model, "predict_type_hints", None)
    found = getattr(hints, "input", None)
    if not is_hint(found):
        return None
    inputs = schema_of_hint(found)
    try:
        outputs = schema_of_hint(getattr(hints, "output", None))
    except InvalidInput:
        outputs = None
    return Signature(inputs, outputs)


def _streams(model: Any) -> bool:
    own = getattr(type(model), "predict_stream", None)
    return own is not None and own is not PythonModel.predict_stream


def _copy_file(path: Path, folder: Path) -> str:
    if not path.is_file():
        msg = f"The model's code {path} does not exist. Correct python_model."
        raise NotFound(msg)
    shutil.copyfile(path, folder / path.name)
    return path.name


def _copy_artifacts(artifacts: Mapping[str, Any], folder: Path) -> dict[str, dict[str, str]]:
    return {name: _copy_artifact(name, source, folder) for name, source in artifacts.items()}


def _copy_artifact(name: str, source: Any, folder: Path) -> dict[str, str]:
    if scheme_of(str(source)) != "file":
        msg = f"The artifact {name!r} is at {source}, which is not on this disk. Download it first."
        raise InvalidInput(msg)
    origin = local_path(str(source))
    relative = f"artifacts/{origin.name}"
    if not origin.exists():
        msg = f"The artifact {name!r} cannot be saved with the model: {origin} does not exist. Correct the path."
        raise NotFound(msg)
    if (folder / relative).exists():
        relative = f"artifacts/{name}/{origin.name}"  # another artifact has a file of the same name
    if (folder / relative).exists():
        msg = f"Two artifacts of the model are called {origin.name!r}. Rename one of the files."
        raise InvalidInput(msg)
    _copy_into(origin, folder / relative)
    # MLflow records where the file came from; a path of this machine says nothing elsewhere.
    return {"path": relative, "uri": relative}


def _copy_into(origin: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, target)
    else:
        shutil.copyfile(origin, target)


FLAVOUR = PyfuncFlavour()
