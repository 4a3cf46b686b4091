"""How the searchable values are read out of each kind of object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treering.entities.dataset import Dataset
from treering.entities.experiment import Experiment
from treering.entities.metric import Metric, MetricSummary
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run
from treering.entities.webhook import Webhook
from treering.storage.metadata.search.literals import number_in
from treering.storage.metadata.search.syntax import Aggregate, Entity, Field, Kind, OrderTerm, Scalar

__all__ = [
    "ExperimentReader",
    "LoggedModelReader",
    "ModelVersionReader",
    "RegisteredModelReader",
    "RunReader",
    "WebhookReader",
    "on_datasets",
]


def _lookup(table: Mapping[str, Scalar], key: str) -> Sequence[Scalar]:
    return () if key not in table else (table[key],)


def _present(value: Scalar | None) -> Sequence[Scalar]:
    return () if value is None else (value,)


def _param(table: Mapping[str, str], field: Field) -> Sequence[Scalar]:
    if field.key not in table:
        return ()
    return _present(number_in(table[field.key]) if field.kind is Kind.NUMBER else table[field.key])


def _metric(table: Mapping[str, MetricSummary], field: Field) -> Sequence[Scalar]:
    summary = table.get(field.key)
    if summary is None:
        return ()
    match field.aggregate:
        case Aggregate.MIN:
            return _present(summary.minimum)
        case Aggregate.MAX:
            return _present(summary.maximum)
        case Aggregate.COUNT:
            return (summary.count,)
        case _:
            return (summary.last.value,)


def on_datasets(metric: Metric, datasets: Sequence[tuple[str, str]]) -> bool:
    """Whether a point belongs to one of (name, digest); an empty digest stands for all, no datasets for any."""
    return not datasets or any(
        metric.dataset_name == name and digest in {"", metric.dataset_digest} for name, digest in datasets
    )


class ExperimentReader:
    """Values of experiments."""

    def values(self, item: Experiment, field: Field) -> Sequence[Scalar]:
        """See Reader."""
        if field.entity is Entity.TAG:
            return _lookup(item.tags, field.key)
        return _present(getattr(item, field.key))

    def sort_value(self, item: Experiment, term: OrderTerm) -> Scalar | None:
        """See Reader."""
        if term.field.key == "experiment_id" and term.field.entity is Entity.ATTRIBUTE:
            return int(item.experiment_id)
        return next(iter(self.values(item, term.field)), None)


class RunReader:
    """Values of runs."""

    def values(self, item: Run, field: Field) -> Sequence[Scalar]:
        """See Reader."""
        match field.entity:
            case Entity.METRIC:
                return _metric(item.data.summaries, field)
            case Entity.PARAM:
                return _param(item.data.params, field)
            case Entity.TAG:
                return _lookup(item.data.tags, field.key)
            case Entity.DATASET if field.key == "context":
                return [used.context for used in item.inputs.dataset_inputs]
            case Entity.DATASET:
                return [getattr(used.dataset, field.key) for used in item.inputs.dataset_inputs]
            case _:
                return _present(getattr(item.info, field.key))

    def sort_value(self, item: Run, term: OrderTerm) -> Scalar | None:
        """See Reader."""
        return next(iter(self.values(item, term.field)), None)


class RegisteredModelReader:
    """Values of registered models."""

    def values(self, item: RegisteredModel, field: Field) -> Sequence[Scalar]:
        """See Reader."""
        if field.entity is Entity.TAG:
            return _lookup(item.tags, field.key)
        names = {"creation_timestamp": "creation_time", "last_updated_timestamp": "last_update_time"}
        return _present(getattr(item, names.get(field.key, field.key)))

    def sort_value(self, item: RegisteredModel, term: OrderTerm) -> Scalar | None:
        """See Reader."""
        return next(iter(self.values(item, term.field)), None)


class ModelVersionReader:
    """Values of model versions."""

    def values(self, item: ModelVersion, field: Field) -> Sequence[Scalar]:
        """See Reader."""
        if field.entity is Entity.TAG:
            return _lookup(item.tags, field.key)
        names = {
            "creation_timestamp": "creation_time",
            "last_updated_timestamp": "last_update_time",
            "source_path": "source",
            "version_number": "version",
        }
        return _present(getattr(item, names.get(field.key, field.key)))

    def sort_value(self, item: ModelVersion, term: OrderTerm) -> Scalar | None:
        """See Reader."""
        return next(iter(self.values(item, term.field)), None)


class WebhookReader:
    """Values of webhooks."""

    def values(self, item: Webhook, field: Field) -> Sequence[Scalar]:
        """See Reader."""
        names = {"creation_timestamp": "creation_time", "last_updated_timestamp": "last_update_time"}
        return _present(getattr(item, names.get(field.key, field.key)))

    def sort_value(self, item: Webhook, term: OrderTerm) -> Scalar | None:
        """See Reader."""
        return next(iter(self.values(item, term.field)), None)


class LoggedModelReader:
    """Values of logged models.

    Args:
        datasets: Metrics are those computed on these; on any where there are none.
    """

    def __init__(self, datasets: Sequence[Dataset] = ()) -> None:
        self._datasets = [(dataset.name, dataset.digest) for dataset in datasets]

    def values(self, item: LoggedModel, field: Field) -> Sequence[Scalar]:
        """See Reader."""
        match field.entity:
            case Entity.METRIC:
                return [
                    point.value
                    for point in item.metrics
                    if point.key == field.key and on_datasets(point, self._datasets)
                ]
            case Entity.PARAM:
                return _param(item.params, field)
            case Entity.TAG:
                return _lookup(item.tags, field.key)
            case _:
                names = {"creation_timestamp": "creation_time", "last_updated_timestamp": "last_update_time"}
                return _present(getattr(item, names.get(field.key, field.key)))

    def sort_value(self, item: LoggedModel, term: OrderTerm) -> Scalar | None:
        """The metric logged last, where there are several datasets."""
        if term.field.entity is not Entity.METRIC:
            return next(iter(self.values(item, term.field)), None)
        datasets = self._datasets if term.dataset is None else [term.dataset]
        points = [p for p in item.metrics if p.key == term.field.key and on_datasets(p, datasets)]
        if not points:
            return None
        return max(points, key=lambda p: (p.step, p.timestamp, p.dataset_name, p.dataset_digest)).value
