"""`treering.sentence_transformers`: models that embed sentences, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import defaults, face

__all__ = [
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

log_model, save_model, load_model = face(
    "sentence_transformers",
    "model",
    "Sentence Transformers",
    positional=("task", "inference_config", "code_paths"),
    saving="`task` (`llm/v1/embeddings`), `inference_config`, `extra_files`",
)

get_default_pip_requirements, get_default_conda_env = defaults("sentence-transformers", "transformers", "torch")
