"""`treering gc`: remove for good what was deleted."""

from __future__ import annotations

import click

from treering.cli.ages import age_millis
from treering.cli.output import json_option, print_json, print_table, when
from treering.cli.session import session
from treering.upkeep.gc import Wanted, collect, plan

__all__ = ["gc"]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@click.command()
@click.option("--older-than", default="", help="Only what was deleted at least this long ago, such as 30d or 1d2h.")
@click.option("--run-ids", default="", help="Only these runs, with commas between them.")
@click.option("--experiment-ids", default="", help="Only these experiments with all that is in them.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
def gc(*, older_than: str, run_ids: str, experiment_ids: str, dry_run: bool, as_json: bool) -> None:
    """Remove for good what was deleted, with its artifacts.

    Files that a registered version points at are kept, together with their run.
    Stopped in between, it goes on the next time.
    """
    wanted = Wanted(age_millis(older_than) if older_than else 0, _split(run_ids), _split(experiment_ids))
    with session() as services:
        planned = plan(services, wanted)
        count = 0 if dry_run else collect(services, planned)
    if as_json:
        print_json(planned)
        return
    rows = [
        (one.item.kind.value, one.item.item_id, when(one.item.deleted), one.kept or ("would go" if dry_run else "gone"))
        for one in planned
    ]
    print_table(["what", "id", "deleted", "state"], rows, "Nothing was deleted that could go.")
    if not dry_run and rows:
        click.echo(f"Removed {count}.")
