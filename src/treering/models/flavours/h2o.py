"""H2O: models as H2O's server saves them. Only a server of the very same version reads them.

A server that runs is asked; where there is none, one is started on this machine and
ends with this process.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h2o
import yaml
from h2o.exceptions import H2OError
from h2o.model import ModelBase

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied, Unavailable
from treering.models import yaml_text
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.safety.questions import risky_settings

__all__ = ["FLAVOUR", "H2oFlavour"]

_FOLDER = "model.h2o"
_SETTINGS = "h2o.yaml"


class H2oFlavour:
    """The flavour `h2o`.

    Options: `settings` (kept with the model; what stands in it under `init` is for `h2o.init()`
    where a server has to be started to load the model).
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, ModelBase)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no model of H2O. Give a trained estimator, or the leader of AutoML."
            raise InvalidInput(msg)
        if model.model_id is None:
            msg = "The model is not trained yet, so H2O has nothing to save. Call its train() first."
            raise InvalidInput(msg)
        place = folder / _FOLDER
        place.mkdir()
        try:
            saved = Path(h2o.download_model(model, path=str(place)))
        except (H2OError, OSError) as error:
            msg = (
                f"H2O's server did not give the model {model.model_id!r}: {error}. Is it running, and the model there?"
            )
            raise Unavailable(msg) from error
        # MLflow also notes absolute paths here, which say nothing elsewhere.
        settings = {**(options.get("settings") or {}), "model_file": saved.name}
        (place / _SETTINGS).write_text(yaml.safe_dump(settings), encoding="utf-8")
        entry = {"code": None, "data": _FOLDER, "h2o_version": h2o.__version__}
        return Written(entry, python_entry("mlflow.h2o", data=_FOLDER), ("h2o", "pandas"), frozenset({"h2o"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("h2o", {})
        place = inside(folder, entry.get("data") or model.python_function.get("data") or _FOLDER)
        settings = _settings(inside(place, _SETTINGS))
        path = inside(place, settings.get("model_file"))
        _connect(settings.get("init"), options)
        try:
            return h2o.upload_model(str(path))
        except (H2OError, OSError) as error:
            saved = entry.get("h2o_version") or "unknown"
            msg = (
                f"H2O {h2o.__version__} cannot read the model {path}, which H2O {saved} saved: {error}."
                " It may be damaged, or need that version."
            )
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:  # noqa: ARG001  # H2O takes none
            found = native.predict(h2o.H2OFrame(data))
            with warnings.catch_warnings():
                # It advises to install polars, which makes large answers faster and changes nothing else.
                warnings.simplefilter("ignore")
                table = found.as_data_frame()
            table.index = getattr(data, "index", table.index)
            return table

        return predict


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = yaml_text.parse(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path} is damaged: {error}. Save or download the model again."
        raise DamagedData(msg) from error
    if not isinstance(found, dict) or not found.get("model_file"):
        msg = f"{path} is damaged: it does not name the model's file. Save or download the model again."
        raise DamagedData(msg)
    return found


def _connect(init: Any, options: LoadOptions) -> None:
    """Use the server that there is, or start one as the model's settings say."""
    if h2o.connection() is not None and h2o.connection().connected:
        return
    wanted = dict(init) if isinstance(init, Mapping) else {}
    if (risky := risky_settings(wanted)) and not options.allow_code:
        msg = (
            f"The model asks for an H2O server with the settings {', '.join(risky)}, which could run code or send data"
            " elsewhere, so none was started. Call h2o.init() yourself before; or if you trust who made the model, load it"
            " with trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
        )
        raise PermissionDenied(msg)
    try:
        # What it prints is for people, and standard output may be for predictions.
        with contextlib.redirect_stdout(sys.stderr):
            h2o.init(**{"verbose": False, **wanted})
            h2o.no_progress()
    except (H2OError, OSError) as error:
        msg = (
            f"No H2O server could be started or reached to load the model: {error}. It needs Java; or call h2o.init()."
        )
        raise Unavailable(msg) from error


FLAVOUR = H2oFlavour()
