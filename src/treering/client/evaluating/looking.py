"""What a model goes by, and how it stands spoilt input: the same model is asked again, about rows that were changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from treering.client.evaluating.answers import (
    Answers,
    answers_of,
    features_for,
    one_matrix,
    rows_of_classifier,
    rows_of_regressor,
)
from treering.client.evaluating.asked import Asked
from treering.client.evaluating.subject import Subject
from treering.client.evaluating.table import EvaluationTable
from treering.core.errors import InvalidInput
from treering.entities.evaluation import Evaluation
from treering.evaluation.curves import tallied
from treering.evaluation.explanation import ExplanationOptions, explain
from treering.evaluation.robustness import RobustnessOptions, probe
from treering.evaluation.rows import RANKER, REGRESSOR, Rows

__all__ = ["looked_into"]

Options = TypeVar("Options", ExplanationOptions, RobustnessOptions)

_MOST_SCORES = 20
"""With more classes than this, the decisions are looked at, and not each probability."""
_OURS = {"score", "metric", "greater_is_better", "features", "labels", "model", "rows_to"}
"""Options that say what the model is, which is known here."""


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What is asked of the model, and how the answers are judged.

    Attributes:
        predict: From features to numbers, to texts, or to a matrix with a column for each of `labels`.
        score: From `target` and what `predict` gave to the metric.
    """

    predict: Callable[[Any], Any]
    target: Any
    score: Callable[[Any, Any], float]
    metric: str
    greater_is_better: bool
    labels: Sequence[str] = ()


def looked_into(record: Evaluation, subject: Subject, asked: Asked) -> Evaluation:
    """The record with the explanation and the robustness that were asked for.

    Raises:
        InvalidInput: If the model is of another kind, or an option is none.
        MissingExtra: If the way to explain needs a package that is not installed.
    """
    rows = subject.rows
    if rows is None or rows.kind == RANKER or subject.judged.predict is None:
        msg = "explain and robustness need a classifier or a regressor that can be asked for predictions."
        raise InvalidInput(msg)
    features = features_for(subject.judged, subject.table, asked.private)
    names = tuple(map(str, features.columns)) if hasattr(features, "columns") else subject.table.feature_names
    if asked.explain:
        question = _question(rows, subject)
        options = ExplanationOptions(
            question.score, question.metric, question.greater_is_better, features=names, labels=question.labels,
            seed=asked.seed, model=subject.judged.native, rows_to=partial(_keep_rows, subject, asked),
        )  # fmt: skip
        given = {"method": asked.explain} if isinstance(asked.explain, str) else asked.explain
        found = explain(question.predict, features, question.target, _with(options, given))
        record = replace(record, explanation=found)
    if asked.robustness:
        # A moved score may keep its order and lose its meaning: decisions are what counts here.
        question = _question(replace(rows, score=None), subject)
        wanted = RobustnessOptions(question.metric, question.greater_is_better, features=names, seed=asked.seed)
        stood = probe(question.predict, features, question.target, question.score, _with(wanted, asked.robustness))
        record = replace(record, robustness=stood)
    return record


def _keep_rows(subject: Subject, asked: Asked, columns: Mapping[str, Any]) -> None:
    """Without what is known of sensitive columns, even where the model takes them."""
    subject.tables["explained_rows"] = {
        name: values for name, values in columns.items() if name.partition(" [")[0] not in asked.private
    }


def _question(rows: Rows, subject: Subject) -> _Question:
    """Of a regressor the numbers, of a classifier with scores the probabilities, else the decisions."""
    if rows.kind == REGRESSOR:
        return _Question(
            lambda features: _regressed(subject, features),
            rows.target,
            _root_of_squares,
            "root_mean_squared_error",
            False,
        )
    if rows.score is None or len(rows.labels) > _MOST_SCORES or not _gives_scores(subject):
        texts = np.array(rows.labels)
        return _Question(
            lambda features: texts[_classified(subject, rows, features, scores=False).prediction],
            texts[rows.target], _share_of_hits, "accuracy_score", True, rows.labels,
        )  # fmt: skip
    one = rows.positive
    return _Question(
        lambda features: _classified(subject, rows, features, scores=True).score,
        rows.target,
        _share_of_best
        if one is None
        else lambda target, said: tallied(target == one, np.asarray(said)[:, one]).roc_auc,
        "accuracy_score" if one is None else "roc_auc",
        True,
        rows.labels,
    )


def _gives_scores(subject: Subject) -> bool:
    """Whether the scores are the model's; those that the caller brought are not there for other features."""
    scores = subject.scores
    names = scores.values() if isinstance(scores, Mapping) else [scores] if isinstance(scores, str) else scores
    return scores is None or all(isinstance(name, str) and name in subject.answers.others for name in names)


def _regressed(subject: Subject, features: Any) -> Any:
    return rows_of_regressor(_answers(subject, features), np.zeros(len(features)), {}, "").prediction


def _classified(subject: Subject, rows: Rows, features: Any, *, scores: bool) -> Rows:
    """What the model says of other features, as rows with the same labels; what is true of them does not matter."""
    judged = subject.judged
    if scores and judged.probabilities is not None:
        # One question is enough: what is most probable need not be asked.
        answers = Answers(None, one_matrix(judged.probabilities(features)), judged.classes)
    else:
        answers = _answers(subject, features, subject.scores if scores else None)
    config = {
        "label_list": subject.labels,
        "pos_label": None if rows.positive is None else subject.labels[rows.positive],
    }
    return rows_of_classifier(answers, subject.labels[np.zeros(len(features), int)], config, "")[0]


def _answers(subject: Subject, features: Any, scores: Any = None) -> Answers:
    judged = replace(subject.judged, inputs=None, probabilities=None)
    return answers_of(judged, _with_features(subject.table, features), subject.answers.name, scores)


def _with_features(table: EvaluationTable, features: Any) -> EvaluationTable:
    """The same table with other features, and nothing else."""
    framed = hasattr(features, "columns")
    return replace(
        table,
        features=features,
        whole=features if framed else None,
        labels_data=None,
        predictions_data=None,
        feature_names=tuple(map(str, features.columns)) if framed else table.feature_names,
    )


def _root_of_squares(target: Any, said: Any) -> float:
    return float(np.sqrt(np.mean((np.asarray(target) - np.asarray(said)) ** 2)))


def _share_of_hits(target: Any, said: Any) -> float:
    return float(np.mean(np.asarray(target) == np.asarray(said)))


def _share_of_best(target: Any, said: Any) -> float:
    return _share_of_hits(target, np.asarray(said).argmax(axis=1))


def _with(options: Options, given: Any) -> Options:
    """The options with what the caller said: True for the usual ones, a dictionary for others.

    Raises:
        InvalidInput: If one is none.
    """
    if isinstance(given, type(options)):
        return given
    if given is True:
        return options
    known = [name for name in type(options).__dataclass_fields__ if name not in _OURS]
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        msg = f"{given!r} is no option, True, or a dictionary of options. Options: {', '.join(known)}."
        raise InvalidInput(msg)
    return replace(options, **given)
