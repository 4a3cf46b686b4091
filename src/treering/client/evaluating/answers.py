"""What a model said, in whatever form, as the rows that are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.client.evaluating.judged import Judged
from treering.client.evaluating.table import EvaluationTable
from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.evaluation.rows import Rows, classified, distinct, regressed
from treering.models.tables import is_table

__all__ = ["Answers", "answers_of", "features_for", "one_matrix", "rows_of_classifier", "rows_of_regressor"]

_TABLE = 2
_TWO = 2
_HALF = 0.5
_ROUNDED = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What came of asking.

    Attributes:
        prediction: One answer for each row; a matrix of probabilities where the model gives nothing else; None where
            only probabilities were asked for.
        probability: Rows x classes; None without.
        classes: What the columns of `probability` stand for; None for the sorted classes.
        others: Further columns that the model gave, by name.
        name: The column that the predictions were in, if there was one.
    """

    prediction: Any
    probability: NDArray[Any] | None = None
    classes: Any = None
    others: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None


def features_for(judged: Judged, table: EvaluationTable, without: Sequence[str] = ()) -> Any:
    """The features as the model takes them: its own columns, if it has named them, else all but those `without`."""
    if judged.wants_frame or (judged.inputs is not None and table.whole is None):
        frame = table.frame()
        if table.whole is None and judged.inputs is not None and len(judged.inputs) == frame.shape[1]:
            # The columns of a matrix have no names but their places.
            same = set(judged.inputs) == set(frame.columns)
            return frame[list(judged.inputs)] if same else frame.set_axis(list(judged.inputs), axis=1)
        return frame.drop(columns=[name for name in without if name in frame.columns]).copy()
    if table.whole is None:
        return np.array(table.features)
    frame = table.features
    if judged.inputs is not None:
        # What the model asks for may be a column that is kept from others.
        known = {str(name): name for name in table.whole.columns}
        wanted = [known[name] for name in judged.inputs if name in known]
        if len(wanted) == len(judged.inputs):
            return table.whole[wanted].copy()
    return frame.drop(columns=[name for name in frame.columns if str(name) in without]).copy()


def answers_of(
    judged: Judged, table: EvaluationTable, column: str | None, scores: Any, without: Sequence[str] = ()
) -> Answers:
    """Ask the model, or take the predictions from the data.

    Args:
        column: Of a model's answer with several columns, the one with the predictions.
        scores: The columns of the answer, or of the data, that hold probabilities; or an array of them.

    Raises:
        InvalidInput: If there are no predictions, or nobody says which column they are in.
    """
    if judged.predict is None:
        if table.predictions_data is None:
            msg = (
                "There is neither a model nor a column of predictions. Give `model`, or name the column of the data"
                " with `predictions`."
            )
            raise InvalidInput(msg)
        given = _scores(scores, {}, table)
        return Answers(table.predictions_data, *given, name=table.predictions_name)
    features = features_for(judged, table, without)
    answer = judged.predict(features)
    if answer is None:
        msg = "The model answered nothing (None). It must give an answer for each row."
        raise InvalidInput(msg)
    prediction, others, name = _taken_apart(answer, column)
    probability, classes = _scores(scores, others, table)
    if probability is None and judged.probabilities is not None:
        probability = judged.probabilities(features_for(judged, table, without))
        probability, classes = one_matrix(probability), judged.classes
    return Answers(prediction, probability, classes, others, name)


def rows_of_classifier(
    answers: Answers, target: Any, config: Mapping[str, Any], digest: str
) -> tuple[Rows, NDArray[Any]]:
    """Rows with scores, and the labels as they are. Raises InvalidInput where answers and targets do not fit."""
    labels, positive = config.get("label_list"), config.get("pos_label")
    truth = np.asarray(target)
    prediction = None if answers.prediction is None else _plain(answers.prediction)
    probability, classes = answers.probability, answers.classes
    if probability is None and prediction is not None and prediction.ndim == _TABLE and prediction.shape[1] > 1:
        probability, prediction = one_matrix(prediction), None
    if probability is None and prediction is not None and _looks_like_scores(prediction, truth):
        probability, prediction = prediction.reshape(-1), None
    if probability is not None and classes is None:
        classes = _classes(truth, prediction, labels, probability)
    if prediction is None:
        prediction = _decided(probability, classes, positive)
    if labels is None and classes is not None:
        labels = distinct(_like(np.asarray(classes), truth), truth)
    rows, known = classified(truth, prediction, labels=labels, positive=positive, weight=config.get("sample_weights"))
    score = None if probability is None else _aligned(probability, classes, known, rows.positive)
    if score is not None and (score.min() < -_ROUNDED or score.max() > 1 + _ROUNDED):
        logger.warning("The scores are no probabilities, so that log_loss, Brier score and calibration mean nothing.")
    average = str(config.get("average", rows.average))
    return replace(rows, score=score, dataset_digest=digest, average=average), known


def rows_of_regressor(answers: Answers, target: Any, config: Mapping[str, Any], digest: str) -> Rows:
    """Rows of numbers. Raises InvalidInput where answers and targets do not fit."""
    rows = regressed(np.asarray(target), _plain(answers.prediction), weight=config.get("sample_weights"))
    return replace(rows, dataset_digest=digest)


