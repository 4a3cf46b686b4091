"""`treering.transformers`: pipelines of Transformers, saved, logged and loaded; and logging of its trainer."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import face

__all__ = ["autolog", "load_model", "log_model", "save_model"]

autolog = SWITCHES["transformers"]

log_model, save_model, load_model = face(
    "transformers",
    "transformers_model",
    "Transformers",
    positional=("processor", "task", "torch_dtype", "model_card", "code_paths"),
    saving="`task`, `processor`, `torch_dtype`, `model_config`, `prompt_template`, `save_pretrained`",
    loading="`return_type` (`pipeline` or `components`), `device`, and arguments of `transformers.pipeline`",
)
