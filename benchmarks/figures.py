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
        theirs: None where there is nothing to compare with.
        more_is_better: Whether the ratio is ours to theirs, instead of theirs to ours.
        limit: The worst value of Treering that we accept; None for none.
        times: The smallest ratio that we accept; None for none.
        peer: Whose value stands beside ours.
    """

    theme: str
    what: str
    unit: str
    treering: float
    theirs: float | None
    more_is_better: bool = False
    limit: float | None = None
    times: float | None = None
    peer: str = "MLflow"

    @property
    def ratio(self) -> float | None:
        """How many times better Treering is; below 1 it is worse. None without a value of the peer."""
        if self.theirs is None:
            return None
        ours, theirs = (self.treering, self.theirs) if self.more_is_better else (self.theirs, self.treering)
        return ours / theirs if theirs else float("inf")


def alternate(measures: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """The median of each measure; they take turns, so that a slow minute of the machine hits all."""
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(repeats):
        for values, measure in zip(taken, measures, strict=True):
            values.append(measure())
    return [median(values) for values in taken]


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns, a line each; limits in a last column if there are any."""
    rows = [("", "Treering", figures[0].peer if figures else "", "", "times better", "limit")]
    rows += [
        (
            figure.what,
            _short(figure.treering),
            _short(figure.theirs),
            figure.unit,
            "" if figure.ratio is None else f"{figure.ratio:,.1f}",
            _limits(figure),
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:<{widths[3]}}"
        f"  {row[4]:>{widths[4]}}  {row[5] if any(map(_limits, figures)) else ''}".rstrip()
        for row in rows
    )


def _limits(figure: Figure) -> str:
    said, kept = [], True
    if figure.limit is not None:
        more = figure.more_is_better
        said.append(f"at {'least' if more else 'most'} {_short(figure.limit)}")
        kept = figure.treering >= figure.limit if more else figure.treering <= figure.limit
    if figure.times is not None and figure.ratio is not None:
        said.append(f"{figure.times:g} times better")
        kept = kept and figure.ratio >= figure.times
    return ", ".join(said) + (("" if not said else ": met") if kept else ": MISSED")


def _short(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
