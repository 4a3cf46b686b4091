"""Keras 3, on whatever backend: its own file format, which holds no code but that of lambda layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from treering.core.errors import InvalidInput
from treering.models import keras_files, saved_models
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry, tree_inside
from treering.models.signature import Signature

__all__ = ["FLAVOUR", "KerasFlavour"]

_DATA, _FILE, _EXPORTED = "data", "model.keras", "model"
_PACKAGES = {"tensorflow": ("tensorflow",), "torch": ("torch",), "jax": ("jax",)}


class KerasFlavour:
    """The flavour `keras`.

    Options of saving: `save_exported_model` (a graph for TensorFlow instead of the model), `save_model_kwargs`
    (arguments of `model.save`), `signature`.
    Options of loading: `custom_objects`, `load_model_kwargs` (arguments of `keras.saving.load_model`).
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return keras_files.is_model(model)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no model of Keras 3. Give a keras.Model."
            raise InvalidInput(msg)
        data = folder / _DATA
        data.mkdir()
        (data / "keras_module.txt").write_text("keras", encoding="utf-8")
        exported = bool(options.get("save_exported_model"))
        told = keras_files.signature_of(model)
        if exported:
            saved_models.export(model, data / _EXPORTED, _inputs(options.get("signature") or told))
        else:
            keras_files.write_model(model, data / _FILE, options.get("save_model_kwargs") or {})
        backend = keras.backend.backend()
        entry = {
            "data": _DATA,
            "keras_backend": backend,
            "keras_version": keras.__version__,
            "save_exported_model": exported,
        }
        packages = ("keras", "numpy", *_PACKAGES.get(backend, ()))
        modules = frozenset() if exported else keras_files.modules_of(model)
        # An example says more than the model does, where there is one.
        shown = None if options.get("input_example") is not None else told
        return Written(entry, python_entry("mlflow.keras"), packages, modules, shown)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("keras", {})
        path = inside(folder, entry.get("data") or _EXPORTED)
        if entry.get("save_exported_model"):
            return saved_models.load(tree_inside(folder, (path / _EXPORTED).relative_to(folder)), options)
        if path.is_dir():
            path = inside(folder, (path / _FILE).relative_to(folder))
        own = options.flavour
        return keras_files.read_model(path, options, own.get("custom_objects"), own.get("load_model_kwargs") or {})

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        exported = model.flavours.get("keras", {}).get("save_exported_model")

        def predict(data: Any, params: dict[str, Any]) -> Any:
            if exported:
                return keras_files.ask(native, data, native.serve)
            # A bar for each prediction would fill the log of a server.
            asked = {"verbose": 0, **params}
            return keras_files.ask(native, data, lambda given: native.predict(given, **asked))

        return predict


def _inputs(signature: Signature | None) -> Any:
    tensors = signature.inputs.tensors() if signature is not None and signature.inputs is not None else ()
    if not tensors:
        msg = (
            "A graph for TensorFlow needs to know its inputs, and the model does not tell."
            " Give a signature of tensors: treering.models.infer_signature(rows, answers)."
        )
        raise InvalidInput(msg)
    return tensors


FLAVOUR = KerasFlavour()
