"""The plots and tables of a classifier, under MLflow's names; and those of what was found beside the metrics."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.client.evaluating.plots import Line, Lines, Plotter
from treering.entities.evaluation import Business, Calibration, Evaluation, SliceResult
from treering.evaluation.calibration import calibrations
from treering.evaluation.classification import confusion
from treering.evaluation.curves import Curve, tallied
from treering.evaluation.rows import Rows

__all__ = ["csv_of", "extra_plots", "plots_of_classifier", "slices_table"]

_DIAGONAL = Line((0.0, 1.0), (0.0, 1.0), faint=True)
_NO_LIFT = Line((0.0, 1.0), (1.0, 1.0), "Baseline", faint=True)
_MOST_CELLS = 1000  # of a side; with more, a picture would show nothing, and take minutes and gigabytes


def plots_of_classifier(rows: Rows, draw: Plotter, most_classes: int = 10) -> Iterator[tuple[str, bytes]]:
    """MLflow's name of each plot, and the file.

    Args:
        most_classes: With more of them there are no ROC and precision-recall curves; with more than a thousand no
            confusion matrix, either.
    """
    if rows.positive is not None and rows.score is not None:
        yield from _of_two(rows, draw)
    elif rows.score is not None:
        yield "calibration_curve_plot", _calibration(calibrations(rows)[1:] or calibrations(rows), draw)
        if len(rows.labels) <= most_classes:
            yield from _of_many(rows, rows.score, draw)
    if len(rows.labels) <= _MOST_CELLS:
        yield "confusion_matrix", draw.matrix(*_shares(rows), "Normalized confusion matrix")


def extra_plots(found: Evaluation, draw: Plotter) -> Iterator[tuple[str, bytes]]:
    """Plots of what MLflow does not look into; only of what there is."""
    if found.business is not None and found.business.curve:
        yield "business_value_curve_plot", _value(found.business, draw)
    if found.explanation is not None and found.explanation.importances:
        best = found.explanation.importances[:20]
        title = f"Feature importance ({found.explanation.method})"
        by = f"Loss of {found.explanation.metric} without it" if found.explanation.metric else "Importance"
        yield (
            "feature_importance_plot",
            draw.bars([one.value for one in best], [one.feature for one in best], title, by),
        )


def slices_table(slices: Sequence[SliceResult]) -> bytes:
    """A line for each slice and metric, with its interval."""
    lines = [
        (part.name, part.rows, metric, value, *_ends(part, metric))
        for part in slices
        for metric, value in part.metrics.items()
    ]
    names = ("slice", "rows", "metric", "value", "low", "high")
    return csv_of({name: [line[place] for line in lines] for place, name in enumerate(names)})


def csv_of(table: Mapping[str, Sequence[Any]]) -> bytes:
    """Columns as CSV with a heading, as pandas writes it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return text.getvalue().encode()


def _of_two(rows: Rows, draw: Plotter) -> Iterator[tuple[str, bytes]]:
    score = rows.positive_score
    if score is None:
        return
    label, other = rows.labels[rows.positive_index], rows.labels[1 - rows.positive_index]
    tallies = tallied(rows.target == rows.positive, score, rows.weight)
    if np.isfinite(tallies.roc_auc):
        lines = (_line(tallies.roc(), f"AUC={tallies.roc_auc:.3f}", steps=True), _DIAGONAL)
        words = (f"False Positive Rate (Positive label: {label})", f"True Positive Rate (Positive label: {label})")
        yield "roc_curve_plot", draw.lines(Lines("ROC curve", *words, lines))
    if tallies.hits.any():
        line = _line(tallies.precision_recall(), f"AP={tallies.average_precision:.3f}", steps=True)
        words = (f"Recall (Positive label: {label})", f"Precision (Positive label: {label})")
        yield "precision_recall_curve_plot", draw.lines(Lines("Precision recall curve", *words, (line,)))
    pairs = [(other, tallies.of_the_other()), (label, tallies)]
    lifts = [_line(one.lift(), f"Class {name}") for name, one in pairs if one.hits.any()]
    plot = Lines("Lift curve", "Percentage of sample", "Lift", (_NO_LIFT, *lifts))
    yield "lift_curve_plot", draw.lines(plot)
    yield "calibration_curve_plot", _calibration(calibrations(rows), draw)


def _of_many(rows: Rows, score: NDArray[Any], draw: Plotter) -> Iterator[tuple[str, bytes]]:
    rocs: list[Line] = []
    precisions: list[Line] = []
    for place, label in enumerate(rows.labels):
        tallies = tallied(rows.target == place, score[:, place], rows.weight)
        if np.isfinite(tallies.roc_auc):
            rocs.append(_line(tallies.roc(), f"label={label},AUC={tallies.roc_auc:.3f}", steps=True))
            named = f"label={label},AP={tallies.average_precision:.3f}"
            precisions.append(_line(tallies.precision_recall(), named, steps=True))
    plot = Lines("ROC curve", "False Positive Rate", "True Positive Rate", (*rocs, _DIAGONAL))
    yield "roc_curve_plot", draw.lines(plot)
    plot = Lines("Precision recall curve", "Recall", "Precision", tuple(precisions))
    yield "precision_recall_curve_plot", draw.lines(plot)


def _line(curve: Curve, label: str, *, steps: bool = False) -> Line:
    thin = curve.thinned()
    return Line(thin.x.tolist(), thin.y.tolist(), label, steps=steps)


def _calibration(found: Sequence[Calibration], draw: Plotter) -> bytes:
    lines = [
        Line(
            [one.predicted for one in each.bins],
            [one.observed for one in each.bins],
            f"{each.label or 'predicted class'} (ECE={each.expected_error:.3f})",
            dots=True,
        )
        for each in found
    ]
    plot = Lines("Calibration curve", "Mean predicted probability", "Fraction of positives", (*lines, _DIAGONAL))
    return draw.lines(plot)


def _value(business: Business, draw: Plotter) -> bytes:
    x, y = [point[0] for point in business.curve], [point[1] for point in business.curve]
    lines = [
        Line(x, y, "Value per row"),
        Line((x[0], x[-1]), (business.alternative,) * 2, "Without a model", faint=True),
    ]
    if business.threshold is not None:
        lines.append(Line((business.threshold,), (business.value.value,), f"Best: {business.threshold:.3g}", dots=True))
    return draw.lines(Lines("Expected value by threshold", "Threshold", "Value of a row", tuple(lines)))


def _shares(rows: Rows) -> tuple[NDArray[np.float64], list[str]]:
    """Of each true class, which parts were predicted as what; the positive one of two last, as MLflow shows it."""
    cells = confusion(rows)
    order = list(range(len(rows.labels)))
    if rows.positive == 0:
        order.reverse()
    cells = cells[np.ix_(order, order)]
    sums = cells.sum(axis=1, keepdims=True)
    return np.divide(cells, sums, out=np.zeros_like(cells), where=sums > 0), [rows.labels[place] for place in order]


def _ends(part: SliceResult, metric: str) -> tuple[Any, Any]:
    between = part.intervals.get(metric)
    return (None, None) if between is None else (between.low, between.high)
