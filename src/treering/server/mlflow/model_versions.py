"""Versions of registered models in MLflow's API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec import UNSET

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.core.uri import parse_runs_uri, scheme_of
from treering.entities.model import STAGES
from treering.entities.page import Query
from treering.registry.base import NewModelVersion
from treering.server.handling import Handlers
from treering.server.locations import PROXY_SCHEME, check_location, is_below
from treering.server.mlflow.asked import at_most, version_asked
from treering.server.mlflow.prompts import is_prompt, without_prompt_clause
from treering.wire.endpoint import Empty
from treering.wire.mlflow import model_versions as wire
from treering.wire.mlflow.fields import entries_of

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST_ASKED = 200_000
_MOST_ON_A_PAGE = 50_000
_STAGES = {stage.lower(): stage for stage in STAGES}


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateVersion) -> wire.FoundVersion:
    _check_source(services, asked)
    new = NewModelVersion(
        asked.name,
        asked.source,
        asked.run_id,
        asked.run_link,
        asked.model_id,
        asked.description,
        tags=entries_of(asked.tags),
    )
    return wire.FoundVersion(wire.version_message(services.registry.versions.create(new)))


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.VersionId) -> wire.FoundVersion:
    found = services.registry.versions.get(asked.name, version_asked(asked.version))
    return wire.FoundVersion(wire.version_message(found))


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateVersion) -> wire.FoundVersion:
    versions, number = services.registry.versions, version_asked(asked.version)
    # MLflow clears a description that is not sent; here what is not sent stays.
    if asked.description is UNSET:
        return wire.FoundVersion(wire.version_message(versions.get(asked.name, number)))
    return wire.FoundVersion(wire.version_message(versions.update(asked.name, number, asked.description)))


@HANDLERS.handles(wire.TRANSITION_STAGE)
def _transition_stage(services: Services, asked: wire.TransitionStage) -> wire.FoundVersion:
    stage = _STAGES.get(asked.stage.lower(), asked.stage)
    moved = services.registry.versions.transition(
        asked.name, version_asked(asked.version), stage, archive_existing=asked.archive_existing_versions
    )
    return wire.FoundVersion(wire.version_message(moved))


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.VersionId) -> Empty:
    services.registry.versions.delete(asked.name, version_asked(asked.version))
    return Empty()


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchVersions) -> wire.FoundVersions:
    text, hide_prompts = without_prompt_clause(asked.filter)
    count = min(at_most(asked.max_results, _MOST_ASKED), _MOST_ON_A_PAGE)
    page = services.registry.versions.search(Query(text, asked.order_by, count, asked.page_token))
    if hide_prompts:
        page = replace(page, items=[version for version in page.items if not is_prompt(version.tags)])
    return wire.versions_page(page)


@HANDLERS.handles(wire.GET_DOWNLOAD_URI)
def _get_download_uri(services: Services, asked: wire.VersionId) -> wire.DownloadUri:
    return wire.DownloadUri(services.registry.versions.get(asked.name, version_asked(asked.version)).storage_uri)


@HANDLERS.handles(wire.SET_TAG)
def _set_tag(services: Services, asked: wire.SetVersionTag) -> Empty:
    services.registry.versions.set_tags(asked.name, version_asked(asked.version), {asked.key: asked.value})
    return Empty()


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteVersionTag) -> Empty:
    services.registry.versions.delete_tag(asked.name, version_asked(asked.version), asked.key)
    return Empty()


def _check_source(services: Services, asked: wire.CreateVersion) -> None:
    """Refuse sources that would open the disk or another experiment's artifacts to whoever registers them."""
    scheme = scheme_of(asked.source)
    check_location(services.settings, asked.source, "source")
    if scheme == "runs":
        if asked.run_id and parse_runs_uri(asked.source).run_id != asked.run_id:
            msg = f"Invalid model version source: '{asked.source}' names another run than run_id={asked.run_id}."
            raise InvalidInput(msg)
    elif scheme in {"file", PROXY_SCHEME} and not any(
        is_below(asked.source, place) for place in _places(services, asked)
    ):
        msg = (
            f"Invalid model version source: '{asked.source}'. To use a local path or an artifact of this server as a"
            " model version source, the run_id or model_id request parameter has to be specified, and the source has"
            " to lie inside the artifact directory of that run or model."
        )
        raise InvalidInput(msg)


def _places(services: Services, asked: wire.CreateVersion) -> Iterator[str]:
    if asked.model_id:
        yield services.tracking.models.get(asked.model_id).artifact_uri
    if asked.run_id:
        run = services.tracking.runs.get(asked.run_id)
        yield run.info.artifact_uri
        # The models that a run logs lie beside the run, in the folder of their experiment.
        yield services.tracking.experiments.get(run.info.experiment_id).artifact_location
