"""Fluent searches over runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Literal

from treering.client.experiments import active_experiment_id
from treering.client.frames import FRAMES
from treering.client.paging import every
from treering.client.session import Place, session
from treering.core.errors import InvalidInput, NotFound
from treering.entities.lifecycle import View
from treering.entities.page import Query
from treering.entities.run import Run
from treering.entities.run_table import RunTable

__all__ = ["find_runs", "search_runs"]

_PAGE = 1000
_TABLE_PAGE = 10_000


def search_runs(  # noqa: PLR0913, PLR0917  # MLflow's signature
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: View | str = View.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
    search_all_experiments: bool = False,  # noqa: FBT001, FBT002  # as above
    experiment_names: Sequence[str] | None = None,
) -> Any:
    """Runs that match, of the active experiment unless others are named; all that was logged so far counts.

    Args:
        output_format: "pandas" gives a DataFrame with `run_id`, `experiment_id`, `status`, `artifact_uri`,
            `start_time`, `end_time`, `metrics.*`, `params.*` and `tags.*`; "list" gives runs.

    Raises:
        BadFilter: If the filter or the order cannot be understood.
        InvalidInput: If experiments are named both ways, or the format is unknown.
        MissingExtra: If pandas is wanted and not installed.
    """
    if output_format not in {"pandas", "list"}:
        msg = f"Unsupported output format: {output_format}. Supported string values are 'pandas' or 'list'."
        raise InvalidInput(msg)
    if experiment_ids and experiment_names:
        msg = "Only experiment_ids or experiment_names can be used, but not both."
        raise InvalidInput(msg)
    current = session()
    place = current.place
    if experiment_names:
        ids = _ids(place, experiment_names)
    elif experiment_ids:
        ids = [str(one) for one in experiment_ids]
    elif search_all_experiments:
        found = every(place.services().tracking.experiments.search, Query())
        ids = [experiment.experiment_id for experiment in found]
    else:
        ids = [active_experiment_id(current)]
    query = Query(filter_string, order_by or (), max_results, "", View(run_view_type), ids)
    if output_format == "list":
        return find_runs(place, query)
    # First, so that who has no pandas is told before anything is read.
    frames = FRAMES.load("pandas")
    return frames.runs(_tables(place, query))


def _tables(place: Place, query: Query) -> list[RunTable]:
    """The first `query.max_results` runs that match, page by page."""
    search = place.read().tracking.runs.table
    left = query.max_results
    found = [RunTable()]
    while left > 0:
        page = search(replace(query, max_results=min(left, _TABLE_PAGE)))
        found.append(page)
        left -= len(page)
        if not page.next_token:
            break
        query = replace(query, page_token=page.next_token)
    return found


def find_runs(place: Place, query: Query) -> list[Run]:
    """The first `query.max_results` runs that match."""
    limit = query.max_results
    page = Query(query.filter, query.order_by, max(1, min(limit, _PAGE)), "", query.view, query.experiment_ids)
    return list(islice(every(place.read().tracking.runs.search, page), limit))


def _ids(place: Place, names: Sequence[str]) -> list[str]:
    experiments = place.services().tracking.experiments
    ids = []
    for name in names:
        try:
            ids.append(experiments.get_by_name(name).experiment_id)
        except NotFound as error:
            msg = f"Experiment with name '{name}' does not exist. Correct the name, or create it first."
            raise NotFound(msg) from error
    return ids
