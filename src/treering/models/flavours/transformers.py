"""Transformers: pipelines, in the library's own files, with weights as safetensors, which hold no code.

model/                    the network
components/<component>/   the tokenizer, and what else the pipeline is made of
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from safetensors import SafetensorError

from treering.core.errors import DamagedData, InvalidInput, NotSupported
from treering.core.log import logger
from treering.models import hub_files, pipeline_answers
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, python_entry
from treering.models.networks import copy_extra_files
from treering.models.safety.asking import ask_to_run
from treering.models.safety.descriptions import foreign_code

__all__ = ["FLAVOUR", "TransformersFlavour"]

_MODEL, _COMPONENTS, _PROCESSOR = "model", "components", "processor"
_PARTS = ("feature_extractor", "tokenizer", "image_processor")
_AUTO = {
    "feature_extractor": "AutoFeatureExtractor",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
    "tokenizer": "AutoTokenizer",
}
_FAILED = (
    *(OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, ImportError, IndexError),
    *(SafetensorError, pickle.UnpicklingError, MemoryError),
)
_TASKS = {
    "ForAudioClassification": "audio-classification",
    "ForCTC": "automatic-speech-recognition",
    "ForCausalLM": "text-generation",
    "ForImageClassification": "image-classification",
    "ForMaskedLM": "fill-mask",
    "ForQuestionAnswering": "question-answering",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "LMHeadModel": "text-generation",
}


class TransformersFlavour:
    """The flavour `transformers`.

    Options of saving: `task`, `processor`, `torch_dtype`, `model_config` (arguments of the pipeline's call),
    `prompt_template`, `save_pretrained` (false: only a reference to the hub, where the model came from),
    `model_card`, `extra_files`.
    Options of loading: `return_type` (`pipeline` or `components`), `device`, and arguments of `pipeline`.
    """

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        if isinstance(model, Mapping):
            return isinstance(model.get("model"), transformers.PreTrainedModel)
        if isinstance(model, str | Path):
            return (Path(model) / "config.json").is_file()
        return isinstance(model, transformers.Pipeline)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """See `Flavour`."""
        if not self.accepts(model):
            msg = (
                f"A {type(model).__name__} is no model of Transformers. Give a pipeline, a dictionary with the 'model'"
                " and its 'tokenizer', or the path of a checkpoint."
            )
            raise InvalidInput(msg)
        pipeline = _pipeline(model, options)
        if hasattr(pipeline.model, "peft_config"):
            msg = "Adapters (PEFT) are not saved. Merge them into the model with merge_and_unload() and save that."
            raise NotSupported(msg)
        entry = _entry(pipeline, options.get("torch_dtype"))
        revision = "" if options.get("save_pretrained", True) else _revision(pipeline.model)
        parts = {name: part for name in _PARTS if (part := getattr(pipeline, name, None)) is not None}
        if processor := options.get("processor"):
            parts[_PROCESSOR] = processor
        if revision:
            entry["source_model_revision"] = revision
        else:
            entry["model_binary"] = _MODEL
            pipeline.model.save_pretrained(folder / _MODEL)
        for name, part in parts.items():
            entry[f"{name}_type"] = type(part).__name__
            if revision:
                entry |= {f"{name}_name": entry["source_model_name"], f"{name}_revision": revision}
            else:
                part.save_pretrained(folder / _COMPONENTS / name)
        entry["components"] = [name for name in parts if name != _PROCESSOR]
        entry |= copy_extra_files(folder, options)
        _write_card(folder, options.get("model_card"))
        function, metadata = _function(pipeline.task, options)
        shown = None if options.get("input_example") is not None else pipeline_answers.signature_of(pipeline.task)
        packages = ("transformers", "torch", "pandas")
        modules = frozenset({type(pipeline.model).__module__})
        return Written(entry, function, packages, modules, shown, metadata=metadata)

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = dict(model.flavours.get("transformers", {}))
        own = dict(options.flavour)
        wanted = own.pop("return_type", "pipeline")
        if wanted not in {"pipeline", "components"}:
            msg = f"return_type is {wanted!r}. Choose pipeline or components."
            raise InvalidInput(msg)
        if wanted == "pipeline" and f"{_PROCESSOR}_type" in entry:
            msg = (
                "The model was saved with a processor, which no pipeline takes. Load it with return_type='components'."
            )
            raise InvalidInput(msg)
        if "peft_adaptor" in entry:
            msg = "The model is an adapter (PEFT), which Treering does not load. Load it with MLflow, and merge it."
            raise NotSupported(msg)
        kind = own.pop("dtype", None) or own.pop("torch_dtype", None) or entry.get("torch_dtype")
        parts = {"model": self._part(folder, entry, "model", options, _dtype(kind))}
        listed = entry.get("components") or ()
        # They become arguments of a pipeline, which has other ones, that make it run code.
        if wrong := [name for name in listed if name not in _PARTS]:
            msg = f"The MLmodel file names {wrong[0]!r} as a part of a pipeline, which it cannot be. Save it again."
            raise DamagedData(msg)
        names = [*listed, *([_PROCESSOR] if f"{_PROCESSOR}_type" in entry else [])]
        parts |= {name: self._part(folder, entry, name, options) for name in names}
        found = {"task": entry.get("task"), **parts}
        if wanted == "components":
            return found
        if options.device and "device_map" not in own:
            own.setdefault("device", _device(options.device))
        try:
            return transformers.pipeline(**found, **own)
        except _FAILED as error:
            raise _damaged(folder, error) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        config = {**model.config, **options.model_config}
        template = str((model.metadata or {}).get("prompt_template") or "")
        if str(model.flavours.get("transformers", {}).get("inference_task", "")).startswith("llm/"):
            logger.warning("The model was saved for answers in the form of a service, and answers in plain texts here.")

        def predict(data: Any, params: dict[str, Any]) -> Any:
            return pipeline_answers.answer(native, native.task, data, {**config, **params}, template)

        return predict

    def _part(self, folder: Path, entry: Mapping[str, Any], name: str, options: LoadOptions, dtype: Any = None) -> Any:
        """The network, or another part of the pipeline, from the model's folder or from the hub."""
        kind = str(entry.get("pipeline_model_type" if name == "model" else f"{name}_type"))
        more: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
        revision = entry.get("source_model_revision")
        if revision:
            where = str(entry.get("source_model_name" if name == "model" else f"{name}_name"))
            if not hub_files.is_repository(where):
                msg = f"The MLmodel file names {where!r} as a repository on the hub, which it is not. Save it again."
                raise DamagedData(msg)
            more["revision"] = revision if name == "model" else entry.get(f"{name}_revision")
        else:
            place = entry.get("model_binary") or "pipeline" if name == "model" else f"{_COMPONENTS}/{name}"
            where = str(_complete(hub_files.read_folder(folder, place), name))
            more["local_files_only"] = True
        cls = _class(kind, name)
        if cls is None:
            cls = _foreign(kind, name, options, where)
            more["trust_remote_code"] = True
        elif not revision:
            _check(cls, Path(where), name, options)
        try:
            if name != "model":
                return cls.from_pretrained(where, **more)
            network, told = cls.from_pretrained(where, output_loading_info=True, **more)
        except _FAILED as error:
            raise _damaged(Path(where), error) from error
        if missing := sorted(told.get("missing_keys") or ()):
            # The library would go on with random numbers in their place.
            msg = f"The model is incomplete: {where} lacks the weights {missing[0]!r}. Save or download it again."
            raise DamagedData(msg)
        return network


def _pipeline(model: Any, options: Mapping[str, Any]) -> Any:
    if isinstance(model, transformers.Pipeline):
        return model
    task = options.get("task")
    try:
        if isinstance(model, str | Path):
            return transformers.pipeline(task or _task_of(_kind(model)), model=str(model))
        return transformers.pipeline(task or _task_of(type(model["model"]).__name__), **model)
    except _FAILED as error:
        msg = f"No pipeline can be made of this: {error}"
        raise InvalidInput(msg) from error


def _kind(path: Any) -> str:
    """The class of the network in a checkpoint."""
    config = transformers.AutoConfig.from_pretrained(str(path), local_files_only=True)
    return str((getattr(config, "architectures", None) or [""])[0])


def _task_of(kind: str) -> str:
    for ending, task in _TASKS.items():
        if kind.endswith(ending):
            return task
    msg = f"The model {kind} does not tell its task. Give it: task='text-classification', for instance."
    raise InvalidInput(msg)


def _entry(pipeline: Any, dtype: Any) -> dict[str, Any]:
    entry = {
        "code": None,
        "instance_type": type(pipeline).__name__,
        "pipeline_model_type": type(pipeline.model).__name__,
        "source_model_name": str(getattr(pipeline.model, "name_or_path", "")),
        "task": pipeline.task,
        "transformers_version": transformers.__version__,
    }
    if found := dtype or getattr(pipeline.model, "dtype", None):
        entry["torch_dtype"] = str(found)
    if framework := getattr(pipeline, "framework", None):
        entry["framework"] = framework
    return entry


def _revision(model: Any) -> str:
    """The commit of the hub that the model came from; "" if it is not known, and then its weights are saved."""
    name = model.name_or_path
    if hub_files.is_repository(name):
        commits = {str(found)} if (found := getattr(model.config, "_commit_hash", None)) else hub_files.fetched(name)
        if len(commits) == 1:
            return commits.pop()
    logger.warning("The weights are saved with the model, because it is not known which commit of the hub has them.")
    return ""


def _function(task: str, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entry for loading the pipeline as a Python function, and what stands in the model's metadata."""
    if options.get("processor") or not pipeline_answers.is_known(task):
        logger.warning("The model cannot be served or asked with tables: it is for %s, or has a processor.", task)
        return {}, {}
    config = dict(options.get("model_config") or {})
    metadata = {}
    if template := options.get("prompt_template"):
        if task not in pipeline_answers.TEMPLATED:
            msg = f"There are no prompt templates for {task!r}, only for {', '.join(pipeline_answers.TEMPLATED)}."
            raise InvalidInput(msg)
        if str(template).count("{prompt}") != 1:
            msg = "A prompt template is a text with {prompt} in one place, where the text of the user belongs."
            raise InvalidInput(msg)
        metadata["prompt_template"] = str(template)
        if task == "text-generation":
            config.setdefault("return_full_text", False)
    more = {"config": config} if config else {}
    return python_entry("mlflow.transformers", **more), metadata


def _write_card(folder: Path, card: Any) -> None:
    if card is None:
        return
    if not hasattr(card, "text"):
        msg = "The model card is no card of the hub. Give a huggingface_hub.ModelCard."
        raise InvalidInput(msg)
    (folder / "model_card.md").write_text(card.text, encoding="utf-8")
    data = yaml.safe_dump(card.data.to_dict(), allow_unicode=True)
    (folder / "model_card_data.yaml").write_text(data, encoding="utf-8")


def _complete(path: Path, name: str) -> Path:
    wanted = "config.json" if name == "model" else ""
    if wanted and not (path / wanted).is_file():
        msg = f"The model is incomplete: {path} holds no {wanted}. Save or download it again."
        raise DamagedData(msg)
    if name == "model" and not any(path.glob("*.safetensors")) and not any(path.glob("*.bin")):
        msg = f"The model is incomplete: {path} holds no weights. Save or download it again."
        raise DamagedData(msg)
    return path


def _class(kind: str, name: str) -> Any:
    """The class of the library that the MLmodel file names; None if it is the author's own."""
    found = getattr(transformers, kind, None) if kind.isidentifier() else None
    if found is None and name == "tokenizer" and kind == "TokenizersBackend":
        found = transformers.PreTrainedTokenizerFast
    if found is not None and not (isinstance(found, type) and hasattr(found, "from_pretrained")):
        msg = f"The MLmodel file names {kind!r} as the class of the model's {name}, which it cannot be. Save it again."
        raise DamagedData(msg)
    return found


def _check(cls: Any, path: Path, name: str, options: LoadOptions) -> None:
    """Raise before a folder makes the library run foreign code, or take more memory than its weights do."""
    if foreign := foreign_code(path):
        ask_to_run(path, f"its {name} brings or names code of its author's, {foreign}", "", options)
    if name != "model":
        return
    try:
        with torch.device("meta"):
            announced = sum(one.numel() for one in cls(cls.config_class.from_pretrained(path)).parameters())
    except _FAILED as error:
        raise _damaged(path, error) from error
    held = hub_files.weight_bytes(path)
    # Weights may be packed into a bit each, and small parts may be left out.
    if announced > 8 * held + (1 << 20):
        msg = f"The model in {path} is damaged: it describes {announced} weights, and has {held} bytes of them."
        raise DamagedData(msg)


def _foreign(kind: str, name: str, options: LoadOptions, where: str) -> Any:
    ask_to_run(Path(where), f"the class {kind} of the model's {name} is its author's", "", options)
    if name != "model":
        return getattr(transformers, _AUTO[name])
    config = transformers.AutoConfig.from_pretrained(where, trust_remote_code=True)
    for auto, target in (getattr(config, "auto_map", None) or {}).items():
        if str(target).rpartition(".")[2] == kind:
            return getattr(transformers, auto)
    msg = f"The model in {where} is a {kind}, which Transformers does not have, and brings no code for it."
    raise DamagedData(msg)


def _device(name: str) -> Any:
    try:
        return torch.device(name)
    except RuntimeError as error:
        msg = f"There is no device {name!r} for predictions: {error}. Correct TREERING_PREDICTION_DEVICE."
        raise InvalidInput(msg) from error


def _dtype(name: Any) -> Any:
    return name.removeprefix("torch.") if isinstance(name, str) else name


def _damaged(path: Path, error: Exception) -> DamagedData:
    said = str(error).strip().partition("\n")[0]
    return DamagedData(
        f"The model {path} cannot be read: {said}. It may be damaged, or need other versions of its packages."
    )


FLAVOUR = TransformersFlavour()
