"""TensorFlow: its Keras, in Keras's own files, and modules of its own, as folders of graphs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import tensorflow as tf

from treering.core.errors import DamagedData, InvalidInput
from treering.models import keras_files, pickles, saved_models
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry, tree_inside
from treering.models.networks import answer_like, array_of, copy_extra_files
from treering.models.tables import is_table

__all__ = ["FLAVOUR", "TensorflowFlavour"]

_DATA, _GRAPH = "data", "tf2model"
_KERAS, _MODULE, _ESTIMATOR = "keras", "tf2-module", "tf1-estimator"
_OBJECTS = ("custom_objects.cloudpickle", "global_custom_objects.cloudpickle")
_FILES = {"h5": "model.h5", "tf": "model.keras"}


class TensorflowFlavour:
    """The flavour `tensorflow`.

    Options of saving: `custom_objects` (pickled beside a model of Keras), `keras_model_kwargs` (arguments of
    `model.save`; `save_format` may be `h5`), `saved_model_kwargs` (of `tf.saved_model.save`), `extra_files`.
    Options of loading: `keras_model_kwargs`, `saved_model_kwargs`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        # What was loaded from a graph is no tf.Module, but of the class that this inherits from.
        return keras_files.is_model(model) or isinstance(model, tf.__internal__.tracking.AutoTrackable)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no model of TensorFlow. Give a tf.keras.Model or a tf.Module."
            raise InvalidInput(msg)
        packages: tuple[str, ...] = (_distribution(), "numpy")
        if not keras_files.is_model(model):
            saved_models.write(model, folder / _GRAPH, dict(options.get("saved_model_kwargs") or {}))
            entry = {"code": None, "saved_model_dir": _GRAPH, "model_type": _MODULE}
            entry |= copy_extra_files(folder, options)
            return Written(entry, python_entry("mlflow.tensorflow"), packages)
        data = folder / _DATA
        data.mkdir()
        given = dict(options.get("keras_model_kwargs") or {})
        kind = str(given.pop("save_format", "tf"))
        if kind not in _FILES:
            msg = f"Keras writes no {kind!r}. Choose one of {', '.join(_FILES)}."
            raise InvalidInput(msg)
        keras_files.write_model(model, data / _FILES[kind], given)
        (data / "keras_module.txt").write_text("tensorflow.keras", encoding="utf-8")
        (data / "save_format.txt").write_text(kind, encoding="utf-8")
        modules = keras_files.modules_of(model)
        if objects := options.get("custom_objects"):
            packages = (*packages, "cloudpickle")
            modules |= pickles.dump(dict(objects), data / _OBJECTS[0], by_name=tuple(options.get("code_modules", ())))
        entry = {
            "code": None,
            "data": _DATA,
            "keras_version": tf.__version__,
            "model_type": _KERAS,
            "save_format": kind,
        }
        entry |= copy_extra_files(folder, options)
        shown = None if options.get("input_example") is not None else keras_files.signature_of(model)
        return Written(entry, python_entry("mlflow.tensorflow", data=_DATA), (*packages, "keras"), modules, shown)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        # MLflow before 2.0 had two flavours, and wrote the entry of the one or of the other.
        entry = model.flavours.get("tensorflow") or model.flavours.get("keras") or {}
        kind = entry.get("model_type") or (_KERAS if "keras" in model.flavours else _ESTIMATOR)
        own = options.flavour
        if kind != _KERAS:
            more = dict(own.get("saved_model_kwargs") or {})
            if tags := entry.get("meta_graph_tags"):
                more["tags"] = tags
            loaded = saved_models.load(tree_inside(folder, entry.get("saved_model_dir") or _GRAPH), options, more)
            return loaded if kind == _MODULE else _signature(loaded, str(entry.get("signature_def_key")))
        data = inside(folder, entry.get("data") or model.python_function.get("data"))
        more = dict(own.get("keras_model_kwargs") or {})
        objects = dict(more.pop("custom_objects", None) or {})
        for name in _OBJECTS:
            if (data / name).exists():
                saved = pickles.load(inside(folder, (data / name).relative_to(folder)), options)
                if not isinstance(saved, Mapping):
                    msg = f"{data / name} holds a {type(saved).__name__} instead of classes by name. Save the model again."
                    raise DamagedData(msg)
                objects = {**saved, **objects}
        file = "model.h5" if entry.get("save_format", "h5") == "h5" else "model.keras"
        return keras_files.read_model(inside(folder, (data / file).relative_to(folder)), options, objects, more)

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:
            if keras_files.is_model(native):
                asked = {"verbose": 0, **params}
                return keras_files.ask(native, data, lambda given: native.predict(given, **asked))
            if hasattr(native, "structured_outputs"):
                return _ask_signature(native, data)
            given = array_of(data, floats="float32")
            return answer_like(data, _plain(native(tf.convert_to_tensor(given), **params)))

        return predict


def _signature(loaded: Any, key: str) -> Any:
    if key not in loaded.signatures:
        msg = f"The graph has no signature {key!r}. It has: {', '.join(loaded.signatures)}. Save the model again."
        raise DamagedData(msg)
    found = loaded.signatures[key]
    found.kept = loaded  # the function holds its variables weakly
    return found


def _ask_signature(function: Any, data: Any) -> Any:
    if not is_table(data) and not isinstance(data, Mapping):
        msg = f"The model takes a table or a dictionary of arrays, and was given a {type(data).__name__}."
        raise InvalidInput(msg)
    names = list(data.columns) if is_table(data) else list(data)
    _, named = function.structured_input_signature
    answer = function(
        **{
            name: tf.constant(array_of(data[name]), dtype=named[name].dtype if name in named else None)
            for name in names
        }
    )
    plain = {name: _flattened(_plain(value)) for name, value in answer.items()}
    return type(data)(plain) if is_table(data) else plain


def _flattened(values: Any) -> Any:
    return values.ravel() if values.ndim > 1 and values.shape[1:] == (1,) else values.tolist()


def _plain(answer: Any) -> Any:
    if isinstance(answer, Mapping):
        return {name: _plain(one) for name, one in answer.items()}
    return answer.numpy() if hasattr(answer, "numpy") else answer


def _distribution() -> str:
    """The name under which TensorFlow is installed."""
    found = metadata.packages_distributions().get("tensorflow") or ["tensorflow"]
    return next((name for name in sorted(set(found)) if name != "keras"), "tensorflow")


FLAVOUR = TensorflowFlavour()
