"""What a model server counts: plain numbers where requests pass, made into Prometheus' format when it is asked for.

A request costs it two searches in a short tuple and a few additions; labels are written once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["BATCHES", "CONTENT_TYPE", "SECONDS", "Histogram", "LaneCounts", "lines_of"]

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)


class Histogram:
    """How many values fell below each bound, and their sum."""

    __slots__ = ("bounds", "buckets", "total")

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.total = 0.0

    def note(self, value: float) -> None:
        """Count one value."""
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """In Prometheus' format."""
        seen = 0
        comma = "," if labels else ""
        for bound, count in zip((*self.bounds, "+Inf"), self.buckets, strict=True):
            seen += count
            yield f'{name}_bucket{{{labels}{comma}le="{bound}"}} {seen}'
        yield f"{name}_sum{{{labels}}} {self.total}"
        yield f"{name}_count{{{labels}}} {float(seen)}"


class LaneCounts:
    """What the groups of a lane took.

    Attributes:
        waited: Seconds that requests waited for a worker.
        predicted: Seconds that a worker had a group.
        requests: How many requests a group had.
        rows: Rows predicted.
    """

    __slots__ = ("predicted", "requests", "rows", "waited")

    def __init__(self) -> None:
        self.waited = Histogram()
        self.predicted = Histogram()
        self.requests = Histogram(BATCHES)
        self.rows = 0


def lines_of(name: str, kind: str, text: str, rows: Iterable[tuple[Mapping[str, str], float | Histogram]]) -> list[str]:
    """One metric: its help, its type, and a line for each set of labels."""
    lines = [f"# HELP {name} {text}", f"# TYPE {name.removesuffix('_total') if kind == 'histogram' else name} {kind}"]
    for labels, value in rows:
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        if isinstance(value, Histogram):
            lines.extend(value.lines(name, written))
        else:
            lines.append(f"{name}{{{written}}} {float(value)}" if written else f"{name} {float(value)}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
