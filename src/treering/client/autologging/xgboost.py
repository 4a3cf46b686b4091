"""XGBoost: `xgboost.train`, and the estimators, which train through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any
from weakref import WeakKeyDictionary

import xgboost
import xgboost.sklearn

from treering.client.autologging import judgements
from treering.client.autologging.guard import attempt, guarded
from treering.client.autologging.importance import log_importance
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import EXAMPLE_ROWS, Training
from treering.models.signature import infer_signature

__all__ = ["install"]

_UNLOGGED = {
    *("params", "dtrain", "evals", "obj", "feval", "evals_result", "xgb_model", "callbacks", "learning_rates"),
}


def install(patches: Patches) -> None:
    """Wrap training, and the making of matrices, whose first rows show what the model is given."""
    examples: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
    patches.replace(xgboost.DMatrix, "__init__", lambda original: _remembering(original, examples))
    patches.training(xgboost, "train", lambda call: _train(call, examples))
    # Estimators are logged as what they are, when they have been fitted, and not as the booster inside.
    patches.training(xgboost.sklearn, "train", lambda call: _train(call, None))
    for found in vars(xgboost.sklearn).values():
        if isinstance(found, type) and issubclass(found, xgboost.sklearn.XGBModel):
            patches.training(found, "fit", _fit, allows=("xgboost.train",))
            judgements.watch_model(patches, found)
    patches.after_import("sklearn.metrics", lambda module: judgements.watch_metrics(patches, module))


def _remembering(original: Callable[..., None], examples: WeakKeyDictionary[Any, Any]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # it takes the place of one
        data: Any = args[0] if args else kwargs.get("data")
        if type(self) is xgboost.DMatrix and hasattr(data, "__getitem__") and not isinstance(data, str):
            with attempt("xgboost: an input example"):
                examples[self] = deepcopy(data[:EXAMPLE_ROWS])
        original(self, *args, **kwargs)

    return __init__


class _Evaluations(xgboost.callback.TrainingCallback):
    """Logs what XGBoost evaluates after each iteration."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        self.training = training
        self.found: list[dict[str, float]] = []
        self._log = guarded(self._record, "xgboost: metrics of an iteration")

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[Any]]]) -> bool:  # noqa: ARG002  # XGBoost's
        self._log(epoch, evals_log)
        return False

    def _record(self, epoch: int, evaluated: Mapping[str, Mapping[str, list[Any]]]) -> None:
        last = {
            f"{data}-{metric}".replace("@", "_at_"): _number(values[-1])
            for data, metrics in evaluated.items()
            for metric, values in metrics.items()
        }
        self.found.append(last)
        self.training.metrics(last, epoch)


def _train(call: Call, examples: WeakKeyDictionary[Any, Any] | None) -> Iterator[None]:
    training, arguments = call.training, call.arguments()
    others = {key: value for key, value in arguments.items() if key not in _UNLOGGED}
    training.params(dict(arguments["params"]))
    training.params(others)
    _log_datasets(training, arguments)
    evaluations = _Evaluations(training)
    call.set("callbacks", [*(arguments.get("callbacks") or ()), evaluations])
    yield
    booster = call.result
    if examples is not None:
        training.model(
            "xgboost",
            booster,
            params=others,
            example=lambda: examples.get(arguments["dtrain"]),
            signature=lambda rows: infer_signature(rows, booster.predict(xgboost.DMatrix(rows))),
            model_format=call.options.own.get("model_format"),
        )
    if arguments.get("early_stopping_rounds") and evaluations.found:
        _log_best(training, booster.best_iteration, evaluations.found)
    for kind in call.options.own.get("importance_types") or ["weight"]:
        with training.attempt(f"feature importance by {kind}"):
            log_importance(training, kind, booster.get_score(importance_type=kind))


def _log_best(training: Training, best: int, found: list[dict[str, float]]) -> None:
    training.metrics({"stopped_iteration": len(found) - 1, "best_iteration": best})
    training.metrics(found[best], len(found))


def _log_datasets(training: Training, arguments: Mapping[str, Any]) -> None:
    if not training.options.log_datasets:
        return
    with training.attempt("datasets"):
        training.dataset(arguments["dtrain"].get_data(), "train")
        for matrix, name in arguments.get("evals") or ():
            training.dataset(matrix.get_data(), "eval", name=name)


def _fit(call: Call) -> Iterator[None]:
    estimator, arguments = call.instance, call.arguments()
    rows = deepcopy(arguments["X"][:EXAMPLE_ROWS])
    yield
    info = call.training.model(
        "xgboost",
        estimator,
        example=lambda: rows,
        signature=lambda shown: infer_signature(shown, estimator.predict(deepcopy(shown))),
        model_format=call.options.own.get("model_format"),
    )
    judgements.remember(estimator, call.training, info.model_id if info else None)


def _number(value: Any) -> float:
    # With cross-validation or several outputs a pair of mean and deviation.
    return float(value[0]) if isinstance(value, tuple) else float(value)
