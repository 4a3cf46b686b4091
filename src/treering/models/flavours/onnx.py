"""ONNX: models in the open format for networks, asked through ONNX Runtime. The format holds no code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError
from onnxruntime.capi import onnxruntime_pybind11_state as told

from treering.core.errors import DamagedData, InvalidInput
from treering.core.log import logger
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.networks import array_of, copy_extra_files
from treering.models.safety.asking import ask_to_run
from treering.models.safety.sessions import files_named
from treering.models.schema import Schema, Tensor
from treering.models.signature import Signature
from treering.models.tables import is_table

__all__ = ["FLAVOUR", "OnnxFlavour"]

_FILE = "model.onnx"
_CPU = "CPUExecutionProvider"
_PROVIDERS = ("CUDAExecutionProvider", _CPU)
# Errors of ONNX Runtime, which have nothing in common.
_UNANSWERED = (told.Fail, told.InvalidArgument, told.RuntimeException, RuntimeError, ValueError)
_FAILED = (told.InvalidGraph, told.InvalidProtobuf, told.NoSuchFile, told.NotImplemented, OSError, *_UNANSWERED)
_SESSION_OPTIONS = {
    *("inter_op_num_threads", "intra_op_num_threads", "execution_mode", "graph_optimization_level"),
    "extra_session_config",
}
_MODES = {
    "SEQUENTIAL": onnxruntime.ExecutionMode.ORT_SEQUENTIAL,
    "PARALLEL": onnxruntime.ExecutionMode.ORT_PARALLEL,
}


class OnnxFlavour:
    """The flavour `onnx`.

    Options: `onnx_execution_providers`, `onnx_session_options`, `save_as_external_data` (on unless it is false),
    `extra_files`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, onnx.ModelProto)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no ONNX model. Give an onnx.ModelProto, such as onnx.load() returns."
            raise InvalidInput(msg)
        providers = list(options.get("onnx_execution_providers") or _PROVIDERS)
        session = dict(options.get("onnx_session_options") or {})
        _session_options(session)
        external = options.get("save_as_external_data", True)
        try:
            onnx.save_model(model, str(folder / _FILE), save_as_external_data=bool(external))
            onnx.checker.check_model(str(folder / _FILE))
        except (onnx.checker.ValidationError, ValueError, TypeError) as error:
            msg = f"The model is no valid ONNX: {str(error).strip().partition(chr(10))[0]}"
            raise InvalidInput(msg) from error
        entry = {
            "code": None,
            "data": _FILE,
            "onnx_session_options": session or None,
            "onnx_version": onnx.__version__,
            "providers": providers,
        }
        entry |= copy_extra_files(folder, options)
        packages = ("onnx", "onnxruntime", "numpy", "pandas")
        function = python_entry("mlflow.onnx", data=_FILE)
        shown = None if options.get("input_example") is not None else _signature_of(folder / _FILE)
        return Written(entry, function, packages, signature=shown)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:  # noqa: ARG002  # the format runs no code
        """See `Flavour`."""
        path = _path(folder, model)
        try:
            onnx.checker.check_model(str(path))
            return onnx.load(str(path))
        except (onnx.checker.ValidationError, DecodeError, OSError, ValueError) as error:
            raise _damaged(path, error) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:
        """See `Flavour`."""
        del native  # ONNX Runtime reads the file itself, and finds what lies beside it
        entry = model.flavours.get("onnx", {})
        asked = options.flavour.get("providers") or entry.get("providers") or _PROVIDERS
        path, settings = _path(folder, model), entry.get("onnx_session_options") or {}
        if found := files_named(asked, settings):
            ask_to_run(path, f"its options for ONNX Runtime name libraries or files: {', '.join(found)}", "", options)
        session = _session(path, asked, settings)
        inputs = session.get_inputs()
        names = [one.name for one in session.get_outputs()]

        def predict(data: Any, params: dict[str, Any]) -> Any:  # noqa: ARG001  # ONNX knows none
            given = _feed(data, inputs)
            try:
                found = dict(zip(names, session.run(names, given), strict=True))
            except _UNANSWERED as error:
                msg = f"The model cannot answer this: {str(error).strip().partition(chr(10))[0]}"
                raise InvalidInput(msg) from error
            if not is_table(data):
                return found
            return type(data)({name: np.asarray(values).reshape(-1) for name, values in found.items()})

        return predict


def _path(folder: Path, model: MLModel) -> Path:
    entry = model.flavours.get("onnx", {})
    return inside(folder, entry.get("data") or model.python_function.get("data"))


