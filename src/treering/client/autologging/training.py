"""Where a wrapped training function logs to: one run, with calls of which none can fail the training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time_ns
from types import TracebackType
from typing import Any, Self

from treering.client.artifacts import upload_named
from treering.client.autologging.guard import attempt
from treering.client.autologging.options import Options
from treering.client.contents import write_dict, write_figure, write_text
from treering.client.context import context_tags, user_name
from treering.client.datasets import DescribedDataset, from_numpy, from_pandas
from treering.client.log import as_float, dataset_input, linked_points
from treering.client.model_logging import ModelInfo, Placement, begin_model, split_options
from treering.client.model_logging import log_model as log_any
from treering.client.runs import ActiveRun, active_run, begin_run, start_run
from treering.client.shelter import ShelteredStore
from treering.core.errors import InvalidInput
from treering.core.ids import new_run_id
from treering.entities.lifecycle import LoggedModelStatus, RunStatus
from treering.entities.run import PARENT_RUN_TAG, LogBatch, NewRun
from treering.models.flavours import FLAVOURS
from treering.models.tables import is_table
from treering.storage.journal.frames import Change
from treering.storage.objects.base import ObjectStore

__all__ = ["AUTOLOGGING_TAG", "EXAMPLE_ROWS", "Training", "begin", "described"]

AUTOLOGGING_TAG = "mlflow.autologging"
EXAMPLE_ROWS = 5
_MILLION = 1_000_000
# Values of a sparse matrix; above, spelling out its zeros would cost more than the description is worth.
_MOST_DENSE = 20_000_000


class Training:
    """One run that a training logs to; as a context manager it ends the run if autologging started it.

    Attributes:
        run: The run.
        options: What the user said.
        started: Whether autologging started the run; else it is the user's, and goes on.
    """

    def __init__(self, name: str, options: Options, run: ActiveRun, *, started: bool) -> None:
        self.name = name
        self.options = options
        self.run = run
        self.run_id = run.info.run_id
        self.started = started
        # A logged model that waits for its files, if what the training makes was announced.
        self.model_id = ""
        self._made = False
        # Made once, because metrics come with every iteration.
        self._logging_metrics = self.attempt("metrics")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.model_id and not self._made:
            with self.attempt("the model that was not made"):
                models = self.run.place.services().tracking.models
                models.finalize(self.model_id, LoggedModelStatus.FAILED)
        if self.started:
            with self.attempt("ending the run"):
                self.run.__exit__(kind, error, trace)

    def attempt(self, what: str) -> attempt:
        """As `guard.attempt`, with the integration's name and its user's wish for silence."""
        return attempt(f"{self.name}: {what}", silent=self.options.silent)

    def params(self, values: Mapping[str, Any]) -> None:
        """Log params; one that contradicts what the run has is left out."""
        texts = {str(key): str(value) for key, value in values.items()}
        try:
            self.run.recorder.params(self.run_id, texts)
        except InvalidInput:
            for key, value in texts.items():
                with self.attempt(f"the param {key!r}"):
                    self.run.recorder.params(self.run_id, {key: value})

    def metrics(self, values: Mapping[str, Any], step: int = 0, **link: Any) -> None:
        """Log a point for each metric; what is no number is left out.

        Args:
            link: `model_id` and `dataset`, where the points judge a model or belong to a dataset.
        """
        at = time_ns() // _MILLION
        if self.model_id:
            link.setdefault("model_id", self.model_id)
        with self._logging_metrics:
            try:
                points = [(key, as_float(key, value), at, step) for key, value in values.items()]
            except InvalidInput:
                points = self._numbers(values, at, step)
            if link:
                linked = linked_points(points, link.get("model_id"), link.get("dataset"))
                self.run.recorder.batch(LogBatch(self.run_id, linked=linked))
            else:
                self.run.recorder.metrics(self.run_id, points)

    def _numbers(self, values: Mapping[str, Any], at: int, step: int) -> list[tuple[str, float, int, int]]:
        points = []
        for key, value in values.items():
            with self.attempt(f"the metric {key!r}"):
                points.append((key, as_float(key, value), at, step))
        return points

    def tags(self, values: Mapping[str, Any]) -> None:
        """Set tags."""
        with self.attempt("tags"):
            self.run.recorder.tags(self.run_id, {key: str(value) for key, value in values.items()})

    def text(self, text: str, path: str) -> None:
        """Store text as an artifact."""
        with self.attempt(path):
            write_text(self.store(), path, text)

    def json(self, value: Any, path: str) -> None:
        """Store what JSON, or by the name YAML, can hold as an artifact."""
        with self.attempt(path):
            write_dict(self.store(), path, value)

    def figure(self, figure: Any, path: str) -> None:
        """Store a Matplotlib figure as an artifact; the caller closes it."""
        with self.attempt(path):
            write_figure(self.store(), path, figure, None)

    def files(self, write: Callable[[Path], None], folder: str = "") -> None:
        """Store what `write` puts into an empty folder as artifacts."""
        with self.attempt("artifacts"), TemporaryDirectory(prefix="treering-autolog-") as scratch:
            write(Path(scratch))
            for path in sorted(Path(scratch).iterdir()):
                upload_named(self.store(), path, folder)

    def child(
        self,
        params: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, Any],
        dataset: DescribedDataset | None = None,
    ) -> None:
        """Log a run that has been, as a child of this one: it ends as it is logged."""
        with self.attempt("a child run"):
            place, ended = self.run.place, time_ns() // _MILLION
            labels = {key: str(value) for key, value in tags.items()}
            labels |= {PARENT_RUN_TAG: self.run_id, AUTOLOGGING_TAG: self.name, **(self.options.extra_tags or {})}
            new = NewRun(
                self.run.info.experiment_id, new_run_id(), "", user_name(), self.run.info.start_time,
                {**context_tags(), **labels},
            )  # fmt: skip
            run_id = begin_run(place, new).info.run_id
            texts = {str(key): str(value) for key, value in params.items()}
            used = [] if dataset is None else [dataset_input(dataset, "train", None)]
            place.recorder.batch(LogBatch(run_id, params=texts, dataset_inputs=used))
            place.recorder.metrics(run_id, [(key, float(value), ended, 0) for key, value in metrics.items()])
            place.recorder.change(Change(run_id, RunStatus.FINISHED, ended))
            place.recorder.forget_run(run_id)

    def store(self) -> ObjectStore:
        """The run's artifacts; they are kept here while the server is away."""
        return ShelteredStore(self.run.place, self.run_id, self.run.info.artifact_uri)

    def dataset(self, data: Any, context: str, targets: Any = None, name: str | None = None) -> Any:
        """Log data that is a table, an array or a sparse matrix, as input of the run.

        Args:
            context: Its role, `train` or `eval`.

        Returns:
            Its description, or None: the user does not want it, or it is of no known kind.
        """
        if not self.options.log_datasets:
            return None
        found: DescribedDataset | None = None
        with self.attempt(f"the dataset for {context}"):
            found = described(data, targets, name)
            if found is not None:
                used = [dataset_input(found, context, None)]
                self.run.recorder.batch(LogBatch(self.run_id, dataset_inputs=used))
        return found

    def expect_model(self, flavour: str, name: str = "model") -> None:
        """Begin the model that the training makes, if the user wants models: metrics from now on are linked to it."""
        if self.options.log_models and flavour in FLAVOURS:
            with self.attempt("the model that is to be made"):
                created = begin_model(self.run, Placement(name))
                self.model_id = created.model_id if created is not None else ""

    def model(
        self,
        flavour: str,
        model: Any,
        *,
        name: str = "model",
        params: Mapping[str, Any] | None = None,
        example: Callable[[], Any] | None = None,
        signature: Callable[[Any], Any] | None = None,
        **own: Any,
    ) -> ModelInfo | None:
        """Log a model, if the user wants models.

        Args:
            example: Gives the first rows of the training data, copied before the training could change them.
            signature: Gives the signature, asked with those rows.
            own: Options of the flavour.

        Returns:
            What was logged, or None, also where there is no such flavour.
        """
        if not self.options.log_models or flavour not in FLAVOURS:
            return None
        rows = shown = None
        if example is not None and (self.options.log_input_examples or self.options.log_model_signatures):
            with self.attempt("an input example"):
                rows = example()
        if rows is not None and signature is not None and self.options.log_model_signatures:
            with self.attempt("a model signature"):
                shown = signature(rows)
        given = {**own, "signature": shown}
        if self.options.log_input_examples and rows is not None:
            given["input_example"] = rows
        registered = str(self.options.own.get("registered_model_name") or "")
        with self.attempt("the model"):
            place = Placement(name, registered, params=params, model_id=self.model_id)
            self._made = True
            info = log_any(flavour, model, place, split_options(given))
            # One that was logged without its server has no id that points could be linked to.
            return info if info.model_id else None
        return None


def begin(name: str, options: Options) -> Training | None:
    """The run for a training: the user's active run, or a new one; None if nothing is to be logged.

    While the server cannot be reached, what is logged is kept on this machine, as in the fluent calls.
    """
    with attempt(f"{name}: starting a run", silent=options.silent):
        current = active_run()
        if current is None:
            tags = {**(options.extra_tags or {}), AUTOLOGGING_TAG: name}
            return Training(name, options, start_run(tags=tags), started=True)
        if not options.exclusive or AUTOLOGGING_TAG in current.data.tags:
            return Training(name, options, current, started=False)
    return None


def described(data: Any, targets: Any = None, name: str | None = None) -> DescribedDataset | None:
    """Data with its description; None for what is neither table nor array, and for a huge sparse matrix."""
    if is_table(data):
        return from_pandas(data, name=name)
    if hasattr(data, "toarray"):
        if math.prod(data.shape) > _MOST_DENSE:
            return None
        data = data.toarray()
    if not hasattr(data, "__array__"):
        return None
    return from_numpy(data, targets=None if targets is None or is_table(targets) else targets, name=name)
