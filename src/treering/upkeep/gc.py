"""Removes for good what was deleted softly, artifacts first: stopped in between, it goes on the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from treering.assembly import Services
from treering.core.clock import now
from treering.core.errors import NotFound, TreeringError
from treering.entities.deleted import DeletedItem, Kind
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.page import Query, every
from treering.registry.origins import Origins, find_origins
from treering.storage.objects.removal import remove_all

__all__ = ["Collected", "Progress", "Wanted", "collect", "plan"]

_AT_ONCE = 100
_PAGE = 1000

Progress = Callable[[int, int], object]
"""Told how many things are done, and of how many."""


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
    """One thing, and what is to become of it, or became.

    Attributes:
        kept: Why it is kept; "" where it goes.
        failed: Why it could not be removed; it is kept then, perhaps without some of its files.
    """

    item: DeletedItem
    kept: str = ""
    failed: str = ""


def plan(services: Services, wanted: Wanted) -> list[Collected]:
    """What `collect` would remove, and what it would keep and why; changes nothing."""
    chosen = [item for item in services.tracking.upkeep.deleted() if _chosen(item, wanted)]
    if not chosen:
        return []
    origins = find_origins(services.registry.versions, services.tracking)
    judged = [_judged(item, wanted, origins) for item in chosen]
    # An experiment goes with all it holds, so it stays while anything in it has to.
    held = {one.item.experiment_id for one in judged if one.kept and one.item.kind is not Kind.EXPERIMENT}
    return [
        replace(one, kept="something in it is kept")
        if one.item.kind is Kind.EXPERIMENT and not one.kept and one.item.experiment_id in held
        else one
        for one in judged
    ]


def collect(services: Services, planned: Sequence[Collected], progress: Progress | None = None) -> list[Collected]:
    """Remove what the plan says, each thing with its artifacts; the plan as it was carried out.

    What cannot be removed is left, and does not hold up the rest. To be repeated
    after an interruption: what has lost its files is still known as deleted.
    """
    results = {(one.item.kind, one.item.item_id): one for one in planned}
    going = [one.item for one in planned if not one.kept]
    done = 0
    stuck: set[str] = set()
    for some in _batches(going):
        failed = _remove(services, some, stuck)
        for item in some:
            if item.item_id in failed:
                stuck.add(item.experiment_id)
                key = item.kind, item.item_id
                results[key] = replace(results[key], failed=failed[item.item_id])
        done += len(some)
        if progress is not None:
            progress(done, len(going))
    return list(results.values())


def _batches(items: Sequence[DeletedItem]) -> Iterator[Sequence[DeletedItem]]:
    """Runs and models by the hundred, which is a request; experiments, which take long, alone."""
    for kind in (Kind.RUN, Kind.LOGGED_MODEL, Kind.EXPERIMENT):
        same = [item for item in items if item.kind is kind]
        size = 1 if kind is Kind.EXPERIMENT else _AT_ONCE
        yield from (same[start : start + size] for start in range(0, len(same), size))


def _remove(services: Services, items: Sequence[DeletedItem], stuck: set[str]) -> dict[str, str]:
    """Remove things of one kind; by id, why some could not be.

    Args:
        stuck: Experiments in which something could not be removed.
    """
    upkeep = services.tracking.upkeep
    failed: dict[str, str] = {}
    ready = []
    for item in items:
        try:
            stage = _stage(services, item)
            if stage is None:
                continue  # somebody else removed it
            if stage is Lifecycle.ACTIVE:
                failed[item.item_id] = "it was restored in the meantime"
            elif item.kind is Kind.EXPERIMENT and item.experiment_id in stuck:
                failed[item.item_id] = "something in it could not be removed"
            else:
                _remove_files(services, item)
                ready.append(item.item_id)
        except TreeringError as error:
            failed[item.item_id] = error.message
    if ready:
        try:
            if items[0].kind is Kind.EXPERIMENT:
                upkeep.purge_experiment(ready[0])
            else:
                (upkeep.purge_runs if items[0].kind is Kind.RUN else upkeep.purge_logged_models)(ready)
        except TreeringError as error:
            failed |= dict.fromkeys(ready, error.message)
    return failed


def _stage(services: Services, item: DeletedItem) -> Lifecycle | None:
    """Where it stands by now, for the plan may be old; None where it is gone."""
    tracking = services.tracking
    try:
        if item.kind is Kind.RUN:
            return tracking.runs.get(item.item_id).info.lifecycle_stage
        if item.kind is Kind.LOGGED_MODEL:
            return tracking.models.get(item.item_id, allow_deleted=True).lifecycle_stage
        return tracking.experiments.get(item.item_id).lifecycle_stage
    except NotFound:
        return None


def _remove_files(services: Services, item: DeletedItem) -> None:
    if item.kind is Kind.EXPERIMENT:
        _remove_files_inside(services, item.item_id)
    else:
        remove_all(services.open_artifacts(item.artifact_uri))


def _remove_files_inside(services: Services, experiment_id: str) -> None:
    query = Query(experiment_ids=[experiment_id], view=View.ALL, max_results=_PAGE)
    for run in every(services.tracking.runs.search, query):
        remove_all(services.open_artifacts(run.info.artifact_uri))
    for model in every(services.tracking.models.search, query):
        remove_all(services.open_artifacts(model.artifact_uri))


def _chosen(item: DeletedItem, wanted: Wanted) -> bool:
    if not wanted.run_ids and not wanted.experiment_ids:
        return True
    named = item.kind is Kind.RUN and item.item_id in wanted.run_ids
    return named or item.experiment_id in wanted.experiment_ids


def _judged(item: DeletedItem, wanted: Wanted, origins: Origins) -> Collected:
    if item.kind is Kind.EXPERIMENT and item.item_id == DEFAULT_EXPERIMENT_ID:
        return Collected(item, "the default experiment always exists")
    if wanted.older_than and item.deleted is None:
        return Collected(item, "nobody knows when it was deleted")
    if wanted.older_than and item.deleted is not None and now() - item.deleted < wanted.older_than:
        return Collected(item, "it was deleted too recently")
    needs = {Kind.RUN: origins.of_run, Kind.LOGGED_MODEL: origins.of_model, Kind.EXPERIMENT: origins.of_experiment}
    return Collected(item, needs[item.kind](item.item_id, item.artifact_uri))
