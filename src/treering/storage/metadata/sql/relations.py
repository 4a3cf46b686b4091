"""What came of what, in a database: each question is answered from an index, the newest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, not_, or_, select, union

from treering.entities.dataset import OUTPUT_CONTEXT
from treering.entities.lifecycle import Lifecycle
from treering.entities.run import PARENT_RUN_TAG
from treering.storage.metadata.base import Related
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    datasets,
    logged_models,
    model_versions,
    registered_models,
    run_datasets,
    run_models,
    run_tags,
    runs,
)
from treering.storage.metadata.sql.texts import text_columns

__all__ = ["SqlRelations"]

_ACTIVE = runs.c.lifecycle == Lifecycle.ACTIVE.value
# A copy bears the ids of what it was copied from.
_COPY = and_(model_versions.c.source.like("models:/%/%"), model_versions.c.source.not_like("models:/m-%"))
_ORIGINAL = not_(_COPY)


class SqlRelations:
    """RelationStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def users(self, name: str, digest: str, limit: int) -> Related[str]:
        """See RelationStore."""
        return self._of_dataset(name, digest, limit, run_datasets.c.context != OUTPUT_CONTEXT)

    def makers(self, name: str, digest: str, limit: int) -> Related[str]:
        """See RelationStore."""
        return self._of_dataset(name, digest, limit, run_datasets.c.context == OUTPUT_CONTEXT)

    def _of_dataset(self, name: str, digest: str, limit: int, role: ColumnElement[bool]) -> Related[str]:
        with self._session.read() as connection:
            same = and_(datasets.c.name == name, datasets.c.digest == digest)
            numbers = list(connection.execute(select(datasets.c.id).where(same)).scalars())
            if not numbers:
                return Related((), 0)
            # With one number instead of a list, the newest are found at the index's end.
            one = run_datasets.c.dataset == numbers[0] if len(numbers) == 1 else run_datasets.c.dataset.in_(numbers)
            return self._runs(connection, run_datasets, run_datasets.c.run, and_(one, role), limit)

    def children(self, run_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        stored = text_columns(run_tags, PARENT_RUN_TAG, run_id)
        wanted = and_(run_tags.c.key == stored["key"], run_tags.c.head == stored["head"])
        with self._session.read() as connection:
            return self._runs(connection, run_tags, run_tags.c.run, wanted, limit)

    def readers(self, model_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        wanted = and_(run_models.c.model_id == model_id, run_models.c.role == "input")
        with self._session.read() as connection:
            return self._runs(connection, run_models, run_models.c.run, wanted, limit)

    def writers(self, model_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        source = select(logged_models.c.source_run_id).where(logged_models.c.model_id == model_id)
        named = select(run_models.c.run).where(run_models.c.model_id == model_id, run_models.c.role == "output")
        numbers = union(named, select(runs.c.id).where(runs.c.run_id == source.scalar_subquery())).subquery()
        with self._session.read() as connection:
            return self._runs(connection, numbers, numbers.c.run, None, limit)

    def models(self, run_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        number = select(runs.c.id).where(runs.c.run_id == run_id).scalar_subquery()
        named = select(run_models.c.model_id).where(run_models.c.run == number, run_models.c.role == "output")
        table = logged_models.c
        wanted = and_(
            table.lifecycle == Lifecycle.ACTIVE.value,
            table.model_id.in_(union(select(table.model_id).where(table.source_run_id == run_id), named)),
        )
        listed = select(table.model_id).where(wanted).order_by(table.created.desc(), table.model_id.desc())
        with self._session.read() as connection:
            total = connection.execute(select(func.count()).select_from(logged_models).where(wanted)).scalar() or 0
            return Related(list(connection.execute(listed.limit(limit)).scalars()), total)

    def versions(self, run_id: str, model_id: str, source: str, limit: int) -> Related[tuple[str, int]]:
        """See RelationStore."""
        table = model_versions.c
        asked = [
            *([and_(table.run_id == run_id, table.model_id == "", _ORIGINAL)] if run_id else []),
            *([and_(table.model_id == model_id, _ORIGINAL)] if model_id else []),
            *([table.source == source] if source else []),
        ]
        if not asked:
            return Related((), 0)
        wanted = or_(*asked)
        name = registered_models.c.name
        listed = (
            select(name, table.version)
            .join(registered_models, registered_models.c.id == table.model)
            .where(wanted)
            .order_by(table.created.desc(), name.desc(), table.version.desc())
        )
        with self._session.read() as connection:
            total = connection.execute(select(func.count()).select_from(model_versions).where(wanted)).scalar() or 0
            return Related([(row.name, row.version) for row in connection.execute(listed.limit(limit))], total)

    @staticmethod
    def _runs(
        connection: Any, table: FromClause, number: ColumnElement[int], wanted: ColumnElement[bool] | None, limit: int
    ) -> Related[str]:
        """Active runs whose number stands in some rows of `table`, those created last first."""

        def matching(statement: Select[Any]) -> Select[Any]:
            found = statement.select_from(table).join(runs, runs.c.id == number).where(_ACTIVE)
            return found if wanted is None else found.where(wanted)

        total = connection.execute(matching(select(func.count()))).scalar() or 0
        listed = matching(select(runs.c.run_id)).order_by(number.desc()).limit(limit)
        return Related(list(connection.execute(listed).scalars()) if total and limit else (), total)
