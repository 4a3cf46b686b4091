"""MLflow's names of errors."""

from __future__ import annotations

from treering.core.errors import TreeringError as MlflowException
from treering.core.errors import Unavailable as RestException

__all__ = ["MlflowException", "RestException"]
