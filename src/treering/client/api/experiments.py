"""`Client` on experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treering.client.api.base import ClientPart, PagedList, paged
from treering.client.experiments import create_at, get_at, get_by_name_at
from treering.client.objectives import get_objective_at, set_objective_at
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import View
from treering.entities.objective import Objective
from treering.entities.page import Query

__all__ = ["ExperimentCalls"]


class ExperimentCalls(ClientPart):
    """Making, finding and changing experiments; errors as in `treering.tracking.base.Experiments`."""

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, object] | None = None
    ) -> str:
        """Make an experiment and return its id; while the server cannot be reached, one that stands for the name."""
        return create_at(self._place, name, artifact_location, tags)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """One experiment, deleted or not."""
        return get_at(self._place, experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """One experiment, or None; while the server cannot be reached, one of which only the name is known."""
        return get_by_name_at(self._place, name)

    def search_experiments(
        self,
        view_type: View | str = View.ACTIVE_ONLY,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of experiments."""
        query = Query(filter_string or "", order_by or (), max_results or 1000, page_token or "", View(view_type))
        return paged(self._place.services().tracking.experiments.search(query))

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give another name."""
        self._place.services().tracking.experiments.rename(experiment_id, new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Delete softly, with its runs."""
        self._place.read().tracking.experiments.delete(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Undo a deletion."""
        self._place.services().tracking.experiments.restore(experiment_id)

    def set_experiment_tag(self, experiment_id: str, key: str, value: object) -> None:
        """Set a tag."""
        self._place.services().tracking.experiments.set_tags(experiment_id, {key: str(value)})

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag."""
        self._place.services().tracking.experiments.delete_tag(experiment_id, key)

    def get_objective(self, experiment_id: str) -> Objective | None:
        """What an experiment is for, and when it has succeeded; None where nobody said."""
        return get_objective_at(self._place, experiment_id)

    def set_objective(self, experiment_id: str, objective: Objective) -> None:
        """Say what an experiment is for; takes the place of what was said before."""
        set_objective_at(self._place, experiment_id, objective)
