"""`treering runs`: search, describe, delete and restore runs."""

from __future__ import annotations

from collections.abc import Mapping

import click

from treering.cli.output import json_option, print_json, print_record, print_table, when
from treering.cli.session import session
from treering.client.paging import every
from treering.entities.lifecycle import View
from treering.entities.page import Page, Query
from treering.entities.run import Run, RunInfo
from treering.wire.native.runs import run_body

__all__ = ["runs"]

_run_id = click.option("--run-id", "-r", required=True, help="The run.")
_view = click.option(
    "--view", "-v", type=click.Choice(["active_only", "deleted_only", "all"]), default="active_only", show_default=True,
    help="Which to show.",
)  # fmt: skip
_filter = click.option(
    "--filter", "-f", "condition", default="", help="Such as: metrics.loss.min < 0.3 AND start_time > now() - 7d"
)
_order_by = click.option("--order-by", "-s", multiple=True, help="Such as: metrics.loss ASC. Repeat it for more terms.")
_max_results = click.option(
    "--max-results", "-n", type=click.IntRange(1), default=100, show_default=True, help="Most to show."
)


@click.group()
def runs() -> None:
    """Search, describe, delete and restore runs."""


@runs.command("list")
@click.option("--experiment-id", "-x", required=True, help="The experiment.")
@_view
@_filter
@_order_by
@_max_results
@json_option
def list_runs(
    experiment_id: str, view: str, condition: str, order_by: tuple[str, ...], max_results: int, *, as_json: bool
) -> None:
    """List the runs of an experiment, newest first."""
    query = Query(condition, order_by, max_results, "", View(view.upper()), [experiment_id], with_total=True)
    with session() as services:
        services.tracking.experiments.get(experiment_id)
        page = services.tracking.runs.search(query)
    _print_page(page, (), as_json=as_json)


@runs.command()
@click.option("--experiment-id", "-x", multiple=True, help="An experiment; repeat it for more.  [default: all]")
@click.option("--experiment-name", "-e", multiple=True, help="An experiment, by name.")
@_filter
@_order_by
@click.option(
    "--column", "-c", multiple=True, help="Also show this: metrics.loss, metrics.loss.min, params.lr, tags.team ..."
)
@_view
@_max_results
@json_option
def search(  # noqa: PLR0913, PLR0917 - one for each option
    experiment_id: tuple[str, ...],
    experiment_name: tuple[str, ...],
    condition: str,
    order_by: tuple[str, ...],
    column: tuple[str, ...],
    view: str,
    max_results: int,
    *,
    as_json: bool,
) -> None:
    """Find runs in some experiments, or in all, by a filter."""
    with session() as services:
        tracking = services.tracking
        ids = [*experiment_id, *(tracking.experiments.get_by_name(name).experiment_id for name in experiment_name)]
        if not ids:
            ids = [one.experiment_id for one in every(tracking.experiments.search, Query())]
        query = Query(condition, order_by, max_results, "", View(view.upper()), ids, with_total=True)
        page = tracking.runs.search(query)
    _print_page(page, column, as_json=as_json)


def _print_page(page: Page[Run], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json([run_body(run) for run in page.items])
        return
    rows = [(*_main_cells(run.info), *(_cell(run, column) for column in columns)) for run in page.items]
    print_table(["id", "name", "status", "started", *columns], rows, "No runs match.")
    if page.next_token:
        click.echo(f"{len(page.items)} of {page.total} runs; --max-results shows more.")


def _main_cells(info: RunInfo) -> tuple[str, ...]:
    return info.run_id, info.run_name, info.status, when(info.start_time)


def _cell(run: Run, column: str) -> str | float | None:
    kind, _, key = column.partition(".")
    tables: Mapping[str, Mapping[str, str | float]] = {
        "metrics": {**_aggregates(run), **run.data.metrics},
        "params": run.data.params,
        "tags": run.data.tags,
    }
    if kind not in tables:
        msg = f"There is no column {column!r}. Write metrics.<key>, params.<key> or tags.<key>."
        raise click.UsageError(msg)
    return tables[kind].get(key.strip('`"'))


def _aggregates(run: Run) -> dict[str, float]:
    """By the names that filters have for them: loss.min, loss.max, loss.last, loss.count."""
    found: dict[str, float] = {}
    for key, one in run.data.summaries.items():
        values = {"min": one.minimum, "max": one.maximum, "last": one.value, "count": one.count}
        found |= {f"{key}.{name}": value for name, value in values.items() if value is not None}
    return found


@runs.command()
@_run_id
@json_option
def describe(run_id: str, *, as_json: bool) -> None:
    """Show all that a run holds."""
    with session() as services:
        run = services.tracking.runs.get(run_id)
    if as_json:
        print_json(run_body(run))
        return
    info = run.info
    print_record(
        {
            "id": info.run_id,
            "name": info.run_name,
            "experiment": info.experiment_id,
            "status": info.status,
            "state": info.lifecycle_stage,
            "user": info.user_id,
            "started": when(info.start_time),
            "ended": when(info.end_time),
            "artifacts": info.artifact_uri,
            "source": _source(run.data.tags),
            "captured": run.data.tags.get("treering.capture", "nothing"),
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": run.data.tags,
            "datasets": {use.dataset.name: use.dataset.digest for use in run.inputs.dataset_inputs},
        }
    )


def _source(tags: Mapping[str, str]) -> str:
    """The script, and what git said of it."""
    git = {name: tags.get(f"mlflow.source.git.{name}", "") for name in ("commit", "branch", "repoURL", "dirty")}
    told = [tags.get("mlflow.source.name", ""), git["repoURL"], git["branch"], git["commit"][:12]]
    return " ".join(filter(None, [*told, "(changed)" if git["dirty"] == "true" else ""]))


@runs.command()
@_run_id
def delete(run_id: str) -> None:
    """Delete a run; `restore` undoes it."""
    with session() as services:
        services.tracking.runs.delete(run_id)
    click.echo(f"Deleted run {run_id}. Undo with: treering runs restore -r {run_id}")


@runs.command()
@_run_id
def restore(run_id: str) -> None:
    """Undo the deletion of a run."""
    with session() as services:
        services.tracking.runs.restore(run_id)
    click.echo(f"Restored run {run_id}.")
