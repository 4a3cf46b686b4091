"""Sample requests of a bundle with the answers that are right: how it is tested wherever it arrives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import DamagedData, TreeringError
from treering.models import example, mlmodel
from treering.models.load_options import LoadOptions
from treering.models.loading import load
from treering.models.tables import TABLES, is_table

__all__ = ["FILE_NAME", "Sample", "check_model", "differences", "plain", "read", "sample_of", "write"]

FILE_NAME = "tests/requests.json"

# A compiled model computes in single precision where the native one uses double.
_TOLERANCE = 1e-4
_MOST_BYTES = 64 << 20
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A request and its answer.

    Attributes:
        model: Whose example it is; empty for a request to a service.
        body: Of a POST, as JSON.
        answer: What the model says, as JSON; for a service, the whole body of the answer.
        tolerance: Relative and absolute difference of numbers.
    """

    body: Any
    answer: Any
    model: str = ""
    path: str = "/invocations"
    tolerance: float = _TOLERANCE


def sample_of(name: str, folder: Path, loading: LoadOptions) -> Sample | None:
    """A model's example and what it answers to that; None if it has none or only answers in pieces.

    Raises:
        TreeringError: If the model cannot be loaded, or fails at its own example.
    """
    metadata = mlmodel.read(folder)
    body = example.serving_body(folder, metadata)
    given = example.read(folder, metadata)
    if body is None or given is None:
        return None
    answer = plain(load(folder, loading).predict(*given))
    return Sample(body, answer, name)


def check_model(sample: Sample, folder: Path, loading: LoadOptions) -> list[str]:
    """Ask a model for its example again; what differs, in words."""
    given = example.read(folder, mlmodel.read(folder))
    if given is None:
        return [f"the model {sample.model} has no example any more"]
    try:
        found = plain(load(folder, loading).predict(*given))
    except TreeringError as error:
        return [f"the model {sample.model} does not answer its example: {error}"]
    return [
        f"the model {sample.model} answers otherwise: {one}"
        for one in differences(sample.answer, found, sample.tolerance)
    ]


def plain(value: Any) -> Any:
    """An answer of a model as JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(_builtin(value), enc_hook=_builtin))


def differences(wanted: Any, found: Any, tolerance: float) -> list[str]:
    """Where two JSON values differ, at most five places; numbers may by the tolerance."""
    told: list[str] = []
    for one in _differences(wanted, found, tolerance, "$"):
        told.append(one)
        if len(told) == _MOST_TOLD:
            break
    return told


def write(samples: Sequence[Sample], folder: Path) -> None:
    """Write the file, if there are any."""
    if samples:
        (folder / FILE_NAME).parent.mkdir(exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(samples, order="sorted"), indent=1)
        (folder / FILE_NAME).write_bytes(text + b"\n")


def read(folder: Path) -> list[Sample]:
    """The samples of the bundle in `folder`. Raises DamagedData."""
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > _MOST_BYTES:
            msg = f"{path} is longer than {_MOST_BYTES} bytes. Do not use this bundle."
            raise DamagedData(msg)
        return msgspec.json.decode(path.read_bytes(), type=list[Sample])
    except FileNotFoundError:
        return []
    except (msgspec.DecodeError, ValueError) as error:
        msg = f"{path} is damaged: {error}. Build or fetch the bundle again."
        raise DamagedData(msg) from error


def _builtin(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind not in "mM" else value.astype(str).tolist()
    if isinstance(value, np.generic):
        return value.item()
    if is_table(value):
        return TABLES.load("pandas").to_records(value)
    if hasattr(value, "toarray"):
        return value.toarray().tolist()
    if isinstance(value, Mapping | list | tuple | str | int | float | bool | None):
        return value
    return str(value)


def _differences(wanted: Any, found: Any, tolerance: float, where: str) -> Iterable[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in wanted.keys() | found.keys():
            yield from _differences(wanted.get(key), found.get(key), tolerance, f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{where} has {len(found)} items, and should have {len(wanted)}"
        for at, (one, other) in enumerate(zip(wanted, found, strict=False)):
            yield from _differences(one, other, tolerance, f"{where}[{at}]")
    elif not _same(wanted, found, tolerance):
        yield f"{where} is {found!r}, and should be {wanted!r}"


def _same(wanted: Any, found: Any, tolerance: float) -> bool:
    numbers = isinstance(wanted, int | float) and isinstance(found, int | float)
    if numbers and not isinstance(wanted, bool) and not isinstance(found, bool):
        return math.isclose(wanted, found, rel_tol=tolerance, abs_tol=tolerance)
    return type(wanted) is type(found) and bool(wanted == found)
