"""`Client` on runs and what is logged to them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treering.client.api.base import ClientPart, PagedList, paged
from treering.client.api.history import MetricHistory
from treering.client.context import context_tags, user_name
from treering.client.log import Operations, as_float, finished
from treering.client.runs import begin_run
from treering.core.clock import now
from treering.core.ids import new_run_id
from treering.entities.dataset import DatasetInput
from treering.entities.lifecycle import RunStatus, View
from treering.entities.metric import Metric, MetricColumns
from treering.entities.page import Query
from treering.entities.run import PARENT_RUN_TAG, LogBatch, ModelInput, ModelOutput, NewRun, Run
from treering.storage.journal.frames import Change

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = ["RunCalls"]

# Of 24 bytes a point.
_HISTORY_PAGE = 1_000_000


class RunCalls(ClientPart):
    """Making, finding, changing and filling runs; errors as in `treering.tracking.base.Runs`.

    What is logged goes through this process's journal, as in the fluent calls, and is
    delivered before anything is read.
    """

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, object] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Start a run; it does not become the active one. While the server cannot be reached, it begins here."""
        texts = {key: str(value) for key, value in (tags or {}).items()}
        new = NewRun(
            experiment_id,
            new_run_id(),
            run_name or "",
            texts.get("mlflow.user") or user_name(),
            now() if start_time is None else start_time,
            texts or {key: value for key, value in context_tags().items() if key == "mlflow.user"},
        )
        return begin_run(self._place, new)

    def get_run(self, run_id: str) -> Run:
        """A run with all that was logged so far."""
        return self._place.read().tracking.runs.get(run_id)

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run that this one is nested in, or None."""
        parent = self.get_run(run_id).data.tags.get(PARENT_RUN_TAG)
        return self.get_run(parent) if parent else None

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change status or name; while the server cannot be reached, with the next delivery."""
        self._change(Change(run_id, RunStatus(status) if status else None, None, name))

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run, after all that this process has logged to it was delivered; that may be later."""
        self._change(Change(run_id, RunStatus(status or RunStatus.FINISHED), now() if end_time is None else end_time))
        self._place.recorder.forget_run(run_id)

    def _change(self, change: Change) -> None:
        place = self._place

        def ask(services: Services) -> Run:
            place.recorder.flush(None, place.settings.offline_after or None)
            return services.tracking.runs.update(change.run_id, change.status, change.end_time, change.run_name)

        if place.attempt(ask) is None:
            place.recorder.change(change)

    def delete_run(self, run_id: str) -> None:
        """Delete softly."""
        self._place.read().tracking.runs.delete(run_id)

    def restore_run(self, run_id: str) -> None:
        """Undo a deletion."""
        self._place.services().tracking.runs.restore(run_id)

    def search_runs(  # MLflow's signature
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: View | str = View.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of runs."""
        query = Query(
            filter_string, order_by or (), max_results, page_token or "", View(run_view_type), list(experiment_ids)
        )
        return paged(self._place.read().tracking.runs.search(query))

    def log_metric(  # noqa: PLR0913, PLR0917  # MLflow's signature
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,  # noqa: FBT001  # as above
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> Operations | None:
        """Log one point of a metric."""
        recorder = self._place.recorder
        number, at = as_float(key, value), now() if timestamp is None else timestamp
        if model_id is None and dataset_name is None:
            recorder.metric(run_id, key, number, at, step or 0)
        else:
            point = Metric(key, number, at, step or 0, model_id or "", dataset_name or "", dataset_digest or "")
            recorder.batch(LogBatch(run_id, linked=[point]))
        return finished(recorder, synchronous=synchronous)

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:  # noqa: FBT001
        """Log a param, and return its value."""
        recorder = self._place.recorder
        recorder.params(run_id, {key: str(value)})
        return finished(recorder, synchronous=synchronous) or value

    def set_tag(
        self,
        run_id: str,
        key: str,
        value: Any,
        synchronous: bool | None = None,  # noqa: FBT001  # as above
    ) -> Operations | None:
        """Set a tag."""
        recorder = self._place.recorder
        recorder.tags(run_id, {key: str(value)})
        return finished(recorder, synchronous=synchronous)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag."""
        self._place.read().tracking.runs.delete_tag(run_id, key)

    def log_batch(  # MLflow's signature
        self,
        run_id: str,
        metrics: Sequence[Any] = (),
        params: Sequence[Any] = (),
        tags: Sequence[Any] = (),
        synchronous: bool | None = None,  # noqa: FBT001  # as above
    ) -> Operations | None:
        """Log metrics, params and tags.

        Args:
            metrics: Things with `key`, `value`, `timestamp` and `step`, such as `treering.entities.metric.Metric`.
            params: Things with `key` and `value`; so `tags`. A mapping does too.
        """
        recorder = self._place.recorder
        plain = [one for one in metrics if not (getattr(one, "model_id", "") or getattr(one, "dataset_name", ""))]
        if plain:
            points = [(one.key, as_float(one.key, one.value), one.timestamp, one.step or 0) for one in plain]
            recorder.metrics(run_id, points)
        linked = [one for one in metrics if isinstance(one, Metric) and (one.model_id or one.dataset_name)]
        if linked or params or tags:
            recorder.batch(LogBatch(run_id, _pairs(params), _pairs(tags), linked=linked))
        return finished(recorder, synchronous=synchronous)

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[DatasetInput] | None = None,
        models: Sequence[ModelInput] | None = None,
    ) -> None:
        """Record what a run read."""
        self._place.recorder.batch(LogBatch(run_id, dataset_inputs=datasets or (), model_inputs=models or ()))

    def log_outputs(self, run_id: str, models: Sequence[ModelOutput]) -> None:
        """Record logged models that a run wrote."""
        self._place.recorder.batch(LogBatch(run_id, model_outputs=models))

    def get_metric_history(self, run_id: str, key: str) -> MetricHistory:
        """All points of a metric, in order of timestamp, step and value; `.columns` has them as arrays."""
        history = self._place.read().tracking.metrics.history
        steps, timestamps, values = array("q"), array("q"), array("d")
        token = ""
        while True:
            page, token = history(run_id, key, _HISTORY_PAGE, token)
            steps.extend(page.steps)
            timestamps.extend(page.timestamps)
            values.extend(page.values)
            if not token:
                return MetricHistory(run_id, key, MetricColumns(steps, timestamps, values))


def _pairs(items: Any) -> dict[str, str]:
    if isinstance(items, Mapping):
        return {str(key): str(value) for key, value in items.items()}
    return {item.key: str(item.value) for item in items}
