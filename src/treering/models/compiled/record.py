"""What stands beside a compiled model: of which file it was made, what it takes, and how well it agrees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from treering.core.errors import DamagedData

__all__ = ["FILE_NAME", "FOLDER", "MODEL", "Column", "Outcome", "Record", "digest_of", "read", "write"]

FOLDER = "compiled"
FILE_NAME = "compiled.json"
MODEL = "model.onnx"

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Column:
    """One input of the model: a column by its name, or with the name "" all of them as one matrix.

    Attributes:
        input: What ONNX calls it.
        dtype: `float32`, `float64`, `int64`, `bool` or `str`.
        width: Columns of the matrix; 1 for a single column.
    """

    input: str
    dtype: str
    name: str = ""
    width: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """The contents of `compiled/compiled.json`.

    Attributes:
        format: Of the model beside it; `onnx`.
        model: SHA-256 of the model beside it.
        source: SHA-256 of each file of the native model that it was made of, by its name.
        width: Columns of the data; those of a table have names.
        names: The columns' names; empty where the model takes an array.
        missing: Whether both answered rows with missing numbers the same.
        output: What ONNX calls the answer.
        pick: Which column of it is the answer; None: all.
        classes: Where the answer is the class of the greatest share, in the order of the shares; else empty.
        answer: Dtype of the native model's answer: `object` for texts.
        shape: Of one row's answer; empty for a single value.
        rows: How many rows the native model was compared on.
        differing: The greatest difference in units of the tolerance.
        tools: Versions of what converted it, and of what asked it.
        light: Whether the native model's arrays answer as quickly, without its framework and without ONNX Runtime: then
            it is asked by them.
    """

    format: str
    model: str
    source: dict[str, str]
    columns: tuple[Column, ...]
    width: int
    names: tuple[str, ...]
    missing: bool
    output: str
    pick: int | None
    classes: tuple[Any, ...]
    answer: str
    shape: tuple[int, ...]
    rows: int
    differing: float
    tolerance: float
    tools: dict[str, str]
    light: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of compiling: a record, or why there is none."""

    record: Record | None
    reason: str = ""


def read(folder: Path) -> Record | None:
    """The record in a model's folder; None if the model was not compiled. Raises DamagedData."""
    path = folder / FOLDER / FILE_NAME
    try:
        if path.stat().st_size > _MOST_BYTES:
            msg = f"{path} is longer than {_MOST_BYTES} bytes. Do not use this model."
            raise DamagedData(msg)
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (msgspec.DecodeError, ValueError) as error:
        msg = f"{path} is damaged: {error}. Remove the folder {FOLDER}, and the native model answers."
        raise DamagedData(msg) from error


def write(record: Record, folder: Path) -> None:
    """Write it into `compiled/` of a model's folder."""
    text = msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1)
    (folder / FOLDER / FILE_NAME).write_bytes(text + b"\n")


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
