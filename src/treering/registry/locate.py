"""From the URIs that name runs and models to the URI of the store where the files lie.

Works on the Protocols of tracking and registry, so it gives one answer near and far.
"""

from __future__ import annotations

from collections.abc import Callable

from treering.core.errors import NotFound
from treering.core.uri import ModelUri, RunsUri, join, parse_model_uri, parse_runs_uri, scheme_of
from treering.entities.model import LoggedModel, ModelVersion
from treering.entities.page import Query
from treering.entities.run import Run
from treering.registry.base import VersionedModels
from treering.tracking.base import Tracking

__all__ = ["find_logged_model", "find_version", "locate"]

_NOT_IN_MODEL_NAMES = "/:.%\"'"


def locate(uri: str, tracking: Tracking, registry: VersionedModels, exists: Callable[[str], bool] | None = None) -> str:
    """The storage URI that `uri` stands for; a URI of another scheme, or a plain path, is returned as it is.

    `runs:/<run id>/<name>` is the logged model of that name that the run wrote, the one
    of the greatest step if there are several, else what lies there among the run's artifacts.

    Args:
        exists: Says whether something lies at a storage URI. Where given, the run's
            own artifacts win over a logged model of the same name.

    Raises:
        NotFound: If there is no such run, model, version or alias.
        InvalidInput: If `uri` is malformed.
    """
    scheme = scheme_of(uri)
    if scheme == "runs":
        return _locate_in_run(uri, tracking, exists)
    if scheme != "models":
        return uri
    wanted = parse_model_uri(uri)
    if wanted.model_id:
        return join(tracking.models.get(wanted.model_id).artifact_uri, wanted.path)
    version = find_version(wanted, registry)
    return join(version.storage_uri or version.source, wanted.path)


def find_version(wanted: ModelUri, registry: VersionedModels) -> ModelVersion:
    """The version that a `models:/` URI with a name stands for. Raises NotFound."""
    if wanted.version is not None:
        return registry.versions.get(wanted.name, wanted.version)
    if wanted.alias:
        return registry.versions.get_by_alias(wanted.name, wanted.alias)
    found = registry.versions.latest(wanted.name, [wanted.stage])
    if not found:
        msg = (
            f"No version of the registered model '{wanted.name}' is in the stage '{wanted.stage}'."
            " Move one there, or use a version or an alias."
        )
        raise NotFound(msg)
    return found[0]


def find_logged_model(wanted: RunsUri, run: Run, tracking: Tracking) -> LoggedModel | None:
    """The logged model that the path of `wanted` starts with, of the greatest step; None if the run wrote none."""
    name = wanted.path.partition("/")[0]
    if not name or any(character in _NOT_IN_MODEL_NAMES for character in name):
        return None
    query = Query(f"name = '{name}' AND source_run_id = '{run.info.run_id}'", experiment_ids=[run.info.experiment_id])
    steps = {output.model_id: output.step for output in run.outputs.model_outputs}
    # Newest first, so of two at one step the newer one is taken.
    found = tracking.models.search(query).items
    return max(found, key=lambda model: steps.get(model.model_id, 0), default=None)


def _locate_in_run(uri: str, tracking: Tracking, exists: Callable[[str], bool] | None) -> str:
    wanted = parse_runs_uri(uri)
    run = tracking.runs.get(wanted.run_id)
    own = join(run.info.artifact_uri, wanted.path)
    if exists is not None and exists(own):
        return own
    model = find_logged_model(wanted, run, tracking)
    return own if model is None else join(model.artifact_uri, wanted.path.partition("/")[2])
