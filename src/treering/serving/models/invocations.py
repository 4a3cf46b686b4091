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
from treering.serving.models.protocol import Asked

__all__ = ["Invocations"]


class Invocations:
    """A `Wire`."""

    failure = 400

    def __init__(self, held: Held) -> None:
        self._model = held.model
        self._signature = held.model.signature

    def read(self, call: Call) -> Asked:
        """See `Wire`."""
        asked = decode(call.body, call.content_type.decode("latin-1"), self._signature)
        try:
            data, params = self._model.checked(asked.data, asked.params)
        except InvalidInput as error:
            msg = f"Failed to predict. The input does not fit the model. Error: {error}"
            raise MalformedRequest(msg) from error
        rows, key = fitting(data)
        if params and key is not None:
            key = (key, msgspec.json.encode(params, enc_hook=repr))
        return Asked(data, params, rows, None if asked.bare else key, asked.bare)

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
