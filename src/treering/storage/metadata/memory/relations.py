"""What came of what, in memory."""

from __future__ import annotations

import re
from collections.abc import Callable

from treering.entities.dataset import OUTPUT_CONTEXT
from treering.entities.lifecycle import Lifecycle
from treering.entities.model import ModelVersion
from treering.entities.run import PARENT_RUN_TAG, Run
from treering.storage.metadata.base import Related
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryRelations"]


class MemoryRelations:
    """RelationStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def users(self, name: str, digest: str, limit: int) -> Related[str]:
        """See RelationStore."""
        return self._of_dataset(name, digest, limit, made=False)

    def makers(self, name: str, digest: str, limit: int) -> Related[str]:
        """See RelationStore."""
        return self._of_dataset(name, digest, limit, made=True)

    def _of_dataset(self, name: str, digest: str, limit: int, *, made: bool) -> Related[str]:
        return self._runs(
            limit,
            lambda run: any(
                (one.dataset.name, one.dataset.digest, one.context == OUTPUT_CONTEXT) == (name, digest, made)
                for one in run.inputs.dataset_inputs
            ),
        )

    def children(self, run_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        return self._runs(limit, lambda run: run.data.tags.get(PARENT_RUN_TAG) == run_id)

    def readers(self, model_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        return self._runs(limit, lambda run: any(one.model_id == model_id for one in run.inputs.model_inputs))

    def writers(self, model_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        with self._state.lock:
            model = self._state.logged_models.get(model_id)
        source = "" if model is None else model.source_run_id
        return self._runs(
            limit,
            lambda run: run.info.run_id == source or any(one.model_id == model_id for one in run.outputs.model_outputs),
        )

    def models(self, run_id: str, limit: int) -> Related[str]:
        """See RelationStore."""
        with self._state.lock:
            run = self._state.runs.get(run_id)
            written = {one.model_id for one in run.outputs.model_outputs} if run else set()
            found = sorted(
                (one.creation_time, one.model_id)
                for one in self._state.logged_models.values()
                if one.lifecycle_stage is Lifecycle.ACTIVE and (one.source_run_id == run_id or one.model_id in written)
            )
        return Related([name for _, name in reversed(found)][:limit], len(found))

    def versions(self, run_id: str, model_id: str, source: str, limit: int) -> Related[tuple[str, int]]:
        """See RelationStore."""
        with self._state.lock:
            found = sorted(
                (one.creation_time, one.name, one.version)
                for one in self._state.versions.values()
                if (run_id and one.run_id == run_id and not one.model_id and not _is_copy(one))
                or (model_id and one.model_id == model_id and not _is_copy(one))
                or (source and one.source == source)
            )
        return Related([(name, version) for _, name, version in reversed(found)][:limit], len(found))

    def _runs(self, limit: int, wanted: Callable[[Run], bool]) -> Related[str]:
        with self._state.lock:
            # As in a database, the newest are those that were created last.
            found = [
                run.info.run_id
                for run in reversed(self._state.runs.values())
                if run.info.lifecycle_stage is Lifecycle.ACTIVE and wanted(run)
            ]
        return Related(found[:limit], len(found))


def _is_copy(version: ModelVersion) -> bool:
    """It bears the ids of what it was copied from."""
    return re.match(r"models:/(?!m-).*/", version.source) is not None
