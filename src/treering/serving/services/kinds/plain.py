"""What msgspec knows by itself: numbers, texts, lists, dictionaries, dataclasses, structs, dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, get_origin

import msgspec

from treering.core.errors import InvalidInput
from treering.serving.services.kinds.base import Scratch, Single, sliced
from treering.serving.services.kinds.inlining import inlined
from treering.serving.services.validators import BadValue

__all__ = ["Hook", "PlainKind", "told"]

Hook = Callable[[type, Any], Any]
"""Makes a value of a type that msgspec does not know, from decoded JSON."""

_PLACE = re.compile(r"^(?P<what>.*?) - at `(?:key in )?\$(?P<place>.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


class PlainKind(Single):
    """Values that are checked while they are decoded.

    Raises:
        InvalidInput: If msgspec cannot decode such a type.
    """

    ready = True

    def __init__(self, annotation: Any, hook: Hook) -> None:
        self.wire = annotation
        self._hook = hook
        self.batches = (get_origin(annotation) or annotation) in (list, Sequence)
        if annotation is str:
            self.media_type = "text/plain"
        try:
            msgspec.json.Decoder(annotation, dec_hook=hook)
        except TypeError as error:
            raise InvalidInput(str(error)) from error

    def load(self, raw: Any, scratch: Scratch) -> Any:  # noqa: ARG002 -- the protocol's
        """The value, texts made numbers where numbers are wanted."""
        try:
            return msgspec.convert(raw, self.wire, strict=False, dec_hook=self._hook)
        except msgspec.ValidationError as error:
            raise told(error) from error

    def dump(self, value: Any) -> Any:
        """The value itself."""
        return value

    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it, nothing but that."""
        return self.described()

    def described(self) -> dict[str, Any]:
        """The whole schema, without references."""
        if self.wire is Any:
            return {}
        (found,), named = msgspec.json.schema_components(
            [self.wire], schema_hook=lambda _: {}, ref_template="#/$defs/{name}"
        )
        whole: dict[str, Any] = inlined(found, named)
        return whole

    def joined(self, values: Sequence[Any], axis: int) -> Any:  # noqa: ARG002 -- the protocol's
        """One list."""
        return [one for value in values for one in value]

    def parts(self, value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
        """Slices."""
        return sliced(value if hasattr(value, "__getitem__") else list(value), lengths, axis)


def told(error: msgspec.ValidationError, *outer: str) -> BadValue:
    """What msgspec says and where, in our words."""
    found = _PLACE.match(str(error))
    place: tuple[str | int, ...]
    if found is None:
        what, place = str(error), (*outer,)
    else:
        steps = [int(index) if index.isdigit() else key or index for key, index in _STEP.findall(found["place"])]
        what, place = found["what"], (*outer, *steps)
    missing = re.match(r"Object missing required field `(?P<name>.*)`", what)
    if missing:
        return BadValue("It is required.", (*place, missing["name"]), "missing")
    return BadValue(f"{what}.", place)
