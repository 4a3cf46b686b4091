"""PyTorch: Lightning's trainer, and the scalars that a plain training loop gives to TensorBoard's writer."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from treering.client.autologging.guard import attempt, disabled, is_free
from treering.client.autologging.lightning import install as install_lightning
from treering.client.autologging.patches import Patches
from treering.client.log import log_metrics, log_params
from treering.client.runs import active_run

__all__ = ["install"]


def install(patches: Patches) -> None:
    """Wrap what there is of Lightning and of TensorBoard's writer, now and when it is imported."""
    for package in ("lightning.pytorch", "pytorch_lightning"):
        patches.after_import(f"{package}.trainer.trainer", lambda found: install_lightning(patches, found))
    patches.after_import("torch.utils.tensorboard.writer", lambda found: _install_writer(patches, found))


def _install_writer(patches: Patches, writer: ModuleType) -> None:
    def adding_event(original: Callable[..., Any]) -> Callable[..., Any]:
        def add_event(self: Any, event: Any, step: Any = None, walltime: Any = None) -> Any:
            every = patches.options.own.get("log_every_n_step")
            # Asked first, as this is called for each scalar of each batch.
            if every and patches.enabled and not (step or 0) % every and event.HasField("summary"):
                with attempt("pytorch: scalars of TensorBoard"):
                    _log_scalars(event, int(step or 0))
            return original(self, event, step, walltime)

        return add_event

    def adding_hparams(original: Callable[..., Any]) -> Callable[..., Any]:
        def add_hparams(self: Any, hparam_dict: Any, metric_dict: Any, *args: Any, **kwargs: Any) -> Any:
            if patches.enabled and active_run() is not None and is_free("pytorch.add_hparams"):
                with attempt("pytorch: hyper-parameters of TensorBoard"):
                    log_params(hparam_dict)
                    log_metrics(metric_dict)
                with disabled():  # it writes the metrics as scalars
                    return original(self, hparam_dict, metric_dict, *args, **kwargs)
            return original(self, hparam_dict, metric_dict, *args, **kwargs)

        return add_hparams

    patches.replace(writer.FileWriter, "add_event", adding_event)
    patches.replace(writer.SummaryWriter, "add_hparams", adding_hparams)


def _log_scalars(event: Any, step: int) -> None:
    if active_run() is None or not is_free("pytorch.add_event"):
        return
    scalars = {one.tag: one.simple_value for one in event.summary.value if one.HasField("simple_value")}
    if scalars:
        log_metrics(scalars, step, timestamp=int(event.wall_time * 1000) or None)
