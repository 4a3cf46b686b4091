"""Searches for parameters, such as GridSearchCV: the best candidate, all results as a table, child runs for some."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np

from treering.client.autologging.training import Training

__all__ = ["is_search", "log_search"]


def is_search(estimator: Any) -> bool:
    """Whether it fits many candidates to find the best; by what it has, so that nothing is imported."""
    return any(
        cls.__name__ == "BaseSearchCV" and cls.__module__.startswith("sklearn.") for cls in type(estimator).__mro__
    )


def log_search(training: Training, search: Any, dataset: Any, link: Mapping[str, Any]) -> None:
    """Log what a search found."""
    if hasattr(search, "best_score_"):
        training.metrics({"best_cv_score": search.best_score_}, **link)
    training.params({f"best_{key}": value for key, value in getattr(search, "best_params_", {}).items()})
    results = getattr(search, "cv_results_", None)
    if results is None:
        return
    training.files(lambda folder: _write(results, folder / "cv_results.csv"))
    with training.attempt("child runs of the search"):
        _log_children(training, search, results, dataset)


def _log_children(training: Training, search: Any, results: Mapping[str, Any], dataset: Any) -> None:
    seed = search.estimator
    base = seed.get_params(deep=not is_search(seed))
    tags = {"estimator_name": type(seed).__name__, "estimator_class": f"{type(seed).__module__}.{type(seed).__name__}"}
    ranks = next((key for key in ["rank_test_score", *results] if key in results and key.startswith("rank_test_")), "")
    order = np.argsort(np.asarray(results[ranks]), kind="stable") if ranks else np.arange(len(results["params"]))
    most = training.options.own.get("max_tuning_runs")
    for index in order[: len(order) if most is None else max(0, most)]:
        metrics = {
            key: float(values[index])
            for key, values in results.items()
            # Params stand in `params`; values of each split are summed up by mean and deviation.
            if not key.startswith(("param", "split")) and isinstance(values[index], Number)
        }
        training.child({**base, **results["params"][index]}, metrics, tags, dataset)


def _write(results: Mapping[str, Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(results)
        for row in zip(*results.values(), strict=True):
            writer.writerow(["" if value is np.ma.masked else value for value in row])
