"""Datasets in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from treering.core.errors import NotFound
from treering.entities.dataset import Dataset, DatasetInput, DatasetVersion
from treering.entities.lifecycle import Lifecycle
from treering.entities.run import RunInfo
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryDatasets"]


class MemoryDatasets:
    """DatasetStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def search(self, experiment_ids: Sequence[str], limit: int) -> Sequence[tuple[str, Dataset, str]]:
        """See DatasetStore."""
        with self._state.lock:
            found = {
                (run.info.experiment_id, used.dataset.name, used.dataset.digest, used.context): used.dataset
                for run in self._state.runs.values()
                if run.info.experiment_id in experiment_ids
                for used in run.inputs.dataset_inputs
            }
        ordered = sorted(found, key=lambda place: (int(place[0]), *place[1:]))
        return [(place[0], found[place], place[3]) for place in ordered[:limit]]

    def find(self, name: str, digest: str) -> Dataset:
        """See DatasetStore."""
        with self._state.lock:
            for (_, *place), dataset in self._state.datasets.items():
                if place == [name, digest]:
                    return dataset
        msg = f"No run recorded a dataset {name!r} with the digest {digest!r}. Check both, and the tracking URI."
        raise NotFound(msg)

    def overview(self, experiment_ids: Sequence[str], name: str, limit: int) -> Sequence[DatasetVersion]:
        """See DatasetStore."""
        uses: dict[tuple[str, str], list[tuple[RunInfo, DatasetInput]]] = defaultdict(list)
        with self._state.lock:
            for run in self._state.runs.values():
                info = run.info
                if info.lifecycle_stage is Lifecycle.ACTIVE and info.experiment_id in (
                    experiment_ids or [info.experiment_id]
                ):
                    for used in run.inputs.dataset_inputs:
                        uses[used.dataset.name, used.dataset.digest].append((info, used))
        found = [
            DatasetVersion(
                self.find(*place) if name else replace(self.find(*place), schema=""),
                len(of_place),
                min(info.start_time for info, _ in of_place),
                max(info.start_time for info, _ in of_place),
                sorted({used.context for _, used in of_place} - {""}),
                sorted({info.experiment_id for info, _ in of_place}, key=int),
            )
            for place, of_place in uses.items()
            if name in {"", place[0]}
        ]
        return sorted(found, key=lambda one: (-one.last_used, one.dataset.name, one.dataset.digest))[:limit]
