"""Saved views in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound
from treering.entities.lifecycle import Lifecycle
from treering.entities.view import SavedView, ViewChanges
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryViews"]


class MemoryViews:
    """ViewStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, view: SavedView) -> SavedView:
        """See ViewStore."""
        with self._state.lock:
            if view.experiment_id and not self._is_active(self._state.experiment(view.experiment_id).experiment_id):
                msg = f"The experiment {view.experiment_id!r} is deleted. Restore it before saving views."
                raise InvalidInput(msg)
            self._put(view)
        return view

    def get(self, view_id: str) -> SavedView:
        """See ViewStore."""
        with self._state.lock:
            found = self._state.views.get(view_id)
            if found is None or not self._is_active(found.experiment_id):
                msg = f"There is no view with the id {view_id!r}. List the views to see which there are."
                raise NotFound(msg)
            return found

    def list(self, experiment_id: str, page: str) -> Sequence[SavedView]:
        """See ViewStore."""
        with self._state.lock:
            found = [
                view
                for view in self._state.views.values()
                if view.experiment_id in {experiment_id, ""}
                and page in {"", view.page}
                and self._is_active(view.experiment_id)
            ]
        return sorted(found, key=lambda view: (not view.experiment_id, view.name, view.view_id))

    def update(self, view_id: str, changes: ViewChanges) -> SavedView:
        """See ViewStore."""
        with self._state.lock:
            known = self.get(view_id)
            changed = replace(
                known,
                name=known.name if changes.name is None else changes.name,
                search=known.search if changes.search is None else changes.search,
                is_default=known.is_default if changes.is_default is None else changes.is_default,
                updated=now(),
            )
            self._put(changed)
            return changed

    def delete(self, view_id: str) -> None:
        """See ViewStore."""
        with self._state.lock:
            self.get(view_id)
            del self._state.views[view_id]

    def _put(self, view: SavedView) -> None:
        for other in list(self._state.views.values()) if view.is_default else []:
            if (other.experiment_id, other.page) == (view.experiment_id, view.page):
                self._state.views[other.view_id] = replace(other, is_default=False)
        self._state.views[view.view_id] = view

    def _is_active(self, experiment_id: str) -> bool:
        if not experiment_id:
            return True
        return self._state.experiments[experiment_id].lifecycle_stage is Lifecycle.ACTIVE
