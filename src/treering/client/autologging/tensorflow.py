"""TensorFlow: `tf.keras.Model.fit`, with what TensorBoard shows of it, and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from treering.client.autologging.checkpoints import Checkpoints, Rule, active_training, upload
from treering.client.autologging.guard import guarded
from treering.client.autologging.keras import MlflowCallback as KerasCallback
from treering.client.autologging.keras import first_rows, fit_owner, log_fitted, log_start
from treering.client.autologging.lightning import rule_of
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import Training

__all__ = ["MlflowCallback", "MlflowModelCheckpointCallback", "install"]

_EARLY_STOPPING = ("monitor", "min_delta", "patience", "baseline", "restore_best_weights")


def install(patches: Patches) -> None:
    """Wrap `fit` where it is defined; TensorFlow's Keras is Keras 3."""
    patches.training(fit_owner(), "fit", _fit)


class MlflowCallback(KerasCallback):
    """As Keras's; params of the optimizer have other names."""

    prefix = "opt_"


class MlflowModelCheckpointCallback(keras.callbacks.Callback):
    """Keeps checkpoints as artifacts of the active run. Arguments as in `Rule`."""

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "min",
        save_best_only: bool = True,  # noqa: FBT001, FBT002  # MLflow's signature
        save_weights_only: bool = False,  # noqa: FBT001, FBT002  # as above
        save_freq: str | int = "epoch",
    ) -> None:
        super().__init__()
        self.checkpoints = Checkpoints(Rule(monitor, mode, save_best_only, save_weights_only, save_freq), ".h5")
        self.training: Training | None = None
        self.epoch = self.step = self._saved = self._seen = 0
        self.on_epoch_begin = guarded(self._on_epoch_begin, "tensorflow: an epoch")
        self.on_train_batch_end = guarded(self._on_batch, "tensorflow: a checkpoint")
        self.on_epoch_end = guarded(self._on_epoch_end, "tensorflow: a checkpoint")

    def _on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        del logs
        self.epoch, self._seen = epoch, 0

    def _on_batch(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        # With steps_per_execution it is called for several batches at once.
        self.step += batch + 1 - self._seen
        self._seen = batch + 1
        every = self.checkpoints.rule.save_freq
        if isinstance(every, int) and self.step - self._saved >= every:
            self._saved = self.step
            self._keep(logs or {})

    def _on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        del epoch
        if self.checkpoints.rule.save_freq == "epoch":
            self._keep(logs or {})

    def _keep(self, logs: Mapping[str, Any]) -> None:
        training = self.training or active_training("tensorflow")
        metrics = {name: float(value) for name, value in logs.items()}
        self.checkpoints.offer(training, self.epoch, self.step, metrics, self._write)

    def _write(self, path: Path) -> None:
        if self.checkpoints.rule.save_weights_only:
            self.model.save_weights(str(path))
        else:
            self.model.save(str(path))


def _fit(call: Call) -> Iterator[None]:
    training, arguments = call.training, call.arguments()
    training.expect_model("tensorflow")
    callbacks = list(arguments.get("callbacks") or ())
    stopping = _first(callbacks, keras.callbacks.EarlyStopping)
    with ExitStack() as stack:
        board = _first(callbacks, keras.callbacks.TensorBoard)
        if board is None and find_spec("tensorboard") is not None:
            board = _board(stack.enter_context(TemporaryDirectory(prefix="treering-tensorboard-")))
            callbacks.append(board)
        if _first(callbacks, KerasCallback) is None:
            callbacks.append(MlflowCallback.into(training))
        rule = rule_of(training.options.own)
        if rule is not None and _first(callbacks, MlflowModelCheckpointCallback) is None:
            keeping = MlflowModelCheckpointCallback(*(getattr(rule, name) for name in Rule.__slots__))
            keeping.training = training
            callbacks.append(keeping)
        call.set("callbacks", callbacks)
        rows = None
        with training.attempt("the start of the training"):
            log_start(training, arguments)
            rows = first_rows(arguments["x"]) if training.options.log_models else None
            if stopping is not None:
                training.params({name: getattr(stopping, name) for name in _EARLY_STOPPING})
        yield
        if stopping is not None:
            with training.attempt("where the training stopped"):
                _log_stop(training, stopping, call.result)
        own = {name: training.options.own.get(name) for name in ("keras_model_kwargs", "saved_model_kwargs")}
        log_fitted(training, "tensorflow", call.instance, rows, **own)
        if board is not None:
            with training.attempt("what TensorBoard shows"):
                upload(training, Path(board.log_dir), "tensorboard_logs")


def _board(folder: str) -> Any:
    """TensorBoard's callback, that cannot fail the training: the user has not asked for it."""
    board = keras.callbacks.TensorBoard(folder)
    for name in dir(board):
        if name.startswith("on_"):
            setattr(board, name, guarded(getattr(board, name), "tensorflow: writing for TensorBoard"))
    return board


def _log_stop(training: Training, stopping: Any, history: Any) -> None:
    if not stopping.model.stop_training:
        return
    training.metrics({"stopped_epoch": stopping.stopped_epoch})
    watched = history.history.get(stopping.monitor)
    if not stopping.restore_best_weights or stopping.best_weights is None or not watched:
        return
    restored = history.epoch[0] + watched.index(stopping.best)
    training.metrics({"restored_epoch": restored})
    index = history.epoch.index(restored)
    training.metrics({name: values[index] for name, values in history.history.items()}, stopping.stopped_epoch + 1)


def _first(callbacks: list[Any], kind: type) -> Any:
    return next((one for one in callbacks if isinstance(one, kind)), None)
