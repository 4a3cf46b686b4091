"""Metric points, what is remembered of a whole series, and how a series is carried about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

__all__ = [
    "Metric",
    "MetricColumns",
    "MetricSegment",
    "MetricSummary",
    "SampledSeries",
    "SegmentOutline",
    "StoredSummaries",
    "SummaryRow",
    "summary_rows",
]


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

    @property
    def value(self) -> float:
        """The last one."""
        return self.last.value

    @property
    def step(self) -> int:
        """Of the last point."""
        return self.last.step

    @property
    def timestamp(self) -> int:
        """Of the last point."""
        return self.last.timestamp

    @property
    def model_id(self) -> str:
        """Of the last point."""
        return self.last.model_id

    @property
    def dataset_name(self) -> str:
        """Of the last point."""
        return self.last.dataset_name

    @property
    def dataset_digest(self) -> str:
        """Of the last point."""
        return self.last.dataset_digest


class SummaryRow(Protocol):
    """A MetricSummary and its last point in one, as a store keeps it."""

    @property
    def value(self) -> float:
        """The last one."""
        ...

    @property
    def step(self) -> int:
        """Of the last point."""
        ...

    @property
    def timestamp(self) -> int:
        """Of the last point."""
        ...

    @property
    def minimum(self) -> float | None:
        """As in MetricSummary."""
        ...

    @property
    def maximum(self) -> float | None:
        """As in MetricSummary."""
        ...

    @property
    def count(self) -> int:
        """As in MetricSummary."""
        ...

    @property
    def model_id(self) -> str:
        """Of the last point."""
        ...

    @property
    def dataset_name(self) -> str:
        """Of the last point."""
        ...

    @property
    def dataset_digest(self) -> str:
        """Of the last point."""
        ...


class StoredSummaries(Mapping[str, MetricSummary]):
    """The summaries of a run's metrics, made of what is stored only when they are looked at: a page shows thousands.

    Args:
        rows: By metric key; must not be changed afterwards.
    """

    __slots__ = ("_run_id", "rows")

    def __init__(self, run_id: str, rows: Mapping[str, SummaryRow]) -> None:
        self._run_id = run_id
        self.rows = rows

    def __getitem__(self, key: str) -> MetricSummary:
        row = self.rows[key]
        last = Metric(
            key,
            row.value,
            row.timestamp,
            row.step,
            row.model_id,
            row.dataset_name,
            row.dataset_digest,
            self._run_id,
        )
        return MetricSummary(last, row.minimum, row.maximum, row.count)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return repr(dict(self))


def summary_rows(summaries: Mapping[str, MetricSummary]) -> Mapping[str, SummaryRow]:
    """The same by key, as cheaply as it can be had."""
    return summaries.rows if isinstance(summaries, StoredSummaries) else summaries


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


class SegmentOutline(NamedTuple):
    """What tells whether a stored block is needed; as in MetricSegment, with `points` for its count."""

    segment_id: int
    points: int
    first_step: int
    last_step: int
    first_timestamp: int
    last_timestamp: int


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
