"""Lists, dictionaries and optional values of kinds that msgspec does not know: files, arrays, frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from treering.serving.services.kinds.base import Kind, Scratch, Single, sliced, unsuitable
from treering.serving.services.kinds.encoding import embedded
from treering.serving.services.validators import BadValue

__all__ = ["ListKind", "MappingKind", "OptionalKind"]


class OptionalKind(Single):
    """A value, or none."""

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.file = inner.file
        self.wire = inner.wire if inner.wire in (Any, msgspec.Raw) else inner.wire | None
        self.media_type = inner.media_type

    def load(self, raw: Any, scratch: Scratch) -> Any:
        """None for null."""
        if raw is None or (isinstance(raw, msgspec.Raw) and bytes(raw).strip() == b"null"):
            return None
        return self.inner.load(raw, scratch)

    def dump(self, value: Any) -> Any:
        """Null for None."""
        return None if value is None else self.inner.dump(value)

    def schema(self) -> dict[str, Any]:
        """The value's."""
        return self.inner.schema()

    def described(self) -> dict[str, Any]:
        """The value's, or null."""
        return {"anyOf": [self.inner.described(), {"type": "null"}]}


class ListKind(Single):
    """Many values of one kind."""

    batches = True

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.file = inner.file

    def load(self, raw: Any, scratch: Scratch) -> list[Any]:
        """Each; what is wrong is told with its position."""
        if not isinstance(raw, list | tuple) or hasattr(raw, "content_type"):
            # A form with one file in the field cannot say that it is a list.
            raw = [raw] if hasattr(raw, "content_type") else _refuse(raw)
        found = []
        for index, one in enumerate(raw):
            try:
                found.append(self.inner.load(one, scratch))
            except BadValue as error:
                raise error.inside(index) from error
        return found

    def dump(self, value: Any) -> Any:
        """Each."""
        return [embedded(self.inner.dump(one)) for one in value]

    def schema(self) -> dict[str, Any]:
        """A list."""
        return {"type": "array", "items": self.inner.schema()}

    def described(self) -> dict[str, Any]:
        """A list."""
        return {"type": "array", "items": self.inner.described()}

    def joined(self, values: Sequence[Any], axis: int) -> Any:  # noqa: ARG002 -- the protocol's
        """One list."""
        return [one for value in values for one in value]

    def parts(self, value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
        """Slices."""
        return sliced(list(value), lengths, axis)


class MappingKind(Single):
    """Values of one kind by their names."""

    def __init__(self, inner: Kind) -> None:
        self.inner = inner

    def load(self, raw: Any, scratch: Scratch) -> dict[str, Any]:
        """Each; what is wrong is told with its name."""
        if not isinstance(raw, Mapping):
            raise unsuitable(raw, "an object")
        found = {}
        for name, one in raw.items():
            try:
                found[name] = self.inner.load(one, scratch)
            except BadValue as error:
                raise error.inside(name) from error
        return found

    def dump(self, value: Any) -> Any:
        """Each."""
        return {name: embedded(self.inner.dump(one)) for name, one in value.items()}

    def schema(self) -> dict[str, Any]:
        """An object."""
        return {"type": "object", "additionalProperties": self.inner.schema()}

    def described(self) -> dict[str, Any]:
        """An object."""
        return {"type": "object", "additionalProperties": self.inner.described()}


def _refuse(raw: Any) -> list[Any]:
    raise unsuitable(raw, "a list")
