"""statsmodels: `fit` of every model class."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from numbers import Number
from typing import Any

# By name, because the package gets the attribute `model` only after this has run.
from statsmodels.base.model import Model
from statsmodels.base.wrapper import ResultsWrapper

from treering.client.autologging.patches import Call, Patches

__all__ = ["install"]

_METRICS = (
    *("aic", "bic", "centered_tss", "condition_number", "df_model", "df_resid", "ess", "f_pvalue", "fvalue", "llf"),
    *("mse_model", "mse_resid", "mse_total", "rsquared", "rsquared_adj", "scale", "ssr", "uncentered_tss"),
)


def install(patches: Patches) -> None:
    """Wrap `fit` wherever a model class defines it."""
    patches.subclasses(Model, functools.partial(_wrap, patches))


def _wrap(patches: Patches, cls: type) -> None:
    patches.training(cls, "fit", _fit)


def _fit(call: Call) -> Iterator[None]:
    training = call.training
    named = inspect.signature(call.original).parameters
    params = {key: value for key, value in call.arguments().items() if key in named and key != "self"}
    training.params(params)
    yield
    result = call.result
    info = training.model("statsmodels", result, params=params)
    if isinstance(result, ResultsWrapper):
        training.metrics(_measured(call, result), model_id=info.model_id if info else None)
        with training.attempt("model_summary.txt"):
            training.text(result.summary().as_text(), "model_summary.txt")


def _measured(call: Call, result: Any) -> dict[str, Any]:
    found = {}
    for name in _METRICS:
        # Each is computed when it is asked for, and not every kind of model can.
        with call.training.attempt(name):
            value = getattr(result, name, None)
            if isinstance(value, Number):
                found[name] = value
    return found
