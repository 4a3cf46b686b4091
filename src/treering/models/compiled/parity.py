"""Whether two models answer the same: rows to ask both, made of an example, and how far two answers are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from treering.models.tables import is_table

__all__ = ["ROWS", "TOLERANCE", "apart", "edge_rows", "missing_rows", "more_rows", "strange_rows"]

TOLERANCE = 1e-5
"""Relative and absolute: single precision has about seven digits."""

ROWS = 512
"""So many rows are made up, of which one in eight is far from the example."""

_SEED = 20_240_229
_FAR = 1000.0
_MISSING = 0.3
_BESIDE = 1e-6
_STRANGE = "\N{SNOWMAN} never seen"


def more_rows(example: Any) -> Any:
    """`ROWS` rows like those of an example, which is a table or a matrix: the same ones each time.

    Numbers lie in and around what the example has; texts and booleans are its own, mixed anew.
    """
    rng = np.random.default_rng(_SEED)
    if is_table(example):
        return type(example)({name: _column(example[name].to_numpy(), rng) for name in example.columns}).astype(
            dict(example.dtypes)
        )
    made = np.empty((ROWS, example.shape[1]), example.dtype)
    for at in range(example.shape[1]):
        made[:, at] = _column(example[:, at], rng)
    return made


def missing_rows(example: Any) -> Any:
    """Rows with NaN in some numbers; None if there are no numbers that could be."""
    rng = np.random.default_rng(_SEED + 1)
    rows = more_rows(example)[:64]
    if not is_table(rows):
        if rows.dtype.kind != "f":
            return None
        rows[rng.random(rows.shape) < _MISSING] = np.nan
        return rows
    found = [name for name in rows.columns if rows[name].dtype.kind == "f"]
    for name in found:
        rows[name] = np.where(rng.random(len(rows)) < _MISSING, np.nan, rows[name])
    return rows if found else None


def edge_rows(example: Any, thresholds: Mapping[int, Sequence[float]], *, exact: bool) -> Any:
    """Rows with numbers on thresholds of trees and close beside them, where rounding decides.

    Args:
        thresholds: By the column's place.
        exact: Whether some are right on them.
    """
    rng = np.random.default_rng(_SEED + 2)
    steps = [-_BESIDE, _BESIDE, *([0.0] if exact else [])]
    rows = more_rows(example)
    for at, values in thresholds.items():
        if at >= example.shape[1]:
            continue
        chosen = rng.choice(np.asarray(values, np.float64), ROWS) * (1.0 + rng.choice(steps, ROWS))
        column = rows.iloc[:, at] if is_table(rows) else rows[:, at]
        if column.dtype.kind != "f":
            continue
        kept = np.where(rng.random(ROWS) < _MISSING, column, chosen)
        if is_table(rows):
            rows[rows.columns[at]] = kept.astype(column.dtype)
        else:
            rows[:, at] = kept
    return rows


def strange_rows(example: Any) -> Any:
    """Rows with texts that no training has seen, a column at a time; None if there are no texts."""
    if not is_table(example):
        return None
    rows = more_rows(example)[:32].copy()
    names = [name for name in rows.columns if rows[name].dtype.kind not in "fiub"]
    for at, name in enumerate(names):
        values = rows[name].to_numpy(dtype=object, copy=True)
        values[at :: len(names)] = _STRANGE
        rows[name] = values
    return rows if names else None


def apart(native: Any, other: Any, tolerance: float = TOLERANCE) -> float:
    """The greatest difference in units of the tolerance; infinite where shapes or anything but numbers differ."""
    if native.shape != other.shape:
        return float("inf")
    if native.dtype.kind != "f":
        return 0.0 if bool((native == other).all()) else float("inf")
    found = other.astype(np.float64)
    if not np.array_equal(np.isfinite(native), np.isfinite(found)):
        return float("inf")
    known = np.isfinite(native)
    if not known.any():
        return 0.0
    wanted = native[known].astype(np.float64)
    return float((np.abs(wanted - found[known]) / (tolerance * (1.0 + np.abs(wanted)))).max())


def _column(values: Any, rng: np.random.Generator) -> Any:
    known = np.asarray([one for one in values.tolist() if one is not None and one == one])  # noqa: PLR0124 -- NaN
    if values.dtype.kind in "fiu" and len(known):
        return _numbers(known.astype(np.float64), values.dtype, rng)
    return rng.choice(values, ROWS)


def _numbers(known: Any, dtype: Any, rng: np.random.Generator) -> Any:
    low, high = float(known.min()), float(known.max())
    span = (high - low) or abs(high) or 1.0
    made = rng.uniform(low - span, high + span, ROWS)
    made[::4] = rng.choice(known, len(made[::4]))
    made[1::8] = rng.uniform(-_FAR * span, _FAR * span, len(made[1::8]))
    if dtype.kind == "f":
        return made.astype(dtype)
    limits = np.iinfo(dtype)
    whole: Any = np.clip(np.rint(made), max(limits.min, -(2**52)), min(limits.max, 2**52)).astype(dtype)
    return whole
