"""scikit-learn: estimators and pipelines.

They are written with skops, whose files hold no code. What skops cannot hold,
such as classes of a notebook, is pickled, and the log says so.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import sklearn

from treering.core.errors import DamagedData, InvalidInput
from treering.core.log import logger
from treering.models import pickles
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry

__all__ = ["FLAVOUR", "SklearnFlavour"]

_FILES = {"skops": "model.skops", "cloudpickle": "model.pkl", "pickle": "model.pkl"}
_METHODS = ("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba", "decision_function", "score")


class SklearnFlavour:
    """The flavour `sklearn`.

    Options: `serialization_format` (`skops`, `cloudpickle` or `pickle`; without one, skops and
    where that fails cloudpickle), `skops_trusted_types` (types to trust beside those found in
    the model), `pyfunc_predict_fn` (the method that predicts), `code_modules`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return any(cls.__module__.partition(".")[0] == "sklearn" for cls in type(model).__mro__)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if isinstance(model, type):
            msg = f"{model.__name__} is a class. Give a fitted instance of it."
            raise InvalidInput(msg)
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no scikit-learn model. Save it with its own flavour, or with pyfunc."
            raise InvalidInput(msg)
        asked = options.get("serialization_format")
        if asked not in {None, *_FILES}:
            msg = f"Unrecognized serialization format: {asked!r}. Known ones: {', '.join(_FILES)}."
            raise InvalidInput(msg)
        predict_fn = str(options.get("pyfunc_predict_fn") or "predict")
        if predict_fn not in _METHODS:
            msg = f"{predict_fn!r} is no method that predicts. Known ones: {', '.join(_METHODS)}."
            raise InvalidInput(msg)
        kind, trusted, modules = self._serialise(model, folder, asked, options)
        file = _FILES[kind]
        entry: dict[str, Any] = {
            "code": None,
            "pickled_model": file,
            "serialization_format": kind,
            "sklearn_version": sklearn.__version__,
            "skops_trusted_types": trusted,
        }
        function: dict[str, Any] = {}
        if hasattr(model, predict_fn):
            function = python_entry("mlflow.sklearn", model_path=file, predict_fn=predict_fn)
        packages = ("scikit-learn", "numpy", "pandas", "scipy", kind) if kind != "pickle" else ("scikit-learn", "numpy")
        return Written(entry, function, packages, modules)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("sklearn", {})
        file = entry.get("pickled_model") or model.python_function.get("model_path") or _FILES["pickle"]
        path = inside(folder, file)
        if entry.get("serialization_format", "pickle") != "skops":
            return pickles.load(path, options)
        return _skops().load(path, entry.get("skops_trusted_types") or (), options)

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002 -- of the Protocol
        """See `Flavour`."""
        name = str(model.python_function.get("predict_fn") or "predict")
        method = getattr(native, name, None) if name in _METHODS else None
        if method is None:
            msg = f"The model in {folder} is a {type(native).__name__} and has no method {name!r} that predicts. Save it again."
            raise DamagedData(msg)

        def predict(data: Any, params: dict[str, Any]) -> Any:
            return method(data, **params)

        return predict

    def _serialise(
        self, model: Any, folder: Path, asked: str | None, options: Mapping[str, Any]
    ) -> tuple[str, list[str] | None, frozenset[str]]:
        if asked in {None, "skops"}:
            own = options.get("code_modules", ())
            try:
                return "skops", *_skops().dump(
                    model, folder / _FILES["skops"], options.get("skops_trusted_types") or (), own
                )
            except InvalidInput as error:
                (folder / _FILES["skops"]).unlink(missing_ok=True)
                if asked:
                    raise
                logger.info("The model is saved as a pickle, because skops cannot hold it: %s", error)
        kind = "pickle" if asked == "pickle" else "cloudpickle"
        by_name = tuple(options.get("code_modules", ()))
        if kind == "cloudpickle":
            return kind, None, pickles.dump(model, folder / _FILES[kind], by_name=by_name)
        try:
            (folder / _FILES[kind]).write_bytes(pickle.dumps(model))
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            msg = f"The model cannot be pickled: {error}. Use the serialization format cloudpickle."
            raise InvalidInput(msg) from error
        return kind, None, frozenset({type(model).__module__})


def _skops() -> ModuleType:
    """Skops is 300 modules and 14 MB, which a server of a pickled model does without."""
    return import_module("treering.models.skops_files")


FLAVOUR = SklearnFlavour()
