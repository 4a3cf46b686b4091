"""Forms: `multipart/form-data` and `application/x-www-form-urlencoded`, read from whole bodies."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, unquote

from treering.serving.services.kinds.base import Upload
from treering.serving.services.validators import BadValue

__all__ = ["Fields", "form_of", "written"]

Fields = dict[str, list[Upload | str]]
"""What stands in each field, in the order of the form."""

_PARTS: Final = 1000
_HEAD: Final = 8192
_WORD = re.compile(r';\s*([\w!#$&+^`|~%*\'-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)', re.ASCII)


def form_of(content_type: str, body: bytes) -> Fields:
    """The fields of a form.

    Raises:
        BadValue: If it is none.
    """
    if content_type.lower().startswith("multipart/form-data"):
        return _multipart(content_type, body)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_PARTS)
    except ValueError as error:
        msg = f"The body is no form: {error}."
        raise BadValue(msg) from error
    found: Fields = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def written(fields: Fields, boundary: str) -> bytes:
    """A form as `multipart/form-data`."""
    lines: list[bytes] = []
    for name, values in fields.items():
        for value in values:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
            if isinstance(value, Upload):
                head += f'; filename="{_quoted(value.name or "file")}"'
                head += f"\r\nContent-Type: {value.content_type or 'application/octet-stream'}"
            lines += [head.encode(), b"", value.content if isinstance(value, Upload) else value.encode()]
    return b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])


def _multipart(content_type: str, body: bytes) -> Fields:
    boundary = dict(_words(content_type)).get("boundary", "")
    if not boundary:
        msg = "The content type multipart/form-data names no boundary."
        raise BadValue(msg)
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"), _PARTS + 1)
    if not pieces[-1].startswith(b"--") or len(pieces) > _PARTS + 1:
        msg = f"The form does not end as it should, or has more than {_PARTS} parts."
        raise BadValue(msg)
    found: Fields = {}
    for piece in pieces[1:-1]:
        name, value = _part(piece)
        found.setdefault(name, []).append(value)
    return found


def _part(piece: bytes) -> tuple[str, Upload | str]:
    end = piece.find(b"\r\n\r\n", 0, _HEAD)
    if end < 0:
        msg = "A part of the form has no end of its head."
        raise BadValue(msg)
    heads = {}
    for line in piece[:end].decode("utf-8", "replace").split("\r\n"):
        key, _, rest = line.partition(":")
        heads[key.strip().lower()] = rest.strip()
    said = dict(_words(heads.get("content-disposition", "")))
    name = said.get("name")
    if name is None:
        msg = "A part of the form has no name."
        raise BadValue(msg)
    content = piece[end + 4 :]
    kind = heads.get("content-type", "")
    if "filename" in said or "filename*" in said:
        given = said.get("filename*", "").rpartition("''")[2]
        return name, Upload(unquote(given) or said.get("filename", ""), kind, content)
    try:
        return name, content.decode()
    except UnicodeDecodeError:
        return name, Upload("", kind, content)


def _words(header: str) -> list[tuple[str, str]]:
    found = []
    for key, value in _WORD.findall(header):
        plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        found.append((key.lower(), plain))
    return found


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")
