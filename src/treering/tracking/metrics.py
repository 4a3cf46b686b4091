"""Reading series of points from a metadata store, in pages or thinned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from treering.core.errors import Conflict, InvalidInput
from treering.core.log import logger
from treering.entities.line import Line, LineAxis, LineQuery
from treering.entities.metric import MetricColumns, SampledSeries
from treering.storage.metadata.base import RunStore, SeriesKey, SeriesOutline, SeriesStore
from treering.storage.series.line import draw, needed
from treering.storage.series.merge import merge_arrays
from treering.storage.series.page import begins_at, page
from treering.storage.series.sample import between, sample
from treering.tracking.limits import check_present

__all__ = ["StoredMetrics"]

_MAX_SAMPLED = 10_000
_MOST_NAMES = 100
_FEWEST_POINTS, _MOST_POINTS = 2, 4000
_MOST_IN_ALL = 4_000_000
# Points of all series whose blocks are held at a time.
_AT_ONCE = 1_000_000


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

    def lines(self, asked: LineQuery) -> Sequence[Line]:
        """See the Protocol."""
        _check_lines(asked)
        while True:
            try:
                return self._lines(asked)
            except Conflict:
                # As for `history`.
                logger.debug("Blocks of metrics were merged while lines were read of them.")

    def _lines(self, asked: LineQuery) -> Sequence[Line]:
        keys = list(dict.fromkeys(asked.keys))
        over = asked.x_key if asked.axis is LineAxis.METRIC else None
        known = {
            (one.run_id, one.key): one
            for one in self._series.outline(asked.run_ids, keys if over is None else [*keys, over])
        }
        names = [(run_id, key) for run_id in dict.fromkeys(asked.run_ids) for key in keys]
        wanted = [name for name in names if name in known and (over is None or (name[0], over) in known)]
        drawn = []
        for part in _parts(wanted, known):
            data = self._data(known, part, asked)
            for run_id, key in part:
                x = () if over is None else data[run_id, over]
                drawn.append(draw((run_id, key), data[run_id, key], asked, _start(known[run_id, key]), x))
        return [line for line in drawn if line is not None]

    def _data(
        self, known: Mapping[SeriesKey, SeriesOutline], names: Sequence[SeriesKey], asked: LineQuery
    ) -> Mapping[SeriesKey, Sequence[bytes]]:
        """The blocks of some series, as far as the range needs them, and of the metric that is x for each."""
        if asked.axis is LineAxis.METRIC:
            names = list(dict.fromkeys([*names, *((run_id, asked.x_key) for run_id, _ in names)]))
        blocks = {name: needed(known[name].blocks, asked, _start(known[name])) for name in names}
        data = iter(self._series.data([block for of_one in blocks.values() for block in of_one]))
        return {name: [next(data) for _ in of_one] for name, of_one in blocks.items()}


def _start(series: SeriesOutline) -> int:
    """When the run began; where that was not told, when the series did."""
    return series.start_time or min(block.first_timestamp for block in series.blocks)


def _parts(names: Sequence[SeriesKey], known: Mapping[SeriesKey, SeriesOutline]) -> Iterator[Sequence[SeriesKey]]:
    """The series in parts of about `_AT_ONCE` points."""
    part: list[SeriesKey] = []
    count = 0
    for name in names:
        part.append(name)
        count += sum(block.points for block in known[name].blocks)
        if count >= _AT_ONCE:
            yield part
            part, count = [], 0
    if part:
        yield part


def _check_lines(asked: LineQuery) -> None:
    for name, given in (("run_ids", asked.run_ids), ("keys", asked.keys)):
        if len(given) > _MOST_NAMES:
            msg = f"The field `{name}` has {len(given)} entries, and {_MOST_NAMES} are allowed. Ask several times."
            raise InvalidInput(msg)
    if not _FEWEST_POINTS <= asked.points <= _MOST_POINTS:
        msg = f"The field `points` is {asked.points}. It must be at least {_FEWEST_POINTS} and at most {_MOST_POINTS}."
        raise InvalidInput(msg)
    if len(asked.run_ids) * len(asked.keys) * asked.points > _MOST_IN_ALL:
        msg = (
            f"Lines of {len(asked.run_ids)} runs and {len(asked.keys)} keys with {asked.points} points each could be"
            f" more than {_MOST_IN_ALL} points. Ask for fewer at a time."
        )
        raise InvalidInput(msg)
    if (asked.axis is LineAxis.METRIC) != bool(asked.x_key):
        msg = 'The field `x_key` names the metric that is x. Give it if `x` is "metric", and leave it out otherwise.'
        raise InvalidInput(msg)
    for name, bound in (("first", asked.first), ("last", asked.last)):
        if bound is not None and math.isnan(bound):
            msg = f"The field `{name}` is not a number. Give one, or null to leave the range open."
            raise InvalidInput(msg)
