"""LightGBM: boosters in its own text format and its estimators with skops, neither of which holds code.

An estimator that skops cannot hold, such as one with an objective of the user's, is pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm
import skops.io
from skops.io.exceptions import UnsupportedTypeException

from treering.core.errors import DamagedData, InvalidInput
from treering.core.log import logger
from treering.models import pickles, skops_files
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.safety.names import Allowed
from treering.models.safety.tables import LIGHTGBM

__all__ = ["FLAVOUR", "LightgbmFlavour"]

_TEXT, _SKOPS, _PICKLE = "model.lgb", "model.skops", "model.pkl"


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
        modules = frozenset({"lightgbm"})
        packages: tuple[str, ...] = ("numpy", "pandas", "scipy")
        entry: dict[str, Any] = {
            "code": None,
            "lgb_version": lightgbm.__version__,
            "model_class": f"{type(model).__module__}.{type(model).__name__}",
        }
        if isinstance(model, lightgbm.Booster):
            file = _TEXT
            model.save_model(folder / file)
        elif (trusted := _write_skops(model, folder / _SKOPS)) is not None:
            file, packages = _SKOPS, (*packages, "scikit-learn", "skops")
            entry |= {"serialization_format": "skops", "skops_trusted_types": trusted}
        else:
            file, packages = _PICKLE, (*packages, "scikit-learn", "cloudpickle")
            entry["serialization_format"] = "cloudpickle"
            modules |= pickles.dump(model, folder / file, by_name=tuple(options.get("code_modules", ())))
        entry["data"] = file
        return Written(entry, python_entry("mlflow.lightgbm", data=file), packages, modules)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("lightgbm", {})
        path = inside(folder, entry.get("data") or model.python_function.get("data"))
        if path.suffix == ".pkl":
            return pickles.load(path, options, LIGHTGBM)
        if path.suffix == ".skops":
            return skops_files.load(path, entry.get("skops_trusted_types") or (), options, LIGHTGBM)
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


def _write_skops(model: Any, path: Path) -> list[str] | None:
    """The types that a reader has to trust; None, and no file, if skops cannot hold the model."""
    try:
        skops.io.dump(model, path)
        trusted = sorted(skops.io.get_untrusted_types(file=path))
        known = Allowed.standard(LIGHTGBM)
        if all(known.has(*name.rpartition(".")[::2]) for name in trusted):
            skops.io.load(path, trusted=trusted)
            return trusted
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError, KeyError, ImportError) as error:
        logger.info("The model is saved as a pickle, because skops cannot hold it: %s", error)
    path.unlink(missing_ok=True)
    return None


FLAVOUR = LightgbmFlavour()
