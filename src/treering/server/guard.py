"""Who may talk to the server through a browser: no page of another site.

A page elsewhere can make its own name resolve to this machine (DNS rebinding) and
then read what the server answers; the Host header gives it away. It can also send
requests without reading the answers; the Origin header gives that away.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from treering.core.errors import PermissionDenied

__all__ = ["Guard", "guard_for", "is_loopback"]

_LOOPBACK_HOSTS = ("localhost", "*.localhost", "127.0.0.1", "::1")
_READING = {"GET", "HEAD", "OPTIONS"}
_OPEN_PATHS = {"/health", "/version", "/ready"}


@dataclass(frozen=True, slots=True)
class Guard:
    """Which hosts and origins are accepted.

    Attributes:
        hosts: Patterns for the Host header, without a port or with one; `*` accepts all.
        origins: Further origins, such as `https://ml.example.org`, that may send changes; `*` accepts all.
    """

    hosts: Sequence[str] = ("*",)
    origins: Sequence[str] = ()

    def check(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Raises PermissionDenied if the request comes from a page of another site."""
        host = headers.get("host", "").lower()
        if path not in _OPEN_PATHS and not self._known_host(host):
            msg = (
                f"Invalid Host header {host!r}: this may be a DNS rebinding attack. If the server is"
                f" meant to be reached by this name, start it with --allowed-hosts {_name(host) or 'NAME'}."
            )
            raise PermissionDenied(msg)
        if method not in _READING and not self._known_origin(host, headers):
            origin = headers["origin"]
            msg = (
                f"Cross-origin request from {origin!r} refused. If that site is meant to change things"
                f" here, start the server with --cors-allowed-origins {origin}."
            )
            raise PermissionDenied(msg)

    def _known_host(self, host: str) -> bool:
        name = _name(host)
        return any(fnmatchcase(name, pattern) or fnmatchcase(host, pattern) for pattern in self.hosts)

    def _known_origin(self, host: str, headers: Mapping[str, str]) -> bool:
        origin = headers.get("origin", "").lower()
        if not origin or headers.get("sec-fetch-site") in {"same-origin", "none"}:
            return True
        there = urlsplit(origin).netloc
        if there and there in {host, headers.get("x-forwarded-host", "").lower()}:
            return True
        # A page that this machine itself serves, such as the user interface while it is being developed.
        if _is_local(_name(there)) and _is_local(_name(host)):
            return True
        return any(pattern in {"*", origin} for pattern in self.origins)


def guard_for(bound: str, allowed_hosts: Sequence[str] = (), allowed_origins: Sequence[str] = ()) -> Guard:
    """The guard for a server that listens on `bound`.

    Without `allowed_hosts`, a server that listens on loopback is called by loopback's
    names only; one that was opened to the network may be called by any name.
    """
    origins = tuple(origin.lower().rstrip("/") for origin in allowed_origins)
    if allowed_hosts:
        return Guard((*(host.lower() for host in allowed_hosts), *_LOOPBACK_HOSTS), origins)
    return Guard((*_LOOPBACK_HOSTS, bound.lower()) if is_loopback(bound) else ("*",), origins)


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine as seen from itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(name: str) -> bool:
    return is_loopback(name) or name.endswith(".localhost")


def _name(host: str) -> str:
    """`host` without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
