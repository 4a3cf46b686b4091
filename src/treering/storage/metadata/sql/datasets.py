"""Datasets in a database: one row per (experiment, name, digest), as it was recorded first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, func, insert, literal, literal_column, select

from treering.core.errors import NotFound
from treering.entities.dataset import Dataset, DatasetVersion
from treering.entities.lifecycle import Lifecycle
from treering.storage.metadata.sql.experiments import experiment_number
from treering.storage.metadata.sql.rows import insert_row, select_in
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import datasets, run_datasets, runs

__all__ = ["SqlDatasets", "dataset_number", "load_datasets"]


def dataset_number(connection: Connection, experiment: int, dataset: Dataset) -> int:
    """The row of a dataset, which is inserted where there is none."""
    same = select(datasets.c.id).where(
        datasets.c.experiment_id == experiment,
        datasets.c.name == dataset.name,
        datasets.c.digest == dataset.digest,
    )
    number = connection.execute(same).scalar()
    if number is None:
        row = {
            "experiment_id": experiment,
            "name": dataset.name,
            "digest": dataset.digest,
            "source_type": dataset.source_type,
            "source": dataset.source,
            "schema": dataset.schema,
            "profile": dataset.profile,
        }
        number = insert_row(connection, insert(datasets).values(**row))
    return int(number)


def load_datasets(connection: Connection, numbers: Iterable[int]) -> dict[int, Dataset]:
    """Datasets by row."""
    rows = select_in(connection, select(datasets), datasets.c.id, sorted(set(numbers)))
    return {row.id: _dataset(row) for row in rows}


class SqlDatasets:
    """DatasetStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def search(self, experiment_ids: Sequence[str], limit: int) -> Sequence[tuple[str, Dataset, str]]:
        """See DatasetStore."""
        numbers = [experiment_number(experiment_id) for experiment_id in experiment_ids]
        statement = (
            select(datasets.c.id, datasets.c.experiment_id, datasets.c.name, datasets.c.digest, run_datasets.c.context)
            .join(run_datasets, run_datasets.c.dataset == datasets.c.id)
            .where(datasets.c.experiment_id.in_(numbers))
            .distinct()
            .order_by(datasets.c.experiment_id, datasets.c.name, datasets.c.digest, run_datasets.c.context)
            .limit(limit)
        )
        with self._session.read() as connection:
            rows = connection.execute(statement).all()
            known = load_datasets(connection, (row.id for row in rows))
            return [(str(row.experiment_id), known[row.id], row.context) for row in rows]

    def find(self, name: str, digest: str) -> Dataset:
        """See DatasetStore."""
        same = select(datasets).where(datasets.c.name == name, datasets.c.digest == digest)
        with self._session.read() as connection:
            row = connection.execute(same.order_by(datasets.c.id).limit(1)).one_or_none()
        if row is None:
            msg = f"No run recorded a dataset {name!r} with the digest {digest!r}. Check both, and the tracking URI."
            raise NotFound(msg)
        return _dataset(row)

    def overview(self, experiment_ids: Sequence[str], name: str, limit: int) -> Sequence[DatasetVersion]:
        """See DatasetStore."""
        with self._session.read() as connection:
            uses = _uses(connection, [experiment_number(one) for one in experiment_ids], name)
            places: dict[tuple[str, str], list[_Use]] = defaultdict(list)
            for use in uses:
                places[use.name, use.digest].append(use)
            latest = sorted(places, key=lambda place: (-max(use.last for use in places[place]), place))[:limit]
            firsts = {min(use.dataset for use in places[place]): place for place in latest}
            schema = datasets.c.schema if name else literal("").label("schema")
            parts = [one for one in datasets.c if one.name != "schema"]
            rows = select_in(connection, select(*parts, schema), datasets.c.id, firsts)
            known = {firsts[row.id]: _dataset(row) for row in rows}
        return [_version(known[place], places[place]) for place in latest if place in known]


_Use = Row[Any]

# The plus keeps SQLite from looking each run's row up, documents and all: it reads an index of all runs instead.
_ITS_NUMBER = literal_column("+runs.id", BigInteger)


def _uses(connection: Connection, experiments: Sequence[int], name: str) -> Sequence[_Use]:
    """For each row of `datasets` and each context, how active runs used it."""
    wanted = (
        select(
            run_datasets.c.dataset,
            run_datasets.c.context,
            func.count().label("runs"),
            func.min(runs.c.start_time).label("first"),
            func.max(runs.c.start_time).label("last"),
        )
        .select_from(run_datasets)
        .join(runs, (runs.c.id if name else _ITS_NUMBER) == run_datasets.c.run)
        .where(runs.c.lifecycle == Lifecycle.ACTIVE.value)
        .group_by(run_datasets.c.dataset, run_datasets.c.context)
    )
    if experiments:
        wanted = wanted.where(runs.c.experiment_id.in_(experiments))
    if name:
        wanted = wanted.where(run_datasets.c.dataset.in_(select(datasets.c.id).where(datasets.c.name == name)))
    counted = wanted.subquery()
    statement = select(counted, datasets.c.name, datasets.c.digest, datasets.c.experiment_id)
    return connection.execute(statement.join(datasets, datasets.c.id == counted.c.dataset)).all()


def _version(dataset: Dataset, uses: Sequence[_Use]) -> DatasetVersion:
    return DatasetVersion(
        dataset,
        sum(use.runs for use in uses),
        min(use.first for use in uses),
        max(use.last for use in uses),
        sorted({use.context for use in uses} - {""}),
        [str(number) for number in sorted({use.experiment_id for use in uses})],
    )


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(row.name, row.digest, row.source_type, row.source, row.schema, row.profile)
