"""Feeds columns in memory: counters, what changed since, and whole runs by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import func, select

from treering.entities.lifecycle import Lifecycle
from treering.entities.run import Run
from treering.storage.metadata.feed import FedRun, Stamp
from treering.storage.metadata.sql.document import read_document
from treering.storage.metadata.sql.experiments import experiment_number
from treering.storage.metadata.sql.rows import NUMBERS, rows_by_number
from treering.storage.metadata.sql.runs import runs_of
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import experiments, runs

__all__ = ["SqlFeed"]

_AT_ONCE = 2000
_COLUMNS = (
    runs.c.id,
    runs.c.version,
    runs.c.run_id,
    runs.c.run_name,
    runs.c.status,
    runs.c.artifact_uri,
    runs.c.user_id,
    runs.c.start_time,
    runs.c.end_time,
    runs.c.lifecycle,
    runs.c.document,
)
_STAMPS = select(experiments.c.id, experiments.c.version, experiments.c.purged).where(experiments.c.id.in_(NUMBERS))


class SqlFeed:
    """RunFeed over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def stamps(self, experiment_ids: Sequence[str]) -> Mapping[str, Stamp]:
        """See RunFeed."""
        numbers = sorted({experiment_number(experiment_id) for experiment_id in experiment_ids})
        with self._session.read() as connection:
            rows = rows_by_number(connection, _STAMPS, numbers)
        return {str(number): Stamp(row.version, row.purged) for number, row in rows.items()}

    def versions(self, experiment_ids: Sequence[str]) -> Mapping[str, int]:
        """How often the runs of those that exist changed."""
        return {experiment_id: stamp.version for experiment_id, stamp in self.stamps(experiment_ids).items()}

    def changed(self, experiment_id: str, since: int) -> Iterator[Sequence[FedRun]]:
        """See RunFeed."""
        statement = select(*_COLUMNS).where(
            runs.c.experiment_id == experiment_number(experiment_id), runs.c.version > since
        )
        with self._session.read() as connection:
            # Page by page out of one statement, which sees one moment in every database.
            for rows in connection.execution_options(yield_per=_AT_ONCE).execute(statement).partitions():
                yield [_fed(*row) for row in rows]

    def numbers(self, experiment_id: str) -> Sequence[int]:
        """See RunFeed."""
        statement = select(runs.c.id).where(runs.c.experiment_id == experiment_number(experiment_id))
        with self._session.read() as connection:
            return list(connection.execute(statement).scalars())

    def count(self, experiment_id: str) -> int:
        """See RunFeed."""
        statement = select(func.count()).where(runs.c.experiment_id == experiment_number(experiment_id))
        with self._session.read() as connection:
            return connection.execute(statement).scalar_one()

    def runs(self, numbers: Sequence[int]) -> Mapping[int, Run]:
        """See RunFeed."""
        with self._session.read() as connection:
            return runs_of(connection, numbers)


def _fed(  # noqa: PLR0913, PLR0917  # the columns above
    number: int,
    version: int,
    run_id: str,
    run_name: str,
    status: str,
    artifact_uri: str,
    user_id: str,
    start_time: int,
    end_time: int | None,
    lifecycle: str,
    content: bytes,
) -> FedRun:
    document = read_document(content, run_id)
    return FedRun(
        number,
        version,
        run_id,
        run_name,
        status,
        artifact_uri,
        user_id,
        start_time,
        end_time,
        lifecycle == Lifecycle.ACTIVE,
        document.params,
        document.tags,
        document.metrics,
    )
