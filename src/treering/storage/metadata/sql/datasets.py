"""Datasets in a database: one row per (experiment, name, digest), as it was recorded first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select

from treering.entities.dataset import Dataset
from treering.storage.metadata.sql.experiments import experiment_number
from treering.storage.metadata.sql.rows import insert_row, select_in
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import datasets, run_datasets

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
    return {row.id: Dataset(row.name, row.digest, row.source_type, row.source, row.schema, row.profile) for row in rows}


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
