"""`treering.transformers`: pipelines of Transformers, saved, logged and loaded; and logging of its trainer."""

from __future__ import annotations

from typing import Any

from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import defaults, face
from treering.models.requirements import is_installed

__all__ = [
    "autolog",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

autolog = SWITCHES["transformers"]

log_model, save_model, load_model = face(
    "transformers",
    "transformers_model",
    "Transformers",
    positional=("processor", "task", "torch_dtype", "model_card", "code_paths"),
    saving="`task`, `processor`, `torch_dtype`, `model_config`, `prompt_template`, `save_pretrained`",
    loading="`return_type` (`pipeline` or `components`), `device`, and arguments of `transformers.pipeline`",
)

_requirements, _environment = defaults("transformers", "torch", optional=("accelerate", "peft"))


def get_default_pip_requirements(model: Any = None) -> list[str]:
    """The packages that every saved model of Transformers needs at least, pinned to what is installed.

    Args:
        model: The network, not the pipeline; adapters on it (PEFT) need a package more.
    """
    return _requirements(*_included(model))


def get_default_conda_env(model: Any = None) -> dict[str, Any]:
    """The environment of conda with these packages. Arguments as of `get_default_pip_requirements`."""
    return _environment(*_included(model))


def _included(model: Any) -> tuple[bool, bool]:
    return is_installed("accelerate"), hasattr(model, "peft_config")