def _session(path: Path, providers: Any, settings: Mapping[str, Any]) -> Any:
    wanted = [tuple(one) if isinstance(one, list) else one for one in _listed(providers)]
    if wrong := [one for one in wanted if not (isinstance(one, str) or _is_pair(one))]:
        msg = f"{wrong[0]!r} is no execution provider. Give its name, or a pair of that and a dictionary of options."
        raise InvalidInput(msg)
    there = set(onnxruntime.get_available_providers())
    usable = [one for one in wanted if (one[0] if isinstance(one, tuple) else one) in there] or [_CPU]
    if len(usable) < len([one for one in wanted if one not in _PROVIDERS]):
        logger.warning("The model asks for %s, of which this machine's ONNX Runtime has only %s.", wanted, usable)
    options = _session_options(settings)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=usable)
    except _FAILED as error:
        raise _damaged(path, error) from error


def _listed(providers: Any) -> list[Any]:
    return list(providers) if isinstance(providers, list | tuple) else [providers]


def _is_pair(provider: Any) -> bool:
    match provider:
        case [str(), dict()]:
            return True
    return False


def _session_options(settings: Any) -> Any:
    """ONNX Runtime's options from MLflow's words. Raises InvalidInput."""
    if not isinstance(settings, Mapping) or not isinstance(settings.get("extra_session_config") or {}, Mapping):
        msg = f"ONNX Runtime's session options are a dictionary, and not {settings!r}."
        raise InvalidInput(msg)
    if unknown := sorted(set(settings) - _SESSION_OPTIONS):
        msg = f"There is no session option {unknown[0]!r} for ONNX Runtime. Known ones: {sorted(_SESSION_OPTIONS)}."
        raise InvalidInput(msg)
    if (mode := settings.get("execution_mode")) and str(mode).upper() not in _MODES:
        msg = f"There is no execution mode {mode!r}. Choose sequential or parallel."
        raise InvalidInput(msg)
    options = onnxruntime.SessionOptions()
    try:
        for name in ("inter_op_num_threads", "intra_op_num_threads"):
            if settings.get(name):
                setattr(options, name, int(settings[name]))
        if mode:
            options.execution_mode = _MODES[str(mode).upper()]
        if (level := settings.get("graph_optimization_level")) is not None:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel(level)
        for key, value in (settings.get("extra_session_config") or {}).items():
            options.add_session_config_entry(key, value)
    except (TypeError, *_UNANSWERED) as error:
        msg = f"ONNX Runtime does not take the session options {dict(settings)!r}: {error}"
        raise InvalidInput(msg) from error
    return options


def _feed(data: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    """What each input of the graph is given."""
    names = [one.name for one in inputs]
    if isinstance(data, Mapping) or (is_table(data) and len(names) > 1):
        columns = list(data) if isinstance(data, Mapping) else list(data.columns)
        if missing := [name for name in names if name not in columns]:
            msg = f"The model is missing its inputs {missing}. Give an array for each of {names}."
            raise InvalidInput(msg)
        return {one.name: _fitting(data[one.name], one) for one in inputs}
    if len(names) != 1:
        msg = f"The model takes the inputs {names}. Give a dictionary with an array for each, or a table."
        raise InvalidInput(msg)
    return {names[0]: _fitting(data, inputs[0])}


def _fitting(values: Any, wanted: Any) -> Any:
    """An array of the kind that the input takes; JSON and tables know fewer kinds than graphs."""
    kind = wanted.type.removeprefix("tensor(").removesuffix(")")
    made = array_of(values, floats="float32" if kind == "float" else None)
    if kind == "float" and made.dtype.kind in "iu":
        return made.astype("float32")
    if kind == "double" and made.dtype.kind in "iuf":
        return made.astype("float64")
    if kind == "string" and made.dtype.kind == "U":
        return made.astype(object)
    if kind in {"int32", "int64"} and made.dtype.kind in "iu":
        return made.astype(kind)
    return made


_KINDS = {"float": "float32", "double": "float64", "int64": "int64", "int32": "int32", "bool": "bool", "string": "str"}


def _signature_of(path: Path) -> Signature | None:
    """What the graph says of its inputs and outputs; None if one is of a kind that signatures do not know."""
    session = onnxruntime.InferenceSession(str(path), providers=[_CPU])
    inputs, outputs = _tensors(session.get_inputs()), _tensors(session.get_outputs())
    if len(inputs) == 1:  # whoever asks it need not know what the graph calls its only input
        inputs = (replace(inputs[0], name=""),)
    return Signature(Schema(inputs), Schema(outputs)) if inputs and outputs else None


def _tensors(found: Sequence[Any]) -> tuple[Tensor, ...]:
    kinds = [_KINDS.get(one.type.removeprefix("tensor(").removesuffix(")")) for one in found]
    if None in kinds or any(not one.shape for one in found):
        return ()
    return tuple(
        Tensor(np.dtype(kind), tuple(size if isinstance(size, int) else -1 for size in one.shape), one.name)
        for one, kind in zip(found, kinds, strict=True)
    )


def _damaged(path: Path, error: Exception) -> DamagedData:
    said = str(error).strip().partition("\n")[0]
    return DamagedData(f"The model {path} cannot be read: {said}. It may be damaged. Save or download it again.")


FLAVOUR = OnnxFlavour()
