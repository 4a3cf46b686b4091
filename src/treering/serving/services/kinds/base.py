"""What a kind of value can do: come out of a request, go into an answer, and describe itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from treering.serving.services.validators import BadValue

__all__ = ["Kind", "Scratch", "Single", "Upload", "sliced", "unsuitable"]


class Upload(NamedTuple):
    """A file as a client sent it."""

    name: str
    content_type: str
    content: bytes


Scratch = Callable[[], str]
"""Gives a folder that lives as long as the request."""


class Kind(Protocol):
    """One type of values.

    Attributes:
        wire: What JSON is decoded to before `load` sees it, as msgspec knows types.
        ready: Whether that is the value already, so that `load` need not see it.
        file: Whether a client sends it as a file, in a form or as the whole body.
        media_type: What the whole body is called, where a value of this kind is one.
        batches: Whether values can be put together along an axis, and taken apart again.
    """

    wire: Any
    ready: bool
    file: bool
    media_type: str
    batches: bool

    def load(self, raw: Any, scratch: Scratch) -> Any:
        """A value from decoded JSON, an `Upload`, or what another process of ours sent as it is.

        Raises:
            BadValue: If it does not fit.
        """

    def dump(self, value: Any) -> Any:
        """What JSON is made of; `bytes` and `Upload` stand for files.

        Raises:
            BadValue: If the method returned something else than it says.
        """

    def schema(self) -> dict[str, Any]:
        """In the words of `/schema.json`, which clients of BentoML read."""

    def described(self) -> dict[str, Any]:
        """As JSON Schema."""

    def joined(self, values: Sequence[Any], axis: int) -> Any:
        """One value of several, along an axis.

        Raises:
            ValueError: If they do not go together.
        """

    def parts(self, value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
        """Values of so many rows each.

        Raises:
            ValueError: If there are not that many rows.
        """

    def rows(self, value: Any, axis: int) -> int:
        """How many rows a value has."""


class Single:
    """What holds for kinds whose values do not go together."""

    ready = False
    file = False
    media_type = "application/json"
    batches = False
    wire: Any = Any

    def joined(self, values: Sequence[Any], axis: int) -> Any:
        """Never asked."""
        raise NotImplementedError

    def parts(self, value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
        """A list, as what a method returns may be whatever its annotation says."""
        return sliced(value, lengths, axis)

    def rows(self, value: Any, axis: int) -> int:  # noqa: ARG002 -- the protocol's
        """Of a list."""
        return len(value)


def sliced(value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
    """Pieces of a list, an array or a data frame, whichever it is.

    Raises:
        ValueError: If there are not that many rows.
    """
    if (shape := getattr(value, "shape", None)) is not None:
        found = shape[axis] if len(shape) > axis else -1
    else:
        found = len(value) if hasattr(value, "__len__") else -1
    if found != sum(lengths):
        msg = f"The method was given {sum(lengths)} rows and answered {found}."
        raise ValueError(msg)
    pieces, start = [], 0
    for length in lengths:
        piece = slice(start, start + length)
        if hasattr(value, "iloc"):
            pieces.append(value.iloc[piece])
        elif shape is not None:
            pieces.append(value[(slice(None),) * axis + (piece,)])
        else:
            pieces.append(value[piece])
        start += length
    return pieces


def unsuitable(value: Any, wanted: str) -> BadValue:
    """The error for a value of another type."""
    found = "null" if value is None else type(value).__name__
    return BadValue(f"Expected {wanted}, got {found}.", kind="type_error")
