"""Keras's own files, read so that they run no code unless the user wants it; and how such a model is asked.

A model with a lambda layer holds code, and a class of the user's is known to
Keras when its module has been imported.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import TYPE_CHECKING, Any

import h5py
import keras

from treering.core.errors import DamagedData, InvalidInput, TreeringError
from treering.models.networks import answer_like, array_of
from treering.models.safety.asking import ask_to_run
from treering.models.safety.layers import code_in
from treering.models.safety.unpacking import unpacked_size
from treering.models.schema import Schema, Tensor
from treering.models.signature import Signature

if TYPE_CHECKING:
    from treering.models.load_options import LoadOptions

__all__ = ["ask", "is_model", "modules_of", "read_model", "signature_of", "write_model"]

_INSTEAD = "Written as a class, the layer would need none."
_FAILED = (
    *(ValueError, TypeError, KeyError, OSError, AttributeError, ImportError, RuntimeError, IndexError),
    *(MemoryError, zipfile.BadZipFile),
)
# What is packed by hand becomes hardly smaller.
_MOST_UNPACKED = 20
_SMALL = 16 << 20
# Of the files of HDF5 that Keras wrote before its own format.
_DESCRIPTION = "model_config"
# Before, a file could name any module to import, or function to call.
_ASKS_SINCE = (3, 12)


def is_model(thing: Any) -> bool:
    """Whether this is a model of Keras 3."""
    return isinstance(thing, keras.Model)


def write_model(model: Any, path: Path, options: Mapping[str, Any]) -> None:
    """Save a model, with what the user says to `model.save`.

    Raises:
        InvalidInput: If Keras cannot save it.
    """
    try:
        model.save(str(path), **options)
    except (ValueError, TypeError, NotImplementedError) as error:
        msg = f"Keras cannot save the model: {error}"
        raise InvalidInput(msg) from error


def read_model(
    path: Path, options: LoadOptions, custom_objects: Mapping[str, Any] | None, more: Mapping[str, Any]
) -> Any:
    """A model from a file of Keras's.

    Args:
        more: Arguments of `keras.saving.load_model`, as a user names them.

    Raises:
        PermissionDenied: If it holds code, and `options` forbid that.
        DamagedData: If the file is none, or needs a class that is not there.
    """
    given: dict[str, Any] = {"custom_objects": dict(custom_objects or {}) or None, **more}
    # Its releases differ in what they read without asking.
    if _release() < _ASKS_SINCE:
        ask_to_run(path, f"Keras {keras.__version__} imports what it names", "Keras 3.12 and later do not.", options)
    try:
        if found := code_in(_checked(path, given["custom_objects"])):
            ask_to_run(path, f"it has a layer with code, {found}", _INSTEAD, options)
            given["safe_mode"] = False
        return keras.saving.load_model(path, **given)
    except TreeringError:
        raise
    except _FAILED as error:
        if "unsafe deserialization" not in str(error).lower() and "safe_mode" not in str(error):
            raise _damaged(path, error) from error
    ask_to_run(path, "it has a lambda layer, or a class that is not Keras's own", _INSTEAD, options)
    try:
        return keras.saving.load_model(path, **{**given, "safe_mode": False})
    except _FAILED as error:
        raise _damaged(path, error) from error


def _release() -> tuple[int, ...]:
    return tuple(int(one) for one in keras.__version__.split(".")[:2] if one.isdigit())


def _checked(path: Path, custom_objects: Any) -> Any:
    """How a file describes the model.

    Raises:
        DamagedData: If it would make Keras read other files, or take more memory than its weights do.
    """
    if not zipfile.is_zipfile(path):
        with h5py.File(path) as weights:
            _check_weights(weights, path, path.stat().st_size)
            return json.loads(weights.attrs.get(_DESCRIPTION, "null"))
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if any(".." in PurePosixPath(one.filename).parts or one.filename.startswith(("/", "\\")) for one in parts):
            msg = f"The model {path} holds files that would be unpacked outside of it. Do not load this model."
            raise DamagedData(msg)
        held = unpacked_size(archive, path)
        for one in parts:
            if one.filename.endswith(".h5"):
                with archive.open(one) as file, h5py.File(io.BytesIO(file.read())) as weights:
                    _check_weights(weights, path, one.file_size)
        described = json.loads(archive.read("config.json"))
    # A weight has a byte or more.
    if (announced := _announced_weights(described, custom_objects)) > held + _SMALL:
        msg = f"The model {path} is damaged: it describes {announced} weights, and holds {held} bytes of them."
        raise DamagedData(msg)
    return described


def _check_weights(group: Any, path: Path, held: int) -> None:
    # A group may hold itself, and many others the same one.
    pending, seen = [group], {_place(group)}
    while pending:
        one = pending.pop()
        for name in one:
            link = one.get(name, getlink=True)
            found: Any = one.get(name) if isinstance(link, h5py.HardLink) else None
            is_data = isinstance(found, h5py.Dataset)
            outside = found is None or (is_data and (found.external or found.is_virtual))
            if outside or (is_data and found.nbytes > _MOST_UNPACKED * held):
                why = "that lie in other files" if outside else "of absurd size"
                msg = f"The model {path} names weights {why}, {found if found is None else found.name} {name!r}."
                raise DamagedData(msg)
            if isinstance(found, h5py.Group) and _place(found) not in seen:
                seen.add(_place(found))
                pending.append(found)


def _place(group: Any) -> int:
    """Where a group stands in its file, whatever it is called."""
    return int(h5py.h5o.get_info(group.id).addr)


def _announced_weights(described: Any, custom_objects: Any) -> int:
    """How many weights a description asks for; 0 if only making them could tell.

    Within a stateless scope Keras makes no weights before its end, and it ends with the thread.
    """
    found: list[int] = []

    def build() -> None:
        keras.StatelessScope().__enter__()
        try:
            model = keras.saving.deserialize_keras_object(described, custom_objects=custom_objects)
            found.extend(prod(one.shape) for one in model.variables)
        except Exception:  # noqa: BLE001  # what is wrong with it, reading it says
            found.clear()

    thread = Thread(target=build)
    thread.start()
    thread.join()
    return sum(found)


def ask(model: Any, data: Any, call: Any) -> Any:
    """The answer of `call`, which is the model's way to predict, to a table, an array or several."""
    floats = "float32" if str(getattr(model, "dtype", "")) in {"", "float32"} else None
    if isinstance(data, Mapping):
        return _arrays(call({name: array_of(one, floats=floats) for name, one in data.items()}))
    if isinstance(data, tuple | list) and data and hasattr(data[0], "shape"):
        return _arrays(call([array_of(one, floats=floats) for one in data]))
    return answer_like(data, _arrays(call(array_of(data, floats=floats))))


