"""`mlflow.utils`: the small functions that libraries take from there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from treering.core.clock import now as get_current_time_millis
from treering.core.uri import file_uri

__all__ = [
    "TempDir",
    "chunk_list",
    "experimental",
    "get_current_time_millis",
    "is_in_databricks_notebook",
    "is_in_databricks_runtime",
    "path_to_local_file_uri",
]

T = TypeVar("T")
AnyCall = TypeVar("AnyCall", bound=Callable[..., Any])


class TempDir:
    """A folder that is there inside `with`.

    Args:
        remove_on_exit: Whether it goes with its content.
    """

    def __init__(self, *, chdr: bool = False, remove_on_exit: bool = True) -> None:
        if chdr:
            msg = "Treering's TempDir does not change the working directory. Leave `chdr` out."
            raise ValueError(msg)
        self._remove = remove_on_exit
        self._folder = Path()

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp())
        return self

    def __exit__(self, *_: object) -> None:
        if self._remove:
            shutil.rmtree(self._folder)

    def path(self, *path: str) -> str:
        """Where the folder is, or a path in it."""
        return str(self._folder.joinpath(*path))


def chunk_list(l: Sequence[T], chunk_size: int) -> Iterator[Sequence[T]]:  # noqa: E741  # MLflow's name
    """Parts of a list, of this many items each; the last may be shorter."""
    for start in range(0, len(l), chunk_size):
        yield l[start : start + chunk_size]


def experimental(call: AnyCall) -> AnyCall:
    """What was decorated: that it may change is said in its documentation."""
    return call


def is_in_databricks_runtime() -> bool:
    """False: on Databricks, too, Treering is itself."""
    return False


def is_in_databricks_notebook() -> bool:
    """As `is_in_databricks_runtime`."""
    return False


def path_to_local_file_uri(path: str) -> str:
    """The `file:` URI of a path."""
    return file_uri(Path(path).absolute())
