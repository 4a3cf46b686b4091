"""PyTorch, and Lightning, whose modules are PyTorch's.

model.pt2   the traced graph: it runs no code of its author's, and needs no class of the user's
model.pth   the module itself as a pickle, which is read without running code where its
            layers are all PyTorch's own; or a TorchScript program
"""

from __future__ import annotations

import inspect
import pickle
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import torch

from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.models import torch_files
from treering.models.example import split_params
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry
from treering.models.networks import answer_like, array_of, arrays_of, copy_extra_files
from treering.models.requirements import imports_of, is_installed

__all__ = ["FLAVOUR", "PytorchFlavour"]

_DATA, _GRAPH, _PICKLE = "data", "model.pt2", "model.pth"
# MLflow asks this file, and then the MLmodel file, for the module that reads the pickle.
_READER_FILE, _READER = "pickle_module_info.txt", "mlflow.pytorch.pickle_module"
_FORMATS = ("pickle", "pt2")
_CANNOT = (
    *(RuntimeError, ValueError, TypeError, AttributeError, AssertionError, NotImplementedError, KeyError, IndexError),
    *(ImportError, pickle.PicklingError),
)


class PytorchFlavour:
    """The flavour `pytorch`.

    Options of saving: `serialization_format` (`pt2` or `pickle`; without one, a pickle where it holds no
    code, else a graph if there is an input example, else a pickle), `export_model` (asks for `pt2`),
    `extra_files`, `code_modules`, `input_example`.
    Options of loading: `device`, `map_location`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, torch.nn.Module)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no PyTorch model. Give an instance of torch.nn.Module."
            raise InvalidInput(msg)
        asked = options.get("serialization_format") or ("pt2" if options.get("export_model") else None)
        if asked not in {None, *_FORMATS}:
            msg = f"Unrecognized serialization format: {asked!r}. Known ones: {', '.join(_FORMATS)}."
            raise InvalidInput(msg)
        data = folder / _DATA
        data.mkdir()
        modules = _write(model, data, asked, options)
        if not (data / _GRAPH).exists():
            (data / _READER_FILE).write_text(_READER, encoding="utf-8")
        entry = {"code": None, "model_data": _DATA, "pytorch_version": str(torch.__version__)}
        entry |= copy_extra_files(folder, options)
        # MLflow leaves the device open, and its reader wants the key.
        function = python_entry("mlflow.pytorch", data=_DATA, pickle_module_name=_READER, config={"device": None})
        return Written(entry, function, ("torch", "numpy", "pandas", "cloudpickle"), modules)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("pytorch", {})
        path = inside(folder, entry.get("model_data") or model.python_function.get("data"))
        if path.is_dir() and (path / _GRAPH).exists():
            found = torch_files.read_graph(inside(folder, (path / _GRAPH).relative_to(folder)), options)
            return _move(found, options.flavour.get("device"))
        if path.is_dir():
            path = inside(folder, (path / _PICKLE).relative_to(folder))
        place = options.flavour.get("map_location") or (None if torch.cuda.is_available() else "cpu")
        found = torch_files.read_pickle(path, options, place)
        if isinstance(found, torch.nn.Module):
            found.eval()
            _move(found, options.flavour.get("device"))
        return found

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        config = {**model.config, **options.model_config}
        device = config.get("device") or options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        _move(native, device)
        floats = next((_numpy_type(one) for one in native.parameters() if one.is_floating_point()), np.dtype("float32"))

        def predict(data: Any, params: dict[str, Any]) -> Any:
            if "device" in params:
                msg = "The device is chosen when a model is loaded: load_model(uri, model_config={'device': ...})."
                raise InvalidInput(msg)
            given = arrays_of(data, floats=floats)
            with torch.no_grad():
                if isinstance(given, Mapping):
                    answer = native(**{name: _tensor(one, device) for name, one in given.items()}, **params)
                else:
                    answer = native(_tensor(given, device), **params)
            return answer_like(data, _arrays(answer))

        return predict


def _write(model: Any, data: Path, asked: str | None, options: Mapping[str, Any]) -> frozenset[str]:
    """Write the model in the format that is asked for, or in the safest that it has; returns its modules."""
    if isinstance(model, torch.jit.ScriptModule):
        _write_script(model, data / _PICKLE, asked)
        return frozenset()
    if asked == "pt2":
        _export(model, data / _GRAPH, options)
        return frozenset()
    by_name = tuple(options.get("code_modules", ()))
    if asked:
        return _pickle(model, data / _PICKLE, by_name)
    modules, why = frozenset[str](), None
    try:
        modules = _pickle(model, data / _PICKLE, by_name)
    except InvalidInput as error:
        why = error
    if (why is None and torch_files.unknown_names(data / _PICKLE) == []) or not _is_traced(model, data, options):
        if why is not None:
            raise why
        return modules
    (data / _PICKLE).unlink(missing_ok=True)
    return frozenset()


def _is_traced(model: Any, data: Path, options: Mapping[str, Any]) -> bool:
    if options.get("input_example") is None:
        return False
    try:
        _export(model, data / _GRAPH, options)
    except InvalidInput as error:
        logger.info("The model is saved as a pickle, because it cannot be traced: %s", error)
        return False
    # Operators of other libraries, for instance, would need the user's word all the same.
    if part := torch_files.unsafe_part(data / _GRAPH):
        logger.info("The model is saved as a pickle, because its graph has a part that is no plain data: %s", part)
        (data / _GRAPH).unlink()
        return False
    return True


def _write_script(model: Any, path: Path, asked: str | None) -> None:
    if asked == "pt2":
        msg = "A TorchScript program cannot be saved as pt2. Leave serialization_format out."
        raise InvalidInput(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch would rather have graphs
        torch.jit.save(model, path)


def _pickle(model: Any, path: Path, by_name: tuple[str, ...]) -> frozenset[str]:
    with _by_value(model, by_name):
        try:
            torch.save(model, path, pickle_module=cloudpickle)
        except _CANNOT as error:
            msg = f"The model cannot be pickled: {error}. Keep open files, locks and connections out of it."
            raise InvalidInput(msg) from error
    used = [imports_of(one) for one in {type(part): part for part in model.modules()}.values() if not _is_torchs(one)]
    return frozenset(torch_files.modules_in(path).union(*used))


@contextmanager
def _by_value(model: Any, by_name: tuple[str, ...]) -> Iterator[None]:
    """Within, cloudpickle writes the code of modules that may be missing elsewhere."""
    names = {cls.__module__ for part in model.modules() for cls in type(part).__mro__}
    names -= {"__main__", *cloudpickle.list_registry_pickle_by_value()}
    chosen = [
        sys.modules[name]
        for name in sorted(names)
        if name in sys.modules and not is_installed(name) and name.partition(".")[0] not in by_name
    ]
    for module in chosen:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in chosen:
            cloudpickle.unregister_pickle_by_value(module)


def _is_torchs(thing: Any) -> bool:
    return str(type(thing).__module__).partition(".")[0] == "torch"


def _export(model: Any, path: Path, options: Mapping[str, Any]) -> None:
    """Trace what the model does with the example; the number of rows stays open.

    Raises:
        InvalidInput: If there is no example, or the model cannot be traced.
    """
    if options.get("input_example") is None:
        msg = "serialization_format='pt2' traces the model. Give an input_example: an array, or a dictionary of arrays."
        raise InvalidInput(msg)
    data, _ = split_params(options["input_example"])
    floats = next((_numpy_type(one) for one in model.parameters() if one.is_floating_point()), np.dtype("float32"))
    # With one row PyTorch takes the number of rows for a constant.
    named = {}
    given: tuple[torch.Tensor, ...] = ()
    if isinstance(data, Mapping):
        named = {str(name): _several(_tensor(array_of(one, floats=floats), "cpu")) for name, one in data.items()}
    else:
        several = data if isinstance(data, tuple | list) and data and hasattr(data[0], "shape") else (data,)
        given = tuple(_several(_tensor(array_of(one, floats=floats), "cpu")) for one in several)
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = _arrays(model(*given, **named))
            rows = {0: torch.export.Dim.AUTO}
            arguments = inspect.signature(model.forward).bind(*given, **named).arguments
            shapes = {name: _open(value, rows) for name, value in arguments.items()}
            program = torch.export.export(model, given, named, dynamic_shapes=shapes)
            torch.export.save(program, path)
            found = _arrays(torch.export.load(path).module()(*given, **named))
        np.testing.assert_allclose(_flat(found), _flat(expected), rtol=1e-3, atol=1e-4)
    except _CANNOT as error:
        path.unlink(missing_ok=True)
        msg = f"The model cannot be traced with its example: {str(error).strip().partition(chr(10))[0]}."
        raise InvalidInput(msg) from error
    finally:
        for part, mode in modes:
            part.training = mode


def _open(value: Any, rows: dict[int, Any]) -> Any:
    if isinstance(value, torch.Tensor):
        return rows if value.ndim else None
    if isinstance(value, Mapping):
        return {name: _open(one, rows) for name, one in value.items()}
    return tuple(_open(one, rows) for one in value) if isinstance(value, tuple) else None


def _several(tensor: torch.Tensor) -> torch.Tensor:
    return torch.cat([tensor, tensor]) if tensor.ndim and len(tensor) == 1 else tensor


def _tensor(values: np.ndarray[Any, Any], device: Any) -> torch.Tensor:
    if values.dtype.kind not in "biufc":
        msg = f"The model takes numbers, and was given an array of {values.dtype}."
        raise InvalidInput(msg)
    # PyTorch warns of arrays that it could write to and must not; and a graph takes how an array lies for a part of it.
    return torch.from_numpy(np.require(values, requirements=("C", "W"))).to(device)


def _arrays(answer: Any) -> Any:
    if isinstance(answer, torch.Tensor):
        return answer.detach().cpu().numpy()
    if isinstance(answer, Mapping):
        return {str(name): _arrays(one) for name, one in answer.items()}
    if isinstance(answer, tuple | list):
        return {f"output_{place}": _arrays(one) for place, one in enumerate(answer)}
    msg = f"The model answers with a {type(answer).__name__}. Let its forward return a tensor, or some of them."
    raise InvalidInput(msg)


def _flat(answer: Any) -> np.ndarray[Any, Any]:
    parts = [_flat(one) for one in answer.values()] if isinstance(answer, Mapping) else [np.ravel(answer)]
    return np.concatenate([np.asarray(part, dtype=float) for part in parts])


def _numpy_type(parameter: torch.Tensor) -> np.dtype[Any]:
    return np.dtype({torch.float64: "float64", torch.float16: "float16"}.get(parameter.dtype, "float32"))


def _move(module: Any, device: Any) -> Any:
    if not device:
        return module
    try:
        if any(one.device.type != torch.device(device).type for one in module.parameters()):
            module.to(device=device)
    except (RuntimeError, AssertionError) as error:
        msg = f"The model cannot be put on the device {str(device)!r}: {error}"
        raise InvalidInput(msg) from error
    return module


FLAVOUR = PytorchFlavour()
