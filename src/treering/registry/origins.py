"""What registered versions come from: the runs, logged models and files that must stay while the versions do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from treering.core.errors import NotFound
from treering.entities.page import Query, every
from treering.registry.base import ModelVersions
from treering.tracking.base import Tracking

__all__ = ["Origins", "find_origins"]

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Origins:
    """What must stay, each with the version that needs it, in words.

    Attributes:
        runs: By id; `models` likewise.
        places: By URI.
        experiments: By id: those that hold such a run or model.
    """

    runs: Mapping[str, str]
    models: Mapping[str, str]
    places: Mapping[str, str]
    experiments: Mapping[str, str]

    def of_run(self, run_id: str, artifact_uri: str) -> str:
        """Why a run has to stay; "" if it need not."""
        return self.runs.get(run_id) or self._inside(artifact_uri)

    def of_model(self, model_id: str, artifact_uri: str) -> str:
        """As `of_run`, for a logged model."""
        return self.models.get(model_id) or self._inside(artifact_uri)

    def of_experiment(self, experiment_id: str, artifact_location: str) -> str:
        """As `of_run`, for an experiment with all it holds."""
        return self.experiments.get(experiment_id) or self._inside(artifact_location)

    def _inside(self, root: str) -> str:
        stem = root.rstrip("/")
        if not stem:
            return ""
        return next((why for uri, why in self.places.items() if uri == stem or uri.startswith(f"{stem}/")), "")


def find_origins(versions: ModelVersions, tracking: Tracking) -> Origins:
    """Look at every version; the run that wrote a version's model counts as well as the run that it names."""
    runs: dict[str, str] = {}
    models: dict[str, str] = {}
    places: dict[str, str] = {}
    for version in every(versions.search, Query(max_results=_PAGE)):
        why = f"version {version.version} of the registered model {version.name} comes from it"
        for uri in (version.source, version.storage_uri):
            places.setdefault(uri.rstrip("/"), why)
        runs.setdefault(version.run_id, why)
        models.setdefault(version.model_id, why)
    for named in (runs, models, places):
        named.pop("", None)
    return Origins(runs, models, places, _experiments(tracking, runs, models))


def _experiments(tracking: Tracking, runs: dict[str, str], models: dict[str, str]) -> dict[str, str]:
    """Those that hold the runs and models; adds the runs that wrote the models."""
    found: dict[str, str] = {}
    for model_id, why in models.items():
        try:
            model = tracking.models.get(model_id, allow_deleted=True)
        except NotFound:
            continue  # it was removed by somebody else, or lies in another store
        found.setdefault(model.experiment_id, why)
        if model.source_run_id:
            runs.setdefault(model.source_run_id, why)
    for run_id, why in runs.items():
        try:
            found.setdefault(tracking.runs.get(run_id).info.experiment_id, why)
        except NotFound:
            continue
    return found
