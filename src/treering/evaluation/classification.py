"""The metrics of a classifier under MLflow's names, from the places of labels and the scores of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import InvalidInput
from treering.evaluation.curves import average_precision, roc_auc
from treering.evaluation.rows import Rows

__all__ = ["AVERAGES", "averaged", "confusion", "metrics_of", "per_class", "row_losses"]

Floats = NDArray[np.float64]

AVERAGES = ("weighted", "macro", "micro")


def confusion(rows: Rows, *, weighted: bool = True) -> Floats:
    """True class x predicted class: how many rows, or their weight."""
    size = len(rows.labels)
    cells = rows.target.astype(np.int64) * size + rows.prediction
    counted = np.bincount(cells, rows.weight if weighted else None, minlength=size * size)
    return counted.reshape(size, size).astype(np.float64)


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


def metrics_of(rows: Rows, average: str = "weighted") -> dict[str, float]:
    """All of MLflow's metrics of a classifier; those of scores only where there are scores.

    Raises:
        InvalidInput: If `average` is none that is known.
    """
    if average not in AVERAGES:
        msg = f"There is no average {average!r} of classes. Known ones: {', '.join(AVERAGES)}."
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
    cells = confusion(rows)
    summed = averaged(np.diag(cells), cells.sum(axis=1), cells.sum(axis=0), rows.positive, average)
    found |= {name: float(value) for name, value in summed.items()}
    if rows.score is not None:
        found |= _of_scores(rows, average)
    return found


def _of_scores(rows: Rows, average: str) -> dict[str, float]:
    score = rows.score
    if score is None:
        return {}
    found = {"log_loss": float(np.average(row_losses(rows)["log_loss"], weights=rows.weight))}
    if rows.positive is not None:
        truth = rows.target == rows.positive
        found["roc_auc"] = roc_auc(truth, score[:, rows.positive], rows.weight)
        found["precision_recall_auc"] = average_precision(truth, score[:, rows.positive], rows.weight)
    elif average in {"macro", "weighted"}:
        found["roc_auc"] = _one_against_rest(rows, score, average)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _one_against_rest(rows: Rows, score: NDArray[Any], average: str) -> float:
    truths = [rows.target == label for label in range(len(rows.labels))]
    found = [roc_auc(truth, score[:, label], rows.weight) for label, truth in enumerate(truths)]
    if average == "macro":
        return float(np.mean(found))
    each = np.ones(len(rows)) if rows.weight is None else rows.weight
    return float(np.average(found, weights=[each[truth].sum() for truth in truths]))


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
        truth = np.zeros(score.shape)
        truth[np.arange(len(rows)), rows.target] = 1
        losses["brier_score"] = ((score - truth) ** 2).sum(axis=1)
    return losses


def per_class(rows: Rows, labels: NDArray[Any], *, with_areas: bool) -> Mapping[str, list[Any]]:
    """MLflow's table of each class against all others, by column.

    Args:
        labels: The classes as they are.
        with_areas: Whether the areas under the curves are wanted; they need scores.
    """
    plain, cells = confusion(rows, weighted=False), confusion(rows)
    table: dict[str, list[Any]] = {"positive_class": labels.tolist()}
    total = cells.sum()
    for label in range(len(rows.labels)):
        hit = plain[label, label]
        missed, wrong = plain[label].sum() - hit, plain[:, label].sum() - hit
        column: dict[str, Any] = {
            "true_negatives": int(plain.sum() - hit - missed - wrong),
            "false_positives": int(wrong),
            "false_negatives": int(missed),
            "true_positives": int(hit),
            "example_count": len(rows),
        }
        true, said, both = cells[label].sum(), cells[:, label].sum(), cells[label, label]
        one = averaged(
            np.array([total - true - said + both, both]), np.array([total - true, true]), np.array([total - said, said]),
            1, "weighted",
        )  # fmt: skip
        column |= {name: float(value) for name, value in one.items()}
        if with_areas and rows.score is not None:
            truth = rows.target == label
            column["roc_auc"] = roc_auc(truth, rows.score[:, label], rows.weight)
            column["precision_recall_auc"] = average_precision(truth, rows.score[:, label], rows.weight)
        for name, value in column.items():
            table.setdefault(name, []).append(value)
    return table
