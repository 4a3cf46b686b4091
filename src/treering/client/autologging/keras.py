"""Keras 3, on whatever backend: `Model.fit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import keras
import numpy as np

from treering.client.autologging.checkpoints import active_training
from treering.client.autologging.guard import guarded
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import EXAMPLE_ROWS, Training
from treering.core.errors import InvalidInput
from treering.models.signature import infer_signature

__all__ = ["MlflowCallback", "first_rows", "fit_owner", "install", "log_fitted", "log_start"]

_UNLOGGED = {"self", "x", "y", "callbacks", "validation_data", "verbose"}


def install(patches: Patches) -> None:
    """Wrap `fit` where it is defined."""
    patches.training(fit_owner(), "fit", _fit)


def fit_owner() -> type:
    """The class that has `fit`; Keras's models get it from their backend."""
    owner: type = next(found for found in keras.Model.__mro__ if "fit" in vars(found))
    return owner


class MlflowCallback(keras.callbacks.Callback):
    """Logs a training to the active run: for who does not want to turn on autologging.

    Args:
        log_every_epoch: Log the metrics of each epoch.
        log_every_n_steps: Log those of each n-th batch instead.

    Raises:
        InvalidInput: If both or none is asked for.
    """

    prefix = "optimizer_"

    def __init__(
        self,
        log_every_epoch: bool = True,  # noqa: FBT001, FBT002  # MLflow's signature
        log_every_n_steps: int | None = None,
        model_id: str | None = None,
    ) -> None:
        super().__init__()
        if bool(log_every_epoch) == (log_every_n_steps is not None):
            msg = (
                f"log_every_epoch is {log_every_epoch} and log_every_n_steps is {log_every_n_steps}."
                " Metrics are logged by epochs or by steps. Choose one of them."
            )
            raise InvalidInput(msg)
        self.every_steps = log_every_n_steps
        self.link = {"model_id": model_id} if model_id else {}
        self.epoch = 0
        self._training: Training | None = None
        if log_every_n_steps is not None:
            self.on_train_batch_end = guarded(self._on_batch, "keras: metrics of a batch")
        self.on_train_begin = guarded(self._on_begin, "keras: the summary of the model")
        self.on_epoch_begin = guarded(self._on_epoch_begin, "keras: an epoch")
        self.on_epoch_end = guarded(self._on_epoch_end, "keras: metrics of an epoch")
        self.on_test_end = guarded(self._on_test_end, "keras: metrics of a validation")

    @classmethod
    def into(cls, training: Training) -> MlflowCallback:
        """One that logs to the run of `training`, as its options say."""
        own = training.options.own
        steps = own.get("log_every_n_steps")
        made = cls(log_every_epoch=steps is None, log_every_n_steps=steps)
        made._training = training
        return made

    @property
    def training(self) -> Training:
        """Where to log."""
        return self._training or active_training("keras")

    def _on_begin(self, logs: Any = None) -> None:
        del logs
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            config = optimizer.get_config()
            self.training.params({f"{self.prefix}{name}": value for name, value in config.items()})
        lines: list[str] = []
        self.model.summary(print_fn=lambda line, *_, **__: lines.append(str(line)))
        self.training.text("\n".join(lines), "model_summary.txt")

    def _on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        del logs
        self.epoch = epoch

    def _on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.every_steps is None and logs:
            self.training.metrics(logs, epoch, **self.link)

    def _on_batch(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        del batch
        if self.every_steps and logs:
            step = int(self.model.optimizer.iterations)
            if step % self.every_steps == 0:
                self.training.metrics(logs, step, **self.link)

    def _on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        # MLflow writes each validation at step 0; here it stands at its epoch.
        if logs:
            found = {f"validation_{name}": value for name, value in logs.items()}
            self.training.metrics(found, self.epoch, **self.link)


def log_start(training: Training, arguments: Mapping[str, Any]) -> None:
    """Log the arguments of `fit`, and its data."""
    size = _batch_size(arguments)
    others = {name: value for name, value in arguments.items() if name not in _UNLOGGED | {"batch_size"}}
    training.params({"batch_size": size, **others})
    training.dataset(arguments["x"], "train", arguments.get("y"))
    validation = arguments.get("validation_data")
    if isinstance(validation, tuple | list) and len(validation) >= 2:  # noqa: PLR2004  # rows, targets and weights
        training.dataset(validation[0], "eval", validation[1])


def _batch_size(arguments: Mapping[str, Any]) -> int | None:
    """As given, or as the data says; None for a generator, which can be read only once."""
    data, given = arguments["x"], arguments.get("batch_size")
    if given is not None:
        return int(given)
    for name in ("batch_size", "_batch_size"):
        if getattr(data, name, None) is not None:
            return int(getattr(data, name))
    if isinstance(data, keras.utils.PyDataset):
        first = next(islice(iter([data[0]]), 1))[0]
        while isinstance(first, tuple | list | dict):
            first = next(iter(first.values() if isinstance(first, dict) else first))
        return len(first)
    return None


def first_rows(data: Any) -> Any:
    """The first rows of what `fit` is given, as an array or a dictionary of arrays; None where looking would use them up."""
    if isinstance(data, Mapping):
        found = {str(name): first_rows(one) for name, one in data.items()}
        return None if any(one is None for one in found.values()) else found
    if isinstance(data, keras.utils.PyDataset):
        return first_rows(_rows_of(data[0]))
    if hasattr(data, "element_spec") and hasattr(data, "take"):  # a pipeline of TensorFlow, which can be read again
        return first_rows(_rows_of(next(iter(data.take(1)), None)))
    if not hasattr(data, "shape") or not hasattr(data, "__getitem__") or hasattr(data, "columns"):
        return None
    return np.array(keras.ops.convert_to_numpy(data[:EXAMPLE_ROWS]))


def _rows_of(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple | list) and batch else batch


def log_fitted(training: Training, flavour: str, model: Any, rows: Any, **own: Any) -> None:
    """Log a model that was fitted, with the signature that its first rows show."""
    training.model(
        flavour,
        model,
        example=lambda: rows,
        signature=lambda shown: infer_signature(shown, model.predict(shown, verbose=0)),
        **own,
    )


def _fit(call: Call) -> Iterator[None]:
    arguments = call.arguments()
    rows = None
    call.training.expect_model("keras")
    given = list(arguments.get("callbacks") or ())
    if not any(isinstance(one, MlflowCallback) for one in given):
        call.set("callbacks", [*given, MlflowCallback.into(call.training)])
    with call.training.attempt("the start of the training"):
        log_start(call.training, arguments)
        rows = first_rows(arguments["x"]) if call.options.log_models else None
    yield
    own = {name: call.options.own.get(name) for name in ("save_exported_model", "save_model_kwargs")}
    log_fitted(call.training, "keras", call.instance, rows, **own)
