"""Metric points, what is remembered of a whole series, and how a series is carried about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Metric", "MetricColumns", "MetricSegment", "MetricSummary", "SampledSeries"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of one series.

    Attributes:
        value: Any float; NaN and the infinities are kept exactly.
        timestamp: Milliseconds since the epoch.
        step: Position in training; may be negative.
        model_id: The logged model that the point judges, or "".
        dataset_name: The dataset it was computed on, or "" (as `dataset_digest`).
    """

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What is remembered of one series of one run without reading its points.

    `last` is the point with the greatest (step, timestamp, value). `minimum` and
    `maximum` leave NaN aside; both are None while every value is NaN.
    """

    last: Metric
    minimum: float | None
    maximum: float | None
    count: int


@dataclass(frozen=True, slots=True)
class MetricColumns:
    """Many points of one series, column by column; the three have one length.

    Attributes:
        steps: Training steps.
        timestamps: Milliseconds since the epoch.
        values: Floats.
    """

    steps: Sequence[int]
    timestamps: Sequence[int]
    values: Sequence[float]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class MetricSegment:
    """A block of points of one series, encoded, with the bounds that let a reader skip it.

    Attributes:
        data: The points as `treering.storage.series.codec` writes them.
        minimum: Smallest value that is not NaN, or None where all are; so `maximum`.
        segment_id: Set by the store; 0 while not stored.
    """

    run_id: str
    key: str
    count: int
    first_step: int
    last_step: int
    first_timestamp: int
    last_timestamp: int
    minimum: float | None
    maximum: float | None
    data: bytes
    segment_id: int = 0


@dataclass(frozen=True, slots=True)
class SampledSeries:
    """A series thinned for drawing: one row per bucket, in order of step.

    A bucket keeps its last point and the extremes of all its points, so that no
    spike is lost. Where no thinning was needed each bucket holds one point and
    `last`, `minimum` and `maximum` are equal.

    Attributes:
        total: How many points the whole series has.
    """

    run_id: str
    key: str
    steps: Sequence[int]
    timestamps: Sequence[int]
    last: Sequence[float]
    minimum: Sequence[float]
    maximum: Sequence[float]
    total: int
