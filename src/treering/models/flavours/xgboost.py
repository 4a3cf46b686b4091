"""XGBoost: boosters and its estimators, in XGBoost's own file formats, which hold no code."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import xgboost

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.safety.questions import is_own_class

__all__ = ["FLAVOUR", "XgboostFlavour"]

_FORMATS = ("ubj", "json")
_BOOSTER = "xgboost.core.Booster"


class XgboostFlavour:
    """The flavour `xgboost`.

    Options: `model_format` (`ubj` or `json`).
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, xgboost.Booster | xgboost.XGBModel)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no XGBoost model. Give a Booster or one of XGBoost's estimators."
            raise InvalidInput(msg)
        kind = str(options.get("model_format") or "ubj")
        if kind not in _FORMATS:
            msg = f"XGBoost writes no {kind!r} that is kept up to date. Choose one of {', '.join(_FORMATS)}."
            raise InvalidInput(msg)
        file = f"model.{kind}"
        model.save_model(folder / file)
        entry = {
            "code": None,
            "data": file,
            "model_class": _class_of(model),
            "model_format": kind,
            "xgb_version": xgboost.__version__,
        }
        packages = ("numpy", "pandas", "scipy", *_needed(model, "scikit-learn"))
        return Written(entry, python_entry("mlflow.xgboost", data=file), packages, frozenset({"xgboost"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("xgboost", {})
        found = _known_class(str(entry.get("model_class") or _BOOSTER), options)()
        path = inside(folder, entry.get("data") or model.python_function.get("data"))
        try:
            found.load_model(path)
        except (OSError, ValueError, xgboost.core.XGBoostError) as error:
            msg = f"The model {path} cannot be read: {error}. Save or download it again."
            raise DamagedData(msg) from error
        return found

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:
            given = xgboost.DMatrix(data) if isinstance(native, xgboost.Booster) else data
            return native.predict(given, **params)

        return predict


def _class_of(model: Any) -> str:
    """XGBoost's own class: one of the user's need not be there where the model is loaded."""
    own = next(cls for cls in type(model).__mro__ if cls.__module__.partition(".")[0] == "xgboost")
    return f"{own.__module__}.{own.__name__}"


def _known_class(path: str, options: LoadOptions) -> Any:
    module, _, name = path.rpartition(".")
    if not is_own_class("xgboost", path) and not options.allow_code and path not in options.trust:
        msg = (
            f"The model is of the class {path}, which is not XGBoost's and was not imported. If you trust who made it,"
            f" load it with trust=[{path!r}] or trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
        )
        raise PermissionDenied(msg)
    try:
        cls = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"The model is of the class {path}, which cannot be found: {error}. Install what brings it, or save it again."
        raise DamagedData(msg) from error
    if not (isinstance(cls, type) and issubclass(cls, xgboost.Booster | xgboost.XGBModel)):
        msg = f"The model is of {path}, which is no class of models of XGBoost. Save it again."
        raise DamagedData(msg)
    return cls


def _needed(model: Any, package: str) -> tuple[str, ...]:
    return () if isinstance(model, xgboost.Booster) else (package,)


FLAVOUR = XgboostFlavour()
