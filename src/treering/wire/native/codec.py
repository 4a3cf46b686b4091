"""The native dialect: requests, answers and errors as JSON for everybody and as MessagePack for our own client.

The server decodes requests and encodes answers with `NativeDialect`; the client
does the reverse with the same object. What is sent as MessagePack is exact: floats
keep every bit, bytes stay bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from treering.core.errors import (
    BadFilter,
    FilterMistake,
    InvalidInput,
    MalformedRequest,
    TreeringError,
    Unavailable,
    UnsupportedMediaType,
    error_for,
)
from treering.wire.dialect import Answer, RawRequest
from treering.wire.endpoint import Endpoint, Stream
from treering.wire.kept import Kept
from treering.wire.native.shape import Field, Shape, shape_of

__all__ = ["JSON", "MSGPACK", "NATIVE", "Call", "ErrorBody", "NativeDialect", "plain"]

JSON = "application/json"
MSGPACK = "application/msgpack"

_PACKED = {MSGPACK, "application/x-msgpack", "application/vnd.msgpack"}
_FIELD = re.compile(r"{(\w+)(?::\w+)?}")
_WHERE = re.compile(r"(?P<what>.*) - at `(?:key in )?\$\.?(?P<where>.*)`", re.DOTALL)


class ErrorBody(msgspec.Struct, frozen=True):
    """What went wrong: a code for programs, and a message for people.

    `mistake` says where a search filter, or a term of an ordering, goes wrong; it is null for all other errors.
    """

    error_code: str
    message: str
    mistake: FilterMistake | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a client sends it.

    Attributes:
        path: Percent-encoded, from `/api/v1` on.
        query: Percent-encoded, without the question mark; "" where there is none.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class _Plan:
    """The decoders of one endpoint, made once."""

    __slots__ = ("answer_json", "answer_packed", "body_json", "body_packed", "request", "shape")

    def __init__(self, endpoint: Endpoint[Any, Any]) -> None:
        self.shape: Shape = shape_of(endpoint)
        self.request = endpoint.request
        body = self.shape.body or dict
        self.body_json = msgspec.json.Decoder(body)
        self.body_packed = msgspec.msgpack.Decoder(body)
        answer = dict if endpoint.response is Stream else endpoint.response
        self.answer_json = msgspec.json.Decoder(answer)
        self.answer_packed = msgspec.msgpack.Decoder(answer)


class NativeDialect:
    """How the native API looks as bytes; one instance serves all threads."""

    def __init__(self) -> None:
        self._plans: dict[str, _Plan] = {}
        self._to_json = msgspec.json.Encoder(enc_hook=_for_json)
        self._to_packed = msgspec.msgpack.Encoder(enc_hook=plain)
        self._error_json = msgspec.json.Decoder(ErrorBody)
        self._error_packed = msgspec.msgpack.Decoder(ErrorBody)

    # The server's side.

    def decode(self, endpoint: Endpoint[Any, Any], request: RawRequest) -> Any:
        """An instance of `endpoint.request`.

        Raises:
            InvalidInput: If a field is missing or of the wrong type; the message names it.
            MalformedRequest: If the body is not what its content type says.
            UnsupportedMediaType: If the body is neither JSON nor MessagePack.
        """
        plan = self._plan(endpoint)
        shape = plan.shape
        if shape.body is plan.request:
            return self._body(plan, request)
        values = {name: _single(field, request.path[name]) for name, field in shape.path.items()}
        for name, field in shape.query.items():
            if name in request.query:
                given = request.query[name]
                values[name] = _converted(field, given) if field.many else _single(field, given[-1])
            elif field.required:
                msg = f"The query field `{name}` is missing. Add ?{name}=... to the address."
                raise InvalidInput(msg)
        if shape.body is not None:
            body = self._body(plan, request)
            values.update((name, getattr(body, name)) for name in shape.body_fields)
        return plan.request(**values)

    def encode(self, endpoint: Endpoint[Any, Any], response: Any, request: RawRequest) -> Answer:  # noqa: ARG002 - a dialect may need to know
        """What a handler returned, in the form that the caller accepts; None stands for an empty answer."""
        return self._answer(200, {} if response is None else response, request)

    def encode_error(self, error: TreeringError, request: RawRequest) -> Answer:
        """`error` with its code, message and status."""
        return self._answer(error.status, _told(error), request)

    # The client's side.

    def encode_request(self, endpoint: Endpoint[Any, Any], request: Any) -> Call:
        """`request` as it is sent, as MessagePack. `None` as value in a query string is left out.

        An endpoint whose body is a stream is sent without a body; the caller adds it.
        """
        shape = self._plan(endpoint).shape
        path = _FIELD.sub(lambda found: _segment(_text(getattr(request, found[1]))), endpoint.path)
        given = [(name, getattr(request, name), field) for name, field in shape.query.items()]
        query = urlencode(
            [
                (name, _text(item))
                for name, value, field in given
                if value is not None
                for item in (value if field.many else (value,))
            ]
        )
        headers = {"accept": MSGPACK}
        if shape.body is None:
            return Call(endpoint.method, path, query, headers, b"")
        headers["content-type"] = MSGPACK
        body = request
        if shape.body is not endpoint.request:
            body = {name: getattr(request, name) for name in shape.body_fields}
        return Call(endpoint.method, path, query, headers, self._to_packed.encode(body))

    def decode_response(self, endpoint: Endpoint[Any, Any], content_type: str, body: bytes) -> Any:
        """An instance of `endpoint.response`.

        Raises:
            Unavailable: If the answer is not one that a Treering server gives; something
                else answered in its place.
        """
        plan = self._plan(endpoint)
        packed = _media_type(content_type) in _PACKED
        try:
            return (plan.answer_packed if packed else plan.answer_json).decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            msg = (
                f"The answer to {endpoint.name} is not what a Treering server gives ({error})."
                " Check that the URL is that of a Treering server, of this version or newer."
            )
            raise Unavailable(msg) from error

    def decode_error(self, status: int, content_type: str, body: bytes) -> TreeringError:
        """The error that a server answered with; where something else answered, one that quotes it."""
        packed = _media_type(content_type) in _PACKED
        try:
            said = (self._error_packed if packed else self._error_json).decode(body)
        except (msgspec.DecodeError, RecursionError):
            text = body[:200].decode(errors="replace").strip()
            return error_for("", f"The server answered with HTTP status {status}: {text or 'nothing more'}", status)
        if said.mistake is not None:
            return BadFilter(said.message, said.mistake)
        return error_for(said.error_code, said.message, status)

    def _plan(self, endpoint: Endpoint[Any, Any]) -> _Plan:
        plan = self._plans.get(endpoint.name)
        if plan is None:
            plan = self._plans[endpoint.name] = _Plan(endpoint)
        return plan

    def _body(self, plan: _Plan, request: RawRequest) -> Any:
        kind = _media_type(request.headers.get("content-type", JSON))
        if not request.body:
            return _checked(plan.body_json, b"{}", "JSON")
        if kind in _PACKED:
            return _checked(plan.body_packed, request.body, "MessagePack")
        if kind == JSON or kind.endswith("+json"):
            return _checked(plan.body_json, request.body, "JSON")
        msg = f"Bodies of type {kind!r} are not read here. Send {JSON} or {MSGPACK}, and say so in Content-Type."
        raise UnsupportedMediaType(msg)

    def _answer(self, status: int, value: Any, request: RawRequest) -> Answer:
        accept = request.headers.get("accept", "")
        if any(_media_type(item) in _PACKED for item in accept.split(",")):
            return Answer(status, MSGPACK, self._to_packed.encode(value))
        return Answer(status, JSON, self._to_json.encode(value))


def _told(error: TreeringError) -> ErrorBody:
    return ErrorBody(error.code, error.message, error.mistake if isinstance(error, BadFilter) else None)


def plain(value: Any) -> Any:
    """What msgspec does not know by itself: read-only mappings and the like."""
    if isinstance(value, Kept):
        return value.plain()
    if isinstance(value, Mapping):
        return dict(value)
    return list(value)


def _for_json(value: Any) -> Any:
    return value.json() if isinstance(value, Kept) else plain(value)


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _checked(decoder: Any, body: bytes, form: str) -> Any:
    decode: Callable[[bytes], Any] = decoder.decode
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(_complaint(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"The request body is not valid {form}: {error}. Correct it, or the Content-Type."
        raise MalformedRequest(msg) from error


def _complaint(text: str) -> str:
    """`Expected `int`, got `str` - at `$.max_results`` with the field in front."""
    found = _WHERE.fullmatch(text)
    if found:
        return f"The field `{found['where']}` does not fit: {found['what'][:1].lower()}{found['what'][1:]}."
    return f"The request body does not fit: {text[:1].lower()}{text[1:]}."


def _single(field: Field, text: str) -> Any:
    return text if field.type is str else _converted(field, text)


def _converted(field: Field, value: Any) -> Any:
    try:
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        msg = f"The field `{field.name}` of the address does not fit: {str(error)[:1].lower()}{str(error)[1:]}."
        raise InvalidInput(msg) from error


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _segment(text: str) -> str:
    """`text` as one part of a path; `.` and `..` are escaped too, because HTTP libraries resolve them."""
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")


NATIVE = NativeDialect()
"""The instance that server and client use."""
