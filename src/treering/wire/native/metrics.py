"""Series of metric points in the native API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.wire.endpoint import Endpoint, Permission
from treering.wire.native.numbers import Number
from treering.wire.native.runs import SeriesPoints

__all__ = ["HISTORY", "SAMPLE", "History", "HistoryPage", "Sample", "SampledBody", "Samples"]


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


HISTORY = Endpoint(
    "metrics.history", "GET", "/api/v1/runs/{run_id}/metrics/{key:path}", History, HistoryPage,
    Permission.READ_EXPERIMENTS, "All points of one series, in pages",
)  # fmt: skip
SAMPLE = Endpoint(
    "metrics.sample", "POST", "/api/v1/metrics/sample", Sample, Samples,
    Permission.READ_EXPERIMENTS, "Series thinned for drawing",
)  # fmt: skip