def _taken_apart(answer: Any, column: str | None) -> tuple[Any, dict[str, Any], str | None]:
    """Predictions, the other columns, and the name of the predictions' column."""
    columns: dict[str, Any]
    if is_table(answer) and hasattr(answer, "columns"):
        columns = {str(name): answer[name].to_numpy() for name in answer.columns}
    elif isinstance(answer, Mapping):
        columns = {str(name): np.asarray(values) for name, values in answer.items()}
    elif isinstance(answer, list) and answer and all(isinstance(row, Mapping) for row in answer):
        columns = {str(name): np.array([row.get(name) for row in answer]) for name in answer[0]}
    else:
        return answer, {}, column
    if column is not None and column in columns:
        return columns[column], {name: values for name, values in columns.items() if name != column}, column
    if len(columns) == 1:
        name = next(iter(columns))
        return columns[name], {}, name
    if column is None and all(np.asarray(values).dtype.kind == "f" for values in columns.values()):
        return np.column_stack(list(columns.values())), columns, None
    known = ", ".join(columns)
    msg = (
        f"The model answers with several columns ({known}), and "
        + ("nobody says which one" if column is None else f"{column!r} is none of them")
        + ". Name the column of the predictions with the `predictions` parameter."
    )
    raise InvalidInput(msg)


def _scores(scores: Any, others: Mapping[str, Any], table: EvaluationTable) -> tuple[NDArray[Any] | None, Any]:
    """Probabilities from where the caller says, and what they are of."""
    if scores is None:
        return None, None

    def column(name: str) -> NDArray[Any]:
        return one_matrix(others[name] if name in others else table.column(name))

    if isinstance(scores, str):
        return column(scores), None
    if isinstance(scores, Mapping):
        # Class by class.
        return np.column_stack([column(name) for name in scores.values()]), np.array(list(scores))
    if isinstance(scores, list | tuple) and scores and all(isinstance(name, str) for name in scores):
        return np.column_stack([column(name) for name in scores]), None
    return one_matrix(scores), None


def one_matrix(probability: Any) -> NDArray[Any]:
    """Probabilities as an array of floating-point numbers. Raises InvalidInput if they are no finite numbers."""
    found = np.asarray(probability.to_numpy() if is_table(probability) else probability)
    if found.dtype.kind != "f":
        try:
            found = found.astype(np.float64)
        except (TypeError, ValueError) as error:
            msg = f"The probabilities are no numbers: {error}. Name the column that holds the scores."
            raise InvalidInput(msg) from error
    if not np.isfinite(found).all():
        msg = "The probabilities hold values that are no finite numbers. Look at what the model gives for single rows."
        raise InvalidInput(msg)
    return found


def _plain(prediction: Any) -> NDArray[Any]:
    found = np.asarray(prediction.to_numpy() if is_table(prediction) else prediction)
    return found[:, 0] if found.ndim == _TABLE and found.shape[1] == 1 else found


def _looks_like_scores(prediction: NDArray[Any], truth: NDArray[Any]) -> bool:
    """Fractions between 0 and 1 for two classes: no labels."""
    if prediction.dtype.kind != "f" or prediction.ndim != 1 or not len(prediction) or not np.isfinite(prediction).all():
        return False
    if prediction.min() < 0 or prediction.max() > 1 or not (prediction != np.round(prediction)).any():
        return False
    return len(distinct(truth)) <= _TWO


def _classes(truth: NDArray[Any], prediction: Any, labels: Any, probability: NDArray[Any]) -> NDArray[Any]:
    """The sorted classes, which the columns of the probabilities are taken to stand for."""
    if labels is not None:
        classes = distinct(np.asarray(labels))
    elif prediction is None:
        classes = distinct(truth)
    else:
        classes = distinct(truth, _like(np.asarray(prediction), truth))
    columns = probability.shape[1] if probability.ndim == _TABLE else _TWO
    if columns == 1:
        columns = _TWO
    if len(classes) != columns:
        msg = (
            f"The model gives probabilities of {columns} classes, and the data holds {len(classes)}:"
            f" {classes[:10].tolist()}. Name all classes, in sorted order: evaluator_config={{'label_list': [...]}}."
        )
        raise InvalidInput(msg)
    return classes


def _like(values: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """Numbers in the type of those that are true, so that 1 and True are one class; texts as they are."""
    numbers = values.dtype.kind in "biuf" and truth.dtype.kind in "biuf"
    same = values.astype(truth.dtype, copy=False) if numbers and np.isfinite(values).all() else values
    return same if np.array_equal(same, values) else values


def _decided(probability: Any, classes: Any, positive: Any) -> NDArray[Any]:
    """The most probable class; of two with one column of scores, the positive one from one half on."""
    known = np.asarray(classes)
    if probability.ndim == _TABLE and probability.shape[1] > 1:
        return np.asarray(known[probability.argmax(axis=1)])
    one = known.tolist().index(positive) if positive in known.tolist() else 1
    return np.asarray(known[np.where(probability.reshape(-1) >= _HALF, one, 1 - one)])


def _aligned(probability: NDArray[Any], classes: Any, known: NDArray[Any], positive: int | None) -> NDArray[Any]:
    """Rows x labels, in the order of the labels; a class that the model does not know has the probability 0."""
    if probability.ndim == 1 or probability.shape[1] == 1:
        single = probability.reshape(-1)
        if positive is None:
            msg = (
                f"One column of scores goes with two classes, and there are {len(known)}. Give a column for each class."
            )
            raise InvalidInput(msg)
        pair = (single, 1 - single) if positive == 0 else (1 - single, single)
        return np.column_stack(pair)
    order = {str(label): place for place, label in enumerate(np.asarray(classes).tolist())}
    if len(order) != probability.shape[1]:
        msg = f"The model gives {probability.shape[1]} probabilities for its {len(order)} classes."
        raise InvalidInput(msg)
    found = np.zeros((len(probability), len(known)), probability.dtype)
    for place, label in enumerate(known.tolist()):
        if str(label) in order:
            found[:, place] = probability[:, order[str(label)]]
    return found
