"""The metadata database in this process's memory: a real double for tests and throwaway servers.

One lock guards everything, so each method is a transaction. Nothing survives the process.
"""

from __future__ import annotations

from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.grid.plain import PlainGrid
from treering.storage.metadata.memory.datasets import MemoryDatasets
from treering.storage.metadata.memory.deployments import MemoryDeployments
from treering.storage.metadata.memory.experiments import MemoryExperiments
from treering.storage.metadata.memory.governance import MemoryGovernance
from treering.storage.metadata.memory.logged_models import MemoryLoggedModels
from treering.storage.metadata.memory.outbox import MemoryOutbox
from treering.storage.metadata.memory.registry import MemoryModelVersions, MemoryRegisteredModels
from treering.storage.metadata.memory.relations import MemoryRelations
from treering.storage.metadata.memory.runs import MemoryRuns, MemorySeries
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.memory.upkeep import MemoryUpkeep
from treering.storage.metadata.memory.views import MemoryViews
from treering.storage.metadata.memory.webhooks import MemoryWebhooks

__all__ = ["MemoryDatabase", "open_memory"]


class MemoryDatabase:
    """Always there."""

    shared = False

    def check(self) -> None:
        """Nothing can be wrong."""

    def close(self) -> None:
        """Nothing is held."""


def open_memory(uri: str) -> MetadataStore:
    """A new, empty database with the default experiment; `uri` is only a name."""
    del uri
    state = State()
    runs = MemoryRuns(state)
    return MetadataStore(
        experiments=MemoryExperiments(state),
        runs=runs,
        grid=PlainGrid(runs, state.run_versions),
        series=MemorySeries(state),
        datasets=MemoryDatasets(state),
        logged_models=MemoryLoggedModels(state),
        registered_models=MemoryRegisteredModels(state),
        model_versions=MemoryModelVersions(state),
        upkeep=MemoryUpkeep(state),
        webhooks=MemoryWebhooks(state),
        views=MemoryViews(state),
        relations=MemoryRelations(state),
        governance=MemoryGovernance(state),
        outbox=MemoryOutbox(state),
        deployments=MemoryDeployments(state),
        database=MemoryDatabase(),
    )
