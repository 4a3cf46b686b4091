"""Series of metric points in the native API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.line import LineAxis
from treering.wire.endpoint import Endpoint, Permission
from treering.wire.native.numbers import Number
from treering.wire.native.runs import SeriesPoints

__all__ = [
    "HISTORY",
    "LINES",
    "SAMPLE",
    "AskedLines",
    "History",
    "HistoryPage",
    "LineBody",
    "Lines",
    "Sample",
    "SampledBody",
    "Samples",
    "XColumn",
]


class History(msgspec.Struct, frozen=True):
    """Which series, and from where on."""

    run_id: str
    key: str
    max_results: int | None = None
    page_token: str = ""


class HistoryPage(msgspec.Struct, frozen=True):
    """Points in order of (timestamp, step, value); `next_token` is "" on the last page."""

    points: SeriesPoints
    count: int
    next_token: str = ""


class Sample(msgspec.Struct, frozen=True):
    """Which series to thin for drawing, to how many buckets each, and in which range of steps."""

    run_ids: Sequence[str]
    keys: Sequence[str]
    max_points: int = 800
    first_step: int | None = None
    last_step: int | None = None


class SampledBody(msgspec.Struct, frozen=True):
    """One thinned series: per bucket its last point and the extremes of all its points."""

    run_id: str
    key: str
    steps: Sequence[int]
    timestamps: Sequence[int]
    last: Sequence[Number]
    minimum: Sequence[Number]
    maximum: Sequence[Number]
    total: int


class Samples(msgspec.Struct, frozen=True):
    """The series that have points in the range."""

    series: Sequence[SampledBody]


class AskedLines(msgspec.Struct, frozen=True):
    """Which lines to draw, over which x, and how finely.

    Attributes:
        run_ids: At most 100.
        keys: At most 100.
        x: Steps; seconds since the epoch; seconds since the run began; or the value of the metric `x_key`
            at the same step, or at the last one before it.
        first: Where the range begins, in units of x; null leaves it open, as for `last`.
        last: Where the range ends; it belongs to it.
        points: Most points of a line in the range, 2 to 4000.
    """

    run_ids: Sequence[str]
    keys: Sequence[str]
    x: LineAxis = LineAxis.STEP
    x_key: str = ""
    first: float | None = None
    last: float | None = None
    points: int = 800


class XColumn(msgspec.Struct, frozen=True):
    """The x of some lines, in order of their points. One of the two byte fields is empty.

    Bytes of all columns stand in planes: first the lowest byte of every item, then
    the next byte of every item, and so on; in JSON they are base64.

    Attributes:
        first: Of whole numbers the first.
        per: What whole numbers are divided by: 1 for steps, 1000 for seconds.
        gaps: Of whole numbers how much each but the first is greater than the one before; 32 bits, unsigned.
        values: Other numbers: 64-bit floats.
    """

    first: int
    per: int
    gaps: bytes
    values: bytes


class LineBody(msgspec.Struct, frozen=True):
    """One line: per bucket its last point, and how far the extremes of all its points lie from that.

    Attributes:
        x: Index of its x in `Lines.xs`.
        last: 32-bit floats.
        below: How far the smallest value lies below `last`, or where that is no finite number, below the finite
            one before it, or 0 where there is none: the upper 16 bits of a 32-bit float, rounded up. Not a number
            where all the bucket is not. Empty where every bucket has one point.
        above: How far the greatest value lies above, likewise.
        total: How many points lie in the range.
    """

    run_id: str
    key: str
    x: int
    last: bytes
    below: bytes
    above: bytes
    total: int


class Lines(msgspec.Struct, frozen=True):
    """The lines that have points in the range, and their x, each once.

    Where points lie beyond an end of the range, the nearest of them is there as well.
    """

    xs: Sequence[XColumn]
    lines: Sequence[LineBody]


HISTORY = Endpoint(
    "metrics.history", "GET", "/api/v1/runs/{run_id}/metrics/{key:path}", History, HistoryPage,
    Permission.READ_EXPERIMENTS, "All points of one series, in pages",
)  # fmt: skip
SAMPLE = Endpoint(
    "metrics.sample", "POST", "/api/v1/metrics/sample", Sample, Samples,
    Permission.READ_EXPERIMENTS, "Series thinned for drawing",
)  # fmt: skip
LINES = Endpoint(
    "metrics.lines", "POST", "/api/v1/metrics/lines", AskedLines, Lines,
    Permission.READ_EXPERIMENTS, "Lines for charts: thinned without losing a spike, in few bytes", packed=True,
)  # fmt: skip