def modules_of(model: Any) -> frozenset[str]:
    """The modules of the layers' classes."""
    parts = model._flatten_layers()  # noqa: SLF001  # layers inside of layers, which Keras shows nowhere else
    return frozenset(type(part).__module__ for part in parts)


def signature_of(model: Any) -> Signature | None:
    """What a model with one input and one output tells of itself; None for others."""
    try:
        shapes, answers = model.input_shape, model.output_shape
        kind = model.input_dtype
    except (AttributeError, ValueError):
        return None
    if not (_is_shape(shapes) and _is_shape(answers)):
        return None
    inputs = Tensor(_numpy(kind), tuple(-1 if size is None else int(size) for size in shapes))
    outputs = Tensor(_numpy(model.compute_dtype), tuple(-1 if size is None else int(size) for size in answers))
    return Signature(Schema((inputs,)), Schema((outputs,)))


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple) and bool(shape) and all(size is None or isinstance(size, int) for size in shape)


def _numpy(name: Any) -> Any:
    return array_of([], floats=None).astype(str(name)).dtype


def _arrays(answer: Any) -> Any:
    if isinstance(answer, Mapping):
        return {str(name): _arrays(one) for name, one in answer.items()}
    if isinstance(answer, tuple | list):
        return {f"output_{place}": _arrays(one) for place, one in enumerate(answer)}
    return keras.ops.convert_to_numpy(answer)


def _damaged(path: Path, error: Exception) -> DamagedData:
    said = str(error).strip().partition("\n")[0]
    return DamagedData(
        f"The model {path} cannot be read: {said}. It may be damaged, need other versions of its packages,"
        " or hold a class of the user's, whose module has to be imported before (or custom_objects=...)."
    )
