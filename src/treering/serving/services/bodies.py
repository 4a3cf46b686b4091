"""Makes a method's arguments of the bytes that a client sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from treering.core.errors import UnsupportedMediaType
from treering.serving.services.forms import form_of
from treering.serving.services.kinds.base import Kind, Scratch, Upload
from treering.serving.services.kinds.choosing import made
from treering.serving.services.kinds.frame import TABLES
from treering.serving.services.kinds.plain import told
from treering.serving.services.packing import PACKED, unpacked
from treering.serving.services.plan import MISSING, Input, Parameter
from treering.serving.services.validators import BadValue

__all__ = ["Arguments", "Reader"]

Arguments = dict[str, Any]
"""By the names of the parameters; a root stands under its own name."""

_PICKLE = "application/vnd.bentoml+pickle"


class Reader:
    """Reads the bodies of one method's requests. May be asked by several threads.

    A body is read as its content type says; JSON where that says nothing that the method knows, since
    many clients send none, or a form's.
    """

    def __init__(self, plan: Input) -> None:
        self._plan = plan
        self._steps = [(one.name, None if one.kind.ready else one.kind.load, one.makes) for one in plan.parameters]
        fields = [
            (one.name, one.kind.wire) if one.needed else (one.name, one.kind.wire, MISSING)
            for one in sorted(plan.parameters, key=lambda one: not one.needed)
        ]
        self._decode = _decoder(plan, fields)

    def arguments(self, content_type: str, body: bytes, scratch: Scratch) -> Arguments:
        """The values for the method.

        Raises:
            BadValue: If one is missing, or does not fit.
            UnsupportedMediaType: If the body is a pickle, which nobody here opens.
        """
        kind = content_type.partition(";")[0].strip().lower() if content_type else ""
        if kind == _PICKLE:
            msg = f"Bodies of the type {_PICKLE} are not read, since they would run what a client wrote. Send JSON."
            raise UnsupportedMediaType(msg)
        if self._plan.root is not None:
            return self._root(self._plan.root, kind, content_type, body, scratch)
        if kind == PACKED:
            return self._named(unpacked(body), scratch)
        if kind == "multipart/form-data" or (
            kind == "application/x-www-form-urlencoded" and not body.lstrip().startswith(b"{")
        ):
            return self._form(content_type, body, scratch)
        if kind in TABLES and len(self._plan.parameters) == 1:
            (only,) = self._plan.parameters
            return {only.name: _loaded(only, Upload("", kind, body), scratch)}
        return self._json(body, scratch)

    def _json(self, body: bytes, scratch: Scratch) -> Arguments:
        try:
            found = self._decode(body or b"{}")
        except msgspec.ValidationError as error:
            raise told(error) from error
        except msgspec.DecodeError as error:
            msg = f"The body is no JSON: {error}."
            raise BadValue(msg, kind="json_invalid") from error
        except RecursionError as error:
            msg = "The body is nested too deeply."
            raise BadValue(msg, kind="json_invalid") from error
        arguments = {}
        for name, load, makes in self._steps:
            value = getattr(found, name)
            if value is MISSING:
                if makes is not None:
                    arguments[name] = makes()
                continue
            if load is not None:
                try:
                    value = load(value, scratch)
                except BadValue as error:
                    raise error.inside(name) from error
            arguments[name] = value
        return arguments

    def _named(self, values: Any, scratch: Scratch) -> Arguments:
        if not isinstance(values, dict):
            msg = "Expected arguments by their names."
            raise BadValue(msg)
        arguments = {}
        for one in self._plan.parameters:
            if one.name in values:
                arguments[one.name] = _loaded(one, values[one.name], scratch)
            else:
                _stand_in(one, arguments)
        return arguments

    def _form(self, content_type: str, body: bytes, scratch: Scratch) -> Arguments:
        fields = form_of(content_type, body)
        arguments: Arguments = {}
        for one in self._plan.parameters:
            if one.name not in fields:
                _stand_in(one, arguments)
                continue
            try:
                arguments[one.name] = _from_form(one.kind, fields[one.name], scratch)
            except BadValue as error:
                raise error.inside(one.name) from error
        return arguments

    def _root(self, root: Parameter, kind: str, content_type: str, body: bytes, scratch: Scratch) -> Arguments:
        if kind == PACKED:
            return {root.name: root.kind.load(unpacked(body), scratch)}
        if kind == "multipart/form-data":
            parts = [part for values in form_of(content_type, body).values() for part in values]
            return {root.name: _from_form(root.kind, parts, scratch)}
        if not body and not root.needed:
            return {} if root.makes is None else {root.name: root.makes()}
        if root.kind.file or root.kind.media_type == "application/octet-stream" or kind in TABLES:
            return {root.name: root.kind.load(Upload("", content_type, body), scratch)}
        if root.kind.media_type == "text/plain" and not (kind == "application/json" and body.startswith(b'"')):
            try:
                return {root.name: root.kind.load(body.decode(), scratch)}
            except UnicodeDecodeError as error:
                msg = "The body is no text in UTF-8."
                raise BadValue(msg) from error
        try:
            value = self._decode(body)
        except msgspec.ValidationError as error:
            raise told(error) from error
        except (msgspec.DecodeError, RecursionError) as error:
            msg = f"The body is no JSON: {error}."
            raise BadValue(msg, kind="json_invalid") from error
        return {root.name: value if root.kind.ready else root.kind.load(value, scratch)}


def _decoder(plan: Input, fields: list[tuple[Any, ...]]) -> Callable[[bytes], Any]:
    wanted = plan.root.kind.wire if plan.root is not None else msgspec.defstruct("Input", fields, gc=False)
    return msgspec.json.Decoder(wanted, strict=False, dec_hook=made).decode


def _loaded(one: Parameter, value: Any, scratch: Scratch) -> Any:
    try:
        return one.kind.load(value, scratch)
    except BadValue as error:
        raise error.inside(one.name) from error


def _stand_in(one: Parameter, arguments: Arguments) -> None:
    if one.needed:
        msg = "It is required."
        raise BadValue(msg, (one.name,), "missing")
    if one.makes is not None:
        arguments[one.name] = one.makes()


def _from_form(kind: Kind, values: list[Any], scratch: Scratch) -> Any:
    if kind.file or any(isinstance(one, Upload) and one.content_type in TABLES for one in values):
        many = kind.schema().get("type") == "array"
        return kind.load(values if many else values[0], scratch)
    texts = [one.content.decode("utf-8", "replace") if isinstance(one, Upload) else one for one in values]
    if len(texts) > 1:
        return kind.load([_read(text) for text in texts], scratch)
    if kind.media_type == "text/plain" and not texts[0].startswith('"'):
        return kind.load(texts[0], scratch)
    return kind.load(_read(texts[0]), scratch)


def _read(text: str) -> Any:
    """JSON as clients of BentoML write it, or the text as forms of pages have it."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
