"""The services of a tracking server: its tracking, its registry, and artifacts as its clients see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from treering.assembly import Services
from treering.client.channel import Channel
from treering.client.far import far_tracking
from treering.client.far_lineage import FarLineage
from treering.client.far_registry import far_registry
from treering.client.proxied import ProxiedStore
from treering.core.settings import Settings
from treering.core.uri import scheme_of
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore
from treering.wire.endpoint import Empty
from treering.wire.native import server

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
    )


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
