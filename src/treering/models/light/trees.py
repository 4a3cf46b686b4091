"""Decision trees, forests of them, and boosted ones."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from treering.models.light.rows import Array, Rows, Sparse, Step, Unsure, array_of, finite
from treering.models.light.skops_file import Thing, Unfamiliar

__all__ = [
    "boosted_classifier",
    "boosted_regressor",
    "forest_classifier",
    "forest_regressor",
    "forest_shares",
    "histogram_classifier",
    "histogram_regressor",
    "tree_classifier",
    "tree_regressor",
    "tree_shares",
]

# Rows times trees. Beyond, scikit-learn's compiled code is quicker, its import included.
_MOST_WALKS = 300_000
# Scores that are closer to each other may change places where they are summed in another way.
_CLEAR = 1e-6
_SUM = 1e-6
# Where compilers turn a product and a sum into one operation, the last bit differs.
_PLAIN_SUMS = platform.machine().lower() in {"x86_64", "amd64"}


class _Tree:
    """One tree: nodes in arrays, walked by all rows at once."""

    def __init__(self, nodes: Array, children: tuple[str, str], tests: tuple[str, str], values: Array) -> None:
        self._left, self._right = (nodes[name].astype(np.int64) for name in children)
        self._feature = nodes[tests[0]].astype(np.int64)
        self._threshold = np.ascontiguousarray(nodes[tests[1]])
        self._values = values
        own = np.arange(len(nodes))
        self._inner = self._left > own  # children stand behind their parents, so every walk ends
        ends = self._left[~self._inner]
        inner = np.concatenate([self._left[self._inner], self._right[self._inner]])
        if not np.isin(ends, (-1, 0)).all() or (self._right <= own)[self._inner].any() or (inner >= len(nodes)).any():
            raise Unfamiliar
        self._missing = (
            nodes["missing_go_to_left"].astype(bool) if "missing_go_to_left" in (nodes.dtype.names or ()) else None
        )

    def values(self, rows: Array) -> Array:
        """What stands in the leaf that each row ends in."""
        at = np.zeros(len(rows), dtype=np.int64)
        walking = np.flatnonzero(self._inner[at])
        while len(walking):
            here = at[walking]
            tested = rows[walking, self._feature[here]]
            goes_left = tested <= self._threshold[here]
            if self._missing is not None:
                goes_left |= np.isnan(tested) & self._missing[here]
            at[walking] = np.where(goes_left, self._left[here], self._right[here])
            walking = walking[self._inner[at[walking]]]
        found: Array = self._values[at]
        return found


def _tree(state: dict[str, Any]) -> _Tree:
    inner = state["tree_"].state
    nodes, values = inner["nodes"], inner["values"]
    if state["n_outputs_"] != 1 or values.ndim != 3 or values.shape[1] != 1:  # noqa: PLR2004 -- node, output, class
        raise Unfamiliar
    return _Tree(nodes, ("left_child", "right_child"), ("feature", "threshold"), values[:, 0, :])


def _class_tree(state: dict[str, Any]) -> _Tree:
    # Trees of old hold weights where newer ones hold shares.
    if (np.abs(state["tree_"].state["values"].sum(axis=2) - 1) > _SUM).any():
        raise Unfamiliar
    return _tree(state)


def _single(rows: Rows, trees: int = 1) -> Array:
    """Rows as trees see them, unless they are too many."""
    found = finite(rows.rows if isinstance(rows, Sparse) else rows).astype(np.float32)
    if not np.isfinite(found).all() or len(found) * trees > _MOST_WALKS:
        raise Unsure
    return found


def tree_classifier(state: dict[str, Any]) -> Step:
    """DecisionTreeClassifier."""
    tree, classes = _class_tree(state), state["classes_"]
    return lambda rows: classes.take(np.argmax(tree.values(_single(rows)), axis=1), axis=0)


def tree_shares(state: dict[str, Any]) -> Step:
    """The shares that DecisionTreeClassifier gives."""
    tree = _class_tree(state)
    return lambda rows: tree.values(_single(rows))


def tree_regressor(state: dict[str, Any]) -> Step:
    """DecisionTreeRegressor."""
    tree = _tree(state)
    return lambda rows: tree.values(_single(rows))[:, 0]


def forest_shares(state: dict[str, Any]) -> Step:
    """The shares that RandomForestClassifier gives."""
    trees, classes = [_class_tree(one.state) for one in state["estimators_"]], state["classes_"]

    def step(rows: Rows) -> Rows:
        given = _single(rows, len(trees))
        shares = np.zeros((len(given), len(classes)))
        for tree in trees:
            shares += tree.values(given)
        shares /= len(trees)
        return shares

    return step


def forest_classifier(state: dict[str, Any]) -> Step:
    """RandomForestClassifier."""
    shares_of, classes = forest_shares(state), state["classes_"]
    return lambda rows: classes.take(np.argmax(shares_of(rows), axis=1), axis=0)


def forest_regressor(state: dict[str, Any]) -> Step:
    """RandomForestRegressor."""
    trees = [_tree(one.state) for one in state["estimators_"]]

    def step(rows: Rows) -> Rows:
        given = _single(rows, len(trees))
        total = np.zeros(len(given))
        for tree in trees:
            total += tree.values(given)[:, 0]
        total /= len(trees)
        return total

    return step


class _Boosted:
    """GradientBoosting: where it begins, and what each round of trees adds."""

    def __init__(self, state: dict[str, Any], begin: Array) -> None:
        self._rounds = [[_tree(one.state) for one in several] for several in state["estimators_"]]
        self._rate, self._begin = float(state["learning_rate"]), begin.astype(np.float64)
        if any(len(several) != len(begin) for several in self._rounds):
            raise Unfamiliar

    def scores(self, rows: Rows) -> Array:
        if isinstance(rows, Sparse):
            raise Unsure
        given = _single(rows, len(self._rounds) * len(self._begin))
        total = np.zeros((len(given), len(self._begin)))
        total += self._begin
        for several in self._rounds:
            for number, tree in enumerate(several):
                total[:, number] += self._rate * tree.values(given)[:, 0]
        return total


def boosted_regressor(state: dict[str, Any]) -> Step:
    """GradientBoostingRegressor, beginning with a constant."""
    first = state["init_"]
    if state["init"] is not None or first.name != "sklearn.dummy.DummyRegressor" or not _PLAIN_SUMS:
        raise Unfamiliar
    model = _Boosted(state, np.asarray(first.state["constant_"]).reshape(-1))
    return lambda rows: model.scores(rows).ravel()


def boosted_classifier(state: dict[str, Any]) -> Step:
    """GradientBoostingClassifier, beginning with the shares of the classes; close scores are left to scikit-learn."""
    first, classes = state["init_"], state["classes_"]
    if state["init"] is not None or first.name != "sklearn.dummy.DummyClassifier" or state["loss"] != "log_loss":
        raise Unfamiliar
    shares = first.state["class_prior_"]
    if first.state["_strategy"] != "prior" or shares.min() < _SUM or shares.shape != classes.shape:
        raise Unfamiliar
    begin = np.log(shares)
    model = _Boosted(state, begin if len(shares) > 2 else begin[1:] - begin[:1])  # noqa: PLR2004 -- yes and no

    def step(rows: Rows) -> Rows:
        scores = model.scores(rows)
        if scores.shape[1] == 1:
            _check_clear(np.abs(scores), scores)
            answer: Array = classes[(scores[:, 0] >= 0).astype(int)]
            return answer
        best = np.sort(scores, axis=1)
        _check_clear(best[:, -1] - best[:, -2], scores)
        return classes[np.argmax(scores, axis=1)]  # type: ignore[no-any-return]

    return step


def _check_clear(between: Array, scores: Array) -> None:
    if between.min() < _CLEAR * max(1.0, float(np.abs(scores).max())):
        raise Unsure


class _Histogram:
    """HistGradientBoosting without categories."""

    def __init__(self, state: dict[str, Any]) -> None:
        if state["is_categorical_"] is not None or state["_preprocessor"] is not None:
            raise Unfamiliar
        self._begin = np.asarray(state["_baseline_prediction"])
        self._rounds = [[_histogram_tree(one) for one in several] for several in state["_predictors"]]
        self._width = int(state["n_trees_per_iteration_"])
        if self._begin.dtype != np.float64 or any(len(several) != self._width for several in self._rounds):
            raise Unfamiliar

    def scores(self, rows: Rows) -> Array:
        given = array_of(rows).astype(np.float64)
        if len(given) * len(self._rounds) * self._width > _MOST_WALKS:
            raise Unsure
        total = np.zeros((len(given), self._width))
        total += self._begin
        for several in self._rounds:
            for number, tree in enumerate(several):
                total[:, number] += tree.values(given)
        return total


def _histogram_tree(thing: Thing) -> _Tree:
    nodes = thing.state["nodes"]
    if nodes["is_categorical"].any() or not np.array_equal(nodes["is_leaf"] == 0, nodes["left"] > 0):
        raise Unfamiliar
    return _Tree(nodes, ("left", "right"), ("feature_idx", "num_threshold"), np.ascontiguousarray(nodes["value"]))


def histogram_regressor(state: dict[str, Any]) -> Step:
    """HistGradientBoostingRegressor, where scores are the answer."""
    if state["loss"] not in {"squared_error", "absolute_error", "quantile"}:
        raise Unfamiliar
    model = _Histogram(state)
    return lambda rows: model.scores(rows).ravel()


def histogram_classifier(state: dict[str, Any]) -> Step:
    """HistGradientBoostingClassifier."""
    model, classes = _Histogram(state), state["classes_"]

    def step(rows: Rows) -> Rows:
        scores = model.scores(rows)
        chosen = (scores.ravel() > 0).astype(int) if scores.shape[1] == 1 else np.argmax(scores, axis=1)
        answer: Array = classes[chosen]
        return answer

    return step
