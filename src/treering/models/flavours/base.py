"""What a flavour is: how the models of one framework are written to a folder and read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from treering.core.settings import Settings, own_models_file
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


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is loaded.

    Attributes:
        allow_code: The user's word that code of the model's maker may run, as it does in most pickles.
        quiet: Whether the log is not to say so, because the model was written just now.
        own: The list of what this user has saved, which needs no word; see `models.safety.own`.
        trust: What may be read though no allow-list has it: names such as `mylab.steps.Cleaner`, or `mylab.*`
            for all classes of a package.
        model_config: Values that override the configuration that the model was saved with.
        flavour: The flavour's own options, such as the device that a network is put on.
    """

    allow_code: bool = False
    quiet: bool = False
    own: Path | None = None
    trust: tuple[str, ...] = ()
    model_config: Mapping[str, Any] = field(default_factory=dict)
    flavour: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, trust: object = None, **more: Any) -> LoadOptions:
        """What the settings say, and the user's word for one model: True, or the names that it covers."""
        names = (trust,) if isinstance(trust, str) else tuple(trust) if isinstance(trust, Iterable) else ()
        allow_code = trust is True or settings.allow_model_code
        return cls(allow_code=allow_code, own=own_models_file(settings), trust=names, **more)


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
