"""What a flavour is: how the models of one framework are written to a folder and read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from treering.models.load_options import LoadOptions
from treering.models.mlmodel import MLModel
from treering.models.signature import Signature

__all__ = ["Flavour", "LoadOptions", "Predictor", "Written"]

# Called with data that fits the signature, and the parameters.
Predictor = Callable[[Any, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What a flavour wrote.

    Attributes:
        entry: The flavour's own entry in the MLmodel file.
        python_function: The entry for loading the model as a Python function; empty: it cannot be.
        packages: Packages that loading always needs.
        modules: Modules that the written model refers to.
        signature: What the model itself tells of its inputs and outputs, used where the user gives nothing better.
        metadata: What the flavour notes in the model's metadata, beside what the user does.
        more: Keys for the MLmodel file outside of the flavours' entries.
    """

    entry: Mapping[str, Any]
    python_function: Mapping[str, Any]
    packages: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()
    signature: Signature | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


class Flavour(Protocol):
    """One row of `FLAVOURS`."""

    def accepts(self, model: Any) -> bool:
        """Whether `model` is of this framework."""

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:
        """Write `model` into the existing `folder`.

        Args:
            options: The flavour's own options.

        Raises:
            InvalidInput: If the model or an option is none that the flavour writes.
        """

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """The model as the framework knows it.

        Raises:
            PermissionDenied: If reading could run code and `options` forbids that.
            DamagedData: If the files are not what the MLmodel file says.
        """

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:
        """How `native`, which `read` gave, is asked for predictions."""
