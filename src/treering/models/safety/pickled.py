"""What a pickle refers to, found by building it from stand-ins: nothing is imported and nothing is called.

Python's own unpickler does the work, so that what is seen here is what would be
loaded, however the names were put together.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import IO, Any, ClassVar, Self

import numpy as np

from treering.models.safety.formulas import foreign_formula
from treering.models.safety.tables import STATSMODELS_GUARDED

__all__ = ["Findings", "findings_of"]

# The unpickler that is written in Python: its steps can be watched.
_InPython: Any = pickle.__dict__["_Unpickler"]

# joblib writes the bytes of an array behind the object of this name.
_JOBLIB_ARRAYS = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
}


_BLOCK = 1 << 16


@dataclass(slots=True)
class Findings:
    """What was found in one pickle.

    Attributes:
        names: What it refers to, as pairs of module and name.
        calls_objects: Whether it calls an object that it has made itself, which no honest pickle does.
        problem: Why reading stopped; empty if all was read.
    """

    names: set[tuple[str, str]] = field(default_factory=set)
    calls_objects: bool = False
    problem: str = ""


def findings_of(file: IO[bytes]) -> Findings:
    """What all pickles in `file`, one after the other, refer to; a broken one gives a problem."""
    found = Findings()
    try:
        while True:
            _Watcher(file, found).load()
            if not _more(file):
                return found
    except Exception as error:  # noqa: BLE001 -- a hostile pickle can make any step fail; what cannot be read is not safe
        found.problem = f"{type(error).__name__}: {error}"
    return found


def _more(file: IO[bytes]) -> bool:
    """Whether something follows that is no padding; the file is left there."""
    while block := file.read(_BLOCK):
        if rest := block.lstrip(b"\0\n"):
            file.seek(-len(rest), 1)
            return True
    return False


class _Thing:
    """Takes the place of every object: it accepts all that a pickle does to one, and remembers what it needs."""

    calls: Findings
    told: tuple[str, str]

    def __new__(cls, *args: Any, **_: Any) -> Self:
        made = super().__new__(cls)
        made.args = args
        return made

    def __init__(self, *args: Any, **_: Any) -> None:
        self.args: tuple[Any, ...] = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        """Items of a dictionary's subclass."""

    def append(self, item: Any) -> None:
        """Items of a list's subclass."""

    def extend(self, items: Any) -> None:
        """As `append`."""

    def add(self, item: Any) -> None:
        """Items of a set's subclass."""

    def __call__(self, *_: Any, **__: Any) -> _Thing:
        self.calls.calls_objects = True
        return self


class _Watcher(_InPython):  # type: ignore[misc]  # known by name only
    def __init__(self, file: IO[bytes], found: Findings) -> None:
        super().__init__(file)
        self._file = file
        self._found = found
        self._made: dict[tuple[str, str], type[_Thing]] = {}

    def find_class(self, module: str, name: str) -> Any:
        self._found.names.add((module, name))
        told = (module, name)
        if told not in self._made:
            self._made[told] = type("Thing", (_Thing,), {"told": told, "calls": self._found})
        return self._made[told]

    def get_extension(self, code: int) -> None:
        self._found.names.add(("copyreg", f"extension {code}"))
        self.append(self.find_class("copyreg", f"extension {code}"))

    def persistent_load(self, pid: Any) -> Any:
        # PyTorch names its storages in this way; the name's parts are pickled as all else.
        return self.find_class("persistent", "object")(pid)

    def load_build(self) -> None:
        state = self.stack[-1]
        thing = self.stack[-2]
        super().load_build()
        if not isinstance(thing, _Thing) or not isinstance(state, Mapping):
            return
        if ".".join(thing.told) in STATSMODELS_GUARDED and (formula := foreign_formula(state)):
            self._found.names.add(("the formula", formula))
        if thing.told in _JOBLIB_ARRAYS:
            self._skip_array(state)

    dispatch: ClassVar = {**_InPython.dispatch, pickle.BUILD[0]: load_build}

    def _skip_array(self, state: Mapping[str, Any]) -> None:
        made = state.get("dtype")
        if not isinstance(made, _Thing) or made.told != ("numpy", "dtype"):
            msg = "an array of joblib's without a type"
            raise pickle.UnpicklingError(msg)
        dtype = np.dtype(made.args[0])
        if dtype.hasobject:
            _Watcher(self._file, self._found).load()
            return
        if state.get("numpy_array_alignment_bytes"):
            padding = self._file.read(1)
            self._file.read(padding[0])
        shape = [int(one) for one in state.get("shape", ())]
        if min(shape, default=0) < 0:
            msg = "an array of joblib's of negative size"
            raise pickle.UnpicklingError(msg)
        self._file.seek(prod(shape) * dtype.itemsize, 1)
