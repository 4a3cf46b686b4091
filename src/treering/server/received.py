"""A request as it came in through ASGI, in the form that dialects read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.types import Receive, Scope

from treering.core.errors import InvalidInput, TooLarge, TreeringError
from treering.wire.dialect import RawRequest
from treering.wire.endpoint import USER_HEADER

__all__ = ["Disconnected", "caller_of", "headers_of", "read_body", "received"]

_MOST_FIELDS = 1000
_LONGEST_NAME = 250


class Disconnected(TreeringError):
    """The caller went away before its request was complete; nobody reads the answer."""

    status = 499


def received(scope: Scope, path: Mapping[str, str], body: bytes) -> RawRequest:
    """The request of `scope` with its body.

    Raises:
        InvalidInput: If the query string has too many fields.
    """
    return RawRequest(path, _query(scope["query_string"]), headers_of(scope), body)


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name; of several with one name, the last."""
    pairs: list[tuple[bytes, bytes]] = scope["headers"]
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


def caller_of(headers: Mapping[str, str]) -> str:
    """Who the caller says to be, for records: nobody proves it yet. "" where it does not say."""
    named = unquote(headers.get(USER_HEADER.lower(), ""))
    kind, _, given = headers.get("authorization", "").partition(" ")
    if not named and kind.lower() == "basic":
        with suppress(ValueError):
            named = base64.b64decode(given, validate=True).decode().partition(":")[0]
    return "".join(char for char in named if char.isprintable())[:_LONGEST_NAME]


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be above `limit` bytes.

    Raises:
        TooLarge: If it is.
        Disconnected: If the caller goes away before the end.
    """
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            msg = "The request broke off before its end."
            raise Disconnected(msg)
        if chunk := message.get("body", b""):
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    msg = (
        f"The request body is larger than {limit} bytes. Send less at a time, or raise the"
        " server's limit with TREERING_MAX_BODY_BYTES."
    )
    return TooLarge(msg)


def _query(text: bytes) -> dict[str, list[str]]:
    if not text:
        return {}
    try:
        return parse_qs(text.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError as error:
        msg = f"The address has more than {_MOST_FIELDS} query fields. Send fewer, or use a search with a body."
        raise InvalidInput(msg) from error
