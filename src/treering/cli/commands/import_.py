"""`treering import`: bring over what another tool kept."""

from __future__ import annotations

from dataclasses import replace

import click

from treering.cli.exchanged import show_report
from treering.cli.output import json_option
from treering.cli.session import session
from treering.core.settings import read_settings
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow
from treering.exchange.report import Report

__all__ = ["import_"]


@click.group(name="import")
def import_() -> None:
    """Bring over what another tool kept."""


@import_.command()
@click.argument("uri")
@click.option("--experiment", "experiments", multiple=True, help="Only this one, by name or id; may be repeated.")
@click.option("--artifacts/--no-artifacts", default=True, help="Copy files to the destination's place, or leave them.")
@click.option("--artifacts-from", default="", help="Where a server kept what lies behind mlflow-artifacts: addresses.")
@click.option(
    "--to", "destination", default="", help="Database, folder or server to bring it to; else as settings say."
)
@json_option
def mlflow(
    uri: str, experiments: tuple[str, ...], *, artifacts: bool, artifacts_from: str, destination: str, as_json: bool
) -> None:
    """Bring over an MLflow database, a folder mlruns, or what a server has.

    Runs keep their ids and versions their numbers. Can be stopped, and started again:
    it brings only what is not there yet. What arrived is compared with the source;
    exit status 1 if something differs.
    """
    settings = read_settings()
    if destination:
        settings = replace(settings, tracking_uri=destination, registry_uri="")
    report = Report(progress=lambda line: click.echo(line, err=True))
    source = open_mlflow(uri, settings, artifacts_from)
    try:
        with session(settings) as services:
            bring(source, services, Wishes(experiments, artifacts), report)
    finally:
        source.close()
    show_report(report, as_json=as_json)
