"""`treering gc`: remove for good what was deleted, and delete what has outlived its experiment's rule."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from treering.cli.ages import age_millis
from treering.cli.output import json_option, print_json, print_table, when
from treering.cli.progress import Told
from treering.cli.session import session
from treering.upkeep.gc import Collected, Wanted, collect, plan
from treering.upkeep.retention import Outlived, Verdict, expire, judge

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

    Runs that are older than the tag treering.retention of their experiment says
    are deleted first. What a registered version comes from is kept. Stopped in
    between, it goes on the next time. Exit status 1 if something could not be done.
    """
    wanted = Wanted(age_millis(older_than) if older_than else 0, _split(run_ids), _split(experiment_ids))
    with session() as services:
        verdict = Verdict() if wanted.run_ids else judge(services, wanted.experiment_ids)
        problems = list(verdict.problems)
        if not dry_run:
            problems += expire(services, verdict)[1]
        planned = plan(services, wanted)
        if not dry_run:
            planned = collect(services, planned, Told("gc", "things removed"))
    problems += [f"{one.item.kind.value} {one.item.item_id}: {one.failed}" for one in planned if one.failed]
    if as_json:
        retention = [{**asdict(one), "deleted": not dry_run and not one.kept} for one in verdict.runs]
        print_json({"retention": retention, "removal": planned, "problems": problems, "dry_run": dry_run})
    else:
        _print_retention(verdict.runs, dry_run=dry_run, at_once=not wanted.older_than)
        _print_removal(planned, dry_run=dry_run)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)


def _print_retention(runs: Sequence[Outlived], *, dry_run: bool, at_once: bool) -> None:
    if not runs:
        return
    would = "would be deleted, and go" if at_once else "would be deleted"
    rows = [
        (one.run_id, one.experiment_name, when(one.ended), f"kept: {one.kept}" if one.kept else state)
        for one in runs
        for state in (would if dry_run else "deleted",)
    ]
    print_table(["outlived", "experiment", "ended", "state"], rows, "")
    click.echo("")


def _print_removal(planned: Sequence[Collected], *, dry_run: bool) -> None:
    gone = "would go" if dry_run else "gone"
    rows = [
        (
            one.item.kind.value,
            one.item.item_id,
            when(one.item.deleted),
            "failed" if one.failed else f"kept: {one.kept}" if one.kept else gone,
        )
        for one in planned
    ]
    print_table(["what", "id", "deleted", "state"], rows, "Nothing was deleted that could go.")
    if not dry_run and rows:
        click.echo(f"Removed {sum(not one.kept and not one.failed for one in planned)}.")
