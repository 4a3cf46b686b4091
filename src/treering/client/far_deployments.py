"""Deployments recorded at a server: what is kept from here is done here, what the server keeps it does itself."""

from __future__ import annotations

from collections.abc import Sequence

from treering.client.channel import Channel
from treering.core.errors import NotSupported
from treering.deployments.base import AT_ONCE, Answered, Leading, Order, Plan, Request, TargetInfo
from treering.entities.deployment import Deployment, DeploymentChange, DeploymentEvent, DeploymentQuery
from treering.entities.live import LiveDeployment
from treering.entities.page import Page
from treering.wire.endpoint import Empty
from treering.wire.native import deployments as wire

__all__ = ["FarBook", "FarDeployments"]


class FarBook:
    """The `Book` of a server; each method is one request."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def put(self, deployment: Deployment, changes: Sequence[DeploymentChange], *, user: str, reason: str) -> Deployment:
        """As `Book.put`."""
        return self._call(wire.RECORD, wire.RecordDeployment(deployment, changes, reason, user))

    def get(self, name: str) -> Deployment:
        """As `Book.get`."""
        return self._call(wire.GET, wire.DeploymentName(name))

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """As `Book.search`."""
        page = self._call(wire.LIST, query)
        return Page(page.deployments, page.next_page_token)

    def history(self, name: str, max_results: int = 100, page_token: str = "") -> Page[DeploymentEvent]:
        """As `Book.history`."""
        page = self._call(wire.HISTORY, wire.AskDeploymentHistory(name, max_results, page_token))
        return Page(page.events, page.next_page_token)


class FarDeployments(FarBook):
    """The `Deployments` of a server, for those that it keeps."""

    def targets(self) -> Sequence[TargetInfo]:
        """As `Deployments.targets`."""
        found = self._call(wire.TARGETS, Empty()).targets
        return [TargetInfo(one.name, one.summary, one.options) for one in found]

    def plan(self, order: Order) -> Plan:
        """Not at a server."""
        raise _not_there(order.name)

    def deploy(self, order: Order) -> Deployment:
        """Not at a server."""
        raise _not_there(order.name)

    def status(self, name: str) -> Deployment:
        """As `Deployments.status`."""
        return self._call(wire.STATUS, wire.DeploymentName(name), repeatable=True)

    def live(self, name: str) -> LiveDeployment:
        """As `Deployments.live`."""
        return self._call(wire.LIVE, wire.DeploymentName(name))

    def predict(self, name: str, request: Request) -> Answered:
        """Not through a server."""
        del request
        raise _not_there(name)

    def promote(
        self, name: str, leading: Leading = AT_ONCE, *, reason: str = "", user: str = "", revision: int | None = None
    ) -> Deployment:
        """As `Deployments.promote`."""
        canary = leading.canary
        asked = wire.PromoteDeployment(
            name, None if canary is None else canary.steps, 60.0 if canary is None else canary.every, leading.weight,
            reason, revision, user,
        )  # fmt: skip
        return self._call(wire.PROMOTE, asked)

    def rollback(self, name: str, *, reason: str = "", user: str = "", revision: int | None = None) -> Deployment:
        """As `Deployments.rollback`."""
        return self._call(wire.ROLLBACK, wire.RollbackDeployment(name, reason, revision, user))

    def remove(self, name: str, *, reason: str = "", user: str = "") -> Deployment:
        """As `Deployments.remove`."""
        self._call(wire.REMOVE, wire.RemoveDeployment(name, reason, user))
        return self.get(name)

    def record(
        self, deployment: Deployment, changes: Sequence[DeploymentChange], *, reason: str, user: str
    ) -> Deployment:
        """As `Deployments.record`."""
        return self.put(deployment, changes, user=user, reason=reason)


def _not_there(name: str) -> NotSupported:
    return NotSupported(f"A server deploys nothing and asks nothing by itself; do it with {name!r} from this machine.")
