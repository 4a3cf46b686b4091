"""Makes requests of arguments, and values of answers; nothing here waits for a network."""

from __future__ import annotations

import io
import mimetypes
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import msgspec
import numpy as np

from treering.client.services.described import Endpoint
from treering.core.errors import InvalidInput, TreeringError, error_for
from treering.serving.services.exceptions import (
    BentoMLException,
    InvalidArgument,
    ServiceUnavailable,
    UnprocessableEntity,
)
from treering.serving.services.forms import Fields, written
from treering.serving.services.kinds.base import Upload
from treering.serving.services.kinds.encoding import as_json
from treering.serving.services.packing import PACKED, packed, unpacked

__all__ = ["JSON", "Message", "Reply", "checked", "error_of", "message_of", "piece_of", "value_of"]

JSON = "application/json"
_TEXT = "text/plain"
_BINARY = "application/octet-stream"


class Message(NamedTuple):
    """A request's body."""

    content_type: str
    body: bytes


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


def message_of(endpoint: Endpoint, args: Sequence[Any], kwargs: Mapping[str, Any], media_type: str = JSON) -> Message:
    """The request for a call.

    Args:
        media_type: JSON, or `PACKED`, which carries arrays as their bytes.

    Raises:
        InvalidInput: If an argument is missing, unknown, or given twice.
    """
    if endpoint.has_root and not (args and isinstance(args[0], Mapping) and endpoint.arguments):
        return _of_root(endpoint, args, kwargs, media_type)
    named = dict(args[0]) if endpoint.has_root else _named(endpoint, args, kwargs)
    if endpoint.has_root:
        return Message(JSON, as_json(named))
    schemas = endpoint.arguments
    files = [name for name in named if _is_file(schemas.get(name, {}))]
    if media_type == PACKED:
        ready = {name: _files(value, schemas[name]) if name in files else value for name, value in named.items()}
        return Message(PACKED, packed(ready))
    ready = {name: value if name in files else _plain(value, schemas.get(name, {})) for name, value in named.items()}
    if not files and not any(_is_file(one) for one in schemas.values()):
        return Message(JSON, as_json(ready))
    fields: Fields = {}
    for name, value in ready.items():
        if name not in files:
            fields[name] = [as_json(value).decode()]
        elif value is not None:
            fields[name] = [*_files(value, schemas[name])] if schemas[name].get("type") == "array" else [_file(value)]
    boundary = secrets.token_hex(16)
    return Message(f"multipart/form-data; boundary={boundary}", written(fields, boundary))


def value_of(endpoint: Endpoint, reply: Reply) -> Any:
    """The value of an answer.

    Raises:
        TreeringError: If it is an error.
    """
    if reply.status >= 400:  # noqa: PLR2004 -- HTTP's
        raise error_of(reply)
    return _value(endpoint.output, reply)


def checked(reply: Reply) -> bytes:
    """The body of an answer that is no error.

    Raises:
        TreeringError: If it is one.
    """
    if reply.status >= 400:  # noqa: PLR2004 -- HTTP's
        raise error_of(reply)
    return reply.body


def piece_of(endpoint: Endpoint, piece: bytes) -> Any:
    """A piece of a stream: text, unless the schema says something else."""
    if endpoint.output.get("format") == "binary":
        return piece
    if endpoint.output.get("type", "string") == "string":
        return piece.decode("utf-8", "replace")
    try:
        return msgspec.json.decode(piece)
    except msgspec.DecodeError:
        return piece.decode("utf-8", "replace")


def error_of(reply: Reply) -> TreeringError:
    """The error of an answer, of the class that a service would raise."""
    message = reply.body.decode("utf-8", "replace")
    try:
        told = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        told = None
    if isinstance(told, dict) and (said := told.get("error") or told.get("message")):
        message = str(said)
        if isinstance(code := told.get("error_code"), str):
            return error_for(code, message, reply.status)
    own = {400: InvalidArgument, 422: UnprocessableEntity, 503: ServiceUnavailable}.get(reply.status)
    if own is not None:
        return own(message)
    known = {404: "RESOURCE_DOES_NOT_EXIST", 504: "DEADLINE_EXCEEDED", 415: "UNSUPPORTED_MEDIA_TYPE"}
    if reply.status in known:
        return error_for(known[reply.status], message, reply.status)
    found = BentoMLException(message)
    found.status = reply.status  # type: ignore[misc]  # each has its own there
    return found


