"""Which addresses the server sends webhooks to: none of its own network, unless it is told that it may.

Whoever may make a webhook chooses what the server connects to. So the name is
resolved here, every address of it is looked at, and the connection goes to the
address that was looked at, not to what the name means a moment later.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from treering.core.errors import InvalidInput, Unavailable

__all__ = ["PORTS", "Addresses", "Target"]

_LONGEST = 2048
PORTS = {"http": 80, "https": 443}
"""Where a scheme is spoken, unless a URL says otherwise."""
# All that is given out for the public; what lies outside of it is old forms of local addresses, and new ones.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_EXAMPLES_V6 = ipaddress.IPv6Network("3fff::/20")
# A gateway of the network reaches the IPv4 address in its last bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be connected to.

    Attributes:
        ip: The resolved address.
        host: The name in the URL, in ASCII as DNS has it.
        path: With the query.
    """

    scheme: str
    host: str
    port: int
    ip: str
    path: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """What is allowed.

    Attributes:
        schemes: Those that a URL may have.
        private: Whether addresses of private networks, and of this machine, may be reached.
    """

    schemes: Sequence[str] = ("https",)
    private: bool = False

    def check(self, url: str) -> None:
        """Refuse a URL that may not be used; a name that means nothing now is looked at again when it is used.

        Raises:
            InvalidInput: If its form, its scheme or one of its addresses is not allowed.
        """
        parts, port = self._split(url)
        if "@" in parts.netloc:
            msg = (
                "The webhook's URL holds a user or a password, which nobody sends and everybody reads who sees the"
                " webhook. Leave them out, and give the webhook a secret, which its messages are signed with."
            )
            raise InvalidInput(msg)
        try:
            self._resolve(str(parts.hostname), port)
        except Unavailable:
            return

    def target(self, url: str) -> Target:
        """Where to connect to.

        Raises:
            InvalidInput: As `check`.
            Unavailable: If the name has no address.
        """
        parts, port = self._split(url)
        host = str(parts.hostname)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        ip = self._resolve(host, port)[0]
        return Target(parts.scheme.lower(), host.encode("idna").decode(), port, ip, path)

    def _split(self, url: str) -> tuple[SplitResult, int]:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            msg = f"Invalid webhook URL {url[:200]!r}: {error}. Write it as https://host/path."
            raise InvalidInput(msg) from error
        scheme = parts.scheme.lower()
        if scheme not in self.schemes or scheme not in PORTS:
            allowed = ", ".join(self.schemes)
            msg = (
                f"Invalid webhook URL scheme: {parts.scheme!r}. Allowed are: {allowed}."
                " The server's setting TREERING_WEBHOOK_ALLOWED_SCHEMES says which."
            )
            raise InvalidInput(msg)
        if not parts.hostname or len(url) > _LONGEST or any(char.isspace() or char < " " for char in url):
            msg = f"Webhook URL must include a hostname, no blanks, and at most {_LONGEST} characters: {url[:200]!r}."
            raise InvalidInput(msg)
        return parts, port if port is not None else PORTS[scheme]

    def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            msg = f"The name {host!r} of the webhook's URL cannot be resolved: {error}. Check the name."
            raise Unavailable(msg) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not self.private and not all(map(_is_public, addresses)):
            msg = (
                f"The webhook's URL names {host!r}, which is not a public address. Use a public one, or allow others"
                " with the server's setting TREERING_WEBHOOK_ALLOW_PRIVATE_IPS."
            )
            raise InvalidInput(msg)
        return addresses


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        if within is None:
            return ip.is_global and ip in _PUBLIC_V6 and ip not in _EXAMPLES_V6
        ip = within
    return ip.is_global and not ip.is_multicast
