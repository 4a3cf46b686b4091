"""Transformers: `Trainer.train`, logged as its own callback for MLflow does it, but without MLflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from transformers import FeatureExtractionMixin, PreTrainedTokenizerBase
from transformers.image_processing_utils import BaseImageProcessor
from transformers.trainer import Trainer
from transformers.trainer_callback import TrainerCallback

from treering.client.autologging.guard import guarded
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import Training
from treering.client.log import log_metrics
from treering.core.log import logger
from treering.entities.run import RUN_NAME_TAG

__all__ = ["install"]

_LONGEST = 6000
# What a pipeline calls the part that prepares its data.
_PARTS = {
    "tokenizer": PreTrainedTokenizerBase,
    "image_processor": BaseImageProcessor,
    "feature_extractor": FeatureExtractionMixin,
}
_REFUSED = re.compile(r"[^0-9A-Za-z_\-. :/]")


def install(patches: Patches) -> None:
    """Wrap the trainer; the one for sequences inherits from it."""
    patches.training(Trainer, "train", _train)


class _Recording(TrainerCallback):
    """Logs what the trainer says of itself."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.on_train_begin = guarded(self._on_begin, "transformers: params")
        self.on_log = guarded(self._on_log, "transformers: metrics")

    def _on_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        del control
        if not state.is_world_process_zero:
            return
        if self.training.started and args.run_name:
            self.training.tags({RUN_NAME_TAG: args.run_name})
        config = getattr(model, "config", None)
        values = {**(config.to_dict() if config is not None else {}), **args.to_dict()}
        short = {name: value for name, value in values.items() if len(str(value)) <= _LONGEST}
        if len(short) < len(values):
            logger.info("transformers: not logged, as too long: %s", ", ".join(sorted(set(values) - set(short))))
        self.training.params(short)

    def _on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
        del args, control
        if not state.is_world_process_zero:
            return
        numbers = {
            _REFUSED.sub("_", name): value
            for name, value in (logs or {}).items()
            if isinstance(value, int | float) or getattr(value, "numel", lambda: 0)() == 1
        }
        self.training.metrics(numbers, state.global_step)


def _train(call: Call) -> Iterator[None]:
    trainer = call.instance
    # Its own callback logs already, where Treering is in MLflow's place.
    trackers = [getattr(one, "_ml_flow", None) for one in trainer.callback_handler.callbacks]
    if any(getattr(one, "log_metrics", None) is log_metrics for one in trackers):
        yield
        return
    recording = _Recording(call.training)
    trainer.add_callback(recording)
    part = _preparing_part(trainer) if call.options.log_models else {}
    if part:
        call.training.expect_model("transformers")
    yield
    trainer.remove_callback(recording)
    if part and trainer.is_world_process_zero():
        _log_fitted(call.training, trainer, part)


def _preparing_part(trainer: Any) -> dict[str, Any]:
    """What makes a pipeline of the network: its tokenizer, for instance; nothing if the trainer was given none."""
    given = getattr(trainer, "processing_class", None) or getattr(trainer, "tokenizer", None)
    found = next(({name: given} for name, kind in _PARTS.items() if isinstance(given, kind)), {})
    if not found:
        logger.info("transformers: the model is not logged, because the trainer has no tokenizer or image processor.")
    return found


def _log_fitted(training: Training, trainer: Any, part: Mapping[str, Any]) -> None:
    network = trainer.accelerator.unwrap_model(trainer.model)
    modes = [(one, one.training) for one in network.modules()]
    try:
        training.model("transformers", {"model": network, **part})
    finally:
        for one, mode in modes:
            one.training = mode
