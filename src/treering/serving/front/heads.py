"""Heads of requests that the fast lane takes: read strictly once, then known by their bytes.

A client sends the same head again and again, so what it means is looked up. Whatever is not
an ordinary POST with a stated length is for the slow lane, which knows all of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import httptools

from treering.serving.front.lanes import Keys
from treering.serving.front.targets import Place
from treering.serving.hosting import Headers

__all__ = ["REQUEST_ID", "Head", "Heads", "keys_of"]

REQUEST_ID = re.compile(rb"[\w\-.]{1,128}", re.ASCII)
_LENGTH = re.compile(rb"[0-9]{1,15}")
_MOST = 2048
_LONGEST = 4096
_FOR_OTHERS = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"content-encoding", b"te", b"trailer"})
_ONCE = frozenset({b"content-length", b"content-type", b"host", b"connection"})


class Head:
    """What a head says.

    Attributes:
        length: Of the body, in bytes.
        request_id: What the client calls the request; empty if it does not, or not by a name.
        keep: Whether the connection stays open.
        keys: For the router and for traces.
    """

    __slots__ = ("content_type", "headers", "keep", "keys", "length", "place", "query", "request_id")

    def __init__(self, place: Place, query: bytes, fields: Mapping[bytes, bytes], key_header: bytes) -> None:
        self.place = place
        self.query = query
        self.length = int(fields[b"content-length"])
        self.content_type = fields.get(b"content-type", b"")
        name = fields.get(b"x-request-id", b"")
        self.request_id = name if REQUEST_ID.fullmatch(name) else b""
        self.keep = fields.get(b"connection", b"").lower() != b"close"
        self.headers: Headers = tuple((want, fields[want]) for want in place.wanted if want in fields)
        self.keys: Keys = keys_of(fields, key_header)

    @property
    def worth_keeping(self) -> bool:
        """Whether it may come again: what a client names its requests and traces is new each time.

        One that is refused for the length of its body is never known, so that what is known need not be looked at.
        """
        return not self.request_id and not self.keys[2] and self.length <= self.place.body


class Heads:
    """Reads heads, and remembers a bounded number of them."""

    def __init__(self, key_header: bytes) -> None:
        self._key_header = key_header
        self._places: Mapping[bytes, Place] = {}
        self._known: dict[bytes, Head] = {}
        self.get = self._known.get

    def rule(self, places: Mapping[bytes, Place]) -> None:
        """Other paths are answered from now on."""
        self._places = places
        self._known.clear()

    def read(self, raw: bytes) -> Head | None:
        """What a whole head says; `None` if it is for the slow lane."""
        head = _parse(raw, self._places, self._key_header)
        if head is not None and head.worth_keeping and len(raw) <= _LONGEST:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[raw] = head
        return head


class _Fields:
    """What the parser finds."""

    __slots__ = ("fields", "fit", "target")

    def __init__(self) -> None:
        self.target = b""
        self.fields: dict[bytes, bytes] = {}
        self.fit = True

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _FOR_OTHERS or (name in self.fields and name in _ONCE):
            self.fit = False
        # Several fields of one name are one with commas.
        self.fields[name] = self.fields[name] + b", " + value if name in self.fields else value


def _parse(raw: bytes, places: Mapping[bytes, Place], key_header: bytes) -> Head | None:
    if not raw.startswith(b"POST ") or raw.count(b"\n") != raw.count(b"\r\n"):
        return None
    found = _Fields()
    parser = httptools.HttpRequestParser(found)
    try:
        parser.feed_data(raw)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    fields = found.fields
    path, _, query = found.target.partition(b"?")
    place = places.get(path)
    if not found.fit or place is None or place.method != "POST" or parser.get_http_version() != "1.1":
        return None
    if b"host" not in fields or not _LENGTH.fullmatch(fields.get(b"content-length", b"")):
        return None
    if fields.get(b"connection", b"keep-alive").lower() not in {b"keep-alive", b"close"}:
        return None
    return Head(place, query, fields, key_header)


def keys_of(fields: Mapping[bytes, bytes], key_header: bytes) -> Keys:
    """What headers say to the router and of traces."""
    return (fields.get(key_header, b""), fields.get(b"x-treering-variant", b""), fields.get(b"traceparent", b""))
