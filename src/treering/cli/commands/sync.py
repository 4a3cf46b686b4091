"""`treering sync`: deliver what was logged while a server or database could not be reached."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from treering.cli.output import json_option, print_json, print_table
from treering.client.sync import Delivered, deliver_left
from treering.core.settings import find_home, read_settings

__all__ = ["sync"]

_WHOLE = 100
_STEP = 25


@click.command()
@json_option
def sync(*, as_json: bool) -> None:
    """Deliver what programs that have ended logged and could not deliver.

    Looks into the journals of the embedded store's folder. Programs that are still
    running deliver by themselves. Exit status 1 if something could not be delivered.
    """
    settings = read_settings()
    home = find_home(settings, Path.cwd())
    results = deliver_left(settings, home, progress=_Told())
    if as_json:
        print_json([{**asdict(result), "journal": str(result.journal)} for result in results])
    else:
        _print(results, home)
    if any(result.error for result in results):
        sys.exit(1)


class _Told:
    """Says on stderr how far each journal is: in place on a terminal, in a few lines elsewhere."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def __call__(self, journal: str, done: int, whole: int) -> None:
        percent = 100 * done // whole if whole else 100
        live = sys.stderr.isatty()
        before = self._said.get(journal, -1)
        if percent == before or not (live or percent == _WHOLE or percent >= before + _STEP):
            return
        self._said[journal] = percent
        click.echo(
            f"{chr(13) if live else ''}{journal}: {percent} % of {whole / 1e6:.1f} MB",
            err=True,
            nl=not live or percent == _WHOLE,
        )


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
