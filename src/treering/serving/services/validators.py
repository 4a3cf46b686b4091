"""What an annotation says beyond its type: `Annotated[np.ndarray, Shape((-1, 4)), DType("float32")]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from treering.core.errors import InvalidInput

__all__ = ["BadValue", "ContentType", "DType", "DataframeSchema", "Shape"]

_ORIENTS = ("records", "columns")


class BadValue(InvalidInput):
    """An argument that does not fit.

    Attributes:
        place: Where it stands: the parameter, then keys and positions inside.
        kind: What is wrong, in one word for programs.
        more: Further ones of the same request.
    """

    def __init__(
        self,
        message: str,
        place: Sequence[str | int] = (),
        kind: str = "value_error",
        more: Sequence[BadValue] = (),
    ) -> None:
        super().__init__(message)
        self.place = tuple(place)
        self.kind = kind
        self.more = tuple(more)

    def inside(self, *outer: str | int) -> BadValue:
        """The same error, seen from further out."""
        return BadValue(self.message, (*outer, *self.place), self.kind, [one.inside(*outer) for one in self.more])


@dataclass(frozen=True, slots=True, init=False)
class Shape:
    """The shape of an array or tensor; -1 stands for any length."""

    dimensions: tuple[int, ...]

    def __init__(self, dimensions: Sequence[int]) -> None:
        found = tuple(dimensions)
        if not all(type(one) is int and one >= -1 for one in found):
            msg = f"A shape is made of whole numbers, -1 for any length, not {dimensions!r}."
            raise InvalidInput(msg)
        object.__setattr__(self, "dimensions", found)


@dataclass(frozen=True, slots=True)
class DType:
    """The element type of an array or tensor, such as `float32`."""

    dtype: str


@dataclass(frozen=True, slots=True, init=False)
class DataframeSchema:
    """How a data frame is written in JSON, and its columns.

    Args:
        orient: `records` for a list of rows, `columns` for lists by column name.
        columns: Their names, in order; those that are missing are refused. None takes any.
    """

    orient: str
    columns: tuple[str, ...] | None

    def __init__(self, orient: str = "records", columns: Sequence[str] | None = None) -> None:
        if orient not in _ORIENTS:
            msg = f"A data frame's orient is one of {', '.join(_ORIENTS)}, not {orient!r}."
            raise InvalidInput(msg)
        object.__setattr__(self, "orient", orient)
        object.__setattr__(self, "columns", tuple(columns) if columns else None)


@dataclass(frozen=True, slots=True)
class ContentType:
    """The media type of a file or an answer, such as `audio/mp3`; `image/*` takes all of a family."""

    content_type: str
