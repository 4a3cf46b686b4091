"""What a model said of each row, beside what was true: all that metrics, intervals and comparisons are computed from.

It holds no feature and no sensitive column, so it may be kept among the artifacts of a run.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import DamagedData, InvalidInput

__all__ = ["CLASSIFIER", "RANKER", "REGRESSOR", "Rows", "classified", "distinct", "from_bytes", "regressed", "to_bytes"]

CLASSIFIER = "classifier"
REGRESSOR = "regressor"
RANKER = "ranker"

_FORMAT = 1
_MOST_LABELS = 10_000
_MOST_SCORES = 50_000_000
_PAIR = 2


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One model's answers.

    Attributes:
        kind: `classifier`, `regressor`, or `ranker` for everything that is judged row by row.
        target: What was true: places in `labels` for a classifier, numbers for a regressor,
            for a ranker what tells whether the questions were the same.
        prediction: As `target`, what the model said; nothing for a ranker.
        score: Rows x labels: how probable the model held each label; None where it did not say.
        weight: How much each row counts; None for all the same.
        labels: The classes, sorted, as texts.
        positive: The place in `labels` of the positive one of two; None for other than two.
        values: Metrics that are judged row by row, such as `ndcg_at_3`.
        dataset_digest: Says whether two models answered the same rows.
        average: How the figures of more than two classes are brought together: `weighted`, `macro` or `micro`.
    """

    kind: str
    target: NDArray[Any]
    prediction: NDArray[Any]
    score: NDArray[np.floating[Any]] | None = None
    weight: NDArray[np.float64] | None = None
    labels: tuple[str, ...] = ()
    positive: int | None = None
    values: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    dataset_digest: str = ""
    average: str = "weighted"

    def __len__(self) -> int:
        if self.kind == RANKER:
            return max((len(column) for column in self.values.values()), default=0)
        return len(self.target)

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """Those rows that are marked; the labels stay the same."""
        return replace(
            self,
            target=self.target[mask] if len(self.target) else self.target,
            prediction=self.prediction[mask] if len(self.prediction) else self.prediction,
            score=None if self.score is None else self.score[mask],
            weight=None if self.weight is None else self.weight[mask],
            values={name: column[mask] for name, column in self.values.items()},
        )

    @property
    def positive_score(self) -> NDArray[np.floating[Any]] | None:
        """How probable the model held the positive label; None where there is no such label or no score."""
        return None if self.score is None or self.positive is None else self.score[:, self.positive]

    @property
    def positive_index(self) -> int:
        """The place of the positive label. Raises InvalidInput if there are not two labels."""
        if self.positive is None:
            msg = f"This needs a model of two classes, and it has {len(self.labels)}."
            raise InvalidInput(msg)
        return self.positive


def classified(
    target: Any, prediction: Any, *, labels: Any = None, positive: Any = None, weight: Any = None
) -> tuple[Rows, NDArray[Any]]:
    """The rows of a classifier, without scores, and its labels as they are, sorted.

    Args:
        labels: All classes; those that occur unless given.
        positive: Which of two is the positive one; the last unless given.

    Raises:
        InvalidInput: If the columns do not fit together, or there are fewer than two classes.
    """
    truth, said = _column(target, "targets"), _column(prediction, "predictions")
    _same_length(truth, said)
    found = _sorted_labels(truth, said)
    known = found if labels is None else _sorted_labels(np.asarray(labels), np.asarray(labels))
    if len(known) < _PAIR:
        msg = (
            f"Only {len(known)} class was found in the data, and judging a classifier takes at least two. Name them all,"
            " such as evaluator_config={'label_list': [0, 1]}."
        )
        raise InvalidInput(msg)
    if len(found) > _MOST_LABELS:
        msg = f"The targets have {len(found):,} different values. Is this a regressor? Then say model_type='regressor'."
        raise InvalidInput(msg)
    there = set(known.tolist())
    strange = [label for label in found.tolist() if label not in there]
    if strange:
        msg = f"The data holds classes that are not in label_list: {strange[:10]}. Add them, or leave label_list out."
        raise InvalidInput(msg)
    place = None
    if positive is not None and positive not in known.tolist():
        msg = f"'pos_label' {positive} must exist in 'label_list' {known.tolist()}."
        raise InvalidInput(msg)
    if len(known) == _PAIR:
        place = 1 if positive is None else known.tolist().index(positive)
    rows = Rows(
        CLASSIFIER,
        _places(known, truth),
        _places(known, said),
        weight=_weights(weight, len(truth)),
        labels=tuple(str(label) for label in known.tolist()),
        positive=place,
    )
    return rows, known


