"""A model of scikit-learn as a chain of steps that are a few lines of NumPy each.

Each step does what the estimator's `transform` or `predict` does, operation by operation.
Where that is not certain to be so, of an option or of the rows, scikit-learn is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from treering.models.light import Ask, linear, preparing, trees
from treering.models.light.rows import Array, Rows, Step, Table, Unsure, part_of
from treering.models.light.skops_file import Thing, Unfamiliar, read
from treering.models.mlmodel import MLModel, inside

__all__ = ["open_model"]

Make = Callable[[dict[str, Any]], Step]

# The versions that the steps were held against. Another one may have changed what is kept, or how it is used.
_OLDEST, _NEWEST = (1, 5), (1, 9)
# What values that do not fit each other lead to. scikit-learn is asked then, and says what is wrong.
_DAMAGED = (LookupError, AttributeError, TypeError, ValueError)
_COLUMNS = "sklearn.compose._column_transformer.ColumnTransformer"


def open_model(folder: Path, model: MLModel, entry: Mapping[str, Any]) -> Ask | None:
    """How the model in `folder` is asked; `None` if scikit-learn is needed for it."""
    file = entry.get("pickled_model") or model.python_function.get("model_path")
    last = _LAST.get(str(model.python_function.get("predict_fn") or "predict"))
    if entry.get("serialization_format") != "skops" or last is None or entry.get("code"):
        return None
    try:
        root = read(inside(folder, file))
        return _Model(root, last).ask if isinstance(root, Thing) else None
    except (Unfamiliar, *_DAMAGED):
        return None


class _Model:
    """A pipeline or a single estimator, as a chain of steps."""

    def __init__(self, root: Thing, last: Mapping[str, Make]) -> None:
        things = _unrolled(root)
        if not things:
            raise Unfamiliar(root.name)
        self._steps: list[Step] = [_between(one) for one in things[:-1]]
        self._steps.append(_step(things[-1], last))
        first = things[0]
        self._width = first.state.get("n_features_in_")
        names = first.state.get("feature_names_in_")
        self._names: list[Any] | None = None if names is None else list(names)
        # It picks its columns by name, so that others may stand beside them.
        self._picks = first.name == _COLUMNS
        # Scalers of some versions compute with numbers in single precision, of others with doubles.
        self._kinds = {np.dtype(np.float64), np.dtype(np.int64)} | (
            {np.dtype(np.float32)} if len(things) == 1 else set()
        )

    def ask(self, data: Any) -> Any:
        try:
            rows: Any = self._given(data)
            for step in self._steps:
                rows = step(rows)
        except (Unsure, ArithmeticError, *_DAMAGED):
            return NotImplemented
        return rows

    def _given(self, data: Any) -> Rows | Table:
        """The data, unless scikit-learn would warn, refuse or convert it in a way of its own."""
        if self._names is None:
            return self._array(data)
        if type(data) is Table:
            return self._of_table(data)
        # Asked by name, for pandas need not be there.
        kind = type(data)
        if kind.__module__.partition(".")[0] != "pandas" or kind.__name__ != "DataFrame" or not len(data):
            raise Unsure
        if not self._picks:
            if list(data.columns) != self._names:
                raise Unsure
            rows = part_of(data)
            return self._array(rows) if isinstance(rows, np.ndarray) else rows
        if not data.columns.is_unique or not set(self._names) <= set(data.columns):
            raise Unsure
        return data  # type: ignore[no-any-return]  # the step takes its parts

    def _of_table(self, table: Table) -> Rows | Table:
        assert self._names is not None  # noqa: S101 -- for the type checker
        if not len(table):
            raise Unsure
        if self._picks:
            if not set(self._names) <= set(table.names):
                raise Unsure
            return table  # the step takes its parts
        if list(table.names) != self._names:
            raise Unsure
        rows = table.rows(table.names)
        return self._array(rows) if isinstance(rows, np.ndarray) else rows

    def _array(self, rows: Any) -> Array:
        if type(rows) is not np.ndarray or rows.ndim != 2 or rows.shape[1] != self._width or not len(rows):  # noqa: PLR2004 -- a table
            raise Unsure
        if rows.dtype not in self._kinds or np.isinf(rows).any():
            raise Unsure
        return rows


def _unrolled(thing: Thing) -> list[Thing]:
    """The estimators of a pipeline, with those of pipelines in it."""
    if thing.name != "sklearn.pipeline.Pipeline":
        return [thing]
    _check_version(thing)
    found: list[Thing] = []
    for _, step in thing.state["steps"]:
        if step is None or (isinstance(step, str) and step == "passthrough"):
            continue
        if not isinstance(step, Thing):
            raise Unfamiliar(str(step))
        found += _unrolled(step)
    return found


def _check_version(thing: Thing) -> None:
    parts = str(thing.state.get("_sklearn_version", "0.0")).split(".")
    if not all(one.isdigit() for one in parts[:2]) or not _OLDEST <= tuple(map(int, parts[:2])) <= _NEWEST:
        raise Unfamiliar(thing.name)


def _between(thing: Thing) -> Step:
    return _step(thing, _TRANSFORMERS)


def _step(thing: Thing, known: Mapping[str, Make]) -> Step:
    _check_version(thing)
    # Its containers decide on the output; only the default is known here.
    if thing.name not in known or not preparing.gives_arrays(thing.state):
        raise Unfamiliar(thing.name)
    try:
        return known[thing.name](thing.state)
    except _DAMAGED as error:
        raise Unfamiliar(thing.name) from error


def _nested(thing: Thing) -> Step:
    """A transformer, or a pipeline of some, within another."""
    steps = [_between(one) for one in _unrolled(thing)]

    def step(rows: Any) -> Rows:
        for one in steps:
            rows = one(rows)
        return rows  # type: ignore[no-any-return]

    return step


_TRANSFORMERS: Mapping[str, Make] = {
    _COLUMNS: lambda state: preparing.split(state, _nested),
    "sklearn.impute._base.SimpleImputer": preparing.filler,
    "sklearn.preprocessing._data.MaxAbsScaler": preparing.greatest_scaler,
    "sklearn.preprocessing._data.MinMaxScaler": preparing.range_scaler,
    "sklearn.preprocessing._data.RobustScaler": preparing.shift_scaler("with_centering", "with_scaling"),
    "sklearn.preprocessing._data.StandardScaler": preparing.shift_scaler("with_mean", "with_std"),
    "sklearn.preprocessing._encoders.OneHotEncoder": preparing.one_hot,
    "sklearn.preprocessing._encoders.OrdinalEncoder": preparing.ordinal,
}
_HISTOGRAM = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting"
_PREDICTORS: Mapping[str, Make] = {
    f"{_HISTOGRAM}.HistGradientBoostingClassifier": trees.histogram_classifier,
    f"{_HISTOGRAM}.HistGradientBoostingRegressor": trees.histogram_regressor,
    "sklearn.ensemble._forest.ExtraTreesClassifier": trees.forest_classifier,
    "sklearn.ensemble._forest.ExtraTreesRegressor": trees.forest_regressor,
    "sklearn.ensemble._forest.RandomForestClassifier": trees.forest_classifier,
    "sklearn.ensemble._forest.RandomForestRegressor": trees.forest_regressor,
    "sklearn.ensemble._gb.GradientBoostingClassifier": trees.boosted_classifier,
    "sklearn.ensemble._gb.GradientBoostingRegressor": trees.boosted_regressor,
    "sklearn.linear_model._base.LinearRegression": linear.linear_regressor,
    "sklearn.linear_model._coordinate_descent.ElasticNet": linear.linear_regressor,
    "sklearn.linear_model._coordinate_descent.ElasticNetCV": linear.linear_regressor,
    "sklearn.linear_model._coordinate_descent.Lasso": linear.linear_regressor,
    "sklearn.linear_model._coordinate_descent.LassoCV": linear.linear_regressor,
    "sklearn.linear_model._logistic.LogisticRegression": linear.linear_classifier,
    "sklearn.linear_model._logistic.LogisticRegressionCV": linear.linear_classifier,
    "sklearn.linear_model._ridge.Ridge": linear.linear_regressor,
    "sklearn.linear_model._ridge.RidgeCV": linear.linear_regressor,
    "sklearn.linear_model._stochastic_gradient.SGDClassifier": linear.linear_classifier,
    "sklearn.svm._classes.LinearSVC": linear.linear_classifier,
    "sklearn.tree._classes.DecisionTreeClassifier": trees.tree_classifier,
    "sklearn.tree._classes.DecisionTreeRegressor": trees.tree_regressor,
    "sklearn.tree._classes.ExtraTreeClassifier": trees.tree_classifier,
    "sklearn.tree._classes.ExtraTreeRegressor": trees.tree_regressor,
}
_SHARES: Mapping[str, Make] = {
    "sklearn.ensemble._forest.ExtraTreesClassifier": trees.forest_shares,
    "sklearn.ensemble._forest.RandomForestClassifier": trees.forest_shares,
    "sklearn.linear_model._logistic.LogisticRegression": linear.logistic_shares,
    "sklearn.tree._classes.DecisionTreeClassifier": trees.tree_shares,
    "sklearn.tree._classes.ExtraTreeClassifier": trees.tree_shares,
}
# What the last estimator is asked for, by the method that the model was saved with.
_LAST: Mapping[str, Mapping[str, Make]] = {"predict": _PREDICTORS, "predict_proba": _SHARES}
