"""Parts of answers that are asked for again and again, kept as the JSON in which they are sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ["Kept", "KeptJson"]

T = TypeVar("T")

_MOST = 8 << 20


class KeptJson(Generic[T]):
    """Makes the JSON of values, and remembers it while the same objects come back; threads may share it.

    A value must not change once it was given. At most 8 MB of JSON are remembered.

    Args:
        shape: What is encoded for a value.
        hook: Turns what msgspec does not know into what it knows.
    """

    def __init__(self, shape: Callable[[T], object], hook: Callable[[Any], Any] | None = None) -> None:
        self.shape = shape
        self._encoder = msgspec.json.Encoder(enc_hook=hook)
        self._lock = threading.Lock()
        self._size = 0
        self._known: dict[int, tuple[T, msgspec.Raw]] = {}

    def __call__(self, value: T) -> msgspec.Raw:
        """The JSON of `value`."""
        # An id names the object as long as the table holds on to it.
        known = self._known.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        encoded = self._encoder.encode(self.shape(value))
        raw = msgspec.Raw(encoded)
        with self._lock:
            if self._size + len(encoded) > _MOST:
                self._known.clear()
                self._size = 0
            if len(encoded) <= _MOST and id(value) not in self._known:
                self._known[id(value)] = (value, raw)
                self._size += len(encoded)
        return raw


class Kept(Generic[T]):
    """A value in an answer that may go out as JSON or otherwise."""

    __slots__ = ("_kept", "_value")

    def __init__(self, value: T, kept: KeptJson[T]) -> None:
        self._value = value
        self._kept = kept

    def json(self) -> msgspec.Raw:
        """It, as JSON."""
        return self._kept(self._value)

    def plain(self) -> object:
        """It, as something that can be encoded in any form."""
        return self._kept.shape(self._value)
