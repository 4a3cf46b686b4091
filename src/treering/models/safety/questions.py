"""What loading a model asks the user's word for beside what its files hold: the same questions that its flavour asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import DamagedData
from treering.models import yaml_text
from treering.models.mlmodel import PYTHON_FUNCTION, MLModel
from treering.models.safety.descriptions import foreign_code
from treering.models.safety.sessions import files_named
from treering.models.safety.stages import foreign_classes

__all__ = ["is_own_class", "questions", "risky_settings"]

# Settings for starting a server of H2O that cannot make it run or load anything, or lead the data elsewhere.
_HARMLESS = {"enable_assertions", "max_mem_size", "min_mem_size", "name", "nthreads", "port", "strict_version_check"}


def questions(folder: Path, model: MLModel, trust: Iterable[str] = ()) -> Iterator[str]:
    """Why the model in `folder` could run code, by the words of its MLmodel file and descriptions.

    Args:
        trust: Names of classes that the user's word covers.

    Raises:
        DamagedData: If a description is none.
    """
    for name, ask in _ASK.items():
        if name in model.flavours:
            entry = {**model.flavours.get(PYTHON_FUNCTION, {}), **model.flavours[name]}
            yield from ask(folder, entry, tuple(trust))


def is_own_class(package: str, path: str) -> bool:
    """Whether a class is one of the package itself, and needs no import of anything else."""
    return path.partition(".")[0] == package


def risky_settings(init: Any) -> list[str]:
    """What a model asks for of a server of H2O, where one is started for it, that could run code or send data away."""
    return sorted(str(name) for name in init if name not in _HARMLESS) if isinstance(init, Mapping) else []


def _h2o(folder: Path, entry: Mapping[str, Any], _trust: tuple[str, ...]) -> Iterator[str]:
    file = folder / str(entry.get("data") or "model.h2o") / "h2o.yaml"
    try:
        settings = yaml_text.parse(file.read_text(encoding="utf-8")) if file.is_file() else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{file} is damaged: {error}"
        raise DamagedData(msg) from error
    if risky := risky_settings(settings.get("init") if isinstance(settings, dict) else None):
        yield f"It asks for an H2O server with the settings {', '.join(risky)}."


def _onnx(_folder: Path, entry: Mapping[str, Any], _trust: tuple[str, ...]) -> Iterator[str]:
    if found := files_named(entry.get("providers"), entry.get("onnx_session_options") or {}):
        yield f"Its options for ONNX Runtime name libraries or files: {', '.join(found)}."


def _sentences(folder: Path, entry: Mapping[str, Any], _trust: tuple[str, ...]) -> Iterator[str]:
    yield from _of_hub(folder / str(entry.get("data") or "model.sentence_transformer"))


def _transformers(folder: Path, entry: Mapping[str, Any], _trust: tuple[str, ...]) -> Iterator[str]:
    components = folder / "components"
    parts = sorted(components.iterdir()) if components.is_dir() else []
    for part in (folder / str(entry.get("model_binary") or "pipeline"), *parts):
        yield from _of_hub(part)


def _of_hub(part: Path) -> Iterator[str]:
    if part.is_dir() and (found := foreign_code(part)):
        yield f"Its {part.name} brings or names code of its author's, {found}."


def _spark(folder: Path, entry: Mapping[str, Any], trust: tuple[str, ...]) -> Iterator[str]:
    if found := foreign_classes(folder / str(entry.get("model_data") or entry.get("data") or "sparkml"), trust):
        yield f"It is made of {', '.join(found)}, which could run code."


def _xgboost(_folder: Path, entry: Mapping[str, Any], trust: tuple[str, ...]) -> Iterator[str]:
    name = str(entry.get("model_class") or "xgboost.")
    if not is_own_class("xgboost", name) and name not in trust:
        yield f"It is of the class {name}, which is not XGBoost's and would be imported."


_ASK: Mapping[str, Callable[[Path, Mapping[str, Any], tuple[str, ...]], Iterator[str]]] = {
    "h2o": _h2o,
    "onnx": _onnx,
    "sentence_transformers": _sentences,
    "spark": _spark,
    "transformers": _transformers,
    "xgboost": _xgboost,
}
