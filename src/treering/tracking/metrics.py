"""Reading series of points from a metadata store, in pages or thinned."""

from __future__ import annotations

from collections.abc import Sequence

from treering.core.errors import Conflict, InvalidInput
from treering.core.log import logger
from treering.entities.metric import MetricColumns, SampledSeries
from treering.storage.metadata.base import RunStore, SeriesStore
from treering.storage.series.merge import merge_arrays
from treering.storage.series.page import begins_at, page
from treering.storage.series.sample import between, sample
from treering.tracking.limits import check_present

__all__ = ["StoredMetrics"]

_MAX_SAMPLED = 10_000


class StoredMetrics:
    """The `Metrics` of `treering.tracking.base`."""

    def __init__(self, runs: RunStore, series: SeriesStore) -> None:
        self._runs = runs
        self._series = series

    def history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str = ""
    ) -> tuple[MetricColumns, str]:
        """See the Protocol."""
        check_present(key, "metric_key")
        check_present(run_id, "run_id")
        while True:
            blocks = self._series.bounds(run_id, key, begins_at(page_token))
            if not blocks:
                self._runs.get(run_id)  # raises where the run does not exist
            try:
                return page(blocks, max_results, page_token, self._series.data)
            except Conflict:
                # Merging leaves fewer blocks each time, so this comes to an end.
                logger.debug("Blocks of the metric %s of the run %s were merged while it was read.", key, run_id)

    def sample(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        max_points: int,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Sequence[SampledSeries]:
        """See the Protocol; a run that does not exist has no series."""
        if not 1 <= max_points <= _MAX_SAMPLED:
            msg = (
                f"Invalid value {max_points} for parameter 'max_points' supplied:"
                f" It must be at least 1 and at most {_MAX_SAMPLED}."
            )
            raise InvalidInput(msg)
        found = (
            self._sampled(run_id, key, max_points, first_step, last_step)
            for run_id in dict.fromkeys(run_ids)
            for key in dict.fromkeys(keys)
        )
        return [series for series in found if series is not None]

    def _sampled(
        self, run_id: str, key: str, max_points: int, first_step: int | None, last_step: int | None
    ) -> SampledSeries | None:
        points = merge_arrays(block.data for block in self._series.segments(run_id, key, first_step, last_step))
        if first_step is None and last_step is None:
            return sample(run_id, key, points, max_points) if len(points) else None
        points = between(points, first_step, last_step)
        if not len(points):
            return None
        total = self._runs.get(run_id).data.summaries[key].count
        return sample(run_id, key, points, max_points, total)
