"""Arrays of NumPy, and tensors of PyTorch and TensorFlow: nested lists in JSON."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.serving.services.kinds.base import Scratch, Single, sliced, unsuitable
from treering.serving.services.validators import BadValue

__all__ = ["FORMATS", "TensorKind"]

FORMATS = {"numpy": "numpy-array", "torch": "torch-tensor", "tensorflow": "tf-tensor"}
_NUMBERS = "biuf"


@dataclass(frozen=True, slots=True)
class _Form:
    library: str
    dtype: str | None
    shape: tuple[int, ...] | None


class TensorKind(Single):
    """Arrays of one library.

    Args:
        library: `numpy`, `torch` or `tensorflow`.
        dtype: The library's name of the element type; None takes what comes.
        shape: -1 is any length; None takes any shape. An array that only lacks leading axes is given them.
    """

    batches = True

    def __init__(self, library: str = "numpy", dtype: str | None = None, shape: Sequence[int] | None = None) -> None:
        self._form = _Form(library, dtype, None if shape is None else tuple(shape))
        self._dtype = None if dtype is None else _numpy_type(dtype)
        self._plain = library == "numpy"

    def load(self, raw: Any, scratch: Scratch) -> Any:  # noqa: ARG002 -- the protocol's
        """The array, of the type and shape that were asked for."""
        try:
            found = np.asarray(raw)
        except ValueError as error:
            msg = "The lists are not of one length, so that they are no array."
            raise BadValue(msg) from error
        if found.dtype != self._dtype:
            found = self._typed(found)
        if self._form.shape is not None and not _fits(found.shape, self._form.shape):
            found = _shaped(found, self._form.shape)
        return found if self._plain else self._own(found)

    def dump(self, value: Any) -> Any:
        """An array of NumPy, which the encoder writes as lists."""
        if isinstance(value, np.ndarray):
            return value
        if hasattr(value, "detach"):
            return value.detach().cpu().numpy()
        if hasattr(value, "numpy"):
            return value.numpy()
        try:
            return np.asarray(value)
        except ValueError as error:
            raise unsuitable(value, "an array") from error

    def schema(self) -> dict[str, Any]:
        """As BentoML writes it; `dim` is the product of the shape."""
        form = self._form
        found: dict[str, Any] = {"type": "tensor", "format": FORMATS[form.library]}
        if form.dtype is not None:
            found["dtype"] = form.dtype
        if form.shape is not None:
            found |= {"shape": list(form.shape), "dim": int(np.prod(form.shape, dtype=np.int64))}
        return found

    def described(self) -> dict[str, Any]:
        """Nested arrays, as deep as the shape says."""
        inner: dict[str, Any] = {"type": _json_type(self._dtype)} if self._dtype is not None else {}
        for length in reversed(self._form.shape or ()):
            bounds = {} if length < 0 else {"minItems": length, "maxItems": length}
            inner = {"type": "array", "items": inner, **bounds}
        return inner if self._form.shape is not None else {"type": "array", "items": {}}

    def joined(self, values: Sequence[Any], axis: int) -> Any:
        """One after another; of one type only, so that nothing is rounded for a neighbour's sake."""
        if len({(one.dtype, len(one.shape)) for one in values}) > 1:
            msg = "They are of different types."
            raise ValueError(msg)
        if self._plain:
            return np.concatenate(values, axis)
        library = importlib.import_module(self._form.library)
        return library.cat(values, axis) if self._form.library == "torch" else library.concat(values, axis)

    def parts(self, value: Any, lengths: Sequence[int], axis: int) -> Sequence[Any]:
        """Views of it."""
        return sliced(value, lengths, axis)

    def rows(self, value: Any, axis: int) -> int:
        """The length of the axis."""
        if len(value.shape) <= axis:
            msg = f"An array of {len(value.shape)} axes has no axis {axis} that rows could lie along."
            raise BadValue(msg)
        return int(value.shape[axis])

    def _typed(self, found: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if found.dtype.kind == "O":
            msg = "The lists are ragged, or hold null, objects or numbers too great for an array."
            raise BadValue(msg)
        wanted = self._dtype
        if wanted is None:
            return found
        if found.size and found.dtype.kind not in _NUMBERS and wanted.kind in _NUMBERS:
            msg = f"Expected numbers for {wanted.name}, got texts."
            raise BadValue(msg)
        if found.dtype.kind == "f" and wanted.kind in "iu" and not np.array_equal(found, np.trunc(found)):
            msg = f"Expected whole numbers for {wanted.name}."
            raise BadValue(msg)
        if found.dtype.kind in "iuf" and wanted.kind in "iu" and found.size:
            limits = np.iinfo(wanted)
            if found.min() < limits.min or found.max() > limits.max:
                msg = f"{wanted.name} holds numbers from {limits.min} to {limits.max} only."
                raise BadValue(msg)
        return found.astype(wanted)

    def _own(self, found: np.ndarray[Any, Any]) -> Any:
        library = importlib.import_module(self._form.library)
        if self._form.library == "torch":
            made = library.from_numpy(np.ascontiguousarray(found))
            return made.to(getattr(library, self._form.dtype)) if self._form.dtype else made
        return library.constant(found, dtype=self._form.dtype)


def _numpy_type(name: str) -> np.dtype[Any]:
    known = {"bfloat16": "float32", "half": "float16", "float": "float32", "double": "float64", "long": "int64"}
    try:
        return np.dtype(known.get(name, name))
    except TypeError as error:
        msg = f"There is no element type {name!r}. Known ones: float32, float64, int32, int64, bool and NumPy's others."
        raise InvalidInput(msg) from error


def _fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(found) == len(wanted) and all(w in (-1, f) for f, w in zip(found, wanted, strict=True))


def _shaped(found: np.ndarray[Any, Any], wanted: tuple[int, ...]) -> np.ndarray[Any, Any]:
    if found.ndim < len(wanted):
        lifted = found.reshape((1,) * (len(wanted) - found.ndim) + found.shape)
        if _fits(lifted.shape, wanted):
            return lifted
        try:
            return found.reshape(wanted)
        except ValueError:
            pass
    told = ", ".join("any" if one < 0 else str(one) for one in wanted)
    msg = f"Expected the shape ({told}), got ({', '.join(map(str, found.shape))})."
    raise BadValue(msg)


def _json_type(dtype: np.dtype[Any]) -> str:
    return {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}.get(dtype.kind, "string")
