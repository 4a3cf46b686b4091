"""What is logged of fitting an estimator of scikit-learn: params, training metrics, plots, the model, the search."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import sklearn.base
import sklearn.metrics
import sklearn.utils

from treering.client.autologging.importance import draw
from treering.client.autologging.patches import Call
from treering.client.autologging.searches import is_search, log_search
from treering.client.autologging.training import EXAMPLE_ROWS, Training
from treering.models.signature import infer_signature

__all__ = ["TrainingData", "log_fitted", "log_unfitted", "training_data"]

_PREFIX = "training_"
_PAGE = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="UTF-8"/></head>\n<body>\n{body}\n</body>\n</html>\n'


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What an estimator is fitted to.

    Attributes:
        first: A copy of the first rows.
    """

    rows: Any
    labels: Any = None
    weights: Any = None
    first: Any = None


def training_data(call: Call) -> TrainingData:
    """The data of a call of `fit` or its like."""
    arguments = call.arguments()
    names = [name for name in arguments if name != "self"]
    rows: Any = arguments[names[0]] if names else None
    # By convention the labels come second, as y or Y; `fit_params` and the like do not.
    labels = arguments[names[1]] if len(names) > 1 and names[1].lower() == "y" else None
    if _may_overwrite(call.instance):
        rows, labels = deepcopy(rows), deepcopy(labels)
    first = None
    if hasattr(rows, "__getitem__"):
        with call.training.attempt("copying the first rows"):
            first = deepcopy(rows[:EXAMPLE_ROWS])
    return TrainingData(rows, labels, arguments.get("sample_weight"), first)


def log_unfitted(training: Training, estimator: Any) -> None:
    """Log what is known before fitting."""
    training.params(_params(estimator))
    training.tags(
        {
            "estimator_name": type(estimator).__name__,
            "estimator_class": f"{type(estimator).__module__}.{type(estimator).__name__}",
        }
    )


def log_fitted(training: Training, estimator: Any, data: TrainingData, dataset: Any) -> str | None:
    """Log what came of fitting, and return the id of the logged model."""
    model_id = _log_model(training, estimator, data, "model")
    link = {"model_id": model_id, "dataset": dataset}
    with warnings.catch_warnings():
        # What is odd about the predictions, the user did not ask.
        warnings.simplefilter("ignore")
        training.metrics(_training_metrics(training, estimator, data), **link)
    with training.attempt("estimator.html"):
        html = sklearn.utils.estimator_html_repr(estimator)
        training.text(_PAGE.format(body=html), "estimator.html")
    if is_search(estimator):
        best = getattr(estimator, "best_estimator_", None)
        if best is not None:
            _log_model(training, best, data, "best_estimator")
        log_search(training, estimator, dataset, link)
    return model_id


def _params(estimator: Any) -> dict[str, Any]:
    # The estimator inside a search is only where the search starts from.
    params: dict[str, Any] = estimator.get_params(deep=not is_search(estimator))
    return params


def _log_model(training: Training, estimator: Any, data: TrainingData, name: str) -> str | None:
    params = _params(estimator)
    params |= {f"best_{key}": value for key, value in getattr(estimator, "best_params_", {}).items()}

    def signature(rows: Any) -> Any:
        answer = getattr(estimator, "predict", None) or estimator.transform
        return infer_signature(rows, answer(deepcopy(rows)))

    info = training.model(
        "sklearn",
        estimator,
        name=name,
        params=params,
        example=lambda: data.first,
        signature=signature,
        serialization_format=training.options.own.get("serialization_format"),
    )
    return info.model_id if info else None


def _training_metrics(training: Training, estimator: Any, data: TrainingData) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if data.labels is None:
        return found
    with training.attempt("training metrics"):
        if sklearn.base.is_classifier(estimator):
            found |= _classifier(training, estimator, data)
        elif sklearn.base.is_regressor(estimator):
            found |= _regressor(training, estimator, data)
    if hasattr(estimator, "score"):
        with training.attempt("training_score"):
            weights = {} if data.weights is None else {"sample_weight": data.weights}
            found[f"{_PREFIX}score"] = estimator.score(data.rows, data.labels, **weights)
    return found


