"""Whether a model answers each row by itself, so that rows of several requests may be asked together.

It is tried, with the example that was saved or with rows made up from the signature: rows
alone, together, doubled and in another order have to get the same answers. What somebody
wrote in Python may count, wait or look at the whole batch in ways that a trial does not
show, so such a model is only believed if it says `batchable` itself: in its metadata, or
as an attribute of its class.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from treering.core.log import logger
from treering.models.flavours import LOADERS
from treering.models.loading import LoadedModel
from treering.serving.models.encoding import plain
from treering.serving.models.grouping import cut, fitting
from treering.serving.models.samples import shaken, take

__all__ = ["is_rowwise"]

_FEW = 3
_SLOW = 0.5
_CLOSE = {"rtol": 1e-4, "atol": 1e-6}
"""Sums over several rows may be done in another order than over one, so that the last digits differ."""


def is_rowwise(model: LoadedModel, sample: Any) -> bool:
    """Whether the answers to some rows show it. Takes a few predictions, which also warm the model up.

    Args:
        sample: Rows that fit the model; `None` if there are none.
    """
    loader = LOADERS.get(model.loader_module)
    if sample is None or (loader in {None, "pyfunc"} and not _says_so(model)):
        return False
    try:
        params = model.checked_params(None)
        count = fitting(sample)[0]
        # Rows that are all the same would show nothing.
        rows = sample if count >= _FEW else shaken(take(sample, [place % count for place in range(_FEW)]))
        return _same(model, rows, params)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the border to the model's own code
        logger.debug("The model failed when it was tried: %r", error)
        return False


def _says_so(model: LoadedModel) -> bool:
    told = (model.metadata.metadata or {}).get("batchable")
    if told is not None:
        return told is True
    native = model.native
    return getattr(getattr(native, "func", native), "batchable", getattr(native, "batchable", False)) is True


def _same(model: LoadedModel, rows: Any, params: dict[str, Any]) -> bool:
    count = fitting(rows)[0]
    begun = time.perf_counter()
    first = plain(model.predict_checked(take(rows, [0]), params))
    if time.perf_counter() - begun > _SLOW:
        count = 2
    alone = [first, *(plain(model.predict_checked(take(rows, [place]), params)) for place in range(1, count))]
    orders = [list(range(count)), list(range(count))[::-1] * 2]
    for order in orders:
        parts = cut(plain(model.predict_checked(take(rows, order), params)), [1] * len(order))
        if parts is None or not all(_equal(part, alone[place]) for place, part in zip(order, parts, strict=True)):
            return False
    return True


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float) and isinstance(other, float | int):
        return bool(np.isclose(one, other, **_CLOSE, equal_nan=True))
    return bool(one == other)
