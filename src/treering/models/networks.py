"""What the flavours of neural networks share: tables as arrays, answers in the form of the question, extra files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import local_path
from treering.models.tables import TABLES, is_table

__all__ = ["answer_like", "array_of", "arrays_of", "copy_extra_files"]

_EXTRA_FILES = "extra_files"


def array_of(data: Any, *, floats: Any = None) -> np.ndarray[Any, Any]:
    """A table, an array, a tensor or a list as an array.

    Args:
        floats: The type that a network takes where it is given numbers with a fraction, such as float32;
            a table has none of its own, and JSON knows only one.

    Raises:
        InvalidInput: If no array can be made of it.
    """
    if is_table(data):
        data = TABLES.load("pandas").array_of(data)
        if data.dtype.kind in "iub" and floats is not None:
            data = data.astype(floats)
    elif hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    try:
        made = np.asarray(data)
        if made.dtype == object:
            made = np.asarray(made.tolist())
    except (TypeError, ValueError) as error:
        msg = f"No array can be made of the {type(data).__name__}: {error}. Give rows of equal length."
        raise InvalidInput(msg) from error
    return made.astype(floats) if floats is not None and made.dtype == np.float64 else made


def arrays_of(data: Any, *, floats: Any = None) -> Any:
    """As `array_of`; a dictionary of inputs as one of arrays."""
    if isinstance(data, Mapping):
        return {name: array_of(value, floats=floats) for name, value in data.items()}
    return array_of(data, floats=floats)


def answer_like(data: Any, values: Any) -> Any:
    """`values` as a table with the rows of `data`, if that is a table; else as they are."""
    if not is_table(data) or not hasattr(data, "columns") or np.ndim(values) > 2:  # noqa: PLR2004  # rows and columns
        return values
    return type(data)(values, index=data.index)


def copy_extra_files(folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the files that the option `extra_files` names into a model; returns what the flavour's entry says of them.

    Raises:
        NotFound: If one does not exist.
        InvalidInput: If two have one name, or the option is no list.
    """
    given = options.get(_EXTRA_FILES)
    if not given:
        return {}
    if not isinstance(given, list | tuple):
        msg = f"extra_files is a list of files, and was given a {type(given).__name__}."
        raise InvalidInput(msg)
    (folder / _EXTRA_FILES).mkdir()
    found = []
    for one in given:
        source = local_path(str(one))
        target = folder / _EXTRA_FILES / source.name
        if not source.is_file():
            msg = f"The file {source} cannot be saved with the model: it does not exist. Correct extra_files."
            raise NotFound(msg)
        if target.exists():
            msg = f"Two of the model's extra files are called {source.name!r}. Rename one of them."
            raise InvalidInput(msg)
        shutil.copyfile(source, target)
        found.append({"path": f"{_EXTRA_FILES}/{source.name}"})
    return {_EXTRA_FILES: found}
