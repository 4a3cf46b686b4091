"""Drawing what an evaluation found: with Matplotlib as MLflow's files, or without it as SVG. Reached by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from treering.core.errors import MissingExtra
from treering.core.plugins import Registry

__all__ = ["PLOTS", "Line", "Lines", "Plotter", "plotter"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a plot.

    Attributes:
        label: For the legend; "" for none.
        steps: Whether it goes in steps instead of straight from point to point.
        faint: Whether it is only there to compare with.
        dots: Whether its points are shown.
    """

    x: Sequence[float]
    y: Sequence[float]
    label: str = ""
    steps: bool = False
    faint: bool = False
    dots: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A plot of lines."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]


class Plotter(Protocol):
    """What draws.

    Attributes:
        suffix: Of the files it makes, such as `.png`.
    """

    suffix: str

    def lines(self, plot: Lines) -> bytes:
        """A file with lines."""

    def matrix(self, values: Any, labels: Sequence[str], title: str) -> bytes:
        """A file with a square table of shares from 0 to 1, rows true and columns predicted."""

    def bars(self, values: Sequence[float], labels: Sequence[str], title: str, x_label: str) -> bytes:
        """A file with a horizontal bar for each label, the first at the top."""


PLOTS: Registry[Plotter] = Registry(
    "treering.plots",
    "plotting library",
    {
        "matplotlib": "treering.client.evaluating.plots.matplotlib:PLOTTER",
        "svg": "treering.client.evaluating.plots.svg:PLOTTER",
    },
)


def plotter() -> Plotter:
    """Matplotlib where it is installed, else what needs nothing."""
    try:
        return PLOTS.load("matplotlib")
    except MissingExtra:
        return PLOTS.load("svg")
