"""Spans: which requests have one, and what it looks like in OTLP's JSON (opentelemetry-proto 1.x, trace/v1)."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Parent", "Sampler", "Span", "document", "parent_of"]

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NOTHING = {b"0" * 32, b"0" * 16}
_NO_VERSION = b"ff"
_SERVER = 2
_ERROR = 2
_FAILED = 500
_SAMPLED = 1


class Parent(NamedTuple):
    """What a `traceparent` says."""

    trace: str
    span: str
    sampled: bool


class Span(NamedTuple):
    """One answered request.

    Attributes:
        begun: Nanoseconds since the epoch, as `ended`.
        attributes: Texts and whole numbers.
    """

    trace: str
    span: str
    parent: str
    name: str
    begun: int
    ended: int
    status: int
    attributes: Mapping[str, str | int]


class Sampler:
    """Decides by the id of the trace alone, so that all servers of a trace decide alike.

    Args:
        share: Of those whose client does not say.
        parent: Whether a client that says decides.
    """

    def __init__(self, share: float, bits: Callable[[int], int] = random.getrandbits, *, parent: bool = True) -> None:
        self._limit = round(share * (1 << 63))
        self._parent = parent
        self._bits = bits

    def begin(self, traceparent: bytes) -> tuple[str, str, str] | None:
        """Ids of trace, span and parent; None if the request is not traced."""
        said = parent_of(traceparent) if traceparent else None
        if said is not None and self._parent:
            return (said.trace, self._new(64), said.span) if said.sampled else None
        trace = said.trace if said is not None else self._new(128)
        # As OpenTelemetry's ratio sampler: the last eight bytes, as a number.
        if (int(trace[16:], 16) >> 1) >= self._limit:
            return None
        return trace, self._new(64), said.span if said is not None else ""

    def _new(self, bits: int) -> str:
        return f"{self._bits(bits) or 1:0{bits // 4}x}"


def parent_of(traceparent: bytes) -> Parent | None:
    """What W3C's header says; None if it is none, as a header that is malformed counts as not there."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    if found is None:
        return None
    version, trace, span, flags = found.groups()
    if (
        version == _NO_VERSION
        or trace in _NOTHING
        or span in _NOTHING
        or (version == b"00" and len(traceparent.strip()) != _LENGTH)
    ):
        return None
    return Parent(trace.decode(), span.decode(), bool(int(flags, 16) & _SAMPLED))


_LENGTH = 55


def document(spans: Sequence[Span], resource: Mapping[str, str], version: str) -> dict[str, Any]:
    """What a collector is sent."""
    told = [
        {
            "traceId": span.trace,
            "spanId": span.span,
            **({"parentSpanId": span.parent} if span.parent else {}),
            "name": span.name,
            "kind": _SERVER,
            "startTimeUnixNano": str(span.begun),
            "endTimeUnixNano": str(span.ended),
            "attributes": _attributes(span.attributes),
            "status": {"code": _ERROR} if span.status >= _FAILED else {},
        }
        for span in spans
    ]
    scope = {"name": "treering.serving", "version": version}
    return {
        "resourceSpans": [
            {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [{"scope": scope, "spans": told}]}
        ]
    }


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
        if value != ""
    ]
