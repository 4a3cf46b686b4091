"""Prophet: forecasters as the JSON that Prophet itself writes, which holds no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import prophet
from prophet.serialize import model_from_json, model_to_json

from treering.core.errors import DamagedData, InvalidInput
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry

__all__ = ["FLAVOUR", "ProphetFlavour"]

_FILE = "model.pr"


class ProphetFlavour:
    """The flavour `prophet`; it has no options."""

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, prophet.Prophet)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no model of Prophet. Give a fitted prophet.Prophet."
            raise InvalidInput(msg)
        try:
            text = model_to_json(model)
        except ValueError as error:
            msg = f"The model cannot be saved: {error} Call its fit() first."
            raise InvalidInput(msg) from error
        # A JSON string that holds JSON: so MLflow writes it, and reads nothing else.
        (folder / _FILE).write_text(json.dumps(text), encoding="utf-8")
        entry = {"code": None, "data": _FILE, "model_type": "Prophet", "prophet_version": prophet.__version__}
        return Written(entry, python_entry("mlflow.prophet", data=_FILE), ("prophet", "pandas"), frozenset({"prophet"}))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:  # noqa: ARG002  # the format runs no code
        """See `Flavour`."""
        entry = model.flavours.get("prophet", {})
        path = inside(folder, entry.get("data") or model.python_function.get("data") or _FILE)
        try:
            return model_from_json(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"The model {path} cannot be read: {error}. It may be damaged, or of another version of Prophet."
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:  # noqa: ARG001  # a forecast has none
            return native.predict(data)

        return predict


FLAVOUR = ProphetFlavour()
