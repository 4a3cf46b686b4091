"""Files: a method gets the path of what a client sent, and answers with a file by its path."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import mimetypes
import os
import pathlib
import tempfile
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote_to_bytes

from treering.serving.services.kinds.base import Scratch, Single, Upload, unsuitable
from treering.serving.services.validators import BadValue

__all__ = ["FileKind", "uploaded"]

_UNKNOWN = ("", "application/octet-stream")
_NAMES = {
    "audio/mp3": "audio/mpeg",
    "image/jpg": "image/jpeg",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
}


class FileKind(Single):
    """Files in a folder that lives as long as the request.

    Args:
        content_type: What files must be, such as `audio/*`; None takes all.
    """

    file = True

    def __init__(self, content_type: str | None = None) -> None:
        self._content_type = content_type
        self.media_type = content_type or "application/octet-stream"

    def load(self, raw: Any, scratch: Scratch) -> Path:
        """Where it lies now. Its name keeps the client's ending, and nothing else that could be a path."""
        sent = uploaded(raw)
        wanted = self._content_type
        given = sent.content_type.partition(";")[0].strip()
        if wanted and given not in _UNKNOWN and not fnmatch.fnmatch(_usual(given), _usual(wanted)):
            msg = f"Expected a file of the type {wanted}, got {given}."
            raise BadValue(msg)
        ending = "-" + PurePath(pathlib.PureWindowsPath(sent.name).name).name if sent.name else ""
        handle, path = tempfile.mkstemp(
            suffix="".join(one for one in ending if one.isprintable())[-100:], dir=scratch()
        )
        with os.fdopen(handle, "wb") as file:
            file.write(sent.content)
        return Path(path)

    def dump(self, value: Any) -> Upload:
        """The file's bytes and what it is."""
        if isinstance(value, bytes | bytearray | memoryview):
            return Upload("", self.media_type.replace("*", "octet-stream"), bytes(value))
        if not isinstance(value, str | PurePath):
            raise unsuitable(value, "a path")
        path = Path(value)
        guessed = mimetypes.guess_type(path.name)[0]
        return Upload(path.name, guessed or self._content_type or "application/octet-stream", path.read_bytes())

    def schema(self) -> dict[str, Any]:
        """As BentoML writes it."""
        family = (self._content_type or "").partition("/")[0]
        found: dict[str, Any] = {"type": "file", "format": family or "binary"}
        return found | ({"content_type": self._content_type} if self._content_type else {})

    def described(self) -> dict[str, Any]:
        """Bytes."""
        found: dict[str, Any] = {"type": "string", "format": "binary"}
        return found | ({"contentMediaType": self._content_type} if self._content_type else {})


def _usual(kind: str) -> str:
    """A type under the name that others of the same have: `audio/x-wav` is `audio/wav`."""
    plain = kind.lower().replace("/x-", "/")
    return _NAMES.get(plain, plain)


def uploaded(raw: Any) -> Upload:
    """What a client sent as a file: a part of a form, a whole body, or a `data:` URL in JSON.

    Raises:
        BadValue: If it is neither.
    """
    if isinstance(raw, Upload):
        return raw
    if isinstance(raw, bytes):
        return Upload("", "", raw)
    if not isinstance(raw, str):
        raise unsuitable(raw, "a file")
    if not raw.startswith("data:"):
        # Fetching an address for a client would let it ask hosts that only the server can reach.
        msg = "Expected a file: send multipart/form-data, or a data: URL in JSON; addresses are not fetched."
        raise BadValue(msg)
    head, comma, content = raw[5:].partition(",")
    if not comma:
        msg = "The data: URL has no comma, behind which its content would stand."
        raise BadValue(msg)
    kind = head.removesuffix(";base64")
    try:
        found = base64.b64decode(content, validate=True) if head.endswith(";base64") else unquote_to_bytes(content)
    except binascii.Error as error:
        msg = f"The data: URL is no Base64: {error}."
        raise BadValue(msg) from error
    return Upload("", kind, found)