def regressed(target: Any, prediction: Any, *, weight: Any = None) -> Rows:
    """The rows of a regressor.

    Raises:
        InvalidInput: If the columns do not fit together, or hold what is no finite number.
    """
    truth, said = _numbers(target, "targets"), _numbers(prediction, "predictions")
    _same_length(truth, said)
    return Rows(REGRESSOR, truth, said, weight=_weights(weight, len(truth)))


def to_bytes(rows: Rows) -> bytes:
    """The rows as a compressed file of arrays, which NumPy reads.

    Of two classes whose scores add up to 1 the positive one's is written. Scores of more than fifty million numbers,
    that is of thousands of classes, are left out: two models are compared by their decisions then.
    """
    about = {
        "format": _FORMAT,
        "kind": rows.kind,
        "labels": list(rows.labels),
        "positive": rows.positive,
        "dataset_digest": rows.dataset_digest,
        "average": rows.average,
        "values": list(rows.values),
    }
    columns: dict[str, Any] = {"target": _narrow(rows, rows.target), "prediction": _narrow(rows, rows.prediction)}
    if rows.score is not None and rows.score.size <= _MOST_SCORES:
        columns["score"] = _one_of_two(rows, rows.score)
    if rows.weight is not None:
        columns["weight"] = rows.weight
    for place, column in enumerate(rows.values.values()):
        columns[f"value_{place}"] = column
    columns["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    buffer = io.BytesIO()
    # Scores are as good as noise, which no effort makes smaller.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, column in columns.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, np.ascontiguousarray(column), allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes, where: str = "rows.npz") -> Rows:
    """The reverse of `to_bytes`. Raises DamagedData if it is no such file; runs no code that is in it."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if about["format"] != _FORMAT:
                msg = f"{where} is of format {about['format']!r}, and this Treering reads format {_FORMAT}. Update Treering."
                raise DamagedData(msg)
            rows = Rows(
                str(about["kind"]),
                _wide(about["kind"], file["target"]),
                _wide(about["kind"], file["prediction"]),
                _both_of_two(file.get("score"), about["positive"]),
                file.get("weight"),
                tuple(str(label) for label in about["labels"]),
                about["positive"],
                {str(name): file[f"value_{place}"] for place, name in enumerate(about["values"])},
                str(about["dataset_digest"]),
                str(about.get("average", "weighted")),
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        msg = f"{where} does not hold the rows of an evaluation: {error}. Evaluate the model again to write them."
        raise DamagedData(msg) from error
    lengths = {len(rows.target), len(rows.prediction)} | {
        len(column) for column in (rows.score, rows.weight) if column is not None
    }
    if rows.kind != RANKER and len(lengths) != 1:
        msg = f"{where} is damaged: its columns differ in length. Evaluate the model again to write them."
        raise DamagedData(msg)
    return rows


def _narrow(rows: Rows, column: NDArray[Any]) -> NDArray[Any]:
    """Places of labels in as few bytes as they need; numbers as they are."""
    return column.astype(np.min_scalar_type(len(rows.labels))) if rows.kind == CLASSIFIER else column


def _wide(kind: str, column: NDArray[Any]) -> NDArray[Any]:
    return column.astype(np.int32) if kind == CLASSIFIER else column


def _one_of_two(rows: Rows, score: NDArray[Any]) -> NDArray[Any]:
    if rows.positive is None or not np.allclose(score.sum(axis=1), 1, rtol=0, atol=4 * np.finfo(score.dtype).eps):
        return score
    single: NDArray[Any] = score[:, rows.positive]
    return single


def _both_of_two(score: NDArray[Any] | None, positive: int | None) -> NDArray[Any] | None:
    if score is None or score.ndim == _PAIR:
        return score
    return np.column_stack([score, 1 - score] if positive == 0 else [1 - score, score])


def _column(values: Any, what: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim == _PAIR and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        msg = f"The {what} must be one column, and have the shape {array.shape}. Name the column of the {what}."
        raise InvalidInput(msg)
    if not len(array):
        msg = f"The {what} are empty: there is no row to judge. Give data with at least one row."
        raise InvalidInput(msg)
    return array


def _same_length(truth: NDArray[Any], said: NDArray[Any]) -> None:
    if len(truth) != len(said):
        msg = f"There are {len(truth):,} targets and {len(said):,} predictions. The model must answer each row once."
        raise InvalidInput(msg)


def _numbers(values: Any, what: str) -> NDArray[np.float64]:
    array = _column(values, what)
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        msg = f"The {what} of a regressor must be numbers: {error}. Is this a classifier? Then say model_type='classifier'."
        raise InvalidInput(msg) from error
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        msg = f"The {what} hold {numbers[wrong[0]]} in row {wrong[0]}, and in {len(wrong):,} rows in all. Remove these rows."
        raise InvalidInput(msg)
    return numbers


def distinct(*columns: NDArray[Any]) -> NDArray[Any]:
    """The different values of the columns, sorted. Raises InvalidInput if there is none, or no order among them."""
    try:
        # A set beats sorting by far where few texts are distinct.
        found = [
            np.array(list(set(one.tolist())), object) if one.dtype.kind in "OUT" else np.unique(one) for one in columns
        ]
        gaps = any(value is None or value != value for one in found for value in one.tolist())  # noqa: PLR0124  # NaN
        together = found[0] if len(found) == 1 else np.concatenate(found)
        if not gaps:
            return np.unique(together)
    except TypeError as error:
        msg = f"The classes cannot be put in order: {error}. Targets and predictions must be of one type."
        raise InvalidInput(msg) from error
    msg = "Targets or predictions are missing in some rows (NaN or None). Remove these rows."
    raise InvalidInput(msg)


def _sorted_labels(truth: NDArray[Any], said: NDArray[Any]) -> NDArray[Any]:
    found = distinct(truth, said)
    if truth.dtype.kind in "US" and said.dtype.kind not in "USO":
        msg = f"The targets are texts and the predictions are {said.dtype}. Give predictions that are labels."
        raise InvalidInput(msg)
    return found


def _places(known: NDArray[Any], column: NDArray[Any]) -> NDArray[np.int32]:
    """Of each value, where it stands among the known ones."""
    if column.dtype.kind not in "OUT":
        return np.searchsorted(known, column).astype(np.int32)
    places = {value: place for place, value in enumerate(known.tolist())}
    return np.fromiter(map(places.__getitem__, column.tolist()), np.int32, len(column))


def _weights(weight: Any, rows: int) -> NDArray[np.float64] | None:
    if weight is None:
        return None
    try:
        array = np.asarray(weight, np.float64)
    except (TypeError, ValueError) as error:
        msg = f"sample_weights must be numbers: {error}."
        raise InvalidInput(msg) from error
    if array.shape != (rows,) or not np.isfinite(array).all() or (array < 0).any() or not array.sum():
        msg = f"sample_weights must be {rows:,} numbers, none below zero and not all zero; these have the shape {array.shape}."
        raise InvalidInput(msg)
    return array
