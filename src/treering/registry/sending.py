"""Sends one message to a webhook. Loaded when one is sent, since nothing else in an embedded store needs HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping

import urllib3
from urllib3.exceptions import HTTPError

from treering.entities.webhook import WebhookReply
from treering.registry.addresses import Target

__all__ = ["SECONDS", "send"]

SECONDS = 30.0
"""How long one message may take, unless the settings say otherwise."""

_MOST_READ = 64 << 10
_FIRST_FAILURE = 400


def send(target: Target, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> WebhookReply:
    """POST one message, once; redirects are not followed, and proxies not used, since both would lead elsewhere.

    Args:
        seconds: How long it may take, however slowly the answer comes in.
    """
    deadline = time.monotonic() + seconds
    host = f"[{target.host}]" if ":" in target.host else target.host
    timeout = urllib3.Timeout(total=seconds)
    if target.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            target.ip, target.port, timeout=timeout, assert_hostname=target.host, server_hostname=target.host
        )
    else:
        pool = urllib3.HTTPConnectionPool(target.ip, target.port, timeout=timeout)
    try:
        answer = pool.urlopen(
            "POST", target.path, body=body, headers={**headers, "Host": f"{host}:{target.port}"},
            retries=False, redirect=False, preload_content=False,
        )  # fmt: skip
        text = _beginning(answer, deadline).decode(errors="replace")
        return WebhookReply(answer.status < _FIRST_FAILURE, answer.status, text)
    except HTTPError as error:
        return WebhookReply(False, error=f"No answer came from {target.host}: {error}")
    finally:
        pool.close()


def _beginning(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """What came until the deadline, and not more than is kept: the status says all that counts."""
    found = b""
    while len(found) < _MOST_READ and time.monotonic() < deadline:
        chunk = answer.read1(_MOST_READ - len(found), decode_content=True)
        if not chunk:
            break
        found += chunk
    return found
