"""Lines as charts draw them: what is asked for, and one series thinned to what can be seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Line", "LineAxis", "LineQuery", "LineX"]


class LineAxis(StrEnum):
    """What the points are drawn over."""

    STEP = "step"
    TIME = "time"
    RELATIVE = "relative"
    METRIC = "metric"


@dataclass(frozen=True, slots=True)
class LineQuery:
    """Which lines to draw, over which x, and how finely.

    Attributes:
        axis: Steps; seconds since the epoch; seconds since the run began; or the value of the metric
            `x_key` at the same step, or at the last one before it.
        first: Where the range begins, in units of x; None leaves it open, as for `last`.
        last: Where the range ends; it belongs to it.
        points: Most points of a line in the range.
    """

    run_ids: Sequence[str]
    keys: Sequence[str]
    axis: LineAxis = LineAxis.STEP
    x_key: str = ""
    first: float | None = None
    last: float | None = None
    points: int = 800


@dataclass(frozen=True, slots=True)
class LineX:
    """The x of a line, as whole numbers where it has such. One of the two columns is empty.

    Attributes:
        first: Of whole numbers the first.
        per: What whole numbers are divided by.
        gaps: Of whole numbers how much each but the first is greater than the one before; below 2 ** 32.
        values: Other numbers.
    """

    first: int
    per: int
    gaps: Sequence[int]
    values: Sequence[float] = ()

    def numbers(self) -> list[float]:
        """All x in units of the axis."""
        if len(self.values):
            return [float(value) for value in self.values]
        return [number / self.per for number in itertools.accumulate(map(int, self.gaps), initial=self.first)]


@dataclass(frozen=True, slots=True)
class Line:
    """One series thinned for drawing: a row for each bucket, in order of x, or of the step where x is a metric.

    A bucket keeps its last point and how far the extremes of all its points lie from
    that, so that no spike is lost. Where points lie beyond an end of the range, the
    nearest of them is a bucket of its own.

    Attributes:
        last: What a 32-bit float holds of it. Of a thinned line with fewer digits, where that cannot be seen.
        below: How far a bucket's smallest value lies below its last, or where that is no finite number, below
            the finite one before it, or 0 where there is none. Rounded up by less than a hundredth. NaN where
            all the bucket is. Empty where every bucket has one point.
        above: How far the greatest lies above, likewise.
        total: How many points lie in the range.
    """

    run_id: str
    key: str
    x: LineX
    last: Sequence[float]
    below: Sequence[float]
    above: Sequence[float]
    total: int

    def minimum(self) -> list[float]:
        """The smallest value of each bucket."""
        return self._from_last(self.below, -1)

    def maximum(self) -> list[float]:
        """The greatest value of each bucket."""
        return self._from_last(self.above, 1)

    def _from_last(self, distances: Sequence[float], way: int) -> list[float]:
        if not len(distances):
            return [float(value) for value in self.last]
        level, found = 0.0, []
        for value, distance in zip(self.last, distances, strict=True):
            level = float(value) if math.isfinite(value) else level
            found.append(level + way * float(distance))
        return found