def _classifier(training: Training, estimator: Any, data: TrainingData) -> dict[str, Any]:
    metrics, truth = sklearn.metrics, data.labels
    guess = estimator.predict(data.rows)
    chances = estimator.predict_proba(data.rows) if hasattr(estimator, "predict_proba") else None
    positive = training.options.own.get("pos_label")
    average = {"average": "weighted"} if positive is None else {"average": "binary", "pos_label": positive}
    weights = {"sample_weight": data.weights}
    wanted: dict[str, Callable[[], Any]] = {
        "precision_score": lambda: metrics.precision_score(truth, guess, **average, **weights),
        "recall_score": lambda: metrics.recall_score(truth, guess, **average, **weights),
        "f1_score": lambda: metrics.f1_score(truth, guess, **average, **weights),
        "accuracy_score": lambda: metrics.accuracy_score(truth, guess, **weights),
    }
    if chances is not None:
        area = chances[:, 1] if np.ndim(chances) > 1 and np.shape(chances)[1] == 2 else chances  # noqa: PLR2004  # classes
        wanted["log_loss"] = lambda: metrics.log_loss(truth, chances, **weights)
        wanted["roc_auc"] = lambda: metrics.roc_auc_score(truth, area, average="weighted", multi_class="ovo", **weights)
    found = _computed(training, wanted)
    if find_spec("matplotlib") is not None:
        with training.attempt("plots"):
            _log_plots(training, estimator, data, guess, chances)
    return found


def _regressor(training: Training, estimator: Any, data: TrainingData) -> dict[str, Any]:
    metrics, truth = sklearn.metrics, data.labels
    guess = estimator.predict(data.rows)
    weights = {"sample_weight": data.weights}
    found = _computed(
        training,
        {
            "mean_squared_error": lambda: metrics.mean_squared_error(truth, guess, **weights),
            "mean_absolute_error": lambda: metrics.mean_absolute_error(truth, guess, **weights),
            "r2_score": lambda: metrics.r2_score(truth, guess, **weights),
        },
    )
    if f"{_PREFIX}mean_squared_error" in found:
        found[f"{_PREFIX}root_mean_squared_error"] = np.sqrt(found[f"{_PREFIX}mean_squared_error"])
    return found


def _computed(training: Training, wanted: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    found = {}
    for name, compute in wanted.items():
        with training.attempt(f"{_PREFIX}{name}"):
            found[f"{_PREFIX}{name}"] = compute()
    return found


def _log_plots(training: Training, estimator: Any, data: TrainingData, guess: Any, chances: Any) -> None:
    displays, weights = sklearn.metrics, {"sample_weight": data.weights}
    labels = getattr(estimator, "classes_", None)
    labels = np.unique(np.asarray(data.labels)) if labels is None else labels
    context = import_module("matplotlib").rc_context
    with context({"font.size": min(8.0, 50.0 / max(len(labels), 1)), "axes.labelsize": 8.0}):
        figure, axes = draw(6.0, 4.0, dpi=175)
        displays.ConfusionMatrixDisplay.from_predictions(
            data.labels, guess, normalize="true", cmap="Blues", ax=axes, **weights
        )
        axes.set_title("Normalized confusion matrix")
        training.figure(figure, f"{_PREFIX}confusion_matrix.png")
    if len(np.unique(np.asarray(data.labels))) != 2:  # noqa: PLR2004  # the curves are of two classes
        return
    if chances is None and not hasattr(estimator, "decision_function"):
        return
    scores = estimator.decision_function(data.rows) if chances is None else chances[:, 1]
    for kind, title, name in (
        ("RocCurveDisplay", "ROC curve", "roc_curve"),
        ("PrecisionRecallDisplay", "Precision recall curve", "precision_recall_curve"),
    ):
        with training.attempt(title), context({"font.size": 8.0}):
            figure, axes = draw(dpi=175)
            getattr(displays, kind).from_predictions(
                data.labels, scores, ax=axes, name=type(estimator).__name__, pos_label=labels[1], **weights
            )
            axes.set_title(title)
            training.figure(figure, f"{_PREFIX}{name}.png")


def _may_overwrite(estimator: Any) -> bool:
    """Whether it was told that it need not work on a copy of its data."""
    params = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return any(name.rpartition("__")[2].startswith("copy") and value is False for name, value in params.items())
