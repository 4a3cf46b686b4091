"""Steps that prepare rows: scalers, filling what is missing, encoders of categories, and columns each in its way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from treering.models.light.rows import (
    Array,
    Columns,
    Rows,
    Sparse,
    Step,
    Table,
    Unsure,
    array_of,
    columns_of,
    double,
    part_of,
)
from treering.models.light.skops_file import Thing, Unfamiliar

__all__ = [
    "Split",
    "filler",
    "gives_arrays",
    "greatest_scaler",
    "one_hot",
    "ordinal",
    "range_scaler",
    "shift_scaler",
    "split",
]


def shift_scaler(center: str, scale: str) -> Callable[[dict[str, Any]], Step]:
    """Makes steps that take something away and divide by something; given which options switch them on."""
    names = {"with_mean": "mean_", "with_centering": "center_"}

    def make(state: dict[str, Any]) -> Step:
        away = state[names[center]] if state[center] else None
        divisor = state["scale_"] if state[scale] else None

        def step(rows: Rows) -> Rows:
            found = double(rows)
            if away is not None:
                found -= away
            if divisor is not None:
                found /= divisor
            return found

        return step

    return make


def range_scaler(state: dict[str, Any]) -> Step:
    """MinMaxScaler."""
    scale, least = state["scale_"], state["min_"]
    low, high = state["feature_range"]
    clip = bool(state["clip"])

    def step(rows: Rows) -> Rows:
        found = double(rows)
        found *= scale
        found += least
        return np.clip(found, low, high, out=found) if clip else found

    return step


def greatest_scaler(state: dict[str, Any]) -> Step:
    """MaxAbsScaler."""
    scale = state["scale_"]
    if state.get("clip"):
        raise Unfamiliar

    def step(rows: Rows) -> Rows:
        found = double(rows)
        found /= scale
        return found

    return step


def filler(state: dict[str, Any]) -> Step:
    """SimpleImputer. Texts pass it only where none is missing."""
    missing, values = state["missing_values"], state["statistics_"]
    plain = isinstance(missing, float) and math.isnan(missing) and not state["add_indicator"]
    if not plain:
        raise Unfamiliar
    if values.dtype == object:
        return _text_filler(len(values), state["strategy"])
    if values.dtype != np.float64 or np.isnan(values).any():
        raise Unfamiliar
    converts = {"mean": True, "median": True, "most_frequent": False}[state["strategy"]]

    def step(rows: Rows) -> Rows:
        given = array_of(rows)
        # The most frequent one keeps the type of the rows.
        if not converts and given.dtype != np.float64:
            raise Unsure
        found = double(given)
        np.copyto(found, values, where=np.isnan(found))
        return found

    return step


def _text_filler(width: int, strategy: str) -> Step:
    if strategy not in {"most_frequent", "constant"}:
        raise Unfamiliar

    def step(rows: Rows) -> Rows:
        # What was fitted on texts takes all for objects; then numbers are no longer numbers.
        if not isinstance(rows, Columns) or any(column.dtype != object for column in rows.columns):
            raise Unsure
        if len(rows.columns) != width:
            raise Unsure
        return rows

    return step


class _Categories:
    """What an encoder knows, column by column."""

    def __init__(self, state: dict[str, Any]) -> None:
        # Made for categories that are rare, or grouped, or left out: not known here.
        if any(state.get(name) is not None for name in ("min_frequency", "max_categories", "drop", "drop_idx_")):
            raise Unfamiliar
        kind = state["dtype"]
        if state["_infrequent_enabled"] or not isinstance(kind, Thing) or kind.name != "numpy.float64":
            raise Unfamiliar
        self._places: list[tuple[np.dtype[Any], Callable[[Array], Array]]] = []
        self.counts = []
        for known in state["categories_"]:
            if known.ndim != 1 or known.dtype not in {np.dtype(object), np.dtype(np.int64), np.dtype(np.float64)}:
                raise Unfamiliar
            self._places.append((known.dtype, _text_places(known) if known.dtype == object else _places(known)))
            self.counts.append(len(known))

    def places(self, rows: Rows) -> Array:
        """Where each value stands among the known ones; -1 where it does not."""
        columns = columns_of(rows)
        if len(columns) != len(self._places):
            raise Unsure
        found = np.zeros((len(columns[0]), len(columns)), dtype=np.int64)
        for number, (column, (kind, place)) in enumerate(zip(columns, self._places, strict=True)):
            if column.dtype != kind:
                raise Unsure
            found[:, number] = place(column)
        return found


def _text_places(known: Array) -> Callable[[Array], Array]:
    table = {text: place for place, text in enumerate(known)}
    if not all(type(text) is str for text in table):
        raise Unfamiliar

    def place(column: Array) -> Array:
        return np.fromiter((table.get(text, -1) for text in column), dtype=np.int64, count=len(column))

    return place


def _places(known: Array) -> Callable[[Array], Array]:
    # Given by hand they need not be in order; and nothing equals what is missing.
    if not len(known) or not (known[:-1] < known[1:]).all():
        raise Unfamiliar

    def place(column: Array) -> Array:
        if not np.isfinite(column).all():
            raise Unsure
        found = np.minimum(np.searchsorted(known, column), len(known) - 1)
        return np.where(known[found] == column, found, -1)

    return place


def one_hot(state: dict[str, Any]) -> Step:
    """OneHotEncoder."""
    known = _Categories(state)
    ignores = {"error": False, "ignore": True}[state["handle_unknown"]]
    if state.get("_drop_idx_after_grouping") is not None:
        raise Unfamiliar
    sparse = state["sparse_output"]
    starts = np.cumsum([0, *known.counts])

    def step(rows: Rows) -> Rows:
        places = known.places(rows)
        there = places >= 0
        if not ignores and not there.all():
            raise Unsure
        found = np.zeros((len(places), int(starts[-1])))
        row, column = np.nonzero(there)
        found[row, starts[column] + places[row, column]] = 1.0
        return Sparse(found) if sparse else found

    return step


def ordinal(state: dict[str, Any]) -> Step:
    """OrdinalEncoder."""
    known = _Categories(state)
    value = {"error": None, "use_encoded_value": state["unknown_value"]}[state["handle_unknown"]]
    if state["_missing_indices"]:
        raise Unfamiliar

    def step(rows: Rows) -> Rows:
        places = known.places(rows)
        unknown = places < 0
        if value is None and unknown.any():
            raise Unsure
        found = places.astype(np.float64)
        if value is not None:
            found[unknown] = value
        return found

    return step


Split = Callable[[Thing], Step]
"""Makes the step of an estimator that stands in another one."""


def split(state: dict[str, Any], inner: Split) -> Step:
    """ColumnTransformer, asked with what it was fitted with: a data frame by names, or an array."""
    if state["transformer_weights"] is not None:
        raise Unfamiliar
    names, sparse = state.get("feature_names_in_"), state["sparse_output_"]
    parts: list[tuple[Sequence[int], Step]] = []
    for name, thing, columns in state["transformers_"]:
        places = state["_transformer_to_input_indices"][name]
        if isinstance(thing, str) and thing == "drop":
            continue
        # One name alone, or none: a column, or nothing, is passed on instead of a table.
        if not isinstance(thing, Thing) or not isinstance(columns, list) or not all(type(one) is int for one in places):
            raise Unfamiliar
        if columns:
            parts.append((places, _unchanged if _passes(thing) else inner(thing)))
    if not parts:
        raise Unfamiliar

    def step(rows: Any) -> Rows:
        if names is None:
            given = array_of(rows)
            found = [one(given[:, places]) for places, one in parts]
        else:
            found = [one(_part(rows, names[places])) for places, one in parts]
        together = np.hstack([array_of(one.rows if isinstance(one, Sparse) else one) for one in found])
        return Sparse(together) if sparse else together

    return step


def _part(rows: Any, names: Any) -> Rows:
    return rows.rows(names) if type(rows) is Table else part_of(rows.loc[:, names])


def gives_arrays(state: dict[str, Any]) -> bool:
    """Whether an estimator was left to answer with arrays, not with data frames."""
    return state.get("_sklearn_output_config") in (None, {}, {"transform": "default"})


def _passes(thing: Thing) -> bool:
    return thing.name == "sklearn.preprocessing._function_transformer.FunctionTransformer" and (
        thing.state["func"] is None and not thing.state["validate"] and gives_arrays(thing.state)
    )


def _unchanged(rows: Rows) -> Rows:
    return array_of(rows)
