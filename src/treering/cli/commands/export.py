"""`treering export`: take runs out, for other tools."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from treering.cli.exchanged import show_report
from treering.cli.output import json_option
from treering.cli.session import session
from treering.client.paging import every
from treering.core.settings import read_settings
from treering.entities.lifecycle import View
from treering.entities.page import Query
from treering.exchange.bring import Wishes
from treering.exchange.gathered import gathered, series_of
from treering.exchange.mlflow.opening import open_target
from treering.exchange.own import OwnSource
from treering.exchange.report import Report
from treering.exchange.tables import TABLES, TableWriter
from treering.exchange.tables.delimited import DelimitedTables
from treering.exchange.whole import write_whole

__all__ = ["export"]

_PAGE = 1000


@click.group()
def export() -> None:
    """Take runs out, for other tools."""


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    """What the formats of tables have in common: where to write, and what."""
    added: list[Callable[[Any], Any]] = [
        click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path)),
        click.option(
            "--experiment", "-e", "experiments", multiple=True, help="Only this one, by name; may be repeated."
        ),
        click.option("--filter", "-f", "condition", default="", help="Such as: metrics.loss.min < 0.3"),
        click.option("--order-by", "-s", multiple=True, help="Such as: metrics.loss ASC. Repeat it for more terms."),
        click.option("--history", is_flag=True, help="Every point of every metric, instead of one row for each run."),
    ]
    for add in reversed(added):
        command = add(command)
    return command


@export.command(name="csv")
@_choosing
@click.option("--raw", is_flag=True, help="Leave texts that look like formulas as they are.")
def csv(*, raw: bool, **chosen: Any) -> None:
    """Write runs to FILE as CSV, with the columns of search_runs; - is the standard output.

    A text that begins with =, +, -, @ or a tab and is no number gets an apostrophe in front, so that no spreadsheet
    computes it.
    """
    _write(DelimitedTables(raw), **chosen)


@export.command(name="parquet")
@_choosing
def parquet(**chosen: Any) -> None:
    """Write runs to FILE as Parquet, with the columns of search_runs and their types; - is the standard output."""
    _write(TABLES.load("parquet"), **chosen)


@export.command(name="mlflow")
@click.argument("target")
@click.option("--experiment", "-e", "experiments", multiple=True, help="Only this one, by name or id; may be repeated.")
@click.option("--artifacts/--no-artifacts", default=True, help="Copy files, or leave them where they are.")
@click.option("--for-mlflow-2", is_flag=True, help="Leave out which logged models a run read: MLflow 2 fails on it.")
@json_option
def mlflow(target: str, experiments: tuple[str, ...], *, artifacts: bool, for_mlflow_2: bool, as_json: bool) -> None:
    """Write everything to TARGET, a folder mlruns or a server's URL, for MLflow 3 and 2.

    In a folder ids, times and version numbers stay; a server gives new ids. Can be stopped, and started again: it writes only what is not there yet. What
    was written is compared with the source; exit status 1 if something differs.
    """
    report = Report(progress=lambda line: click.echo(line, err=True))
    give = open_target(target, read_settings())
    with session() as services:
        give(OwnSource(services), Wishes(experiments, artifacts, for_mlflow_2), report)
    show_report(report, as_json=as_json)


def _write(
    table: TableWriter,
    *,
    file: Path,
    experiments: tuple[str, ...],
    condition: str,
    order_by: tuple[str, ...],
    history: bool,
) -> None:
    with session() as services:
        tracking = services.tracking
        found = [tracking.experiments.get_by_name(name) for name in experiments]
        found = found or list(every(tracking.experiments.search, Query()))
        query = Query(condition, order_by, _PAGE, "", View.ACTIVE_ONLY, [one.experiment_id for one in found])
        with _opened(file) as out:
            if history:
                count = table.points(series_of(tracking, query), out)
            else:
                with gathered(tracking, query) as runs:
                    count = table.runs(runs, out)
    word = "point" if history else "run"
    click.echo(f"Wrote {count} {word}{'' if count == 1 else 's'}.", err=True)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with write_whole(file) as out:
            yield out
