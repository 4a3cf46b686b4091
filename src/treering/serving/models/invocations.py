"""MLflow's protocol: `/invocations`, with bodies in JSON's four forms, CSV or Parquet, and answers in JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from treering.core.errors import InvalidInput, MalformedRequest
from treering.serving.hosting import Answer, Call
from treering.serving.models import encoding
from treering.serving.models.decoding import decode
from treering.serving.models.grouping import fitting
from treering.serving.models.held import Held
from treering.serving.models.protocol import Asked, with_params
from treering.serving.models.quick import Found

__all__ = ["Invocations"]

_PLAIN = {b"", b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"}


class Invocations:
    """A `Wire`."""

    failure = 400

    def __init__(self, held: Held) -> None:
        self._model = held.model
        self._signature = held.model.signature
        self._has_params = bool(self._signature and self._signature.params)
        self._quick = held.quick

    def read(self, call: Call) -> Asked:
        """See `Wire`."""
        if self._quick is not None and call.content_type in _PLAIN:
            found = self._quick.read(call.body)
            if found is not None:
                if found.params or self._has_params:
                    return self._with_params(found)
                return Asked(found.data, {}, found.rows, found.key, False)
        asked = decode(call.body, call.content_type.decode("latin-1"), self._signature)
        try:
            data, params = self._model.checked(asked.data, asked.params)
        except InvalidInput as error:
            raise _unfit(error) from error
        rows, key = fitting(data)
        return Asked(data, params, rows, None if asked.bare else with_params(key, params), asked.bare)

    def _with_params(self, found: Found) -> Asked:
        try:
            params = self._model.checked_params(found.params)
        except InvalidInput as error:
            raise _unfit(error) from error
        return Asked(found.data, params, found.rows, with_params(found.key, params), form=False)

    def prepare(self, predictions: Any) -> Any:
        """See `Wire`."""
        return encoding.plain(predictions)

    def write(self, asked: Asked, prepared: Any) -> Answer:
        """See `Wire`."""
        return Answer(200, encoding.encode_plain(prepared, bare=asked.form), rows=asked.rows)

    def refuse(self, status: int, code: str, message: str, trace: str = "") -> Answer:
        """See `Wire`."""
        content = {"error_code": code, "message": message}
        if trace:
            content["stack_trace"] = trace
        return Answer(status, msgspec.json.encode(content))


def _unfit(error: InvalidInput) -> MalformedRequest:
    return MalformedRequest(f"Failed to predict. The input does not fit the model. Error: {error}")
