"""Models from code: a Python file that makes a model and hands it over with `set_model`.

Such a model is not pickled: its file is copied into the model's folder, and run when
the model is loaded.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from uuid import uuid4

import yaml

from treering.core.errors import DamagedData, InvalidInput, NotFound, TreeringError

__all__ = ["ModelConfig", "config_of", "model_of_code", "set_model"]

# Under this name a file that is run as a model finds its errand among its own names.
_ERRAND = "__treering_errand__"
# Where MLflow's loader looks for the model, and MLflow's `set_model` puts it.
_THEIR_MODULE, _THEIR_NAME = "mlflow.models.model", "__mlflow_model__"


@dataclass(frozen=True, slots=True)
class _Errand:
    """What a file runs for: the configuration that it is given, and the models that it hands over."""

    config: Mapping[str, Any] | None
    handed: list[Any] = field(default_factory=list)


def set_model(model: Any) -> None:
    """Say that `model`, a PythonModel or a function, is the model of this file.

    Raises:
        InvalidInput: If it is neither.
    """
    if not callable(model) and not callable(getattr(model, "predict", None)):
        msg = f"A {type(model).__name__} is no model: it has no predict method and is no function."
        raise InvalidInput(msg)
    if errand := _errand():
        errand.handed.append(model)
    if theirs := sys.modules.get(_THEIR_MODULE):
        setattr(theirs, _THEIR_NAME, model)


class ModelConfig:
    """The configuration that a model from code runs with; while it is written, one that is given here.

    Args:
        development_config: A dictionary or a YAML file, used where the file is run by itself.
    """

    def __init__(self, *, development_config: str | Path | Mapping[str, Any] | None = None) -> None:
        errand = _errand()
        given = errand.config if errand else None
        if given is None and development_config is None:
            msg = "There is no configuration. Give development_config, or model_config when the model is logged."
            raise NotFound(msg)
        self._values = dict(given) if given is not None else config_of(development_config)

    def get(self, key: str) -> Any:
        """The value of `key`. Raises NotFound."""
        if key not in self._values:
            msg = f"The model's configuration has no {key!r}. It has: {', '.join(self._values) or 'nothing'}."
            raise NotFound(msg)
        return self._values[key]

    def to_dict(self) -> dict[str, Any]:
        """All values."""
        return dict(self._values)


def config_of(given: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    """A model's configuration, given as such or as a YAML file.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it holds no dictionary.
    """
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    try:
        found = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"The model's configuration {given} cannot be read: {error.strerror}. Correct model_config."
        raise NotFound(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"The model's configuration {given} is not YAML: {error}"
        raise InvalidInput(msg) from error
    if not isinstance(found, dict):
        msg = f"The model's configuration {given} holds no keys and values."
        raise InvalidInput(msg)
    return found


def model_of_code(path: Path, config: Mapping[str, Any] | None = None) -> Any:
    """Run the file at `path` and return the model that it hands over.

    Raises:
        DamagedData: If it fails, or hands over none.
    """
    if path.suffix != ".py":
        msg = f"{path.name} is no Python file, so it cannot be run as a model. Save the code as a .py file."
        raise InvalidInput(msg)
    spec = importlib.util.spec_from_file_location(f"treering_code_model_{uuid4().hex}", path)
    if spec is None or spec.loader is None:  # pragma: no cover -- every .py file has a loader
        raise TypeError(path)
    module = importlib.util.module_from_spec(spec)
    with _sent(module, config) as handed:
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            if isinstance(error, TreeringError):
                raise
            msg = f"The model's code {path.name} fails: {type(error).__name__}: {error}"
            raise DamagedData(msg) from error
    if not handed:
        msg = f"The model's code {path.name} hands no model over. Let it call treering.models.set_model(model)."
        raise DamagedData(msg)
    return handed[-1]


def _errand() -> _Errand | None:
    """The errand of the file that has called, itself or through modules of its own."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- only the stack tells which of several files asks
    while frame is not None:
        if isinstance(found := frame.f_globals.get(_ERRAND), _Errand):
            return found
        frame = frame.f_back
    return None


@contextmanager
def _sent(module: ModuleType, config: Mapping[str, Any] | None) -> Iterator[list[Any]]:
    errand = _Errand(config)
    vars(module)[_ERRAND] = errand
    theirs = sys.modules.get(_THEIR_MODULE)
    before = getattr(theirs, _THEIR_NAME, None)
    if theirs is not None:
        setattr(theirs, _THEIR_NAME, None)
    try:
        yield errand.handed
        theirs = sys.modules.get(_THEIR_MODULE)
        if not errand.handed and (found := getattr(theirs, _THEIR_NAME, None)) is not None:
            errand.handed.append(found)
    finally:
        vars(module).pop(_ERRAND, None)
        if theirs is not None:
            setattr(theirs, _THEIR_NAME, before)
