"""The model registry, near: the use cases on a metadata store, put together."""

from __future__ import annotations

from treering.registry.base import ModelRegistry
from treering.registry.models import StoredRegisteredModels
from treering.registry.versions import StoredModelVersions
from treering.storage.metadata.base import MetadataStore
from treering.tracking.base import Tracking

__all__ = ["open_registry"]


def open_registry(store: MetadataStore, tracking: Tracking) -> ModelRegistry:
    """The whole registry on `store`, for models that `tracking` knows; the two may be different databases."""
    models = StoredRegisteredModels(store.registered_models)
    return ModelRegistry(models, StoredModelVersions(store.model_versions, models, tracking))
