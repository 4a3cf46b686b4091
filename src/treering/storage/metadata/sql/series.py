"""Encoded blocks of metric points in a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from treering.core.errors import NotFound
from treering.entities.metric import MetricSegment, SegmentOutline
from treering.storage.metadata.base import SeriesOutline
from treering.storage.metadata.merge import SMALL_SEGMENT, in_order
from treering.storage.metadata.sql.apply import lock_runs, segment_row
from treering.storage.metadata.sql.floats import from_sortable
from treering.storage.metadata.sql.rows import NUMBERS, rows_by_number, select_in
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import run_metrics, runs, segments

__all__ = ["SqlSeries"]


def _optional(number: int | None) -> float | None:
    return None if number is None else from_sortable(number)


class SqlSeries:
    """SeriesStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def segments(
        self, run_id: str, key: str, first_step: int | None = None, last_step: int | None = None
    ) -> Sequence[MetricSegment]:
        """See SeriesStore."""
        statement = (
            select(segments)
            .join(runs, runs.c.id == segments.c.run)
            .where(runs.c.run_id == run_id, segments.c.key == key)
            .order_by(segments.c.id)
        )
        if first_step is not None:
            statement = statement.where(segments.c.last_step >= first_step)
        if last_step is not None:
            statement = statement.where(segments.c.first_step <= last_step)
        with self._session.read() as connection:
            return [_segment(run_id, row) for row in connection.execute(statement).all()]

    def bounds(self, run_id: str, key: str, since: int | None = None) -> Sequence[MetricSegment]:
        """See SeriesStore."""
        statement = (
            select(*_BOUNDS)
            .join(runs, runs.c.id == segments.c.run)
            .where(runs.c.run_id == run_id, segments.c.key == key)
            .order_by(segments.c.id)
        )
        if since is not None:
            statement = statement.where(segments.c.last_timestamp >= since)
        with self._session.read() as connection:
            return [_segment(run_id, row) for row in connection.execute(statement).all()]

    def outline(self, run_ids: Sequence[str], keys: Sequence[str]) -> Sequence[SeriesOutline]:
        """See SeriesStore."""
        named = select(runs.c.id, runs.c.run_id, runs.c.start_time)
        found: dict[tuple[int, str], list[SegmentOutline]] = {}
        with self._session.read() as connection:
            known = {row[0]: row for row in select_in(connection, named, runs.c.run_id, set(run_ids))}
            wanted = _OUTLINE.where(segments.c.key.in_(list(dict.fromkeys(keys))))
            for row in select_in(connection, wanted, segments.c.run, known):
                run, key, *outline = row
                found.setdefault((run, key), []).append(SegmentOutline(*outline))
        return [
            SeriesOutline(known[run][1], key, known[run][2], sorted(blocks)) for (run, key), blocks in found.items()
        ]

    def data(self, blocks: Sequence[MetricSegment | SegmentOutline]) -> Sequence[bytes]:
        """See SeriesStore."""
        with self._session.read() as connection:
            rows = rows_by_number(connection, _DATA, [block.segment_id for block in blocks])
        return in_order({number: row.data for number, row in rows.items()}, blocks)

    def scattered(self, run_id: str) -> Sequence[str]:
        """See SeriesStore."""
        statement = (
            select(segments.c.key)
            .join(runs, runs.c.id == segments.c.run)
            .where(runs.c.run_id == run_id, segments.c["count"] < SMALL_SEGMENT)
            .group_by(segments.c.key)
            .having(func.count() > 1)
            .order_by(segments.c.key)
        )
        with self._session.read() as connection:
            return list(connection.execute(statement).scalars())

    def small(self, run_id: str, keys: Sequence[str]) -> Mapping[str, Sequence[MetricSegment]]:
        """See SeriesStore."""
        of_run = (
            select(segments)
            .join(runs, runs.c.id == segments.c.run)
            .where(runs.c.run_id == run_id, segments.c["count"] < SMALL_SEGMENT)
        )
        found: dict[str, list[MetricSegment]] = {}
        with self._session.read() as connection:
            for row in sorted(select_in(connection, of_run, segments.c.key, set(keys)), key=lambda row: row.id):
                found.setdefault(row.key, []).append(_segment(run_id, row))
        return found

    def replace(self, run_id: str, key: str, old: Sequence[int], new: Sequence[MetricSegment]) -> bool:
        """See SeriesStore."""
        return self.replace_all(run_id, {key: (old, new)})

    def replace_all(self, run_id: str, merged: Mapping[str, tuple[Sequence[int], Sequence[MetricSegment]]]) -> bool:
        """See SeriesStore."""
        old = {number: key for key, (numbers, _) in merged.items() for number in numbers}
        new = [block for _, blocks in merged.values() for block in blocks]

        def work(connection: Connection) -> bool:
            try:
                held = lock_runs(connection, [run_id])[run_id]
            except NotFound:
                return False
            mine = select(segments.c.id, segments.c.key, segments.c["count"].label("points")).where(
                segments.c.run == held.number
            )
            present = select_in(connection, mine, segments.c.id, old)
            if {row.id: row.key for row in present} != old:
                return False
            if present:
                connection.execute(_DELETE, [{"its_id": row.id} for row in present])
            if new:
                connection.execute(insert(segments), [segment_row(held.number, block) for block in new])
            waiting = Counter(held.small)
            waiting.update(block.key for block in new if block.count < SMALL_SEGMENT)
            waiting.subtract(row.key for row in present if row.points < SMALL_SEGMENT)
            held.small = {key: max(0, count) for key, count in waiting.items()}
            # No change that a search could see, so none that is counted.
            connection.execute(update(runs).where(runs.c.id == held.number).values(document=held.encoded()))
            return True

        return self._session.write(work)

    def walk(self, after: int, limit: int) -> Sequence[MetricSegment]:
        """See SeriesStore."""
        page = select(segments).where(segments.c.id > after).order_by(segments.c.id).limit(limit)
        with self._session.read() as connection:
            rows = connection.execute(page).all()
            named = select_in(
                connection, select(runs.c.id, runs.c.run_id), runs.c.id, sorted({row.run for row in rows})
            )
        names = {row.id: row.run_id for row in named}
        return [_segment(names.get(row.run, ""), row) for row in rows]

    def uneven(self, limit: int) -> Sequence[tuple[str, str, int, int]]:
        """See SeriesStore."""
        held = select(segments.c.run, segments.c.key, func.sum(segments.c["count"]).label("points"))
        held = held.group_by(segments.c.run, segments.c.key)
        known, found = run_metrics.c, held.subquery()
        points = func.coalesce(found.c.points, 0)
        statement = (
            select(runs.c.run_id, known.key, points, known["count"])
            .select_from(run_metrics)
            .join(runs, runs.c.id == known.run)
            .outerjoin(found, (found.c.run == known.run) & (found.c.key == known.key))
            .where(points != known["count"])
            .order_by(runs.c.run_id, known.key)
            .limit(limit)
        )
        with self._session.read() as connection:
            return [(row[0], row[1], int(row[2]), int(row[3])) for row in connection.execute(statement)]


_BOUNDS = [column for column in segments.c if column.name != "data"] + [literal(b"").label("data")]
_OUTLINE = select(
    segments.c.run,
    segments.c.key,
    segments.c.id,
    segments.c["count"],
    segments.c.first_step,
    segments.c.last_step,
    segments.c.first_timestamp,
    segments.c.last_timestamp,
)
_DATA = select(segments.c.id, segments.c.data).where(segments.c.id.in_(NUMBERS))
_DELETE = delete(segments).where(segments.c.id == bindparam("its_id"))


def _segment(run_id: str, row: Sequence[Any]) -> MetricSegment:
    number, _, key, count, first_step, last_step, first_timestamp, last_timestamp, low, high, data = row
    return MetricSegment(
        run_id,
        key,
        count,
        first_step,
        last_step,
        first_timestamp,
        last_timestamp,
        _optional(low),
        _optional(high),
        data,
        number,
    )
