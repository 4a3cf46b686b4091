"""Writing what an evaluation found into its run: metrics, plots, tables, the record, the card."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from treering.client.artifacts import get_artifact_uri, run_store
from treering.client.cards import log_card
from treering.client.content_calls import add_to_table
from treering.client.contents import write_bytes
from treering.client.evaluating.answers import Answers
from treering.client.evaluating.artifacts import (
    ARTIFACTS,
    EvaluationArtifact,
    EvaluationResult,
    PickleEvaluationArtifact,
    pickled,
)
from treering.client.evaluating.asked import Asked
from treering.client.evaluating.judged import Judged
from treering.client.evaluating.own_metrics import MetricValues, aggregates
from treering.client.evaluating.pictures import csv_of, extra_plots, plots_of_classifier, slices_table
from treering.client.evaluating.plots import Plotter, plotter
from treering.client.evaluating.table import EvaluationTable
from treering.client.frames import FRAMES
from treering.client.log import log_inputs, log_metrics
from treering.client.runs import ActiveRun
from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger
from treering.entities.evaluation import Evaluation
from treering.entities.run import ModelInput
from treering.evaluation.classification import per_class
from treering.evaluation.metric_makers import LATENCY, MetricValue
from treering.evaluation.options import check_count
from treering.evaluation.record import EVALUATED_TAG, RECORD_PATH, ROWS_PATH, to_json
from treering.evaluation.rows import CLASSIFIER, Rows, to_bytes
from treering.models.tables import is_table
from treering.storage.objects.base import check_key as check_path
from treering.tracking.limits import check_key

__all__ = ["Recording", "custom_artifacts_of"]

_DATASETS_TAG = "mlflow.datasets"
_TABLE = "eval_results_table"
_PLAIN_COLUMNS = {"token_count", LATENCY}
_MOST_CLASSES = 10

File = tuple[str, str, bytes, Any]
"""A name, a suffix, the bytes, and the object that was pickled."""


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A file that is to be stored."""

    name: str
    path: str
    data: bytes
    value: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One run that is written into: everything is made first and then written, so that a mistake leaves nothing half there.

    Attributes:
        prefix: Of metrics and files.
        artifacts: What was stored, by name.
        files: What it is to its path, for the record.
    """

    run: ActiveRun
    table: EvaluationTable
    judged: Judged
    model_id: str
    prefix: str = ""
    artifacts: dict[str, EvaluationArtifact] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    _made: list[_File] = field(default_factory=list)
    _lines: dict[str, Any] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.info.run_id

    def make(self, record: Evaluation, rows: Rows | None, labels: Any, config: Mapping[str, Any], asked: Asked) -> None:
        """Draw the plots and make the tables of what was found."""
        if rows is not None and rows.kind == CLASSIFIER:
            self._make_of_classifier(rows, labels, config, asked)
        if asked.plots:
            draw = plotter()
            self._add_plots(extra_plots(record, draw), draw)
        if record.slices:
            self._made.append(_File("slice_metrics", f"{self.prefix}slice_metrics.csv", slices_table(record.slices)))

    def make_lines(
        self, found: MetricValues, predicted: Any, answers: Answers, used: Sequence[str], private: Sequence[str]
    ) -> None:
        """Make MLflow's table with a line for each row, if some metric has a figure for each row."""
        judged = {
            name: value for name, value in found.items() if value.scores is not None or value.justifications is not None
        }
        if not judged:
            return
        columns = self._lines
        if is_table(self.table.features):
            columns |= {str(name): self.table.features[name].tolist() for name in self.table.features.columns}
        else:
            matrix = np.asarray(self.table.features)
            columns |= {name: matrix[:, place].tolist() for place, name in enumerate(self.table.feature_names)}
        for name in private:
            columns.pop(name, None)
        if self.table.labels_data is not None:
            columns[self.table.targets_name or "target"] = _cells(self.table.labels_data)
            columns[self.table.predictions_name or answers.name or "outputs"] = _cells(predicted)
        else:
            columns["outputs"] = _cells(predicted)
        columns |= {name: _cells(answers.others[name]) for name in used}
        for name, value in judged.items():
            called = f"{self.prefix}{name}"
            if value.scores and len(value.scores) == len(self.table):
                columns[called if name in _PLAIN_COLUMNS else f"{called}/score"] = list(value.scores)
            if value.justifications:
                columns[f"{called}/justification"] = list(value.justifications)

    def add_table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Add a table, to be stored as a Parquet file."""
        data = FRAMES.load("pandas").to_parquet(columns)
        self._made.append(_File(name, f"{self.prefix}{name}.parquet", data))

    def add(self, files: Sequence[File]) -> None:
        """Add what the caller's functions gave. Raises InvalidInput if a name is taken, or climbs out of the run."""
        taken = {one.name for one in self._made} | {one.path for one in self._made}
        taken |= {*self._places(RECORD_PATH), *self._places(ROWS_PATH), *([_TABLE] if self._lines else [])}
        for name, suffix, data, value in files:
            path = check_path(f"{name}{suffix}")
            if name in taken or path in taken:
                msg = f"Two custom artifacts are called {name!r}, or it is the name of an artifact of the evaluation. Rename one."
                raise InvalidInput(msg)
            taken |= {name, path}
            self._made.append(_File(name, path, data, value))

    def dataset(self) -> None:
        """Record that the run read the data, and which model."""
        models = [ModelInput(self.model_id)] if self.model_id else None
        log_inputs([self.table.described], [self.prefix or None], [None], models)
        if self.judged.model_uuid:
            known = self.run.data.tags.get(_DATASETS_TAG, "[]")
            entry = {"name": self.table.name, "hash": self.table.hash, "model": self.judged.model_uuid}
            if self.table.path is not None:
                entry["path"] = self.table.path
            entries = json.loads(known)
            text = json.dumps(entries if entry in entries else [*entries, entry], separators=(",", ":"))
            self.run.recorder.tags(self.run_id, {_DATASETS_TAG: text})

    def write(self, found: MetricValues, record: Evaluation, rows: Rows | None, asked: Asked) -> EvaluationResult:
        """Log the data and all figures, linked with the model; store what was made, then the record; the result."""
        kept = None if rows is None or not len(rows) else to_bytes(rows)
        logged = aggregates(_prefixed(found, self.prefix))
        for name in logged:
            check_key(name, "metrics.key")
        self.dataset()
        log_metrics(logged, run_id=self.run_id, model_id=self.model_id or None, dataset=self.table.described)
        if self._lines:
            path = f"{self.prefix}{_TABLE}.json"
            add_to_table(self.run.place, self.run_id, self._lines, path)
            self.artifacts[_TABLE] = ARTIFACTS[".json"](get_artifact_uri(path))
            self.files[_TABLE] = path
        for one in self._made:
            self._store(one)
        if kept is not None:
            self.files["rows"] = self._twice(ROWS_PATH, kept)
        record = replace(record, files=dict(self.files))
        self._twice(RECORD_PATH, to_json(record).encode())
        self.run.recorder.tags(self.run_id, {EVALUATED_TAG: self.model_id or record.model_uri or "predictions"})
        if asked.card and (self.model_id or record.model_uri):
            self._card(record)
        return EvaluationResult(logged, self.artifacts, self.run_id, record, rows)

    def _card(self, record: Evaluation) -> None:
        """The model's card; an evaluation is none the worse for one that cannot be written now."""
        try:
            log_card(self.run_id, self.model_id, record)
        except TreeringError as error:
            logger.warning("The model card is not written: %s treering.model_card writes it later.", error)

    def _make_of_classifier(self, rows: Rows, labels: Any, config: Mapping[str, Any], asked: Asked) -> None:
        most = config.get("max_classes_for_multiclass_roc_pr", _MOST_CLASSES)
        check_count("max_classes_for_multiclass_roc_pr", most, 0)
        if asked.plots:
            draw = plotter()
            self._add_plots(plots_of_classifier(rows, draw, most), draw)
        if rows.positive is None:
            drawn = rows.score is not None and len(rows.labels) <= most
            table = csv_of(per_class(rows, labels, with_areas=drawn))
            # As MLflow's file, which has no prefix.
            self._made.append(_File("per_class_metrics", "per_class_metrics.csv", table))

    def _add_plots(self, plots: Iterator[tuple[str, bytes]], draw: Plotter) -> None:
        self._made.extend(_File(name, f"{self.prefix}{name}{draw.suffix}", data) for name, data in plots)

    def _store(self, one: _File) -> None:
        write_bytes(run_store(self.run_id), one.path, one.data)
        uri = get_artifact_uri(one.path)
        kind = ARTIFACTS.get(Path(one.path).suffix, EvaluationArtifact)
        self.artifacts[one.name] = (
            PickleEvaluationArtifact(uri, one.data, one.value)
            if kind is PickleEvaluationArtifact
            else kind(uri, one.data)
        )
        self.files[one.name] = one.path

    def _twice(self, path: str, data: bytes) -> str:
        """Store it where readers look for the newest evaluation, and under the prefix, where it stays; the latter path."""
        store = run_store(self.run_id)
        places = self._places(path)
        for one in places:
            write_bytes(store, one, data)
        return places[0]

    def _places(self, path: str) -> tuple[str, ...]:
        folder, _, name = path.rpartition("/")
        return tuple(dict.fromkeys((f"{folder}/{self.prefix}{name}", path)))


