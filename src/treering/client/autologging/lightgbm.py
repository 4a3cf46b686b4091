"""LightGBM: `lightgbm.train`, and the estimators, which train through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import lightgbm
import lightgbm.sklearn

from treering.client.autologging import judgements
from treering.client.autologging.guard import guarded
from treering.client.autologging.importance import log_importance
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import EXAMPLE_ROWS, Training
from treering.models.signature import infer_signature

__all__ = ["install"]

_UNLOGGED = {
    *("params", "train_set", "valid_sets", "valid_names", "fobj", "feval", "init_model", "learning_rates"),
    *("callbacks",),
}


def install(patches: Patches) -> None:
    """Wrap training."""
    patches.training(lightgbm, "train", lambda call: _train(call, is_model=True))
    # Estimators are logged as what they are, when they have been fitted, and not as the booster inside.
    patches.training(lightgbm.sklearn, "train", lambda call: _train(call, is_model=False))
    for found in vars(lightgbm.sklearn).values():
        if isinstance(found, type) and issubclass(found, lightgbm.LGBMModel):
            patches.training(found, "fit", _fit, allows=("lightgbm.train",))
            judgements.watch_model(patches, found)
    patches.after_import("sklearn.metrics", lambda module: judgements.watch_metrics(patches, module))


def _train(call: Call, *, is_model: bool) -> Iterator[None]:
    training, arguments = call.training, call.arguments()
    training.params(dict(arguments["params"]))
    training.params({key: value for key, value in arguments.items() if key not in _UNLOGGED})
    _log_datasets(training, arguments)
    rows = _first(arguments["train_set"].data) if is_model else None
    found: list[dict[str, float]] = []

    def record(env: Any) -> None:
        last = {f"{one[0]}-{one[1]}".replace("@", "_at_"): float(one[2]) for one in env.evaluation_result_list or ()}
        found.append(last)
        training.metrics(last, env.iteration)

    call.set("callbacks", [*(arguments.get("callbacks") or ()), guarded(record, "lightgbm: metrics of an iteration")])
    yield
    booster = call.result
    if booster.best_iteration > 0 and found:
        training.metrics({"stopped_iteration": len(found), "best_iteration": booster.best_iteration})
        training.metrics(found[min(booster.best_iteration, len(found)) - 1], len(found))
    for kind in ("split", "gain"):
        with training.attempt(f"feature importance by {kind}"):
            values = booster.feature_importance(importance_type=kind).tolist()
            log_importance(training, kind, dict(zip(booster.feature_name(), values, strict=True)))
    if is_model:
        training.model(
            "lightgbm",
            booster,
            example=lambda: rows,
            signature=lambda shown: infer_signature(shown, booster.predict(deepcopy(shown))),
        )


def _fit(call: Call) -> Iterator[None]:
    estimator = call.instance
    rows = _first(call.arguments()["X"])
    yield
    info = call.training.model(
        "lightgbm",
        estimator,
        example=lambda: rows,
        signature=lambda shown: infer_signature(shown, estimator.predict(deepcopy(shown))),
    )
    judgements.remember(estimator, call.training, info.model_id if info else None)


def _log_datasets(training: Training, arguments: Mapping[str, Any]) -> None:
    used = arguments["train_set"]
    training.dataset(used.data, "train", used.label)
    others = arguments.get("valid_sets") or ()
    others = [others] if isinstance(others, lightgbm.Dataset) else list(others)
    names = arguments.get("valid_names")
    names = [names] if isinstance(names, str) else list(names or [None] * len(others))
    for one, name in zip(others, names, strict=False):
        training.dataset(one.data, "eval", one.label, name)


def _first(data: Any) -> Any:
    return deepcopy(data[:EXAMPLE_ROWS]) if hasattr(data, "__getitem__") and not isinstance(data, str) else None
