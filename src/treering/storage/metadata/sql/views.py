"""Saved views in a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound
from treering.entities.lifecycle import Lifecycle
from treering.entities.view import SavedView, ViewChanges
from treering.storage.metadata.sql.experiments import experiment_number
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import experiments, views

__all__ = ["SqlViews"]


class SqlViews:
    """ViewStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, view: SavedView) -> SavedView:
        """See ViewStore."""

        def work(connection: Connection) -> None:
            if view.experiment_id:
                _refuse_inactive(connection, view.experiment_id)
            _make_room(connection, view)
            connection.execute(insert(views).values(**_row(view)))

        self._session.write(work)
        return view

    def get(self, view_id: str) -> SavedView:
        """See ViewStore."""
        with self._session.read() as connection:
            return _known(connection, view_id)

    def list(self, experiment_id: str, page: str) -> Sequence[SavedView]:
        """See ViewStore."""
        number = experiment_number(experiment_id)
        wanted = _active().where(or_(views.c.experiment_id == number, views.c.experiment_id.is_(None)))
        if page:
            wanted = wanted.where(views.c.page == page)
        with self._session.read() as connection:
            found = [_view(row) for row in connection.execute(wanted)]
        return sorted(found, key=lambda view: (not view.experiment_id, view.name, view.view_id))

    def update(self, view_id: str, changes: ViewChanges) -> SavedView:
        """See ViewStore."""

        def work(connection: Connection) -> SavedView:
            known = _known(connection, view_id, lock=True)
            changed = replace(
                known,
                name=known.name if changes.name is None else changes.name,
                search=known.search if changes.search is None else changes.search,
                is_default=known.is_default if changes.is_default is None else changes.is_default,
                updated=now(),
            )
            _make_room(connection, changed)
            connection.execute(update(views).where(views.c.view_id == view_id).values(**_row(changed)))
            return changed

        return self._session.write(work)

    def delete(self, view_id: str) -> None:
        """See ViewStore."""

        def work(connection: Connection) -> None:
            _known(connection, view_id, lock=True)
            connection.execute(delete(views).where(views.c.view_id == view_id))

        self._session.write(work)


def _active() -> Select[Any]:
    """Views of experiments that are not deleted, and those that fit all."""
    active = or_(views.c.experiment_id.is_(None), experiments.c.lifecycle == Lifecycle.ACTIVE.value)
    return select(views).outerjoin(experiments, experiments.c.id == views.c.experiment_id).where(active)


def _known(connection: Connection, view_id: str, *, lock: bool = False) -> SavedView:
    if lock:
        connection.execute(select(views.c.view_id).where(views.c.view_id == view_id).with_for_update())
    row = connection.execute(_active().where(views.c.view_id == view_id)).one_or_none()
    if row is None:
        msg = f"There is no view with the id {view_id!r}. List the views to see which there are."
        raise NotFound(msg)
    return _view(row)


def _refuse_inactive(connection: Connection, experiment_id: str) -> None:
    same = experiments.c.id == experiment_number(experiment_id)
    stage = connection.execute(select(experiments.c.lifecycle).where(same).with_for_update(read=True)).scalar()
    if stage is None:
        msg = f"No Experiment with id={experiment_id} exists. Search experiments to see which there are."
        raise NotFound(msg)
    if stage != Lifecycle.ACTIVE.value:
        msg = f"The experiment {experiment_id!r} is deleted. Restore it before saving views."
        raise InvalidInput(msg)


def _make_room(connection: Connection, view: SavedView) -> None:
    """Where `view` is a default, the one before is none any more."""
    if view.is_default:
        other = views.c.default_of == _place(view), views.c.view_id != view.view_id
        connection.execute(update(views).where(*other).values(default_of=None))


def _place(view: SavedView) -> str:
    return f"{view.experiment_id}/{view.page}"


def _row(view: SavedView) -> dict[str, Any]:
    return {
        "view_id": view.view_id,
        "experiment_id": experiment_number(view.experiment_id) if view.experiment_id else None,
        "name": view.name,
        "page": view.page,
        "search": view.search,
        "default_of": _place(view) if view.is_default else None,
        "owner": view.owner,
        "created": view.created,
        "updated": view.updated,
    }


def _view(row: Row[Any]) -> SavedView:
    return SavedView(
        row.view_id,
        "" if row.experiment_id is None else str(row.experiment_id),
        row.name,
        row.page,
        row.search,
        row.default_of is not None,
        row.owner,
        row.created,
        row.updated,
    )
