"""Where a service answers: http, https, or a socket of this machine."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from treering.core.errors import InvalidInput

__all__ = ["Where", "where_of"]


class Where(NamedTuple):
    """An address.

    Attributes:
        socket: The path of a socket in the file system; empty for hosts.
        base: What paths are put behind.
    """

    host: str
    port: int
    secure: bool = False
    socket: str = ""
    base: str = ""

    @property
    def url(self) -> str:
        """As a URL, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"

    @property
    def authority(self) -> str:
        """For the header Host."""
        default = 443 if self.secure else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == default else f"{host}:{self.port}"


def where_of(url: str) -> Where:
    """The address that a URL names: `http://host:port`, `https://...`, or `unix:///path/to.sock`.

    Raises:
        InvalidInput: If it names none.
    """
    parts = urlsplit(url)
    if parts.scheme in {"unix", "file"} and parts.path:
        return Where("localhost", 80, socket=unquote(parts.path))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"http", "https", "tcp"} or not parts.hostname or port == -1:
        msg = f"{url!r} is no address of a service. Write http://host:port, https://host or unix:///path/to.sock."
        raise InvalidInput(msg)
    secure = parts.scheme == "https"
    return Where(parts.hostname, port or (443 if secure else 80), secure, base=parts.path.rstrip("/"))
