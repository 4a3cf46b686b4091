"""Treering's own services as a source, for taking things out to other tools."""

from __future__ import annotations

from collections.abc import Iterator

from treering.assembly import Services
from treering.client.paging import every
from treering.core.errors import PermissionDenied
from treering.entities.deleted import Kind
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import View
from treering.entities.metric import MetricColumns
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.page import Query
from treering.entities.run import Run
from treering.exchange.source import FoundRun
from treering.storage.objects.base import ObjectStore

__all__ = ["OwnSource"]

_PAGE = 1000
# Deleting an experiment deletes its runs at the same moment, but for rounding.
_TOGETHER_MILLIS = 1000


class OwnSource:
    """A Source over services, which stay open when it is closed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._times: dict[tuple[Kind, str], int | None] = {}
        try:
            for item in services.tracking.upkeep.deleted():
                self._times[item.kind, item.item_id] = item.deleted
        except PermissionDenied:
            # Only administrators are told when something was deleted; everything else may be exported without.
            self._times = {}

    @property
    def name(self) -> str:
        """The tracking URI, or what stands for the embedded store."""
        return self._services.settings.tracking_uri or "Treering"

    def artifacts(self, uri: str) -> ObjectStore:
        """See Source."""
        return self._services.open_artifacts(uri)

    def close(self) -> None:
        """Nothing is held."""

    def experiments(self) -> Iterator[Experiment]:
        """See Source."""
        return every(self._services.tracking.experiments.search, Query(max_results=_PAGE, view=View.ALL))

    def runs(self, experiment_id: str) -> Iterator[FoundRun]:
        """See Source."""
        emptied = self._times.get((Kind.EXPERIMENT, experiment_id))
        query = Query(max_results=_PAGE, view=View.ALL, experiment_ids=[experiment_id], order_by=["start_time ASC"])
        for run in every(self._services.tracking.runs.search, query):
            deleted = self._times.get((Kind.RUN, run.info.run_id))
            together = emptied is not None and deleted is not None and abs(emptied - deleted) <= _TOGETHER_MILLIS
            counts = {key: summary.count for key, summary in run.data.summaries.items()}
            yield FoundRun(run, counts, together, deleted)

    def histories(self, run: Run) -> Iterator[tuple[str, MetricColumns]]:
        """See Source."""
        history = self._services.tracking.metrics.history
        for key in sorted(run.data.summaries):
            token = ""
            while True:
                part, token = history(run.info.run_id, key, None, token)
                yield key, part
                if not token:
                    break

    def logged_models(self, experiment_id: str) -> Iterator[LoggedModel]:
        """See Source; deleted ones are not found."""
        query = Query(max_results=_PAGE, experiment_ids=[experiment_id])
        return every(self._services.tracking.models.search, query)

    def registered_models(self) -> Iterator[RegisteredModel]:
        """See Source."""
        return every(self._services.registry.models.search, Query(max_results=_PAGE))

    def versions(self, name: str) -> Iterator[ModelVersion]:
        """See Source."""
        # A name holds no quotes.
        query = Query(f"name = '{name}'", max_results=_PAGE)
        found = every(self._services.registry.versions.search, query)
        yield from sorted(found, key=lambda version: version.version)
