"""TensorFlow's folders of graphs (SavedModel). A graph is a program, so it is read only where code may run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.core.errors import DamagedData, InvalidInput, MissingExtra
from treering.models.safety.asking import ask_to_run
from treering.models.schema import Tensor

if TYPE_CHECKING:
    from treering.models.load_options import LoadOptions

__all__ = ["export", "load", "write"]


def _tensorflow() -> Any:
    # A model of Keras may run on another backend, and then only this needs TensorFlow.
    try:
        return import_module("tensorflow")
    except ModuleNotFoundError as error:
        msg = "A graph of TensorFlow needs TensorFlow, which is not installed. Install it with: pip install tensorflow"
        raise MissingExtra(msg) from error


def write(module: Any, path: Path, options: dict[str, Any]) -> None:
    """Save a `tf.Module`, with what the user says to `tf.saved_model.save`. Raises InvalidInput."""
    tf = _tensorflow()
    try:
        tf.saved_model.save(module, str(path), **options)
    except (ValueError, TypeError, AssertionError, tf.errors.OpError) as error:
        msg = f"TensorFlow cannot save the module: {str(error).strip().partition(chr(10))[0]}"
        raise InvalidInput(msg) from error


def export(model: Any, path: Path, inputs: Sequence[Tensor]) -> None:
    """Save what a model of Keras does as a graph with the endpoint `serve`. Raises InvalidInput."""
    tf, keras = _tensorflow(), import_module("keras")
    shapes = [
        tf.TensorSpec([None if size == -1 else size for size in one.shape], one.dtype, one.name or None)
        for one in inputs
    ]
    archive = keras.export.ExportArchive()
    try:
        archive.track(model)
        archive.add_endpoint(name="serve", fn=model.call, input_signature=shapes)
        archive.write_out(str(path), verbose=False)
    except (ValueError, TypeError, RuntimeError, tf.errors.OpError) as error:
        msg = f"The model cannot be made into a graph: {str(error).strip().partition(chr(10))[0]}"
        raise InvalidInput(msg) from error


def load(path: Path, options: LoadOptions, more: dict[str, Any] | None = None) -> Any:
    """The module in a folder that `write` or `export` made.

    Raises:
        PermissionDenied: If code may not run.
        DamagedData: If the folder holds none.
    """
    graph = next((path / name for name in ("saved_model.pb", "saved_model.pbtxt") if (path / name).is_file()), None)
    if graph is None:
        msg = f"The model is incomplete: {path} holds no saved_model.pb. Save or download it again."
        raise DamagedData(msg)
    instead = "Keras's own file needs no code."
    ask_to_run(graph, "it is a graph of TensorFlow, which can read and write files", instead, options)
    tf = _tensorflow()
    try:
        return tf.saved_model.load(str(path), **(more or {}))
    except (OSError, ValueError, TypeError, RuntimeError, KeyError, AttributeError, tf.errors.OpError) as error:
        said = str(error).strip().partition("\n")[0]
        msg = f"The model {path} cannot be read: {said}. It may be damaged, or need another version of TensorFlow."
        raise DamagedData(msg) from error
