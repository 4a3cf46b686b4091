"""How a model is loaded, and what of it may run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treering.core.settings import Settings, own_models_file

__all__ = ["LoadOptions"]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is loaded.

    Attributes:
        allow_code: The user's word that code of the model's maker may run, as it does in most pickles.
        quiet: Whether the log is not to say so, because the model was written just now.
        own: The list of what this user has saved, which needs no word; see `models.safety.own`.
        trust: What may be read though no allow-list has it: names such as `mylab.steps.Cleaner`, or `mylab.*`
            for all classes of a package.
        device: Where a network answers unless the caller says; "": where the flavour would put it.
        model_config: Values that override the configuration that the model was saved with.
        flavour: The flavour's own options, such as the device that a network is put on.
    """

    allow_code: bool = False
    quiet: bool = False
    own: Path | None = None
    trust: tuple[str, ...] = ()
    device: str = ""
    model_config: Mapping[str, Any] = field(default_factory=dict)
    flavour: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, trust: object = None, **more: Any) -> LoadOptions:
        """What the settings say, and the user's word for one model: True, or the names that it covers."""
        names = (trust,) if isinstance(trust, str) else tuple(trust) if isinstance(trust, Iterable) else ()
        allow_code = trust is True or settings.allow_model_code
        device = _device(settings.prediction_device)
        return cls(allow_code=allow_code, own=own_models_file(settings), trust=names, device=device, **more)


def _device(given: str) -> str:
    """As PyTorch calls it; Hugging Face's libraries number graphics cards, and call the processor -1."""
    if not given.lstrip("-").isdigit():
        return given
    return "cpu" if given.startswith("-") else f"cuda:{given}"