def custom_artifacts_of(functions: Sequence[Any], scored: Any, found: MetricValues) -> list[File]:
    """What the caller's functions give, as files.

    Raises:
        InvalidInput: If one gives what cannot be stored.
    """
    files: list[File] = []
    for index, function in enumerate(functions):
        name = getattr(function, "__name__", repr(function))
        head = f"The custom artifact function {name!r} at index {index}"
        with tempfile.TemporaryDirectory(prefix="treering-evaluation-") as folder:
            given = function(scored.copy(), dict(found), folder)
            if not isinstance(given, dict) or not all(isinstance(key, str) for key in given):
                logger.warning("%s returned no dictionary of artifacts by name, so that nothing of it is logged.", head)
                continue
            files += [(key, *_file(f"{head} gave the artifact {key!r}, which", value)) for key, value in given.items()]
    return files


def _file(head: str, value: Any) -> tuple[str, bytes, Any]:  # noqa: PLR0911  # one for each kind
    """Suffix, bytes, and the object where it is pickled."""
    if isinstance(value, str | Path):
        path = Path(value)
        if path.is_file():
            if path.suffix not in ARTIFACTS:
                msg = f"{head} is {path.name}, a file of no kind that is known: {', '.join(sorted(ARTIFACTS))}."
                raise InvalidInput(msg)
            return path.suffix, path.read_bytes(), None
        try:
            json.loads(str(value))
        except ValueError as error:
            msg = f"{head} is {value!r:.100}: neither a file that exists nor JSON."
            raise InvalidInput(msg) from error
        return ".json", str(value).encode(), None
    if is_table(value) and hasattr(value, "columns"):
        return ".csv", value.to_csv(index=False).encode(), None
    if isinstance(value, np.ndarray):
        buffer = io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        return ".npy", buffer.getvalue(), None
    if hasattr(value, "savefig"):
        buffer = io.BytesIO()
        value.savefig(buffer, format="png")
        return ".png", buffer.getvalue(), None
    try:
        return ".json", json.dumps(value, default=_plain).encode(), None
    except TypeError:
        logger.warning("%s is of type %s and is stored as a pickle.", head, type(value).__name__)
        return ".pickle", pickled(value), value


def _prefixed(found: MetricValues, prefix: str) -> MetricValues:
    """As MLflow puts the prefix: before the metric and before each of its figures."""
    if not prefix:
        return found
    return {
        f"{prefix}{name}": MetricValue(
            value.scores,
            value.justifications,
            {f"{prefix}{part}": figure for part, figure in value.aggregate_results.items()}
            if value.aggregate_results
            else {},
        )
        for name, value in found.items()
    }


def _cells(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(type(value).__name__)
