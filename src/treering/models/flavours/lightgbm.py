"""LightGBM: boosters in its own text format and its estimators with skops, neither of which holds code.

An estimator that skops cannot hold, such as one with an objective of the user's, is pickled.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lightgbm
import skops.io
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.core.log import logger
from treering.models import pickles
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry

__all__ = ["FLAVOUR", "LightgbmFlavour"]

_TEXT, _SKOPS, _PICKLE = "model.lgb", "model.skops", "model.pkl"
# Types of a LightGBM estimator that skops does not know; loading them runs no code of a model's author.
_IN_PICKLES = ("lightgbm.basic.Booster", "lightgbm.sklearn.*")
_HARMLESS = {"collections.OrderedDict", "collections.defaultdict", "lightgbm.basic.Booster"}


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
            return pickles.load(path, options, _IN_PICKLES)
        if path.suffix == ".skops":
            return _read_skops(path, entry.get("skops_trusted_types") or (), allow_code=options.allow_code)
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
        if all(_is_harmless(name) for name in trusted):
            skops.io.load(path, trusted=trusted)
            return trusted
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError, KeyError, ImportError) as error:
        logger.info("The model is saved as a pickle, because skops cannot hold it: %s", error)
    path.unlink(missing_ok=True)
    return None


def _read_skops(path: Path, named: Iterable[str], *, allow_code: bool) -> Any:
    trusted = [name for name in named if allow_code or _is_harmless(name)]
    try:
        return skops.io.load(path, trusted=trusted)
    except UntrustedTypesFoundException as error:
        msg = (
            f"{path.name} holds types that could run code, and they are not trusted: {error}"
            " Allow it with TREERING_ALLOW_MODEL_CODE if you trust who made the model."
        )
        raise PermissionDenied(msg) from error
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        msg = f"The model {path} cannot be read: {error}. It may be damaged, or need other versions of its packages."
        raise DamagedData(msg) from error


def _is_harmless(name: str) -> bool:
    return name in _HARMLESS or name.startswith("lightgbm.sklearn.")


FLAVOUR = LightgbmFlavour()
