"""`treering export`: take runs out, for other tools."""

from __future__ import annotations

from typing import TextIO

import click

from treering.cli.session import session
from treering.client.paging import every
from treering.entities.lifecycle import View
from treering.entities.page import Query
from treering.exchange.csv_runs import write_history, write_runs

__all__ = ["export"]


@click.group()
def export() -> None:
    """Take runs out, for other tools."""


@export.command(name="csv")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
@click.option("--experiment", "-e", "experiments", multiple=True, help="Only this one, by name; may be repeated.")
@click.option("--filter", "-f", "condition", default="", help="Such as: metrics.loss.min < 0.3")
@click.option("--order-by", "-s", multiple=True, help="Such as: metrics.loss ASC. Repeat it for more terms.")
@click.option("--history", is_flag=True, help="Every point of every metric, instead of one row for each run.")
def csv(
    file: TextIO,
    experiments: tuple[str, ...],
    condition: str,
    order_by: tuple[str, ...],
    *,
    history: bool,
) -> None:
    """Write runs to FILE as CSV, with the columns of search_runs; - is the standard output."""
    with session() as services:
        tracking = services.tracking
        found = [tracking.experiments.get_by_name(name) for name in experiments]
        found = found or list(every(tracking.experiments.search, Query()))
        query = Query(condition, order_by, 1000, "", View.ACTIVE_ONLY, [one.experiment_id for one in found])
        count = (write_history if history else write_runs)(tracking, query, file)
    click.echo(f"Wrote {count} {'points' if history else 'runs'}.", err=True)
