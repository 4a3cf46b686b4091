"""Steps of scikit-learn that are a few lines of NumPy: scalers, linear models, trees and forests.

Each does what the estimator's `transform` or `predict` does with finite numbers in
double precision, operation by operation. All else is left to scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.models.light import Ask
from treering.models.light.skops_file import Thing, Unfamiliar, read
from treering.models.mlmodel import MLModel, inside

__all__ = ["open_model"]

Array = NDArray[Any]
Step = Callable[[Array], Array]

# Rows times trees. Beyond, scikit-learn's compiled code is quicker, its import included.
_MOST_WALKS = 300_000
# Before 1.3 trees kept weights where they keep shares now.
_OLDEST = (1, 3)


def open_model(folder: Path, model: MLModel, entry: Mapping[str, Any]) -> Ask | None:
    """How the model in `folder` is asked; `None` if scikit-learn is needed for it."""
    file = entry.get("pickled_model") or model.python_function.get("model_path")
    asked = model.python_function.get("predict_fn") or "predict"
    if entry.get("serialization_format") != "skops" or asked != "predict" or entry.get("code"):
        return None
    try:
        root = read(inside(folder, file))
        return _Model(root).ask if isinstance(root, Thing) else None
    except Unfamiliar:
        return None


class _Model:
    """A pipeline or a single estimator, as a chain of steps."""

    def __init__(self, root: Thing) -> None:
        things = _unrolled(root)
        if not things:
            raise Unfamiliar(root.name)
        *before, last = things
        self._steps: list[Step] = [_step(one, _TRANSFORMERS) for one in before]
        self._steps.append(_step(last, _PREDICTORS))
        first = things[0].state
        self._width = first.get("n_features_in_")
        names = first.get("feature_names_in_")
        self._names: list[Any] | None = None if names is None else list(names)
        self._trees = len(last.state.get("estimators_", ())) or 1 if "tree" in last.name or "forest" in last.name else 0

    def ask(self, data: Any) -> Any:
        rows = self._plain(data)
        if rows is None or len(rows) * self._trees > _MOST_WALKS:
            return NotImplemented
        try:
            for step in self._steps:
                rows = step(rows)
        except OverflowError:
            return NotImplemented
        return rows

    def _plain(self, data: Any) -> Array | None:
        """The data as rows of numbers; `None` if scikit-learn would warn, refuse or convert it in a way of its own."""
        if self._names is None:
            rows = data
        elif _names_of(data) == self._names:
            rows = np.asarray(data)
        else:
            return None
        if type(rows) is not np.ndarray or rows.ndim != 2 or rows.shape[1] != self._width or not len(rows):  # noqa: PLR2004 -- a table
            return None
        if rows.dtype not in {np.dtype(np.float64), np.dtype(np.int64)} or not np.isfinite(rows).all():
            return None
        return rows


def _names_of(data: Any) -> list[Any] | None:
    columns, types = getattr(data, "columns", None), getattr(data, "dtypes", None)
    if columns is None or types is None or len({str(one) for one in types}) != 1:
        return None
    return list(columns)


def _unrolled(thing: Thing) -> list[Thing]:
    """The estimators of a pipeline, with those of pipelines in it."""
    _check_age(thing)
    if thing.name != "sklearn.pipeline.Pipeline":
        return [thing]
    found: list[Thing] = []
    for _, step in thing.state["steps"]:
        if isinstance(step, str | None) and step in {None, "passthrough"}:
            continue
        if not isinstance(step, Thing):
            raise Unfamiliar(str(step))
        found += _unrolled(step)
    return found


def _check_age(thing: Thing) -> None:
    version = str(thing.state.get("_sklearn_version", "0.0")).split(".")
    if not (version[0].isdigit() and version[1].isdigit() and (int(version[0]), int(version[1])) >= _OLDEST):
        raise Unfamiliar(thing.name)


def _step(thing: Thing, known: Mapping[str, Callable[[dict[str, Any]], Step]]) -> Step:
    # Its containers decide on the output; only the default is known here.
    if thing.name not in known or "_sklearn_output_config" in thing.state:
        raise Unfamiliar(thing.name)
    try:
        return known[thing.name](thing.state)
    except (KeyError, AttributeError, IndexError, TypeError, ValueError) as error:
        raise Unfamiliar(thing.name) from error


def _double(rows: Array) -> Array:
    """A copy in double precision, which a step may write into."""
    return rows.astype(np.float64)


def _standard_scaler(state: dict[str, Any]) -> Step:
    mean = state["mean_"] if state["with_mean"] else None
    scale = state["scale_"] if state["with_std"] else None

    def step(rows: Array) -> Array:
        rows = _double(rows)
        if mean is not None:
            rows -= mean
        if scale is not None:
            rows /= scale
        return rows

    return step


def _min_max_scaler(state: dict[str, Any]) -> Step:
    scale, least = state["scale_"], state["min_"]
    low, high = state["feature_range"]
    clip = state["clip"]

    def step(rows: Array) -> Array:
        rows = _double(rows)
        rows *= scale
        rows += least
        return np.clip(rows, low, high, out=rows) if clip else rows

    return step


def _max_abs_scaler(state: dict[str, Any]) -> Step:
    scale = state["scale_"]
    if state.get("clip"):
        raise Unfamiliar

    def step(rows: Array) -> Array:
        rows = _double(rows)
        rows /= scale
        return rows

    return step


def _robust_scaler(state: dict[str, Any]) -> Step:
    center = state["center_"] if state["with_centering"] else None
    scale = state["scale_"] if state["with_scaling"] else None

    def step(rows: Array) -> Array:
        rows = _double(rows)
        if center is not None:
            rows -= center
        if scale is not None:
            rows /= scale
        return rows

    return step


def _linear_regressor(state: dict[str, Any]) -> Step:
    weights, offset = np.asarray(state["coef_"]), state["intercept_"]
    turned = weights if weights.ndim == 1 else weights.T

    def step(rows: Array) -> Array:
        answer: Array = rows @ turned + offset
        return answer

    return step


def _linear_classifier(state: dict[str, Any]) -> Step:
    weights, offset, classes = state["coef_"].T, state["intercept_"], state["classes_"]

    def step(rows: Array) -> Array:
        scores = rows @ weights + offset
        chosen = (scores.reshape(-1) > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)
        answer: Array = np.take(classes, chosen, axis=0)
        return answer

    return step


class _Tree:
    """One decision tree: nodes in arrays, walked by all rows at once."""

    def __init__(self, state: dict[str, Any]) -> None:
        inner = state["tree_"].state
        nodes, values = inner["nodes"], inner["values"]
        if state["n_outputs_"] != 1 or values.shape[1] != 1:
            raise Unfamiliar
        self._left = nodes["left_child"].astype(np.int64)
        self._right = nodes["right_child"].astype(np.int64)
        self._feature = nodes["feature"].astype(np.int64)
        self._threshold = np.ascontiguousarray(nodes["threshold"])
        self._values = values[:, 0, :]

    def values(self, rows: Array) -> Array:
        """What stands in the leaf that each row, in single precision, ends in."""
        at = np.zeros(len(rows), dtype=np.int64)
        walking = np.flatnonzero(self._left[at] != -1)
        while len(walking):
            here = at[walking]
            goes_left = rows[walking, self._feature[here]] <= self._threshold[here]
            at[walking] = np.where(goes_left, self._left[here], self._right[here])
            walking = walking[self._left[at[walking]] != -1]
        found: Array = self._values[at]
        return found


def _single(rows: Array) -> Array:
    """Rows as trees see them."""
    found = rows.astype(np.float32)
    if not np.isfinite(found).all():
        raise OverflowError
    return found


def _tree_classifier(state: dict[str, Any]) -> Step:
    tree, classes = _Tree(state), state["classes_"]
    return lambda rows: classes.take(np.argmax(tree.values(_single(rows)), axis=1), axis=0)


def _tree_regressor(state: dict[str, Any]) -> Step:
    tree = _Tree(state)
    return lambda rows: tree.values(_single(rows))[:, 0]


def _trees(state: dict[str, Any]) -> list[_Tree]:
    found = []
    for thing in state["estimators_"]:
        _check_age(thing)
        found.append(_Tree(thing.state))
    return found


def _forest_classifier(state: dict[str, Any]) -> Step:
    trees, classes = _trees(state), state["classes_"]

    def step(rows: Array) -> Array:
        rows = _single(rows)
        shares = np.zeros((len(rows), len(classes)))
        for tree in trees:
            shares += tree.values(rows)
        shares /= len(trees)
        answer: Array = classes.take(np.argmax(shares, axis=1), axis=0)
        return answer

    return step


def _forest_regressor(state: dict[str, Any]) -> Step:
    trees = _trees(state)

    def step(rows: Array) -> Array:
        rows = _single(rows)
        total = np.zeros(len(rows))
        for tree in trees:
            total += tree.values(rows)[:, 0]
        total /= len(trees)
        return total

    return step


_TRANSFORMERS: Mapping[str, Callable[[dict[str, Any]], Step]] = {
    "sklearn.preprocessing._data.MaxAbsScaler": _max_abs_scaler,
    "sklearn.preprocessing._data.MinMaxScaler": _min_max_scaler,
    "sklearn.preprocessing._data.RobustScaler": _robust_scaler,
    "sklearn.preprocessing._data.StandardScaler": _standard_scaler,
}
_PREDICTORS: Mapping[str, Callable[[dict[str, Any]], Step]] = {
    "sklearn.ensemble._forest.ExtraTreesClassifier": _forest_classifier,
    "sklearn.ensemble._forest.ExtraTreesRegressor": _forest_regressor,
    "sklearn.ensemble._forest.RandomForestClassifier": _forest_classifier,
    "sklearn.ensemble._forest.RandomForestRegressor": _forest_regressor,
    "sklearn.linear_model._base.LinearRegression": _linear_regressor,
    "sklearn.linear_model._coordinate_descent.ElasticNet": _linear_regressor,
    "sklearn.linear_model._coordinate_descent.ElasticNetCV": _linear_regressor,
    "sklearn.linear_model._coordinate_descent.Lasso": _linear_regressor,
    "sklearn.linear_model._coordinate_descent.LassoCV": _linear_regressor,
    "sklearn.linear_model._logistic.LogisticRegression": _linear_classifier,
    "sklearn.linear_model._logistic.LogisticRegressionCV": _linear_classifier,
    "sklearn.linear_model._ridge.Ridge": _linear_regressor,
    "sklearn.linear_model._ridge.RidgeCV": _linear_regressor,
    "sklearn.linear_model._stochastic_gradient.SGDClassifier": _linear_classifier,
    "sklearn.svm._classes.LinearSVC": _linear_classifier,
    "sklearn.tree._classes.DecisionTreeClassifier": _tree_classifier,
    "sklearn.tree._classes.DecisionTreeRegressor": _tree_regressor,
    "sklearn.tree._classes.ExtraTreeClassifier": _tree_classifier,
    "sklearn.tree._classes.ExtraTreeRegressor": _tree_regressor,
}
