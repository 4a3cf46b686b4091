"""Loading a model folder: as a thing that predicts, or as the framework's own object."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from treering.core.errors import DamagedData, MissingExtra, NotFound, NotSupported, PermissionDenied
from treering.core.log import logger
from treering.models import mlmodel
from treering.models.compiled import record as records
from treering.models.enforcement import enforce_input, enforce_params
from treering.models.flavours import FLAVOURS, LOADERS
from treering.models.flavours.base import LoadOptions, Predictor
from treering.models.light import COMPILED, LIGHT, Ask
from treering.models.light.rows import Table
from treering.models.mlmodel import MLModel
from treering.models.safety.own import is_own
from treering.models.signature import Signature
from treering.models.tables import TABLES

__all__ = ["LoadedModel", "load", "load_native"]


class LoadedModel:
    """A model that predicts, whatever framework it is of.

    Attributes:
        metadata: The contents of its MLmodel file.
        folder: Where it was loaded from; its files must stay there while the model is used.
    """

    def __init__(self, metadata: MLModel, native: Any, predictor: Predictor, folder: Path) -> None:
        self.metadata = metadata
        self.folder = folder
        self._native = native
        self._predictor = predictor

    @property
    def native(self) -> Any:
        """The framework's own object."""
        if isinstance(self._native, _Postponed):
            self._native = self._native.native()
        return self._native

    @property
    def signature(self) -> Signature | None:
        """What the model takes and gives, if that was saved."""
        return self.metadata.signature

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """The model's answer to `data`, which must fit the signature.

        Raises:
            InvalidInput: If data or parameters do not fit; the message names the column.
        """
        return self._predictor(*self.checked(data, params))

    def checked(self, data: Any, params: Mapping[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Data and parameters as the signature wants them, for `predict_checked`.

        Raises:
            InvalidInput: If they do not fit; the message names the column.
        """
        signature = self.metadata.signature
        values = self.checked_params(params)
        return (data if self.hinted else enforce_input(data, signature.inputs if signature else None)), values

    def checked_params(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        """The value of every parameter that the signature names.

        Raises:
            InvalidInput: If one is of another type; the message names it.
        """
        signature = self.metadata.signature
        known = signature.params if signature else None
        return enforce_params(params, known) if params or known else {}

    @property
    def hinted(self) -> bool:
        """Whether the flavour itself holds data against the hints of a function, which tell more than a signature can."""
        return bool(self.metadata.other.get(mlmodel.HINTED))

    def predict_checked(self, data: Any, params: dict[str, Any]) -> Any:
        """As `predict`, of what `checked` gave or is made of several such: nothing is looked at once more.

        Args:
            data: May also be a `Table`, which stands for a data frame with the columns of the signature.
        """
        if type(data) is Table:
            answer = self._native.asked(data, params) if isinstance(self._native, _Postponed) else NotImplemented
            if answer is not NotImplemented:
                return answer
            data = TABLES.load("pandas").from_arrays(data.names, data.columns, data.matrix)
        return self._predictor(data, params)

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """As `predict`, piece by piece.

        Raises:
            NotSupported: If the model answers only in whole.
        """
        stream = getattr(self._predictor, "stream", None)
        if stream is None or not self.metadata.python_function.get("streamable"):
            msg = "The model does not answer piece by piece. Its Python class needs a method predict_stream."
            raise NotSupported(msg)
        pieces: Iterator[Any] = stream(*self.checked(data, params))
        return pieces

    @property
    def loader_module(self) -> str:
        """The module that loads the model, as its MLmodel file names it."""
        return str(self.metadata.python_function.get("loader_module"))

    @property
    def model_config(self) -> Mapping[str, Any]:
        """The configuration that the model was saved with."""
        return self.metadata.config

    @property
    def model_id(self) -> str | None:
        """The id of the logged model; `None` if it was only saved to a folder."""
        return self.metadata.model_id or None

    def get_raw_model(self) -> Any:
        """The framework's own object, as `native`."""
        return self.native

    def unwrap_python_model(self) -> Any:
        """The Python model that was saved.

        Raises:
            NotSupported: If the model is of another flavour.
        """
        if LOADERS.get(str(self.metadata.python_function.get("loader_module"))) != "pyfunc":
            msg = "The model is not a Python model. Its own object is in the attribute `native`."
            raise NotSupported(msg)
        return getattr(self.native, "func", self.native)

    def __repr__(self) -> str:
        flavours = ", ".join(name for name in self.metadata.flavours if name != mlmodel.PYTHON_FUNCTION)
        return f"LoadedModel(flavour={flavours or 'pyfunc'}, folder={str(self.folder)!r})"


def load(folder: Path, options: LoadOptions | None = None) -> LoadedModel:
    """The model in `folder`, ready to predict.

    Raises:
        NotFound: If there is no model.
        DamagedData: If its files are not what its MLmodel file says.
        NotSupported: If it is of a flavour that Treering does not load.
        PermissionDenied: If loading could run code and `options` forbids that.
    """
    options = options or LoadOptions()
    metadata = mlmodel.read(folder)
    entry = metadata.python_function
    loader = str(entry.get("loader_module"))
    _add_code(folder, entry.get("code"), options)
    if loader not in LOADERS:
        native, predictor = _foreign(folder, loader, metadata, options)
        return LoadedModel(metadata, native, predictor, folder)
    name = LOADERS[loader]
    if ask := _light(name, folder, metadata):
        postponed = _Postponed(ask, lambda: _whole(name, folder, metadata, options))
        return LoadedModel(metadata, postponed, postponed.predict, folder)
    return LoadedModel(metadata, *_whole(name, folder, metadata, options), folder)


def load_native(folder: Path, flavour: str, options: LoadOptions | None = None) -> Any:
    """The framework's own object, such as an estimator.

    Raises:
        NotFound: If there is no model, or it does not have that flavour.
        DamagedData: If its files are not what its MLmodel file says.
        PermissionDenied: If loading could run code and `options` forbids that.
    """
    options = options or LoadOptions()
    metadata = mlmodel.read(folder)
    loader = str(metadata.flavours.get(mlmodel.PYTHON_FUNCTION, {}).get("loader_module"))
    if flavour not in metadata.flavours and LOADERS.get(loader) != flavour:
        msg = f"The model in {folder} has no flavour {flavour!r}. It has: {', '.join(metadata.flavours)}."
        raise NotFound(msg)
    _add_code(folder, metadata.flavours.get(flavour, {}).get("code"), options)
    return FLAVOURS.load(flavour).read(folder, metadata, options)


def _light(name: str, folder: Path, metadata: MLModel) -> Ask | None:
    """How a model is asked without its framework: compiled, or by arrays; None if the framework is needed."""
    record = records.read(folder)
    if record is not None and not record.light:
        try:
            if ask := LIGHT.load(COMPILED)(folder, metadata, {}):
                return ask
        except MissingExtra:
            logger.info(
                "The model in %s is compiled, and ONNX Runtime is not installed; its own framework answers.", folder
            )
    return LIGHT.load(name)(folder, metadata, metadata.flavours.get(name, {})) if name in LIGHT.builtins else None


class _Postponed:
    """A model that is asked without its framework, as long as nobody has that in hand and may change it."""

    def __init__(self, ask: Ask, whole: Callable[[], tuple[Any, Predictor]]) -> None:
        self._ask = ask
        self._whole = whole
        self._loaded: tuple[Any, Predictor] | None = None
        self._shown = False
        self._lock = Lock()

    def predict(self, data: Any, params: dict[str, Any]) -> Any:
        answer = self.asked(data, params)
        return self._load()[1](data, params) if answer is NotImplemented else answer

    def asked(self, data: Any, params: dict[str, Any]) -> Any:
        """The answer, or `NotImplemented` where the framework is needed, or what it gave was shown to somebody."""
        return NotImplemented if params or self._shown else self._ask(data)

    def native(self) -> Any:
        self._shown = True
        return self._load()[0]

    def _load(self) -> tuple[Any, Predictor]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._whole()
            return self._loaded


def _whole(name: str, folder: Path, metadata: MLModel, options: LoadOptions) -> tuple[Any, Predictor]:
    """A model as its framework knows it, and how that is asked."""
    flavour = FLAVOURS.load(name)
    native = flavour.read(folder, metadata, options)
    return native, flavour.predictor(native, folder, metadata, options)


def _add_code(folder: Path, code: Any, options: LoadOptions) -> None:
    """Make the code that was saved with a model importable.

    Raises:
        PermissionDenied: If there is code of somebody else and `options` forbids to run it.
    """
    if not code:
        return
    inner = mlmodel.inside(folder, code)
    if not options.allow_code and not is_own(inner, options.own):
        msg = (
            f"The model brings its own code, in {inner}, which would run. If you trust who made it, load it with"
            " trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
        )
        raise PermissionDenied(msg)
    path = str(inner.absolute())
    if path not in sys.path:
        sys.path.insert(0, path)


def _foreign(folder: Path, loader: str, model: MLModel, options: LoadOptions) -> tuple[Any, Predictor]:
    """A model whose maker wrote the module that loads it."""
    if loader.partition(".")[0] == "mlflow":
        known = ", ".join(sorted(LOADERS))
        msg = f"The model is loaded by {loader!r}, which Treering does not know. It knows: {known}."
        raise NotSupported(msg)
    if not options.allow_code:
        msg = (
            f"The model is loaded by the module {loader!r} of its maker, which would run. If you trust who made the"
            " model, load it with trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
        )
        raise PermissionDenied(msg)
    try:
        module = importlib.import_module(loader)
    except (ImportError, ValueError, TypeError) as error:  # the last ones of what is no name of a module
        msg = f"The model is loaded by the module {loader!r}, which cannot be imported: {error}. Install what it needs."
        raise MissingExtra(msg) from error
    if not callable(getattr(module, "_load_pyfunc", None)):
        msg = f"The model is loaded by the module {loader!r}, which has no _load_pyfunc. Save the model again."
        raise DamagedData(msg)
    data = model.python_function.get("data")
    path = str(mlmodel.inside(folder, data) if data else folder)
    config = {**model.config, **options.model_config}
    if config and "model_config" in inspect.signature(module._load_pyfunc).parameters:  # noqa: SLF001 -- as below
        native = module._load_pyfunc(path, model_config=config)  # noqa: SLF001 -- as below
    else:
        native = module._load_pyfunc(path)  # noqa: SLF001 -- the name that the MLmodel format gives loaders

    def predict(data: Any, params: dict[str, Any]) -> Any:
        return native.predict(data, params=params) if params else native.predict(data)

    return native, predict
