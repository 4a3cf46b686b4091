"""`mlflow.entities.model_registry`: registered models and their versions."""

from __future__ import annotations

from dataclasses import dataclass

from treering.entities.lifecycle import ModelVersionStatus
from treering.entities.model import ModelVersion, RegisteredModel

__all__ = ["ModelVersion", "ModelVersionStatus", "ModelVersionTag", "RegisteredModel", "RegisteredModelTag"]


@dataclass(frozen=True, slots=True)
class ModelVersionTag:
    """A tag of a version."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RegisteredModelTag:
    """A tag of a registered model."""

    key: str
    value: str
