"""Removes for good what was deleted softly, artifacts first: stopped in between, it goes on the next time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from treering.assembly import Services
from treering.client.paging import every
from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.deleted import DeletedItem, Kind
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID
from treering.entities.lifecycle import View
from treering.entities.page import Query

__all__ = ["Collected", "Wanted", "collect", "plan"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to remove; everything that was deleted where nothing is given.

    Attributes:
        older_than: Milliseconds since the deletion; what has no known time of deletion is kept then.
        run_ids: Only these runs; `experiment_ids` likewise, with all that is in them.
    """

    older_than: int = 0
    run_ids: Sequence[str] = ()
    experiment_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """One thing, and what is to become of it.

    Attributes:
        kept: Why it is kept; "" where it goes.
    """

    item: DeletedItem
    kept: str = ""


def plan(services: Services, wanted: Wanted) -> list[Collected]:
    """What `collect` would remove, and what it would keep and why; changes nothing."""
    chosen = [item for item in services.tracking.upkeep.deleted() if _chosen(item, wanted)]
    used = _used(services) if chosen else {}
    judged = [_judged(item, wanted, used) for item in chosen]
    # An experiment goes with all it holds, so it stays while anything in it has to.
    held = {one.item.experiment_id for one in judged if one.kept and one.item.kind is not Kind.EXPERIMENT}
    return [
        replace(one, kept="something in it is kept")
        if one.item.kind is Kind.EXPERIMENT and not one.kept and one.item.experiment_id in held
        else one
        for one in judged
    ]


def collect(services: Services, planned: Sequence[Collected]) -> int:
    """Remove what the plan says; how many things went, each with its artifacts."""
    upkeep = services.tracking.upkeep
    count = 0
    for item in (one.item for one in planned if not one.kept):
        if item.kind is Kind.EXPERIMENT:
            for run in every(services.tracking.runs.search, _all_of(item.item_id)):
                _remove_files(services, run.info.artifact_uri)
            for model in every(services.tracking.models.search, _all_of(item.item_id)):
                _remove_files(services, model.artifact_uri)
            count += upkeep.purge_experiment(item.item_id)
            continue
        _remove_files(services, item.artifact_uri)
        purge = upkeep.purge_runs if item.kind is Kind.RUN else upkeep.purge_logged_models
        count += purge([item.item_id])
    return count


def _all_of(experiment_id: str) -> Query:
    return Query(experiment_ids=[experiment_id], view=View.ALL, max_results=1000)


def _chosen(item: DeletedItem, wanted: Wanted) -> bool:
    if not wanted.run_ids and not wanted.experiment_ids:
        return True
    named = item.kind is Kind.RUN and item.item_id in wanted.run_ids
    return named or item.experiment_id in wanted.experiment_ids


def _judged(item: DeletedItem, wanted: Wanted, used: dict[str, str]) -> Collected:
    if item.kind is Kind.EXPERIMENT and item.item_id == DEFAULT_EXPERIMENT_ID:
        return Collected(item, "the default experiment always exists")
    if wanted.older_than and item.deleted is None:
        return Collected(item, "nobody knows when it was deleted")
    if wanted.older_than and item.deleted is not None and now() - item.deleted < wanted.older_than:
        return Collected(item, "it was deleted too recently")
    return Collected(item, next((why for uri, why in used.items() if _below(uri, item.artifact_uri)), ""))


def _used(services: Services) -> dict[str, str]:
    """Where registered versions have their files, and which versions."""
    found: dict[str, str] = {}
    for version in every(services.registry.versions.search, Query(max_results=1000)):
        for uri in (version.source, version.storage_uri):
            if uri:
                found[uri] = f"version {version.version} of the registered model {version.name} points into it"
    return found


def _below(uri: str, root: str) -> bool:
    stem = root.rstrip("/")
    return bool(stem) and (uri.rstrip("/") == stem or uri.startswith(f"{stem}/"))


def _remove_files(services: Services, uri: str) -> None:
    store = services.open_artifacts(uri)
    for info in store.list():
        try:
            store.delete(info.path)
        except NotFound:
            continue  # somebody else removed it
