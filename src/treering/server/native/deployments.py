"""Deployments in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.deployments.base import Leading
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentQuery
from treering.entities.live import LiveDeployment
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.native import deployments as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.LIST)
def _list(services: Services, asked: DeploymentQuery) -> wire.DeploymentPage:
    page = services.deployments().search(asked)
    return wire.DeploymentPage(page.items, page.next_token)


@HANDLERS.handles(wire.RECORD)
def _record(services: Services, asked: wire.RecordDeployment) -> Deployment:
    return services.deployments().record(asked.deployment, asked.changes, reason=asked.reason, user=asked.user)


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.DeploymentName) -> Deployment:
    return services.deployments().get(asked.name)


@HANDLERS.handles(wire.STATUS)
def _status(services: Services, asked: wire.DeploymentName) -> Deployment:
    return services.deployments().status(asked.name)


@HANDLERS.handles(wire.HISTORY)
def _history(services: Services, asked: wire.AskDeploymentHistory) -> wire.DeploymentEvents:
    page = services.deployments().history(asked.name, asked.max_results, asked.page_token)
    return wire.DeploymentEvents(page.items, page.next_token)


@HANDLERS.handles(wire.LIVE)
def _live(services: Services, asked: wire.DeploymentName) -> LiveDeployment:
    return services.deployments().live(asked.name)


@HANDLERS.handles(wire.PROMOTE)
def _promote(services: Services, asked: wire.PromoteDeployment) -> Deployment:
    canary = None if asked.canary is None else CanaryPlan(asked.canary, asked.every)
    leading = Leading(asked.weight, canary)
    return services.deployments().promote(
        asked.name, leading, reason=asked.reason, user=asked.user, revision=asked.revision
    )


@HANDLERS.handles(wire.ROLLBACK)
def _rollback(services: Services, asked: wire.RollbackDeployment) -> Deployment:
    return services.deployments().rollback(asked.name, reason=asked.reason, user=asked.user, revision=asked.revision)


@HANDLERS.handles(wire.REMOVE)
def _remove(services: Services, asked: wire.RemoveDeployment) -> Empty:
    services.deployments().remove(asked.name, reason=asked.reason, user=asked.user)
    return Empty()


@HANDLERS.handles(wire.TARGETS)
def _targets(services: Services, asked: Empty) -> wire.DeploymentTargets:  # noqa: ARG001 - it has no fields
    found = services.deployments().targets()
    return wire.DeploymentTargets([wire.DeploymentTarget(one.name, one.summary, one.options) for one in found])
