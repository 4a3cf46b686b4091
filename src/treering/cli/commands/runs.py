"""`treering runs`: list, describe, delete and restore runs."""

from __future__ import annotations

import click

from treering.cli.output import json_option, print_json, print_record, print_table, when
from treering.cli.session import session
from treering.entities.lifecycle import View
from treering.entities.page import Query
from treering.wire.native.runs import run_body

__all__ = ["runs"]

_run_id = click.option("--run-id", "-r", required=True, help="The run.")


@click.group()
def runs() -> None:
    """List, describe, delete and restore runs."""


@runs.command("list")
@click.option("--experiment-id", "-x", required=True, help="The experiment.")
@click.option(
    "--view", "-v", type=click.Choice(["active_only", "deleted_only", "all"]), default="active_only", show_default=True,
    help="Which to show.",
)  # fmt: skip
@click.option("--filter", "-f", "condition", default="", help="Such as: metrics.loss < 0.3 AND params.lr = '0.1'")
@click.option("--order-by", "-s", multiple=True, help="Such as: metrics.loss ASC. Repeat it for more terms.")
@click.option("--max-results", "-n", type=click.IntRange(1), default=100, show_default=True, help="Most to show.")
@json_option
def list_runs(
    experiment_id: str, view: str, condition: str, order_by: tuple[str, ...], max_results: int, *, as_json: bool
) -> None:
    """List the runs of an experiment, newest first."""
    query = Query(condition, order_by, max_results, "", View(view.upper()), [experiment_id], with_total=True)
    with session() as services:
        services.tracking.experiments.get(experiment_id)
        page = services.tracking.runs.search(query)
    if as_json:
        print_json([run_body(run) for run in page.items])
        return
    rows = [(run.info.run_id, run.info.run_name, run.info.status, when(run.info.start_time)) for run in page.items]
    print_table(["id", "name", "status", "started"], rows, "No runs match.")
    if page.next_token:
        click.echo(f"{len(page.items)} of {page.total} runs; --max-results shows more.")


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
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": run.data.tags,
            "datasets": {use.dataset.name: use.dataset.digest for use in run.inputs.dataset_inputs},
        }
    )


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
