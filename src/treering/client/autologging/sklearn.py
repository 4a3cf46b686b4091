"""scikit-learn: fitting of estimators, pipelines and searches, and what is measured of their predictions.

Classes are wrapped as they are defined, so that turning it on imports nothing of
scikit-learn that the user does not import.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import sklearn.base
import sklearn.utils.parallel

from treering.client.autologging import judgements
from treering.client.autologging.estimators import log_fitted, log_unfitted, training_data
from treering.client.autologging.guard import inside, is_worker
from treering.client.autologging.patches import Call, Patches

__all__ = ["install"]

_TRAINING = ("fit", "fit_transform", "fit_predict")
# What prepares data is no model; in a pipeline it is logged as a part of one.
_PREPARES = ("sklearn.preprocessing.", "sklearn.impute.", "sklearn.feature_extraction.", "sklearn.feature_selection.")
# Where all cross-validation fits; the public functions may have been imported before they could be wrapped.
_SILENT = ("_fit_and_score", "_fit_and_predict", "_permutation_test_score", "_incremental_fit_estimator")


def install(patches: Patches) -> None:
    """Wrap all estimator classes that there are, and each that is defined from now on."""
    seen: set[type] = set()
    patches.subclasses(sklearn.base.BaseEstimator, lambda cls: _wrap(patches, cls, seen))
    patches.after_import("sklearn.metrics", lambda module: judgements.watch_metrics(patches, module))
    patches.after_import("sklearn.model_selection._validation", lambda module: _quieten(patches, module))
    patches.replace(sklearn.utils.parallel._FuncWrapper, "__call__", _in_worker)  # noqa: SLF001  # all its parallel work goes through it


def _wrap(patches: Patches, cls: type, seen: set[type]) -> None:
    for owner in cls.__mro__:
        if owner in seen or not owner.__module__.startswith("sklearn."):
            continue
        seen.add(owner)
        for name in _TRAINING:
            patches.training(owner, name, _fit, applies=_is_model)
        judgements.watch_model(patches, owner)


def _is_model(estimator: Any, *_: Any, **__: Any) -> bool:
    """Whether it is an estimator of scikit-learn, or a user's class made from one, that is a model."""
    for cls in type(estimator).__mro__:
        if cls.__module__.startswith("sklearn.") and not cls.__name__.startswith("_"):
            return (
                issubclass(cls, sklearn.base.BaseEstimator)
                and cls is not sklearn.base.BaseEstimator
                and not cls.__module__.startswith(_PREPARES)
                and cls.__name__ != "ColumnTransformer"
            )
    return False


def _fit(call: Call) -> Iterator[None]:
    training, estimator = call.training, call.instance
    data = training_data(call)
    log_unfitted(training, estimator)
    dataset = training.dataset(data.rows, "train", data.labels)
    yield
    model_id = log_fitted(training, estimator, data, dataset)
    if call.options.own.get("log_post_training_metrics"):
        judgements.remember(estimator, training, model_id)


def _quieten(patches: Patches, module: ModuleType) -> None:
    """Cross-validation fits many times to judge once; that is no training of a model."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with inside("sklearn.cross_validation"):
                return original(*args, **kwargs)

        return quiet

    for name in _SILENT:
        patches.replace(module, name, wrap)


def _in_worker(original: Callable[..., Any]) -> Callable[..., Any]:
    """A search may fit in threads of its own, which do not know that they work for a training."""

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_worker():
            return original(*args, **kwargs)
        with inside("sklearn.parallel"):
            return original(*args, **kwargs)

    return call
