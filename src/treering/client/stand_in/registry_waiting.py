"""`mlflow.tracking._model_registry`: how long libraries wait for a version that is being made."""

from __future__ import annotations

__all__ = ["DEFAULT_AWAIT_MAX_SLEEP_SECONDS"]

DEFAULT_AWAIT_MAX_SLEEP_SECONDS = 300
