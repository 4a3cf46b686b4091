"""Encoded blocks of metric points in a database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from treering.core.errors import NotFound
from treering.entities.metric import MetricSegment
from treering.storage.metadata.merge import SMALL_SEGMENT
from treering.storage.metadata.sql.apply import lock_runs, segment_row
from treering.storage.metadata.sql.floats import from_sortable
from treering.storage.metadata.sql.rows import select_in
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import runs, segments

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
            return [
                MetricSegment(
                    run_id,
                    key,
                    row["count"],
                    row["first_step"],
                    row["last_step"],
                    row["first_timestamp"],
                    row["last_timestamp"],
                    _optional(row["minimum"]),
                    _optional(row["maximum"]),
                    row["data"],
                    row["id"],
                )
                for row in connection.execute(statement).mappings().all()
            ]

    def replace(self, run_id: str, key: str, old: Sequence[int], new: Sequence[MetricSegment]) -> bool:
        """See SeriesStore."""

        def work(connection: Connection) -> bool:
            try:
                held = lock_runs(connection, [run_id])[run_id]
            except NotFound:
                return False
            mine = select(segments.c.id, segments.c["count"].label("points")).where(
                segments.c.run == held.number, segments.c.key == key
            )
            present = select_in(connection, mine, segments.c.id, set(old))
            if len(present) != len(set(old)):
                return False
            for row in present:
                connection.execute(delete(segments).where(segments.c.id == row[0]))
            if new:
                connection.execute(insert(segments), [segment_row(held.number, segment) for segment in new])
            gone = sum(row.points < SMALL_SEGMENT for row in present)
            added = sum(segment.count < SMALL_SEGMENT for segment in new)
            held.small[key] = max(0, held.small.get(key, 0) - gone + added)
            # No change that a search could see, so none that is counted.
            connection.execute(update(runs).where(runs.c.id == held.number).values(document=held.encoded()))
            return True

        return self._session.write(work)
