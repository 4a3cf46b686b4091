"""CatBoost: `fit` of its models. MLflow does not log it; the names are as for the other boosting libraries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import catboost

from treering.client.autologging import judgements
from treering.client.autologging.guard import guarded
from treering.client.autologging.importance import log_importance
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import EXAMPLE_ROWS, Training
from treering.models.signature import infer_signature

__all__ = ["install"]

_OF_THE_CALL = ("early_stopping_rounds", "use_best_model", "verbose", "logging_level", "metric_period")


def install(patches: Patches) -> None:
    """Wrap `fit` of each class of models; `catboost.train` and `catboost.cv` go through it or are no training."""
    for found in vars(catboost).values():
        if isinstance(found, type) and issubclass(found, catboost.CatBoost):
            patches.training(found, "fit", _fit)
            judgements.watch_model(patches, found)
    patches.after_import("sklearn.metrics", lambda module: judgements.watch_metrics(patches, module))


class _Iterations:
    """Logs what CatBoost measures after each iteration."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._log = guarded(self._record, "catboost: metrics of an iteration")
        self.count = 0

    def after_iteration(self, info: Any) -> bool:
        """Called by CatBoost, which goes on for True."""
        self._log(info.iteration - 1, info.metrics)
        return True

    def _record(self, step: int, metrics: Mapping[str, Mapping[str, list[float]]] | None) -> None:
        self.count += 1
        self._training.metrics(
            {_key(data, name): values[-1] for data, one in (metrics or {}).items() for name, values in one.items()},
            step,
        )


def _fit(call: Call) -> Iterator[None]:
    training, model, arguments = call.training, call.instance, call.arguments()
    training.params(model.get_params())
    training.params({key: arguments[key] for key in _OF_THE_CALL if arguments.get(key) is not None})
    data: Any = arguments.get("X")
    rows = None
    if not isinstance(data, catboost.Pool | str):
        training.dataset(data, "train", arguments.get("y"))
        rows = deepcopy(data[:EXAMPLE_ROWS])
    elif isinstance(data, catboost.Pool):
        training.dataset(data.get_features() if not data.get_cat_feature_indices() else None, "train", data.get_label())
    iterations = _Iterations(training)
    # On a graphics card CatBoost takes no callbacks.
    if model.get_params().get("task_type") != "GPU":
        call.set("callbacks", [*(arguments.get("callbacks") or ()), iterations])
    yield
    if not iterations.count:
        _log_afterwards(training, model.get_evals_result())
    if model.get_best_iteration() is not None:
        training.metrics({"best_iteration": model.get_best_iteration(), "stopped_iteration": iterations.count - 1})
        best = {_key(data, name): value for data, one in model.get_best_score().items() for name, value in one.items()}
        training.metrics({f"best_{key}": value for key, value in best.items()})
    with training.attempt("feature importance"):
        scores = dict(zip(model.feature_names_, model.get_feature_importance().tolist(), strict=True))
        log_importance(training, "PredictionValuesChange", scores)
    info = training.model(
        "catboost",
        model,
        example=lambda: rows,
        signature=lambda shown: infer_signature(shown, model.predict(deepcopy(shown))),
    )
    judgements.remember(model, training, info.model_id if info else None)


def _log_afterwards(training: Training, found: Mapping[str, Mapping[str, list[float]]]) -> None:
    for data, metrics in found.items():
        for name, values in metrics.items():
            for step, value in enumerate(values):
                training.metrics({_key(data, name): value}, step)


def _key(data: str, metric: str) -> str:
    # Such as "NDCG:top=5;type=Base", of which no store takes the punctuation.
    return f"{data}-{metric}".replace(":", "_").replace(";", "_").replace("=", "_")
