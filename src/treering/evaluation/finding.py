"""The newest evaluation of a model, whichever run holds it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from treering.core.uri import join
from treering.entities.evaluation import Evaluation
from treering.entities.model import LoggedModel
from treering.entities.page import Page, Query
from treering.entities.run import Run
from treering.evaluation.record import EVALUATED_TAG, RECORD_PATH, from_json
from treering.storage.objects.base import ObjectStore
from treering.storage.objects.texts import read_small_text

__all__ = ["newest_evaluation"]

_MOST_RUNS = 5

T = TypeVar("T")


class _Attempt(Protocol):
    """Reads what is there: None where nothing is, or where it cannot be read, which the caller is told some other way."""

    def __call__(self, read: Callable[[], T], what: str, /) -> T | None: ...


class _Runs(Protocol):
    def get(self, run_id: str) -> Run: ...

    def search(self, query: Query) -> Page[Run]: ...


def newest_evaluation(
    runs: _Runs,
    open_artifacts: Callable[[str], ObjectStore],
    run: Run | None,
    model: LoggedModel | None,
    attempt: _Attempt,
) -> tuple[Evaluation, Run] | None:
    """Of the runs that say they hold an evaluation of the model, or of the model's own run: the newest, and who holds it.

    Args:
        open_artifacts: Opens the files below a storage URI.
        run: The run that made the model; it may hold an evaluation without saying of what.
    """
    holders = {} if model is None else _that_judged(runs, model, attempt)
    if run is not None and _may_be_of(run, model):
        holders.setdefault(run.info.run_id, run)
    found = []
    for one in holders.values():
        record = attempt(partial(_record, open_artifacts, one.info.artifact_uri), "The evaluation")
        if record is not None:
            found.append((record, one))
    return max(found, key=lambda pair: pair[0].created, default=None)


def _that_judged(runs: _Runs, model: LoggedModel, attempt: _Attempt) -> dict[str, Run]:
    """The newest runs that say so: of the model's experiment, and those that its metrics name."""
    query = Query(
        f"tags.`{EVALUATED_TAG}` = '{model.model_id}'",
        ("attributes.start_time DESC",),
        _MOST_RUNS,
        experiment_ids=(model.experiment_id,),
    )
    found = attempt(lambda: runs.search(query), "Evaluations")
    holders = {one.info.run_id: one for one in (found.items if found else ())}
    newest = sorted(model.metrics, key=lambda metric: metric.timestamp, reverse=True)
    named = dict.fromkeys(metric.run_id for metric in newest if metric.run_id and metric.run_id not in holders)
    for run_id in list(named)[:_MOST_RUNS]:
        one = attempt(partial(runs.get, run_id), "A run that judged it")
        if one is not None and one.data.tags.get(EVALUATED_TAG) == model.model_id:
            holders[run_id] = one
    return holders


def _may_be_of(run: Run, model: LoggedModel | None) -> bool:
    """A run that says whom it judged may have judged somebody else."""
    return model is None or run.data.tags.get(EVALUATED_TAG, model.model_id) == model.model_id


def _record(open_artifacts: Callable[[str], ObjectStore], uri: str) -> Evaluation:
    return from_json(read_small_text(open_artifacts(uri), RECORD_PATH), join(uri, RECORD_PATH))
