"""`treering experiments`: make, find, rename, delete and restore experiments."""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from treering.cli.objectives import objective
from treering.cli.output import json_option, print_json, print_record, print_table, when
from treering.cli.session import session
from treering.client.paging import every
from treering.core.errors import InvalidInput
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import View
from treering.entities.page import Query

__all__ = ["experiments"]

_experiment_id = click.option("--experiment-id", "-x", required=True, help="The experiment.")


@click.group()
def experiments() -> None:
    """Make, find, rename, delete and restore experiments."""


experiments.add_command(objective)


@experiments.command()
@click.option("--experiment-name", "-n", required=True, help="Its name.")
@click.option(
    "--artifact-location", "-l", default="", help="URI for its artifacts.  [default: below the artifact root]"
)
def create(experiment_name: str, artifact_location: str) -> None:
    """Make an experiment and print its id."""
    with session() as services:
        made = services.tracking.experiments.create(experiment_name, artifact_location)
    click.echo(f"Created experiment {made.name!r} with id {made.experiment_id}")


@experiments.command()
@click.option(
    "--view", "-v", type=click.Choice(["active_only", "deleted_only", "all"]), default="active_only", show_default=True,
    help="Which to show.",
)  # fmt: skip
@click.option("--filter", "-f", "condition", default="", help="Such as: name ILIKE 'resnet%' AND tags.team = 'vision'")
@click.option("--max-results", type=click.IntRange(1), default=1000, show_default=True, help="Most to show.")
@json_option
def search(view: str, condition: str, max_results: int, *, as_json: bool) -> None:
    """List experiments, newest first."""
    query = Query(filter=condition, max_results=max_results, view=View(view.upper()), with_total=True)
    with session() as services:
        page = services.tracking.experiments.search(query)
    found = page.items
    if as_json:
        print_json(found)
        return
    print_table(
        ["id", "name", "state", "created", "artifacts"],
        [
            (one.experiment_id, one.name, one.lifecycle_stage, when(one.creation_time), one.artifact_location)
            for one in found
        ],
        "No experiments match.",
    )
    if page.next_token:
        click.echo(f"{len(found)} of {page.total} experiments; --max-results shows more.")


@experiments.command()
@click.option("--experiment-id", "-x", default="", help="The experiment, by id.")
@click.option("--experiment-name", "-n", default="", help="The experiment, by name.")
@json_option
def get(experiment_id: str, experiment_name: str, *, as_json: bool) -> None:
    """Show one experiment."""
    if bool(experiment_id) == bool(experiment_name):
        msg = "Name the experiment by one of --experiment-id and --experiment-name."
        raise click.UsageError(msg)
    with session() as services:
        store = services.tracking.experiments
        one = store.get(experiment_id) if experiment_id else store.get_by_name(experiment_name)
    if as_json:
        print_json(one)
    else:
        print_record(_record(one))


@experiments.command()
@_experiment_id
@click.option("--new-name", required=True, help="Its new name.")
def rename(experiment_id: str, new_name: str) -> None:
    """Rename an experiment."""
    with session() as services:
        services.tracking.experiments.rename(experiment_id, new_name)
    click.echo(f"Experiment {experiment_id} is now called {new_name!r}.")


@experiments.command()
@_experiment_id
def delete(experiment_id: str) -> None:
    """Delete an experiment and its runs; `restore` undoes it."""
    with session() as services:
        services.tracking.experiments.delete(experiment_id)
    click.echo(f"Deleted experiment {experiment_id}. Undo with: treering experiments restore -x {experiment_id}")


@experiments.command()
@_experiment_id
def restore(experiment_id: str) -> None:
    """Undo the deletion of an experiment."""
    with session() as services:
        services.tracking.experiments.restore(experiment_id)
    click.echo(f"Restored experiment {experiment_id}.")


@experiments.command("csv")
@_experiment_id
@click.option(
    "--filename", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: stdout]"
)
def write_csv(experiment_id: str, filename: Path | None) -> None:
    """Write the runs of an experiment as CSV: one row for each run."""
    with session() as services:
        services.tracking.experiments.get(experiment_id)
        runs = list(every(services.tracking.runs.search, Query(experiment_ids=[experiment_id], max_results=10_000)))
    metrics = sorted({key for run in runs for key in run.data.summaries})
    params = sorted({key for run in runs for key in run.data.params})
    tags = sorted({key for run in runs for key in run.data.tags})
    with ExitStack() as stack:
        try:
            file = sys.stdout if filename is None else stack.enter_context(filename.open("w", newline=""))
        except OSError as error:
            msg = f"Cannot write {filename}: {error.strerror}. Name a file in a folder that exists and may be written."
            raise InvalidInput(msg) from error
        rows = csv.writer(file)
        fixed = ["run_id", "run_name", "status", "start_time", "end_time"]
        rows.writerow(
            [*fixed, *(f"metrics.{k}" for k in metrics), *(f"params.{k}" for k in params), *(f"tags.{k}" for k in tags)]
        )
        for run in runs:
            info, values = run.info, run.data.metrics
            rows.writerow(
                [info.run_id, info.run_name, info.status, when(info.start_time), when(info.end_time)]
                + [values.get(key, "") for key in metrics]
                + [run.data.params.get(key, "") for key in params]
                + [run.data.tags.get(key, "") for key in tags]
            )


def _record(one: Experiment) -> dict[str, object]:
    return {
        "id": one.experiment_id,
        "name": one.name,
        "state": one.lifecycle_stage,
        "created": when(one.creation_time),
        "changed": when(one.last_update_time),
        "artifacts": one.artifact_location,
        "tags": one.tags,
    }
