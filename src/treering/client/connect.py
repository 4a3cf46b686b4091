"""From a tracking URI to working services: near through `assembly`, far through a server's API.

None is the embedded store, a folder is the embedded store in that folder,
`sqlite:///`, `postgresql://` and `mysql://` go straight to a database, and
`http(s)://` is a server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from treering.assembly import Services, open_services
from treering.client.channel import Channel
from treering.client.far import far_tracking
from treering.client.far_registry import far_registry
from treering.client.proxied import ProxiedStore
from treering.core.settings import Settings, find_home
from treering.core.uri import scheme_of
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore
from treering.wire.endpoint import Empty
from treering.wire.native import server

__all__ = ["connect"]

_PROXIED = "mlflow-artifacts"


def connect(settings: Settings, start: Path | None = None) -> Services:
    """The services that `settings.tracking_uri` names, with the registry of `settings.registry_uri`.

    Args:
        start: Where the search for the embedded store begins; the working directory unless given.

    Raises:
        InvalidInput: If a URI is malformed.
        UnknownPlugin: If there is no driver for its scheme.
        Unavailable: If a database cannot be reached; a server is not asked before it is needed.
    """
    services = _open(settings, settings.tracking_uri, start or Path.cwd())
    if settings.registry_uri in {"", settings.tracking_uri}:
        return services
    other = _open(settings, settings.registry_uri, start or Path.cwd())
    return replace(services, registry=other.registry, close=_both(services.close, other.close))


def _open(settings: Settings, uri: str, start: Path) -> Services:
    if scheme_of(uri) in {"http", "https"}:
        return _far(settings, uri)
    near = replace(settings, tracking_uri=uri, backend_store_uri=uri)
    return open_services(near, find_home(settings, start))


def _far(settings: Settings, url: str) -> Services:
    channel = Channel(url, settings)
    return Services(
        settings,
        far_tracking(channel),
        far_registry(channel),
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


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def close() -> None:
        try:
            first()
        finally:
            second()

    return close
