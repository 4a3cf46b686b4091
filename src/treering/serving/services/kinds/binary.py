"""Bytes: a text in JSON, the body itself where it is the only value."""

from __future__ import annotations

from typing import Any

from treering.serving.services.kinds.base import Scratch, Single, Upload, unsuitable

__all__ = ["BytesKind"]


class BytesKind(Single):
    """Bytes, which JSON carries as UTF-8."""

    media_type = "application/octet-stream"

    def load(self, raw: Any, scratch: Scratch) -> bytes:  # noqa: ARG002 -- the protocol's
        """The bytes."""
        if isinstance(raw, str):
            return raw.encode()
        if isinstance(raw, Upload):
            return raw.content
        if not isinstance(raw, bytes):
            raise unsuitable(raw, "a text")
        return raw

    def dump(self, value: Any) -> Any:
        """The bytes, as a whole body of their own."""
        if not isinstance(value, bytes | bytearray | memoryview):
            raise unsuitable(value, "bytes")
        return Upload("", self.media_type, bytes(value))

    def schema(self) -> dict[str, Any]:
        """As BentoML writes it."""
        return {"type": "string", "format": "binary"}

    def described(self) -> dict[str, Any]:
        """Bytes."""
        return {"type": "string", "format": "binary"}
