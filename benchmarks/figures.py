"""A figure of both sides, and how a list of them is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Figure", "alternate", "table"]


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Attributes:
        unit: Of both values.
        more_is_better: Whether the ratio is ours to theirs, instead of theirs to ours.
    """

    theme: str
    what: str
    unit: str
    treering: float
    mlflow: float
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times better Treering is; below 1 it is worse."""
        ours, theirs = (self.treering, self.mlflow) if self.more_is_better else (self.mlflow, self.treering)
        return ours / theirs if theirs else float("inf")


def alternate(measures: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """The median of each measure; they take turns, so that a slow minute of the machine hits all."""
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(repeats):
        for values, measure in zip(taken, measures, strict=True):
            values.append(measure())
    return [median(values) for values in taken]


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns, a line each."""
    rows = [("", "Treering", "MLflow", "", "times better")]
    rows += [
        (figure.what, _short(figure.treering), _short(figure.mlflow), figure.unit, f"{figure.ratio:,.1f}")
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:<{widths[3]}}  {row[4]:>{widths[4]}}"
        for row in rows
    )


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
