"""LightGBM: boosters in its own text format, which holds no code, and its estimators, which have no other than pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm

from treering.core.errors import DamagedData, InvalidInput
from treering.models import pickles
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, python_entry

__all__ = ["FLAVOUR", "LightgbmFlavour"]

_TEXT, _PICKLE = "model.lgb", "model.pkl"


class LightgbmFlavour:
    """The flavour `lightgbm`.

    Options: `code_modules`, for estimators.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, lightgbm.Booster | lightgbm.LGBMModel)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no LightGBM model. Give a Booster or one of LightGBM's estimators."
            raise InvalidInput(msg)
        file, modules = _TEXT, frozenset({"lightgbm"})
        packages: tuple[str, ...] = ("numpy", "pandas", "scipy")
        if isinstance(model, lightgbm.Booster):
            model.save_model(folder / file)
        else:
            file, packages = _PICKLE, (*packages, "scikit-learn", "cloudpickle")
            modules |= pickles.dump(model, folder / file, by_name=tuple(options.get("code_modules", ())))
        entry = {
            "code": None,
            "data": file,
            "lgb_version": lightgbm.__version__,
            "model_class": f"{type(model).__module__}.{type(model).__name__}",
        }
        return Written(entry, python_entry("mlflow.lightgbm", data=file), packages, modules)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("lightgbm", {})
        path = folder / str(entry.get("data") or model.python_function.get("data"))
        if path.suffix == ".pkl":
            return pickles.load(path, allow_code=options.allow_code, quiet=options.quiet)
        try:
            return lightgbm.Booster(model_file=path)
        except (OSError, lightgbm.basic.LightGBMError) as error:
            msg = f"The model {path} cannot be read: {error}. Save or download it again."
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:
            return native.predict(data, **params)

        return predict


FLAVOUR = LightgbmFlavour()
