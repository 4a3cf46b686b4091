"""`treering experiments objective`: what an experiment is for, and when it has succeeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from treering.assembly import Services
from treering.cli.output import json_option, print_json, print_record, print_table
from treering.cli.session import session
from treering.core.errors import NotFound
from treering.entities.experiment import Experiment
from treering.entities.objective import Objective
from treering.tracking.objectives import OBJECTIVE_TAG, new_objective, read_objective, write_objective

__all__ = ["objective"]


def _experiment(command: Callable[..., Any]) -> Callable[..., Any]:
    by_id = click.option("--experiment-id", "-x", default="", help="The experiment, by id.")
    by_name = click.option("--experiment-name", "-n", default="", help="The experiment, by name.")
    return by_id(by_name(command))


@click.group()
def objective() -> None:
    """What an experiment is for, and when it has succeeded."""


@objective.command("set")
@_experiment
@click.argument("statement")
@click.option(
    "--success", "-s", multiple=True,
    help="A bound that has to hold, such as 'recall >= 0.9', or 'recall[age over 60] >= 0.8' on a slice; may be repeated.",
)  # fmt: skip
@click.option("--primary", "-p", default="", help="Metric by which models are compared.  [default: of the first bound]")
@click.option(
    "--greater-is-better/--smaller-is-better", default=None, help="Of the primary metric.  [default: as its bound says]"
)
@click.option(
    "--min-improvement", type=click.FloatRange(0), default=0.0, show_default=True,
    help="By how much a new model has to beat the one in use.",
)  # fmt: skip
@click.option("--owner", default="", help="Who answers for it.")
@json_option
def set_objective(  # noqa: PLR0913  # the options of a command
    experiment_id: str,
    experiment_name: str,
    statement: str,
    *,
    success: tuple[str, ...],
    primary: str,
    greater_is_better: bool | None,
    min_improvement: float,
    owner: str,
    as_json: bool,
) -> None:
    """Say what an experiment is for, in a sentence; gates, model cards and pages read it.

    It takes the place of what was said before. An experiment that is named and does not
    exist yet is made.
    """
    made = new_objective(
        statement,
        success,
        primary,
        greater_is_better=greater_is_better,
        min_improvement=min_improvement,
        owner=owner,
    )
    with session() as services:
        try:
            found = _found(services, experiment_id, experiment_name)
        except NotFound:
            if not experiment_name:
                raise
            found = services.tracking.experiments.create(experiment_name)
        services.tracking.experiments.set_tags(found.experiment_id, {OBJECTIVE_TAG: write_objective(made)})
    if as_json:
        print_json(made)
    else:
        click.echo(f"The objective of experiment {found.name!r} is set.")


@objective.command()
@_experiment
@json_option
def show(experiment_id: str, experiment_name: str, *, as_json: bool) -> None:
    """Show what an experiment is for, and when it has succeeded."""
    with session() as services:
        experiment = _found(services, experiment_id, experiment_name)
    found = read_objective(experiment.tags)
    if as_json:
        print_json(found)
    elif found is None:
        click.echo(
            f"Nobody has said what experiment {experiment.name!r} is for. Do so with: treering experiments objective set"
        )
    else:
        _print(found)


@objective.command()
@_experiment
def remove(experiment_id: str, experiment_name: str) -> None:
    """Take an experiment's objective away."""
    with session() as services:
        experiment = _found(services, experiment_id, experiment_name)
        if OBJECTIVE_TAG in experiment.tags:
            services.tracking.experiments.delete_tag(experiment.experiment_id, OBJECTIVE_TAG)
    click.echo(f"Experiment {experiment.name!r} has no objective any more.")


def _found(services: Services, experiment_id: str, experiment_name: str) -> Experiment:
    if bool(experiment_id) == bool(experiment_name):
        msg = "Name the experiment by one of --experiment-id and --experiment-name."
        raise click.UsageError(msg)
    experiments = services.tracking.experiments
    return experiments.get(experiment_id) if experiment_id else experiments.get_by_name(experiment_name)


def _print(found: Objective) -> None:
    print_record({"statement": found.statement, "owner": found.owner or "nobody yet"})
    if found.primary:
        way = "more is better" if found.greater_is_better else "less is better"
        least = f", by at least {found.min_improvement:g}" if found.min_improvement else ""
        click.echo(f"compared   by {found.primary} ({way}){least}")
    click.echo()
    rows = [(one.metric, one.slice or "all rows", one.bound) for one in found.criteria]
    print_table(["metric", "on", "has to be"], rows, "It sets no bounds.")
