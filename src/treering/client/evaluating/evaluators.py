"""Who evaluates: Treering for the kinds of model it knows, and evaluators of other packages beside it.

Other packages add theirs through the entry point group `treering.evaluators`, or MLflow's `mlflow.model_evaluator`.
Each is a class with `can_evaluate` and `evaluate`, called with MLflow's keyword arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from treering.core.errors import InvalidInput
from treering.core.plugins import Registry

__all__ = ["BUILT_IN", "Chosen", "ModelEvaluator", "chosen", "list_evaluators"]

BUILT_IN = ("default", "classifier", "regressor", "shap")
"""The names that MLflow has for what is done here."""
_KINDS = {"classifier": "classifier", "regressor": "regressor"}


class ModelEvaluator(Protocol):
    """What an evaluator of another package offers, as in MLflow."""

    def can_evaluate(self, *, model_type: str | None, evaluator_config: Mapping[str, Any], **kwargs: Any) -> bool:
        """Whether it has something to say of such a model."""

    def evaluate(self, *, model_type: str | None, dataset: Any, run_id: str, **kwargs: Any) -> Any:
        """Log what it finds into the run, and give back an object with `metrics` and `artifacts`."""


_OURS: Registry[type[ModelEvaluator]] = Registry("treering.evaluators", "evaluator", {})
_THEIRS: Registry[type[ModelEvaluator]] = Registry("mlflow.model_evaluator", "evaluator", {})


class Chosen:
    """The evaluators of one call.

    Attributes:
        config: Of the built-in one; None if it is not to run.
        others: Name, evaluator and configuration of each other one.
    """

    def __init__(
        self, config: Mapping[str, Any] | None, others: list[tuple[str, ModelEvaluator, Mapping[str, Any]]]
    ) -> None:
        self.config = config
        self.others = others


def list_evaluators() -> list[str]:
    """The names that `evaluate(evaluators=...)` takes."""
    return [*BUILT_IN, *sorted({*_OURS.names(), *_THEIRS.names()} - set(BUILT_IN))]


def chosen(evaluators: Any, config: Any, model_type: str | None) -> Chosen:
    """Who is to evaluate.

    Args:
        evaluators: A name, a list of names, or None for all that can.
        config: For one evaluator its configuration; for several a dictionary of them by name.

    Raises:
        InvalidInput: If the two do not fit together.
        UnknownPlugin: If there is no evaluator of a name.
    """
    if evaluators is None:
        return _all(dict(config or {}), model_type)
    if isinstance(evaluators, str):
        if config is not None and not isinstance(config, Mapping):
            msg = f"evaluator_config of the evaluator {evaluators!r} must be a dictionary, not {type(config).__name__}."
            raise InvalidInput(msg)
        return _named({evaluators: dict(config or {})})
    if isinstance(evaluators, list | tuple):
        if config is not None and not (
            isinstance(config, Mapping)
            and all(name in evaluators and isinstance(one, Mapping) for name, one in config.items())
        ):
            msg = (
                "If `evaluators` argument is an evaluator name list, evaluator_config must be a dict containing mapping"
                " from evaluator name to individual evaluator config dict."
            )
            raise InvalidInput(msg)
        return _named({name: dict((config or {}).get(name, {})) for name in evaluators})
    msg = f"evaluators must be a name, a list of names or None, not {type(evaluators).__name__}."
    raise InvalidInput(msg)


def _all(config: dict[str, Any], model_type: str | None) -> Chosen:
    names = list_evaluators()
    nested = any(name in config for name in names)
    own = _KINDS.get(model_type or "", "default")
    built_in = config.get(own) or config.get("default") or {} if nested else config
    others: list[tuple[str, ModelEvaluator, Mapping[str, Any]]] = []
    for name in names:
        if name in BUILT_IN:
            continue
        evaluator = _loaded(name)
        given = config.get(name, {}) if nested else config
        if evaluator.can_evaluate(model_type=model_type, evaluator_config=given):
            others.append((name, evaluator, given))
    return Chosen(built_in, others)


def _named(configs: Mapping[str, Mapping[str, Any]]) -> Chosen:
    built_in: Mapping[str, Any] | None = None
    others: list[tuple[str, ModelEvaluator, Mapping[str, Any]]] = []
    for name, config in configs.items():
        if name in BUILT_IN:
            built_in = {**(built_in or {}), **config}
            if name == "shap":
                built_in = {"log_model_explainability": True, **built_in}
        else:
            others.append((name, _loaded(name), config))
    return Chosen(built_in, others)


def _loaded(name: str) -> ModelEvaluator:
    table = _THEIRS if name in _THEIRS and name not in _OURS else _OURS
    return table.load(name)()
