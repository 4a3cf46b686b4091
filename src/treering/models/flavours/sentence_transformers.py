"""Sentence Transformers: models that embed sentences, in the library's own folder, with weights as safetensors."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sentence_transformers
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer

from treering.core.errors import DamagedData, InvalidInput
from treering.models import hub_files, sentences
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, python_entry
from treering.models.networks import copy_extra_files
from treering.models.safety.asking import ask_to_run
from treering.models.safety.descriptions import foreign_code
from treering.models.schema import Column, Schema, Tensor
from treering.models.signature import Signature
from treering.models.types import DataType

__all__ = ["FLAVOUR", "SentenceTransformersFlavour"]

_FOLDER = "model.sentence_transformer"
_FAILED = (
    *(OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, ImportError, IndexError),
    *(SafetensorError, pickle.UnpicklingError, MemoryError),
)
_SIGNATURE = Signature(Schema((Column(DataType.STRING),)), Schema((Tensor(np.dtype("float64"), (-1,)),)))


class SentenceTransformersFlavour:
    """The flavour `sentence_transformers`.

    Options of saving: `task` (`llm/v1/embeddings`: answers as services for embeddings do), `inference_config`,
    `extra_files`.
    Options of loading: `device`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, SentenceTransformer)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no model of Sentence Transformers. Give a SentenceTransformer."
            raise InvalidInput(msg)
        task = options.get("task")
        if task not in {None, sentences.EMBEDDING_TASK}:
            msg = f"There is no task {task!r} for these models. Known: {sentences.EMBEDDING_TASK}."
            raise InvalidInput(msg)
        try:
            model.save(str(folder / _FOLDER))
        except (OSError, ValueError, TypeError, NotImplementedError) as error:
            msg = f"The model cannot be saved: {error}"
            raise InvalidInput(msg) from error
        if config := options.get("inference_config"):
            (folder / "inference_config").write_text(json.dumps(config), encoding="utf-8")
        entry = {"code": None, "sentence_transformers_version": sentence_transformers.__version__, **_origin(model)}
        entry |= copy_extra_files(folder, options)
        more: dict[str, Any] = {"config": {"task": task}} if task else {}
        function = python_entry("mlflow.sentence_transformers", data=_FOLDER, **more)
        packages = ("sentence-transformers", "transformers", "torch", "numpy", "pandas")
        shown = None if options.get("input_example") is not None else _SIGNATURE
        if task:
            return Written(entry, function, packages, signature=sentences.EMBEDDING_SIGNATURE, metadata={"task": task})
        return Written(entry, function, packages, signature=shown)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        path = hub_files.read_folder(folder, model.python_function.get("data") or _FOLDER)
        if not any((path / name).exists() for name in ("modules.json", "config.json")):
            msg = f"The model is incomplete: {path} holds no modules.json. Save or download it again."
            raise DamagedData(msg)
        foreign = foreign_code(path)
        if foreign:
            ask_to_run(path, f"it brings or names code of its own, {foreign}", "", options)
        try:
            device = options.flavour.get("device") or options.device or None
            return SentenceTransformer(str(path), device=device, trust_remote_code=bool(foreign), local_files_only=True)
        except _FAILED as error:
            said = str(error).strip().partition("\n")[0]
            missing = "is incomplete" if isinstance(error, FileNotFoundError) or "no file" in said else "cannot be read"
            msg = f"The model {path} {missing}: {said}. It may be damaged, or need other versions of its packages."
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        task = {**model.config, **options.model_config}.get("task")

        def predict(data: Any, params: dict[str, Any]) -> Any:
            asked = {"show_progress_bar": False, **params}
            try:
                if isinstance(data, str):
                    return native.encode(data, **asked)
                texts = sentences.texts_of(data)
                vectors = native.encode(texts, **asked)
            except (TypeError, ValueError) as error:
                msg = f"The model cannot embed this: {error}"
                raise InvalidInput(msg) from error
            if task and sentences.is_embedding_request(data):
                return sentences.embedding_answer(texts, vectors, lambda text: native.tokenizer(text)["input_ids"])
            return vectors

        return predict


def _origin(model: Any) -> dict[str, str]:
    """What stands behind the embeddings: the class of the network, and where it came from."""
    for part in model.modules():
        network = getattr(part, "auto_model", None)
        if network is not None:
            return {
                "source_model_name": str(getattr(network, "name_or_path", "")),
                "pipeline_model_type": type(network).__name__,
            }
    return {}


FLAVOUR = SentenceTransformersFlavour()
