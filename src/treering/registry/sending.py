"""Sends one message to a webhook. Loaded when one is sent, since nothing else in an embedded store needs HTTP."""

from __future__ import annotations

import functools
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import quote

from treering.core.printable import printable
from treering.entities.webhook import WebhookReply
from treering.registry.addresses import PORTS, Target

__all__ = ["SECONDS", "send"]

SECONDS = 30.0
"""How long one message may take, unless the settings say otherwise."""

_MOST_READ = 64 << 10
_FIRST_FAILURE = 400
_LEFT_ALONE = "/%?&=:;,.+~!$'()*@[]"


def send(target: Target, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> WebhookReply:
    """POST one message, once; redirects are not followed, and proxies not used, since both would lead elsewhere.

    Args:
        seconds: How long it may take in all, however slowly the receiver shakes hands or answers.
    """
    host = f"[{target.host}]" if ":" in target.host else target.host
    over = threading.Event()
    try:
        with _connected(target, seconds, over) as line:
            connection = HTTPConnection(target.ip, target.port)
            connection.sock = line
            path = quote(target.path, safe=_LEFT_ALONE)
            named = host if target.port == PORTS[target.scheme] else f"{host}:{target.port}"
            connection.request("POST", path, body, {**headers, "Host": named})
            answer = connection.getresponse()
            # Half a line reads like a whole one where the time was over in the midst of it.
            if not over.is_set():
                text = _beginning(answer).decode(errors="replace")
                return WebhookReply(answer.status < _FIRST_FAILURE, answer.status, text)
    except HTTPException:
        # What came instead is not told on: it may be a page of some other machine, or steer a terminal.
        if not over.is_set():
            return WebhookReply(False, error=f"No answer came from {target.host}: it does not speak HTTP.")
    except OSError as error:
        if not over.is_set():
            why = printable(str(error)).strip() or type(error).__name__
            return WebhookReply(False, error=f"No answer came from {target.host}: {why}.")
    return WebhookReply(False, error=f"No answer came from {target.host} within {seconds:g} seconds.")


@contextmanager
def _connected(target: Target, seconds: float, over: threading.Event) -> Iterator[socket.socket]:
    """A connection that is cut when the time is over: a limit for each read would let a slow receiver go on for ever."""
    deadline = time.monotonic() + seconds
    line = socket.create_connection((target.ip, target.port), seconds)
    # A handle of its own, since TLS takes the first one away.
    with line, line.dup() as handle:
        watch = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, (handle, over))
        watch.daemon = True
        watch.start()
        try:
            if target.scheme == "https":
                with _context().wrap_socket(line, server_hostname=target.host) as sealed:
                    yield sealed
            else:
                yield line
        finally:
            watch.cancel()
            # So that it cannot cut what somebody else opens under the same number.
            watch.join()


def _cut(handle: socket.socket, over: threading.Event) -> None:
    over.set()
    with suppress(OSError):  # the receiver was faster
        handle.shutdown(socket.SHUT_RDWR)


@functools.cache
def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _beginning(answer: HTTPResponse) -> bytes:
    """What came until the end, and not more than is kept: the status says all that counts."""
    found = b""
    with suppress(OSError, HTTPException):
        while len(found) < _MOST_READ:
            chunk = answer.read1(_MOST_READ - len(found))
            if not chunk:
                break
            found += chunk
    return found
