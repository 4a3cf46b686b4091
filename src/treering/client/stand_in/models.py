"""`mlflow.models`: signatures, and logging of models of any flavour."""

from __future__ import annotations

from treering.models.signature import Signature as ModelSignature
from treering.models.signature import infer_signature

__all__ = ["ModelSignature", "infer_signature"]
