"""Pydantic's models, and whatever only Pydantic knows, where the user brings Pydantic."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from treering.core.errors import InvalidInput
from treering.serving.services.kinds.base import Scratch, Single
from treering.serving.services.kinds.inlining import inlined
from treering.serving.services.validators import BadValue

__all__ = ["ModelKind"]


class ModelKind(Single):
    """Values that Pydantic checks, from the bytes of JSON on.

    Raises:
        InvalidInput: If Pydantic cannot either.
    """

    wire = msgspec.Raw

    def __init__(self, annotation: Any, metadata: tuple[Any, ...] = ()) -> None:
        pydantic = importlib.import_module("pydantic")
        wanted = Annotated[(annotation, *metadata)] if metadata else annotation
        try:
            self._adapter = pydantic.TypeAdapter(wanted)
        except (pydantic.errors.PydanticUserError, TypeError) as error:
            raise InvalidInput(str(error).partition("\n")[0]) from error
        self._invalid: type[ValueError] = pydantic.ValidationError
        self.batches = getattr(annotation, "__origin__", None) is list
        if annotation is str:
            self.media_type = "text/plain"

    def load(self, raw: Any, scratch: Scratch) -> Any:  # noqa: ARG002 -- the protocol's
        """The value; all that is wrong with it is told at once."""
        try:
            if isinstance(raw, msgspec.Raw):
                return self._adapter.validate_json(bytes(raw))
            return self._adapter.validate_python(raw)
        except self._invalid as error:
            raise _told(error) from error

    def dump(self, value: Any) -> Any:
        """What Pydantic writes as JSON."""
        return msgspec.Raw(self._adapter.dump_json(value, warnings=False))

    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it."""
        return self.described()

    def described(self) -> dict[str, Any]:
        """The whole schema, without references."""
        found: dict[str, Any] = self._adapter.json_schema(ref_template="#/$defs/{model}")
        whole: dict[str, Any] = inlined(found, found.get("$defs", {}))
        return whole

    def joined(self, values: Any, axis: int) -> Any:  # noqa: ARG002 -- the protocol's
        """One list."""
        return [one for value in values for one in value]


def _told(error: Any) -> BadValue:
    first, *more = [
        BadValue(_sentence(one), one["loc"], one["type"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return BadValue(first.message, first.place, first.kind, more)


def _sentence(one: Mapping[str, Any]) -> str:
    text: str = one["msg"]
    return text if text.endswith((".", "!", "?")) else f"{text}."
