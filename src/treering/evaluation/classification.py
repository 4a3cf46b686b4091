"""The metrics of a classifier under MLflow's names, from the places of labels and the scores of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import InvalidInput
from treering.evaluation.curves import tallied
from treering.evaluation.rows import Rows

__all__ = ["AVERAGES", "averaged", "class_sums", "confusion", "metrics_of", "per_class", "row_losses"]

Floats = NDArray[np.float64]

AVERAGES = ("weighted", "macro", "micro")


def confusion(rows: Rows, *, weighted: bool = True) -> Floats:
    """True class x predicted class: how many rows, or their weight."""
    size = len(rows.labels)
    cells = rows.target.astype(np.int64) * size + rows.prediction
    counted = np.bincount(cells, rows.weight if weighted else None, minlength=size * size)
    return counted.reshape(size, size).astype(np.float64)


def class_sums(rows: Rows, *, weighted: bool = True) -> tuple[Floats, Floats, Floats]:
    """Of each class how many rows, or their weight: those that are right, those that are of it, those that are said to be.

    Unlike `confusion`, it takes no more room with more classes than a column has.
    """
    weight, size = rows.weight if weighted else None, len(rows.labels)
    right = rows.target == rows.prediction
    hits = np.bincount(rows.target[right], None if weight is None else weight[right], size)
    true, said = np.bincount(rows.target, weight, size), np.bincount(rows.prediction, weight, size)
    return hits.astype(np.float64), true.astype(np.float64), said.astype(np.float64)


def averaged(hits: Floats, true: Floats, said: Floats, positive: int | None, average: str) -> dict[str, Floats]:
    """Accuracy, recall, precision and F1.

    Args:
        hits: Any shape x labels: the weight of rows where the label is true and predicted.
        true: As `hits`, where it is true.
        said: As `hits`, where it is predicted.
        positive: The label that is judged; None for an average over all that occur.
        average: One of `AVERAGES`.
    """
    total = true.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        accuracy = hits.sum(axis=-1) / total
        if positive is not None:
            hits, true, said = (part[..., positive] for part in (hits, true, said))
        elif average == "micro":
            hits, true, said = (part.sum(axis=-1) for part in (hits, true, said))
        recall = np.where(true > 0, hits / true, 0.0)
        precision = np.where(said > 0, hits / said, 0.0)
        f1 = np.where(true + said > 0, 2 * hits / (true + said), 0.0)
        if positive is None and average != "micro":
            shares = true if average == "weighted" else ((true + said) > 0).astype(np.float64)
            recall, precision, f1 = (
                (part * shares).sum(axis=-1) / shares.sum(axis=-1) for part in (recall, precision, f1)
            )
    return {"accuracy_score": accuracy, "recall_score": recall, "precision_score": precision, "f1_score": f1}


def metrics_of(rows: Rows) -> dict[str, float]:
    """All of MLflow's metrics of a classifier; those of scores only where there are scores.

    Raises:
        InvalidInput: If the rows' average is none that is known.
    """
    if rows.average not in AVERAGES:
        msg = f"There is no average {rows.average!r} of classes. Known ones: {', '.join(AVERAGES)}."
        raise InvalidInput(msg)
    found: dict[str, float] = {}
    if rows.positive is not None:
        plain = confusion(rows, weighted=False)
        other = 1 - rows.positive
        found["true_negatives"] = int(plain[other, other])
        found["false_positives"] = int(plain[other, rows.positive])
        found["false_negatives"] = int(plain[rows.positive, other])
        found["true_positives"] = int(plain[rows.positive, rows.positive])
    found["example_count"] = len(rows)
    summed = averaged(*class_sums(rows), rows.positive, rows.average)
    found |= {name: float(value) for name, value in summed.items()}
    if rows.score is not None:
        found |= _of_scores(rows)
    return found


def _of_scores(rows: Rows) -> dict[str, float]:
    score = rows.score
    if score is None:
        return {}
    found = {"log_loss": float(np.average(row_losses(rows)["log_loss"], weights=rows.weight))}
    if rows.positive is not None:
        tallies = tallied(rows.target == rows.positive, score[:, rows.positive], rows.weight)
        found["roc_auc"] = tallies.roc_auc
        found["precision_recall_auc"] = tallies.average_precision
    elif rows.average != "micro":
        found["roc_auc"] = _one_against_rest(rows, score)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _one_against_rest(rows: Rows, score: NDArray[Any]) -> float:
    _, true, _ = class_sums(rows)
    if not true.all():
        return np.nan
    found = [tallied(rows.target == label, score[:, label], rows.weight).roc_auc for label in range(len(rows.labels))]
    return float(np.average(found, weights=None if rows.average == "macro" else true))


def row_losses(rows: Rows) -> dict[str, Floats]:
    """Logarithmic and quadratic (Brier) loss of each row; nothing without scores."""
    score = rows.score
    if score is None:
        return {}
    # The least probability is that of scikit-learn: the precision of the scores themselves.
    least = float(np.finfo(score.dtype).eps)
    of_truth = np.take_along_axis(score, rows.target[:, None].astype(np.int64), axis=1)[:, 0]
    losses: dict[str, Floats] = {"log_loss": -np.log(np.clip(of_truth.astype(np.float64), least, 1 - least))}
    if rows.positive is not None:
        losses["brier_score"] = (score[:, rows.positive] - (rows.target == rows.positive)) ** 2.0
    else:
        # The sum over the classes of (score - truth) squared, where truth is 1 for one class and 0 for all others.
        squares = np.einsum("ij,ij->i", score, score, dtype=np.float64)
        losses["brier_score"] = squares - 2.0 * of_truth + 1.0
    return losses


def per_class(rows: Rows, labels: NDArray[Any], *, with_areas: bool) -> Mapping[str, list[Any]]:
    """MLflow's table of each class against all others, by column.

    Args:
        labels: The classes as they are.
        with_areas: Whether the areas under the curves are wanted; they need scores.
    """
    hits, true, said = class_sums(rows, weighted=False)
    table: dict[str, list[Any]] = {
        "positive_class": labels.tolist(),
        "true_negatives": (len(rows) - true - said + hits).astype(int).tolist(),
        "false_positives": (said - hits).astype(int).tolist(),
        "false_negatives": (true - hits).astype(int).tolist(),
        "true_positives": hits.astype(int).tolist(),
        "example_count": [len(rows)] * len(labels),
    }
    hits, true, said = class_sums(rows)
    total = true.sum()
    both = np.stack([total - true - said + hits, hits], -1)
    found = averaged(both, np.stack([total - true, true], -1), np.stack([total - said, said], -1), 1, "weighted")
    table |= {name: values.tolist() for name, values in found.items()}
    if with_areas and rows.score is not None:
        each = [tallied(rows.target == label, rows.score[:, label], rows.weight) for label in range(len(labels))]
        table["roc_auc"] = [one.roc_auc for one in each]
        table["precision_recall_auc"] = [one.average_precision for one in each]
    return table
