"""Taking a port, for the inference server and the tracking server alike."""

from __future__ import annotations

import errno
import os
import socket

from treering.core.errors import InvalidInput, PermissionDenied, TreeringError, Unavailable

__all__ = ["bind", "url_of"]

_LAST_PORT = 65535
_BACKLOG = 2048
_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        Unavailable: If another program listens there.
        PermissionDenied: If the system does not let this user take the port.
        InvalidInput: If `host` is no address of this machine.
    """
    if not 0 <= port <= _LAST_PORT:
        # Some systems would cut off the higher bits and take another port.
        msg = f"There is no port {port}: they go from 0, which takes a free one, to {_LAST_PORT}. Check --host and --port."
        raise InvalidInput(msg)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        msg = f"{host}:{port} is no address to listen on: {error}. Check --host and --port."
        raise InvalidInput(msg) from error
    # A socket that does not name TCP as its protocol makes asyncio leave Nagle's algorithm on: 40 ms a request.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if os.name == "posix":
            # Elsewhere this would share the port with another program instead of taking it after one that ended.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _bind_error(host, port, error) from error
    return listener


def _bind_error(host: str, port: int, error: OSError) -> TreeringError:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} of {host} is in use by another program. Stop that one, or choose"
            f" another port with --port {port + 1}, or any free one with --port 0."
        )
    if error.errno == errno.EACCES:
        return PermissionDenied(f"Port {port} needs rights that you do not have. Choose one above 1023 with --port.")
    return InvalidInput(f"Cannot listen on {host}:{port}: {error.strerror}. Check --host and --port.")


def url_of(host: str, port: int, *, secure: bool = False) -> str:
    """Where a server that listens there is to be had from this machine."""
    name = "localhost" if host in _WILDCARDS else host
    return f"{'https' if secure else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"
