"""The services of a tracking server: its tracking, its registry, and artifacts as its clients see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from treering.assembly import Services
from treering.client.channel import Channel
from treering.client.far import far_tracking
from treering.client.far_lineage import FarLineage
from treering.client.far_registry import far_registry
from treering.client.proxied import ProxiedStore
from treering.core.settings import Settings, find_home
from treering.core.uri import scheme_of
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore
from treering.wire.endpoint import Empty
from treering.wire.native import server

if TYPE_CHECKING:  # a type that most processes never need
    from treering.deployments.base import Deployments

__all__ = ["open_far"]

_PROXIED = "mlflow-artifacts"


def open_far(settings: Settings, url: str) -> Services:
    """The services of the server at `url`, which is not asked before it is needed. Raises InvalidInput."""
    channel = Channel(url, settings)
    return Services(
        settings,
        far_tracking(channel),
        far_registry(channel),
        FarLineage(channel),
        _Artifacts(channel, settings),
        lambda: _ask(channel),
        channel.close,
        deployments=lambda: _deployments(channel, settings),
    )


def _deployments(channel: Channel, settings: Settings) -> Deployments:
    # Most processes deploy nothing.
    far = import_module("treering.client.far_deployments")
    service = import_module("treering.deployments.service")
    home = find_home(settings, Path.cwd())
    made: Deployments = service.far_deployments(far.FarBook(channel), far.FarDeployments(channel), home, channel.url)
    return made


def _ask(channel: Channel) -> None:
    channel.call(server.INFO, Empty())


@dataclass(frozen=True, slots=True)
class _Artifacts:
    """Opens artifact URIs as a server's client sees them."""

    channel: Channel
    settings: Settings

    def __call__(self, uri: str) -> ObjectStore:
        scheme = scheme_of(uri)
        if scheme != _PROXIED:
            return STORES.load(scheme)(uri)
        host = urlsplit(uri).netloc
        if not host or host == urlsplit(self.channel.url).netloc:
            return ProxiedStore(uri, self.channel)
        # Credentials are for the tracking server; another host does not get them.
        strangers = replace(self.settings, tracking_token="", tracking_username="", tracking_password="")
        return ProxiedStore(uri, Channel(f"{urlsplit(self.channel.url).scheme}://{host}", strangers))
