"""The numbers that fields stand for, and which places have one: floats, and whole numbers."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from treering.storage.metadata.columns.block import ATTRIBUTES, Block
from treering.storage.metadata.columns.column import Unanswerable
from treering.storage.metadata.search.syntax import Aggregate, Entity, Field, Kind

__all__ = ["Floats", "Wholes", "check_field", "floats", "wholes"]

Mask = npt.NDArray[np.bool_]
Floats = tuple[npt.NDArray[np.float64], Mask]
"""Values, and where they are."""

Wholes = tuple[npt.NDArray[np.int64], Mask]
"""As `Floats`."""

Kinds = TypeVar("Kinds", np.float64, np.int64)

_DURATION = Field(Entity.ATTRIBUTE, "duration", Kind.DURATION)
_FLOATS = {Aggregate.LAST, Aggregate.MIN, Aggregate.MAX}


def check_field(field: Field) -> None:
    """Raises Unanswerable for a field that no column holds."""
    entity, key, kind = field.entity, field.key, field.kind
    if entity is Entity.METRIC:
        known = (kind is Kind.NUMBER and field.aggregate in _FLOATS) or (
            kind is Kind.WHOLE and field.aggregate is Aggregate.COUNT
        )
    elif field.aggregate is not Aggregate.LAST:
        known = False
    elif entity is Entity.ATTRIBUTE:
        known = field == _DURATION or (key in ATTRIBUTES and kind in {Kind.TEXT, Kind.TIME})
    else:
        known = (
            kind is Kind.TEXT if entity is Entity.TAG else entity is Entity.PARAM and kind in {Kind.TEXT, Kind.NUMBER}
        )
    if not known:
        raise Unanswerable


def floats(block: Block, field: Field) -> Floats | None:
    """Those of a field of kind NUMBER; None where no run has it. Raises Unanswerable."""
    if field.entity is Entity.METRIC:
        metric = block.metric(field.key)
        if metric is None:
            return None
        if field.aggregate is Aggregate.LAST:
            return metric.last, metric.present
        values = metric.minimum() if field.aggregate is Aggregate.MIN else metric.maximum()
        # An extreme is NaN only where all values are, and then there is none.
        return values, metric.present & ~np.isnan(values)
    text = block.text(field.entity, field.key)
    return None if text is None else text.numbers()


def wholes(block: Block, field: Field) -> Wholes | None:
    """Those of a field of kind TIME, DURATION or WHOLE; None where no run has it."""
    if field.entity is Entity.METRIC:
        metric = block.metric(field.key)
        return None if metric is None else (metric.count(), metric.present)
    if field == _DURATION:
        end, start = block.time("end_time"), block.time("start_time")
        return end.values - start.values, end.present
    times = block.time(field.key)
    return times.values, times.present
