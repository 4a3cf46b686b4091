"""The predict protocol of TensorFlow Serving, which KServe calls V1: `instances` by rows or `inputs` by columns."""

from __future__ import annotations

from typing import Any

import msgspec

from treering.core.errors import MalformedRequest, UnsupportedMediaType
from treering.serving.hosting import Answer, Call
from treering.serving.models.encoding import encode_plain
from treering.serving.models.invocations import Invocations
from treering.serving.models.protocol import Asked

__all__ = ["Predict"]

_KNOWN = {"inputs", "instances", "parameters", "params", "signature_name"}
_KINDS: dict[str, type] = {"parameters": dict, "params": dict, "signature_name": str}
_ARMOURED = b'"b64"'


class Predict(Invocations):
    """A `Wire`."""

    failure = 500

    def read(self, call: Call) -> Asked:
        """See `Wire`."""
        kind = call.content_type.partition(b";")[0].strip().lower()
        if kind not in {b"", b"application/json"}:
            msg = f"Requests are JSON, of the content type application/json, and not {kind.decode('latin-1')!r}."
            raise UnsupportedMediaType(msg)
        if self._quick is not None and not self._has_params:
            found = self._quick.read(call.body)
            if found is not None and found.form == "instances" and not found.params:
                return Asked(found.data, {}, found.rows, found.key, "predictions")
        request = _parsed(call.body)
        form = _form(request)
        params = request.get("parameters") or request.get("params")
        body = {form: request[form], **({"params": params} if params else {})}
        asked = super().read(call._replace(content_type=b"application/json", body=msgspec.json.encode(body)))
        return asked._replace(form="predictions" if form == "instances" else "outputs")

    def write(self, asked: Asked, prepared: Any) -> Answer:
        """See `Wire`."""
        return Answer(200, encode_plain({asked.form: prepared}, bare=True), rows=asked.rows)

    def refuse(self, status: int, code: str, message: str, trace: str = "") -> Answer:  # noqa: ARG002 -- the protocol has no codes
        """See `Wire`."""
        return Answer(status, msgspec.json.encode({"error": message, **({"stack_trace": trace} if trace else {})}))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"The request is no JSON: {error}."
        raise MalformedRequest(msg) from error
    if not isinstance(request, dict):
        msg = "The request has to be a JSON object with 'instances' or 'inputs'."
        raise MalformedRequest(msg)
    return _unarmoured(request) if _ARMOURED in body else request


def _form(request: dict[str, Any]) -> str:
    forms = [name for name in ("instances", "inputs") if name in request]
    unknown = sorted(set(request) - _KNOWN)
    if len(forms) != 1 or unknown:
        msg = f"The request has to have exactly one of 'instances' and 'inputs', and has the keys {list(request)}."
        raise MalformedRequest(msg)
    wrong = {name: kind for name, kind in _KINDS.items() if name in request and not isinstance(request[name], kind)}
    if wrong:
        told = ", ".join(f"{name!r} as {'text' if kind is str else 'an object'}" for name, kind in wrong.items())
        msg = f"The request has to have {told}, or not at all."
        raise MalformedRequest(msg)
    return forms[0]


def _unarmoured(value: Any) -> Any:
    """Bytes, which the protocol writes as an object with base64 in it, as the text that a signature's bytes are read from."""
    if isinstance(value, dict):
        if list(value) == ["b64"]:
            return value["b64"]
        return {name: _unarmoured(one) for name, one in value.items()}
    return [_unarmoured(one) for one in value] if isinstance(value, list) else value
