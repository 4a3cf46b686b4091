"""An unpickler that gives a pickle only what the list allows it to refer to."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import IO, Any

from treering.core.errors import PermissionDenied
from treering.models.safety.names import Allowed

__all__ = ["GuardedUnpickler", "Refused"]


class Refused(PermissionDenied):
    """A pickle refers to what it may not.

    Attributes:
        name: What that is.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class GuardedUnpickler(pickle.Unpickler):
    """Reads a pickle; `load` raises Refused before anything is looked up that the list has not.

    Args:
        stand_ins: What is given instead of some names, whether they are on the list or not.
    """

    def __init__(
        self, file: IO[bytes], allowed: Allowed, stand_ins: Mapping[tuple[str, str], Any] | None = None
    ) -> None:
        super().__init__(file)
        self._allowed = allowed
        self._stand_ins = stand_ins or {}

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle calls `name` of `module`."""
        if (module, name) in self._stand_ins:
            return self._stand_ins[module, name]
        # The words come first, because importing a module runs it.
        if self._allowed.has(module, name):
            found = super().find_class(module, name)
            if self._allowed.admits(module, name, found):
                return found
        msg = f"The pickle refers to {module}.{name}, which is not on the list of what a model may use."
        raise Refused(msg, f"{module}.{name}")
