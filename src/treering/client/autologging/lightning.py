"""Lightning: `Trainer.fit`, under both names that the package has had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from treering.client.autologging.checkpoints import Checkpoints, Rule, active_training, upload
from treering.client.autologging.guard import guarded
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import EXAMPLE_ROWS, Training
from treering.models.signature import infer_signature

__all__ = ["checkpoint_class", "install", "rule_of"]

_EARLY_STOPPING = ("monitor", "mode", "patience", "min_delta", "stopped_epoch")


def install(patches: Patches, trainer: ModuleType) -> None:
    """Wrap `fit` of the trainer in the module where it is defined."""
    package = trainer.__name__.removesuffix(".trainer.trainer")
    patches.training(trainer.Trainer, "fit", lambda call: _fit(call, import_module(package)))


def rule_of(own: Mapping[str, Any]) -> Rule | None:
    """What `autolog` was told about checkpoints; None if it is to keep none."""
    if not own.get("checkpoint"):
        return None
    return Rule(**{name: own[f"checkpoint_{name}"] for name in Rule.__slots__})


def _fit(call: Call, pl: ModuleType) -> Iterator[None]:
    training, trainer = call.training, call.instance
    training.expect_model("pytorch")
    stopping = next((one for one in trainer.callbacks if isinstance(one, pl.callbacks.EarlyStopping)), None)
    if stopping is not None:
        training.params({name: getattr(stopping, name) for name in _EARLY_STOPPING if hasattr(stopping, name)})
    recording, checkpointing = _recording_class(pl), checkpoint_class(pl)
    # What an earlier fit has left there logs to its own run.
    trainer.callbacks[:] = [
        one for one in trainer.callbacks if not isinstance(one, recording) and not getattr(one, "ours", False)
    ]
    recorder = recording(training, call.options.own)
    trainer.callbacks.append(recorder)
    rule = rule_of(call.options.own)
    if rule is not None and not any(isinstance(one, checkpointing) for one in trainer.callbacks):
        trainer.callbacks.append(checkpointing.for_training(training, rule))
    yield
    if stopping is not None:
        _log_stop(training, trainer, stopping)
    with training.attempt("the summary of the model"):
        summary = import_module(f"{pl.__name__}.utilities.model_summary").ModelSummary(trainer.lightning_module, -1)
        training.text(str(summary), "model_summary.txt")
    # As a pickle: whoever loads it has the module again, and can go on with its training.
    training.model(
        "pytorch",
        trainer.lightning_module,
        example=lambda: recorder.seen[0] if recorder.seen else None,
        signature=lambda rows: infer_signature(rows, recorder.seen[1]),
        serialization_format="pickle",
    )


def _log_stop(training: Training, trainer: Any, stopping: Any) -> None:
    if stopping.stopped_epoch:
        before = stopping.stopped_epoch - max(1, stopping.patience)
        found = {"stopped_epoch": stopping.stopped_epoch, "restored_epoch": before}
        training.metrics({**found, "best_score": stopping.best_score, "wait_count": stopping.wait_count})
    best = getattr(trainer.checkpoint_callback, "best_model_path", "")
    if training.options.log_models and best:
        with training.attempt("the best checkpoint"):
            upload(training, Path(best), "restored_model_checkpoint")


class _Worker:
    """In the place of a training in a process that Lightning has spawned, where that is not known; it logs nothing.

    With several processes only the first logs, and with `ddp` that is the user's own.
    """

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class _Recording:
    """The callback, but for the class that it has to be of."""

    def __init__(self, training: Training, own: Mapping[str, Any]) -> None:
        self.training = training
        self.every_epochs = own.get("log_every_n_epoch") or 1
        self.every_steps = own.get("log_every_n_step")
        self.optimizers = 1
        # A metric is logged by steps or by epochs, never by both.
        self.by_step: set[str] = set()
        self.by_epoch: set[str] = set()
        # What the module was given first, and what it answered.
        self.seen: tuple[Any, Any] | None = None
        self._guard()

    def _guard(self) -> None:
        if self.every_steps:
            self.on_train_batch_end = guarded(self._on_batch, "pytorch: metrics of a batch")
        self.on_train_epoch_end = guarded(self._on_epoch, "pytorch: metrics of an epoch")
        self.on_train_start = guarded(self._on_start, "pytorch: params of a training")
        self.on_test_end = guarded(self._on_test, "pytorch: metrics of a test")

    def __getstate__(self) -> dict[str, Any]:
        """A run is of this process; what is spawned gets the rest."""
        return {name: value for name, value in vars(self).items() if name != "training" and name[:3] != "on_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, training=_Worker())
        self._guard()

    def _on_start(self, trainer: Any, module: Any) -> None:
        if not trainer.is_global_zero:
            return
        if self.training.options.log_models:
            self._watch(module)
        self.training.tags({"Mode": "training"})
        params: dict[str, Any] = {"epochs": trainer.max_epochs}
        if trainer.optimizers:
            self.optimizers = len(trainer.optimizers)
            first = trainer.optimizers[0]
            first = getattr(first, "_optimizer", first)
            params |= {"optimizer_name": type(first).__name__, **getattr(first, "defaults", {})}
        self.training.params(params)

    def _watch(self, module: Any) -> None:
        """Remember the first rows that the module is given, and its answer, where both are one tensor."""

        def see(_: Any, given: tuple[Any, ...], answer: Any) -> None:
            handle.remove()
            if len(given) == 1 and all(hasattr(one, "detach") for one in (given[0], answer)):
                rows, answers = (one.detach()[:EXAMPLE_ROWS].cpu().numpy() for one in (given[0], answer))
                self.seen = rows.copy(), answers.copy()

        handle = module.register_forward_hook(guarded(see, "pytorch: an input example"))

    def _on_batch(self, trainer: Any, *_: Any) -> None:
        if not trainer.is_global_zero:
            return
        metrics = trainer.callback_metrics
        # Of a metric that Lightning keeps for steps and for epochs, the name without an ending is the epoch's.
        chosen = {
            name: value
            for name, value in metrics.items()
            if name not in self.by_epoch and f"{name}_step" not in metrics
        }
        self.by_step.update(chosen)
        step = trainer.global_step
        if (step // self.optimizers + 1) % self.every_steps == 0 and not trainer.sanity_checking:
            self.training.metrics(chosen, step)

    def _on_epoch(self, trainer: Any, module: Any, *_: Any) -> None:
        if not trainer.is_global_zero:
            return
        chosen = {name: value for name, value in trainer.callback_metrics.items() if name not in self.by_step}
        self.by_epoch.update(chosen)
        if (module.current_epoch + 1) % self.every_epochs == 0 and not trainer.sanity_checking:
            self.training.metrics(chosen, module.current_epoch)

    def _on_test(self, trainer: Any, module: Any) -> None:
        del module
        if trainer.is_global_zero:
            self.training.tags({"Mode": "testing"})
            self.training.metrics(trainer.callback_metrics)


class _Checkpointing:
    """Keeps checkpoints, asked by Lightning after an epoch or a batch."""

    ours = False

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "min",
        save_best_only: bool = True,  # noqa: FBT001, FBT002  # MLflow's signature
        save_weights_only: bool = False,  # noqa: FBT001, FBT002  # as above
        save_freq: str | int = "epoch",
    ) -> None:
        self.checkpoints = Checkpoints(Rule(monitor, mode, save_best_only, save_weights_only, save_freq), ".pth")
        self.training: Training | None = None
        self._guard()

    @classmethod
    def for_training(cls, training: Training, rule: Rule) -> _Checkpointing:
        """The one that autologging adds by itself."""
        made = cls(*(getattr(rule, name) for name in Rule.__slots__))
        made.training, made.ours = training, True
        return made

    def _guard(self) -> None:
        if self.checkpoints.rule.save_freq == "epoch":
            self.on_train_epoch_end = guarded(self._keep, "pytorch: a checkpoint")
        else:
            self.on_train_batch_end = guarded(self._after_batch, "pytorch: a checkpoint")

    __getstate__ = _Recording.__getstate__
    __setstate__ = _Recording.__setstate__

    def _after_batch(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step and trainer.global_step % int(self.checkpoints.rule.save_freq) == 0:
            self._keep(trainer)

    def _keep(self, trainer: Any, *_: Any) -> None:
        if not trainer.is_global_zero or trainer.sanity_checking:
            return

        def write(path: Path) -> None:
            # Not trainer.save_checkpoint, which waits for the other processes; they are not here.
            content = trainer._checkpoint_connector.dump_checkpoint(self.checkpoints.rule.save_weights_only)  # noqa: SLF001
            trainer.strategy.save_checkpoint(content, str(path))

        training = self.training or active_training("pytorch")
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.checkpoints.offer(training, trainer.current_epoch, trainer.global_step, metrics, write)


@cache
def _recording_class(pl: ModuleType) -> Any:
    return type("Recording", (_Recording, pl.Callback), {"__module__": __name__})


@cache
def checkpoint_class(pl: ModuleType) -> Any:
    """`MlflowModelCheckpointCallback` of the package, `lightning.pytorch` or `pytorch_lightning`."""
    return type("MlflowModelCheckpointCallback", (_Checkpointing, pl.Callback), {"__module__": __name__})
