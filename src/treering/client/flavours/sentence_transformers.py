"""`treering.sentence_transformers`: models that embed sentences, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import face

__all__ = ["load_model", "log_model", "save_model"]

log_model, save_model, load_model = face(
    "sentence_transformers",
    "model",
    "Sentence Transformers",
    positional=("task", "inference_config", "code_paths"),
    saving="`task` (`llm/v1/embeddings`), `inference_config`, `extra_files`",
)
