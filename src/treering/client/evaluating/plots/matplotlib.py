"""Plots as PNG, by Matplotlib; without pyplot, so that the caller's own figures are left alone."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from treering.client.evaluating.plots import Lines

__all__ = ["PLOTTER", "MatplotlibPlotter"]

_SIZE = (6.0, 4.0)
_DPI = 175
_MOST_CELLS = 30
_MOST_IN_LEGEND = 12
_DARK = 0.5


class MatplotlibPlotter:
    """Implements `Plotter`."""

    suffix = ".png"

    def lines(self, plot: Lines) -> bytes:
        """As `Plotter.lines`."""
        figure, axes = _axes()
        for line in plot.lines:
            axes.plot(
                line.x,
                line.y,
                label=_plain(line.label) or None,
                drawstyle="steps-post" if line.steps else "default",
                color="gray" if line.faint else None,
                linestyle="dashed" if line.faint else "solid",
                marker="o" if line.dots else None,
                markersize=3,
                linewidth=1,
            )
        axes.set_xlabel(_plain(plot.x_label))
        axes.set_ylabel(_plain(plot.y_label))
        axes.set_title(plot.title)
        named = sum(bool(line.label) for line in plot.lines)
        if 0 < named <= _MOST_IN_LEGEND:
            axes.legend(loc="best", fontsize=7)
        return _png(figure)

    def matrix(self, values: Any, labels: Sequence[str], title: str) -> bytes:
        """As `Plotter.matrix`."""
        figure, axes = _axes()
        shares = np.asarray(values, float)
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        figure.colorbar(image, ax=axes)
        size = min(8, math.ceil(50 / max(len(labels), 1)))
        if len(labels) <= _MOST_CELLS:
            places = range(len(labels))
            names = [_plain(label) for label in labels]
            axes.set_xticks(places, names, fontsize=size, rotation=45 if max(map(len, labels)) > 4 else 0)  # noqa: PLR2004
            axes.set_yticks(places, names, fontsize=size)
            for row in places:
                for column in places:
                    dark = shares[row, column] > _DARK
                    axes.text(
                        column, row, f"{shares[row, column]:.2g}", ha="center", va="center", fontsize=size,
                        color="white" if dark else "black",
                    )  # fmt: skip
        axes.set_xlabel("Predicted label", fontsize=8)
        axes.set_ylabel("True label", fontsize=8)
        axes.set_title(title)
        return _png(figure)

    def bars(self, values: Sequence[float], labels: Sequence[str], title: str, x_label: str) -> bytes:
        """As `Plotter.bars`."""
        figure, axes = _axes()
        axes.barh(range(len(values)), list(values))
        axes.set_yticks(range(len(labels)), [_plain(label) for label in labels], fontsize=7)
        axes.invert_yaxis()
        axes.set_xlabel(_plain(x_label))
        axes.set_title(_plain(title))
        return _png(figure)


def _plain(name: str) -> str:
    """A name of the user's, in which a dollar begins no formula."""
    return name.replace("$", r"\$")


def _axes() -> tuple[Figure, Any]:
    figure = Figure(figsize=_SIZE, dpi=_DPI)
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()


PLOTTER = MatplotlibPlotter()
