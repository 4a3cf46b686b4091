"""Keeping the house of a server over HTTP; each method is one request, or one for each thousand things."""

from __future__ import annotations

from collections.abc import Sequence

from treering.client.channel import Channel
from treering.entities.deleted import DeletedItem
from treering.entities.experiment import Experiment
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run
from treering.wire.endpoint import Empty
from treering.wire.native import upkeep
from treering.wire.native.models import logged_model_body, logged_model_from
from treering.wire.native.runs import run_body, run_from

__all__ = ["FarUpkeep"]

_AT_ONCE = 1000


class FarUpkeep:
    """The `Upkeep` of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def put_experiment(self, given: Experiment) -> Experiment:
        """As `Upkeep.put_experiment`."""
        return self._call(upkeep.PUT_EXPERIMENT, given)

    def put_run(self, given: Run) -> Run:
        """As `Upkeep.put_run`."""
        return run_from(self._call(upkeep.PUT_RUN, run_body(given), repeatable=True))

    def put_logged_model(self, given: LoggedModel) -> LoggedModel:
        """As `Upkeep.put_logged_model`."""
        body = logged_model_body(given)
        return logged_model_from(self._call(upkeep.PUT_LOGGED_MODEL, body, repeatable=True))

    def put_registered_model(self, given: RegisteredModel) -> None:
        """As `Upkeep.put_registered_model`."""
        self._call(upkeep.PUT_REGISTERED_MODEL, given, repeatable=True)

    def put_version(self, given: ModelVersion) -> None:
        """As `Upkeep.put_version`."""
        self._call(upkeep.PUT_VERSION, given, repeatable=True)

    def deleted(self) -> Sequence[DeletedItem]:
        """As `Upkeep.deleted`."""
        return self._call(upkeep.DELETED, Empty(), repeatable=True).items

    def purge_runs(self, run_ids: Sequence[str]) -> int:
        """As `Upkeep.purge_runs`; raises Conflict as well, if a registered version comes from one."""
        chunks = (run_ids[start : start + _AT_ONCE] for start in range(0, len(run_ids), _AT_ONCE))
        return sum(
            self._call(upkeep.PURGE_RUNS, upkeep.PurgeRuns(some, artifacts=False), repeatable=True).count
            for some in chunks
        )

    def purge_logged_models(self, model_ids: Sequence[str]) -> int:
        """As `Upkeep.purge_logged_models`; raises as `purge_runs`."""
        chunks = (model_ids[start : start + _AT_ONCE] for start in range(0, len(model_ids), _AT_ONCE))
        return sum(
            self._call(
                upkeep.PURGE_LOGGED_MODELS, upkeep.PurgeLoggedModels(some, artifacts=False), repeatable=True
            ).count
            for some in chunks
        )

    def purge_experiment(self, experiment_id: str) -> int:
        """As `Upkeep.purge_experiment`; raises as `purge_runs`."""
        asked = upkeep.PurgeExperiment(experiment_id, artifacts=False)
        return self._call(upkeep.PURGE_EXPERIMENT, asked, repeatable=True).count
