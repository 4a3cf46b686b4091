"""Makes an answer's bytes of what a method returned, or of what went wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.serving.hosting import Answer
from treering.serving.services.kinds.base import Upload
from treering.serving.services.kinds.encoding import as_json
from treering.serving.services.packing import PACKED, packed
from treering.serving.services.plan import Output
from treering.serving.services.validators import BadValue

__all__ = ["answered", "chunk", "refused", "refused_with"]

_JSON = b"application/json"
_TEXT = "text/plain"
_UNEXPECTED = "The service failed over this request. Its log says why."
_SERVER_ERROR = 500
_HIDDEN = (401, 403)
_TOLD_ABOVE = (501, 503, 504, 507)
_PLAIN_NAME = re.compile(r"[\w .()-]+", re.ASCII)


def answered(output: Output, value: Any, content_type: str = "") -> Answer:
    """The answer with a method's value.

    Args:
        content_type: The request's: what comes packed is answered packed.

    Raises:
        BadValue: If the value is not what the method says it returns.
    """
    if hasattr(value, "raw_headers") and hasattr(value, "body"):
        return _response(value)
    dumped = output.kind.dump(value)
    if content_type == PACKED:
        return Answer(200, packed(dumped), PACKED.encode())
    if isinstance(dumped, Upload):
        return _file(dumped, output.media_type)
    if isinstance(dumped, str) and (output.media_type or output.kind.media_type == _TEXT):
        return Answer(200, dumped.encode(), _text(output.media_type or _TEXT))
    return Answer(200, as_json(dumped), _JSON if output.media_type is None else output.media_type.encode())


def chunk(output: Output, value: Any) -> bytes:
    """The bytes of one piece of a stream."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    dumped = output.kind.dump(value)
    return dumped.content if isinstance(dumped, Upload) else as_json(dumped)


def refused(error: BaseException, where: str) -> Answer:
    """The answer for what went wrong: what a client did, in full; what we did, in the log.

    Args:
        where: The service and method, for the log.
    """
    if isinstance(error, BadValue):
        wrong = [error, *error.more]
        return refused_with(400, _sentence(wrong), [_detail(one) for one in wrong])
    if isinstance(error, TreeringError):
        status = int(error.status)
        if status in _HIDDEN:
            return refused_with(status, "Authorization error")
        if status < _SERVER_ERROR or status in _TOLD_ABOVE:
            return refused_with(status, error.message)
    logger.error("%s failed: %s: %s", where, type(error).__name__, error, exc_info=error)
    return refused_with(_SERVER_ERROR, _UNEXPECTED)


def refused_with(status: int, message: str, detail: list[Mapping[str, Any]] | None = None) -> Answer:
    """An answer in the shape of BentoML's errors."""
    body: dict[str, Any] = {"error": message}
    if detail is not None:
        body["detail"] = detail
    return Answer(status, msgspec.json.encode(body), _JSON)


def _sentence(wrong: list[BadValue]) -> str:
    first = ".".join(str(step) for step in wrong[0].place)
    text = f"{first}: {wrong[0].message}" if first else wrong[0].message
    return f"{text} (and {len(wrong) - 1} more)" if len(wrong) > 1 else text


def _detail(one: BadValue) -> Mapping[str, Any]:
    return {"type": one.kind, "loc": list(one.place), "msg": one.message}


def _file(found: Upload, media_type: str | None) -> Answer:
    kind = found.content_type
    if media_type and "*" not in media_type:
        kind = media_type
    if not found.name:
        return Answer(200, found.content, kind.encode())
    way = "inline" if kind.startswith("image/") else "attachment"
    name = f'filename="{found.name}"' if _PLAIN_NAME.fullmatch(found.name) else f"filename*=utf-8''{quote(found.name)}"
    return Answer(200, found.content, kind.encode(), ((b"content-disposition", f"{way}; {name}".encode()),))


def _response(value: Any) -> Answer:
    """Of a response of Starlette's that is whole."""
    kind = value.headers.get("content-type", "application/octet-stream").encode()
    rest = tuple((key, one) for key, one in value.raw_headers if key not in (b"content-type", b"content-length"))
    return Answer(value.status_code, bytes(value.body), kind, rest)


def _text(media_type: str) -> bytes:
    return f"{media_type}; charset=utf-8".encode() if media_type.startswith("text/") else media_type.encode()
