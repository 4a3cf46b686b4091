"""From a tracking URI to working services: near through `assembly`, far through a server's API.

None is the embedded store, a folder is the embedded store in that folder,
`sqlite:///`, `postgresql://` and `mysql://` go straight to a database, and
`http(s)://` is a server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from treering.assembly import Services, open_services
from treering.core.plugins import Registry
from treering.core.settings import Settings, find_home
from treering.core.uri import scheme_of

__all__ = ["SERVERS", "connect"]

# Reached by name, because the embedded store needs no HTTP client.
SERVERS: Registry[Callable[[Settings, str], Services]] = Registry(
    "treering.servers",
    "tracking server",
    {"http": "treering.client.far_services:open_far", "https": "treering.client.far_services:open_far"},
)


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
        return SERVERS.load(scheme_of(uri))(settings, uri)
    near = replace(settings, tracking_uri=uri, backend_store_uri=uri)
    return open_services(near, find_home(settings, start))


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def close() -> None:
        try:
            first()
        finally:
            second()

    return close
