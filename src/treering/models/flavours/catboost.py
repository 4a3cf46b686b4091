"""CatBoost: its models in its own binary format, which holds no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import catboost

from treering.core.errors import DamagedData, InvalidInput
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry

__all__ = ["FLAVOUR", "CatboostFlavour"]

_FILE = "model.cb"
_CLASSES = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")


class CatboostFlavour:
    """The flavour `catboost`; it has no options."""

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, catboost.CatBoost)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no CatBoost model. Give one of CatBoost's own classes."
            raise InvalidInput(msg)
        model.save_model(str(folder / _FILE), format="cbm")
        name = next(cls.__name__ for cls in type(model).__mro__ if cls.__name__ in _CLASSES)
        entry = {
            "catboost_version": catboost.__version__,
            "code": None,
            "data": _FILE,
            "model_type": name,
            "save_format": "cbm",
        }
        packages = ("numpy", "pandas", "scipy")
        return Written(entry, python_entry("mlflow.catboost", data=_FILE), packages, frozenset({"catboost"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:  # noqa: ARG002  # the format runs no code
        """See `Flavour`."""
        entry = model.flavours.get("catboost", {})
        name = str(entry.get("model_type") or "CatBoost")
        if name not in _CLASSES:
            msg = f"The model in {folder} is of the type {name!r}, which CatBoost does not have. Save it again."
            raise DamagedData(msg)
        found = getattr(catboost, name)()
        path = inside(folder, entry.get("data") or _FILE)
        try:
            found.load_model(str(path), format=str(entry.get("save_format") or "cbm"))
        except catboost.CatBoostError as error:
            msg = f"The model {path} cannot be read: {error}. Save or download it again."
            raise DamagedData(msg) from error
        return found

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:
            return native.predict(data, **params)

        return predict


FLAVOUR = CatboostFlavour()
