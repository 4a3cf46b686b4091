"""The model registry, near: the use cases on a metadata store, put together."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence

from treering.core.person import user_name
from treering.entities.governance import VersionComparison
from treering.registry.base import ModelRegistry, VersionedModels
from treering.registry.governance import StoredGovernance
from treering.registry.models import StoredRegisteredModels
from treering.registry.versions import StoredModelVersions
from treering.registry.webhooks import Means, StoredWebhooks
from treering.storage.metadata.base import MetadataStore
from treering.storage.objects.base import ObjectStore
from treering.tracking.base import Tracking

__all__ = ["open_registry"]


def open_registry(
    store: MetadataStore,
    tracking: Tracking,
    means: Means | None = None,
    who: Callable[[], str] = user_name,
    open_artifacts: Callable[[str], ObjectStore] | None = None,
) -> ModelRegistry:
    """The whole registry on `store`, for models that `tracking` knows; the two may be different databases.

    Args:
        means: What webhooks are sent with; None for public addresses by https.
        who: Tells whom this process, or the request that is answered, acts for.
        open_artifacts: Opens the files of versions and runs, for comparing them; None where they are not at hand.
    """
    models = StoredRegisteredModels(store.registered_models, who)
    versions = StoredModelVersions(store.model_versions, models, tracking, who)

    def compare(wanted: Sequence[tuple[str, int]]) -> VersionComparison:
        # What reads models and evaluations takes time to load, and most processes compare nothing.
        comparing = importlib.import_module("treering.registry.comparing")
        found: VersionComparison = comparing.compare(
            wanted, tracking, VersionedModels(models, versions), open_artifacts
        )
        return found

    return ModelRegistry(
        models,
        versions,
        StoredWebhooks(store.webhooks, store.outbox, means or Means()),
        StoredGovernance(store.governance, who, compare),
    )
