"""XGBoost: boosters and its estimators, in XGBoost's own file formats, which hold no code."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import xgboost

from treering.core.errors import DamagedData, InvalidInput
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry

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
            "model_class": f"{type(model).__module__}.{type(model).__name__}",
            "model_format": kind,
            "xgb_version": xgboost.__version__,
        }
        packages = ("numpy", "pandas", "scipy", *_needed(model, "scikit-learn"))
        return Written(entry, python_entry("mlflow.xgboost", data=file), packages, frozenset({"xgboost"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:  # noqa: ARG002  # the formats run no code
        """See `Flavour`."""
        entry = model.flavours.get("xgboost", {})
        module, _, name = str(entry.get("model_class") or _BOOSTER).rpartition(".")
        cls = getattr(import_module(module), name, None) if module.partition(".")[0] == "xgboost" else None
        if cls is None:
            msg = f"The model in {folder} is of the class {module}.{name}, which XGBoost does not have. Save it again."
            raise DamagedData(msg)
        found = cls()
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


def _needed(model: Any, package: str) -> tuple[str, ...]:
    return () if isinstance(model, xgboost.Booster) else (package,)


FLAVOUR = XgboostFlavour()
