"""`treering sync`: deliver what was logged while a server or database could not be reached."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import click

from treering.cli.output import json_option, print_json, print_table
from treering.client.connect import connect
from treering.client.sync import Delivered, deliver_orphans
from treering.core.settings import find_home, read_settings
from treering.tracking.base import Tracking

__all__ = ["sync"]


@click.command()
@json_option
def sync(*, as_json: bool) -> None:
    """Deliver what programs that have ended logged and could not deliver.

    Looks into the journals of the embedded store's folder. Programs that are still
    running deliver by themselves. Exit status 1 if something could not be delivered.
    """
    settings = replace(read_settings(), http_retries=0)
    home = find_home(settings, Path.cwd())
    with ExitStack() as stack:
        opened: dict[str, Tracking] = {}

        def tracking(destination: str) -> Tracking:
            if destination not in opened:
                services = connect(replace(settings, tracking_uri=destination or str(home), registry_uri=""))
                stack.callback(services.close)
                opened[destination] = services.tracking
            return opened[destination]

        results = deliver_orphans(home / "journal", tracking)
    if as_json:
        print_json([{**asdict(result), "journal": str(result.journal)} for result in results])
    else:
        _print(results, home)
    if any(result.error for result in results):
        sys.exit(1)


def _print(results: list[Delivered], home: Path) -> None:
    rows = [
        (
            result.journal.stem,
            result.destination or str(home),
            result.records,
            result.refused,
            result.damaged,
            "waiting" if result.error else "done",
        )
        for result in results
    ]
    print_table(
        ["journal", "destination", "delivered", "refused", "damaged", "state"], rows, "Nothing waits for delivery."
    )
    for result in results:
        if result.error:
            click.echo(f"{result.journal.stem}: {result.error}", err=True)
        if result.refused:
            click.echo(f"What was refused, and why, stands in {result.journal.with_suffix('.refused')}", err=True)
