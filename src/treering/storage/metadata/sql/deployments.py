"""Deployments in a database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from treering.core.clock import now
from treering.core.errors import AlreadyExists, Conflict, NotFound
from treering.entities.deployment import (
    CanaryPlan,
    Deployment,
    DeploymentChange,
    DeploymentEvent,
    DeploymentQuery,
    DeploymentState,
    Release,
)
from treering.entities.governance import NOBODY, Actor
from treering.entities.page import Page
from treering.storage.metadata.announcing import changed_deployment
from treering.storage.metadata.sql.history import enqueue
from treering.storage.metadata.sql.rows import insert_row
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import deployment_events, deployments

__all__ = ["SqlDeployments"]

# Weights are kept as whole numbers, since databases do not agree on fractions.
_FINE = 1000
_COLUMNS = ("name", "target", "state", "created", "updated", "revision")


class SqlDeployments:
    """DeploymentStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(
        self, deployment: Deployment, changes: Sequence[DeploymentChange], *, by: Actor = NOBODY, expected: int
    ) -> Deployment:
        """See DeploymentStore."""
        table = deployments

        def work(connection: Connection) -> Deployment:
            at = table.c.name == deployment.name
            known = connection.execute(select(table.c.revision).where(at).with_for_update()).scalar()
            _check_revision(deployment.name, known, expected)
            put = replace(deployment, revision=expected + 1, updated=now())
            if known is None:
                insert_row(connection, insert(table).values(**_row(put)))
            else:
                connection.execute(update(table).where(at).values(**_row(put)))
            for change in changes:
                _record(connection, put, change, by)
            return put

        return self._session.write(work)

    def get(self, name: str) -> Deployment:
        """See DeploymentStore."""
        with self._session.read() as connection:
            row = connection.execute(select(deployments).where(deployments.c.name == name)).one_or_none()
        if row is None:
            raise _unknown(name)
        return _deployment(row)

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """See DeploymentStore."""
        columns = deployments.c
        wanted = select(deployments).where(columns.name > query.page_token)
        if query.target:
            wanted = wanted.where(columns.target == query.target)
        if query.state:
            wanted = wanted.where(columns.state == query.state)
        elif not query.removed:
            wanted = wanted.where(columns.state != DeploymentState.REMOVED.value)
        if query.text:
            wanted = wanted.where(func.lower(columns.name).contains(query.text.lower(), autoescape=True))
        if query.model or query.version:
            wanted = wanted.where(
                or_(
                    _release(query, columns.model, columns.version),
                    _release(query, columns.next_model, columns.next_version),
                )
            )
        with self._session.read() as connection:
            found = connection.execute(wanted.order_by(columns.name).limit(query.max_results + 1)).all()
        page = [_deployment(row) for row in found[: query.max_results]]
        return Page(page, page[-1].name if len(found) > len(page) else "")

    def history(self, name: str, before: int, limit: int) -> Sequence[DeploymentEvent]:
        """See DeploymentStore."""
        table = deployment_events
        wanted = select(table).where(table.c.name == name)
        if before:
            wanted = wanted.where(table.c.id < before)
        with self._session.read() as connection:
            return [_event(row) for row in connection.execute(wanted.order_by(table.c.id.desc()).limit(limit))]


def _release(query: DeploymentQuery, model: Any, version: Any) -> Any:
    # A deployment without a candidate has "" there, which must not be found by its version.
    asked = [(model, query.model), (version, query.version)]
    return and_(*(column == value for column, value in asked if value))


def _check_revision(name: str, known: int | None, expected: int) -> None:
    if known is not None and not expected:
        msg = f"There is a deployment {name!r} already. Choose another name, or change that one."
        raise AlreadyExists(msg)
    if known is None and expected:
        raise _unknown(name)
    if known is not None and known != expected:
        msg = (
            f"The deployment {name!r} has been changed meanwhile: it is at revision {known}, and {expected} was"
            " expected. Look at it again."
        )
        raise Conflict(msg)


def _record(connection: Connection, put: Deployment, change: DeploymentChange, by: Actor) -> None:
    event = DeploymentEvent(
        0,
        put.name,
        change.time or put.updated,
        change.user or by.user,
        change.action,
        change.reason or by.reason,
        change.before,
        change.after,
        change.weight,
        change.detail,
    )
    row = {
        "name": event.name,
        "time": event.time,
        "user_id": event.user,
        "action": event.action,
        "reason": event.reason,
        "was": event.before,
        "became": event.after,
        "weight": round(event.weight * _FINE),
        "detail": event.detail,
    }
    insert_row(connection, insert(deployment_events).values(**row))
    enqueue(connection, changed_deployment(put, event))


def _row(one: Deployment) -> dict[str, Any]:
    known = asdict(one)
    kept = {key: value for key, value in known.items() if key not in {*_COLUMNS, "managed"}}
    return {
        "name": one.name,
        "target": one.target,
        "state": one.state.value,
        "model": one.current.model,
        "version": one.current.version,
        "next_model": one.candidate.model if one.candidate else "",
        "next_version": one.candidate.version if one.candidate else "",
        "created": one.created,
        "updated": one.updated,
        "revision": one.revision,
        "document": json.dumps(kept, sort_keys=True),
    }


def _deployment(row: Row[Any]) -> Deployment:
    known = json.loads(row.document)
    current, canary = Release(**known.pop("current")), known.pop("canary")
    candidate, previous = known.pop("candidate"), known.pop("previous")
    return Deployment(
        name=row.name,
        target=row.target,
        state=DeploymentState(row.state),
        current=current,
        created=row.created,
        updated=row.updated,
        revision=row.revision,
        canary=CanaryPlan(tuple(canary["steps"]), canary["every"]) if canary else None,
        candidate=Release(**candidate) if candidate else None,
        previous=Release(**previous) if previous else None,
        **known,
    )


def _event(row: Row[Any]) -> DeploymentEvent:
    return DeploymentEvent(
        row.id,
        row.name,
        row.time,
        row.user_id,
        row.action,
        row.reason,
        row.was,
        row.became,
        row.weight / _FINE,
        row.detail,
    )


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no deployment {name!r}. List the deployments to see which there are.")