def _named(endpoint: Endpoint, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    names = list(endpoint.arguments)
    if len(args) > len(names):
        msg = f"{endpoint.name} takes {len(names)} arguments, and {len(args)} were given."
        raise InvalidInput(msg)
    named = dict(zip(names, args, strict=False))
    twice, unknown = sorted(set(named) & set(kwargs)), sorted(set(kwargs) - set(names))
    named |= kwargs
    missing = sorted(endpoint.needed - set(named) - {"args", "kwargs"})
    for what, found in (("were given twice", twice), ("are unknown", unknown), ("are missing", missing)):
        if found:
            msg = f"Arguments of {endpoint.name} {what}: {', '.join(found)}. It takes {', '.join(names) or 'none'}."
            raise InvalidInput(msg)
    return named


def _of_root(endpoint: Endpoint, args: Sequence[Any], kwargs: Mapping[str, Any], media_type: str) -> Message:
    if kwargs and endpoint.arguments and not args:
        return Message(JSON, as_json(dict(kwargs)))
    if len(args) > 1 or kwargs:
        msg = f"{endpoint.name} takes one argument, without its name."
        raise InvalidInput(msg)
    if not args:
        return Message(JSON, b"")
    (value,) = args
    schema = endpoint.input
    if media_type == PACKED:
        return Message(PACKED, packed(_file(value) if schema.get("type") == "file" else value))
    if schema.get("type") == "file":
        sent = _file(value)
        return Message(sent.content_type or _BINARY, sent.content)
    if schema.get("type") == "string" and isinstance(value, str | bytes):
        content = value.encode() if isinstance(value, str) else value
        return Message(_BINARY if schema.get("format") == "binary" else _TEXT, content)
    return Message(JSON, as_json(_plain(value, schema)))


def _is_file(schema: Mapping[str, Any]) -> bool:
    items = schema.get("items") if schema.get("type") == "array" else None
    return schema.get("type") == "file" or (isinstance(items, Mapping) and items.get("type") == "file")


def _plain(value: Any, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "dataframe" and hasattr(value, "to_dict"):
        return value.to_dict(orient="list" if schema.get("orient") == "columns" else "records")
    return value


def _files(value: Any, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "array":
        return [_file(one) for one in value]
    return _file(value)


def _file(value: Any) -> Upload:
    """What is sent for a path, an open file, an image, bytes, or a triple as requests takes it."""
    if isinstance(value, Upload):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return Upload("file", _BINARY, bytes(value))
    if isinstance(value, str | PurePath | os.PathLike):
        path = Path(value)
        return Upload(path.name, mimetypes.guess_type(path.name)[0] or _BINARY, path.read_bytes())
    images = sys.modules.get("PIL.Image")
    if images is not None and isinstance(value, images.Image):
        form = value.format or "PNG"
        content = io.BytesIO()
        value.save(content, format=form)
        return Upload(f"image.{form.lower()}", f"image/{form.lower()}", content.getvalue())
    if hasattr(value, "read"):
        name = PurePath(str(getattr(value, "name", "file"))).name
        return Upload(name, mimetypes.guess_type(name)[0] or _BINARY, value.read())
    msg = f"A file is given as a path, bytes, an open file or an image, not as {type(value).__name__}."
    raise InvalidInput(msg)


def _value(schema: Mapping[str, Any], reply: Reply) -> Any:
    kind = schema.get("type")
    if reply.content_type == PACKED:
        return _shaped(unpacked(reply.body), schema)
    if kind == "file":
        return _got_file(schema, reply)
    if kind == "string" and reply.content_type != JSON:
        return reply.body if schema.get("format") == "binary" else reply.body.decode()
    if reply.content_type not in {JSON, ""}:
        return reply.body.decode() if reply.content_type.startswith("text/") else reply.body
    return _shaped(msgspec.json.decode(reply.body), schema)


def _shaped(found: Any, schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "file" and isinstance(found, Upload):
        return _got_file(schema, Reply(200, {"content-type": found.content_type, "x-name": found.name}, found.content))
    if isinstance(found, Upload):
        return found.content
    if kind == "tensor" and schema.get("format") == "numpy-array":
        return np.asarray(found, dtype=schema.get("dtype"))
    if kind == "tensor" and schema.get("format") == "torch-tensor":
        return import_module("torch").as_tensor(found)
    if kind == "dataframe" and "pandas" in sys.modules:
        return import_module("pandas").DataFrame(found)
    return found


def _got_file(schema: Mapping[str, Any], reply: Reply) -> Any:
    if schema.get("pil"):
        return import_module("PIL.Image").open(io.BytesIO(reply.body))
    head, _, name = reply.headers.get("content-disposition", "").partition("filename=")
    ending = PurePath(name.strip('"')).suffix if head else mimetypes.guess_extension(reply.content_type) or ""
    handle, path = tempfile.mkstemp(prefix="treering-", suffix=ending)
    with os.fdopen(handle, "wb") as file:
        file.write(reply.body)
    return Path(path)
