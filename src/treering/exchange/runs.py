"""The points of one run, and the last touches: brought over and compared with the source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from treering.assembly import Services
from treering.entities.lifecycle import Lifecycle
from treering.entities.metric import Metric, MetricColumns
from treering.entities.run import LogBatch, Run
from treering.exchange.points import checksum, distinct, history_of, joined, without
from treering.exchange.report import Report
from treering.exchange.source import FoundRun, Source
from treering.tracking.base import Tracking

__all__ = ["bring_points", "settle"]

_POINTS = 100_000
_MASK = (1 << 64) - 1


def bring_points(
    source: Source, services: Services, found: FoundRun, there: Run, linked: Sequence[Metric], report: Report
) -> None:
    """Log the points that `there` has not, and compare the checksums of all series that were touched.

    Args:
        linked: Points of the run that judge logged models; they are among the source's histories as well.
    """
    present = {key: summary.count for key, summary in there.data.summaries.items()}
    if found.counts is not None and found.counts == {key: present.get(key, 0) for key in found.counts}:
        count = sum(found.counts.values())
        report.points.found += count
        report.points.present += count
        return
    sending = _Sending(services.tracking, there, linked, report)
    parts: list[MetricColumns] = []
    before = ""
    for key, columns in source.histories(found.run):
        if parts and key != before:
            sending.series(before, parts, present.get(before, 0))
            parts = []
        parts, before = [*parts, columns], key
    if parts:
        sending.series(before, parts, present.get(before, 0))
    sending.finish()


class _Sending:
    """Gathers series into batches, so that many short ones cost one transaction."""

    def __init__(self, tracking: Tracking, there: Run, linked: Sequence[Metric], report: Report) -> None:
        self._tracking = tracking
        self._run = there.info
        self._restored = there.info.lifecycle_stage is Lifecycle.DELETED
        self._report = report
        self._linked: dict[str, list[Metric]] = defaultdict(list)
        for point in linked:
            self._linked[point.key].append(point)
        self._waiting: dict[str, MetricColumns] = {}
        self._judging: list[Metric] = []
        self._count = 0
        self._sums: dict[str, tuple[int, int]] = {}

    def series(self, key: str, parts: Sequence[MetricColumns], known: int) -> None:
        columns = whole = distinct(joined(parts))
        total = len(columns)
        self._report.points.found += total
        if known:
            if known == total:
                self._report.points.present += total
                return
            history = history_of(self._tracking.metrics.history, self._run.run_id, key)
            columns = without(columns, history)
            self._report.points.present += total - len(columns)
        if not len(columns):
            return
        self._report.points.brought += len(columns)
        self._sums[key] = known + len(columns), checksum(whole) if known + len(columns) == total else -1
        judging = self._linked.get(key, []) if not known else []
        if judging:
            plain = without(columns, _columns(judging))
            # What judges a model goes its own way into the same series, if it is in the history at all.
            if len(plain) + len(distinct(_columns(judging))) == len(columns):
                columns = plain
                self._judging += [replace(point, run_id=self._run.run_id) for point in judging]
        for start in range(0, max(len(columns), 1), _POINTS):
            end = start + _POINTS
            part = MetricColumns(columns.steps[start:end], columns.timestamps[start:end], columns.values[start:end])
            self._waiting[key] = part
            self._count += len(part)
            if self._count >= _POINTS:
                self._send()

    def _send(self) -> None:
        if not self._waiting and not self._judging:
            return
        if self._restored:
            self._tracking.runs.restore(self._run.run_id)
        series = {key: columns for key, columns in self._waiting.items() if len(columns)}
        self._tracking.runs.log([LogBatch(self._run.run_id, series=series, linked=self._judging)])
        self._waiting, self._judging, self._count = {}, [], 0

    def finish(self) -> None:
        """Send the rest, and read back what was sent."""
        self._send()
        for key, (count, wanted) in self._sums.items():
            history = history_of(self._tracking.metrics.history, self._run.run_id, key)
            if len(history) != count or (wanted >= 0 and checksum(history) & _MASK != wanted & _MASK):
                self._report.problem(
                    f"metric {key} of the run {self._run.run_id}: {len(history)} points arrived, {count} were expected,"
                    " or they differ"
                )
            else:
                self._report.verified += count


def _columns(points: Sequence[Metric]) -> MetricColumns:
    return MetricColumns(
        [point.step for point in points], [point.timestamp for point in points], [point.value for point in points]
    )


def settle(tracking: Tracking, given: Run, report: Report) -> None:
    """Give the run the tags, state and times that it has at the source, and compare all it holds."""
    run_id = given.info.run_id
    there = tracking.runs.get(run_id)
    tags = {key: value for key, value in given.data.tags.items() if there.data.tags.get(key) != value}
    state = (given.info.status, given.info.end_time) != (there.info.status, there.info.end_time)
    active = there.info.lifecycle_stage is Lifecycle.ACTIVE
    gone = given.info.lifecycle_stage is Lifecycle.DELETED
    if active and (tags or state):
        if tags:
            tracking.runs.log([LogBatch(run_id, tags=tags)])
        if state:
            tracking.runs.update(run_id, given.info.status, given.info.end_time)
        there = tracking.runs.get(run_id)
    if active and gone:
        tracking.runs.delete(run_id)
    for name, wanted, found in (
        ("params", given.data.params, there.data.params),
        ("tags", given.data.tags, there.data.tags),
    ):
        lost = [key for key, value in wanted.items() if found.get(key) != value]
        if lost and active:
            report.problem(f"run {run_id}: {name} differ: {', '.join(sorted(lost)[:5])}")
    if active and (there.info.status, there.info.start_time, there.info.end_time) != (
        given.info.status,
        given.info.start_time,
        given.info.end_time,
    ):
        report.problem(f"run {run_id}: its state or times differ")
