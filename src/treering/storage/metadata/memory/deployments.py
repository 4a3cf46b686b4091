"""Deployments in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import AlreadyExists, Conflict, NotFound
from treering.entities.deployment import (
    Deployment,
    DeploymentChange,
    DeploymentEvent,
    DeploymentQuery,
    DeploymentState,
)
from treering.entities.governance import NOBODY, Actor
from treering.entities.page import Page
from treering.storage.metadata.announcing import changed_deployment
from treering.storage.metadata.memory.history import enqueue
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryDeployments"]


class MemoryDeployments:
    """DeploymentStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def put(
        self, deployment: Deployment, changes: Sequence[DeploymentChange], *, by: Actor = NOBODY, expected: int
    ) -> Deployment:
        """See DeploymentStore."""
        with self._state.lock:
            known = self._state.deployments.get(deployment.name)
            if known is not None and not expected:
                msg = f"There is a deployment {deployment.name!r} already. Choose another name, or change that one."
                raise AlreadyExists(msg)
            if known is None and expected:
                raise _unknown(deployment.name)
            if known is not None and known.revision != expected:
                msg = (
                    f"The deployment {deployment.name!r} has been changed meanwhile: it is at revision"
                    f" {known.revision}, and {expected} was expected. Look at it again."
                )
                raise Conflict(msg)
            put = replace(deployment, revision=expected + 1, updated=now())
            self._state.deployments[put.name] = put
            for change in changes:
                event = DeploymentEvent(
                    len(self._state.deployment_events) + 1,
                    put.name,
                    change.time or put.updated,
                    change.user or by.user,
                    change.action,
                    change.reason or by.reason,
                    change.before,
                    change.after,
                    round(change.weight, 3),
                    change.detail,
                )
                self._state.deployment_events.append(event)
                enqueue(self._state, changed_deployment(put, event))
            return put

    def get(self, name: str) -> Deployment:
        """See DeploymentStore."""
        with self._state.lock:
            if name not in self._state.deployments:
                raise _unknown(name)
            return self._state.deployments[name]

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """See DeploymentStore."""
        with self._state.lock:
            found = [one for _, one in sorted(self._state.deployments.items()) if _fits(one, query)]
        page = found[: query.max_results]
        return Page(page, page[-1].name if len(found) > len(page) else "")

    def history(self, name: str, before: int, limit: int) -> Sequence[DeploymentEvent]:
        """See DeploymentStore."""
        with self._state.lock:
            found = [one for one in self._state.deployment_events if one.name == name]
        return [one for one in reversed(found) if not before or one.seq < before][:limit]


def _fits(one: Deployment, query: DeploymentQuery) -> bool:
    if one.name <= query.page_token or query.text.lower() not in one.name.lower():
        return False
    if one.state is DeploymentState.REMOVED and not (query.removed or query.state == DeploymentState.REMOVED):
        return False
    if query.target not in {"", one.target} or query.state not in {"", one.state}:
        return False
    releases = [release for release in (one.current, one.candidate) if release is not None]
    return any(query.model in {"", part.model} and query.version in {"", part.version} for part in releases)


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no deployment {name!r}. List the deployments to see which there are.")
