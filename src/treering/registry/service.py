"""The model registry, near: the use cases on a metadata store, put together."""

from __future__ import annotations

from treering.registry.addresses import Addresses
from treering.registry.base import ModelRegistry
from treering.registry.models import StoredRegisteredModels
from treering.registry.versions import StoredModelVersions
from treering.registry.webhooks import StoredWebhooks
from treering.storage.metadata.base import MetadataStore
from treering.tracking.base import Tracking

__all__ = ["open_registry"]


def open_registry(store: MetadataStore, tracking: Tracking, addresses: Addresses | None = None) -> ModelRegistry:
    """The whole registry on `store`, for models that `tracking` knows; the two may be different databases.

    Args:
        addresses: Where webhooks may be sent; None for public ones by https.
    """
    models = StoredRegisteredModels(store.registered_models)
    versions = StoredModelVersions(store.model_versions, models, tracking)
    return ModelRegistry(models, versions, StoredWebhooks(store.webhooks, addresses or Addresses()))
