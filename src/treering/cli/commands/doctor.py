"""`treering doctor`: what is wrong with an installation and its store, and what to do about it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from treering.cli.ages import age_millis
from treering.cli.output import json_option, print_json
from treering.core.settings import Settings, find_home
from treering.core.uri import local_path, scheme_of
from treering.upkeep.database import database_uri
from treering.upkeep.doctor import examine
from treering.upkeep.finding import Case, Examined, Finding

__all__ = ["doctor"]


@click.command()
@click.option("--store", default="", help="Folder, database or server to examine; otherwise as the settings say.")
@click.option("--fix", is_flag=True, help="Put right what can be without risk, and say what was done.")
@click.option(
    "--dead-after", default="1d", help="How long a run that no program has open may be silent, such as 1d or 6h."
)
@json_option
@click.pass_obj
def doctor(settings: Settings, *, store: str, fix: bool, dead_after: str, as_json: bool) -> None:
    """Examine this installation and its store.

    Looks at versions, settings, disks, the database or server, journals, runs,
    metric points and artifacts, and changes nothing. With --fix it delivers
    what ended programs left, ends runs whose program is gone as KILLED, and clears away
    pieces of files that were never finished. Exit status 1 if anything is wrong.
    """
    case = _case(settings, store, fix=fix, dead_after=age_millis(dead_after))
    results = []
    for one in examine(case):
        results.append(one)
        if not as_json:
            _print(one)
    open_ones = [finding for one in results for finding in one.findings if not finding.fixed]
    if as_json:
        print_json({"ok": not open_ones, "parts": [asdict(one) for one in results]})
    elif open_ones:
        click.echo(f"\n{len(open_ones)} {'thing is' if len(open_ones) == 1 else 'things are'} wrong.")
    else:
        click.echo("\nNothing is wrong.")
    if open_ones:
        sys.exit(1)


def _case(settings: Settings, store: str, *, fix: bool, dead_after: int) -> Case:
    asked = store or settings.tracking_uri
    here = find_home(settings, Path.cwd())
    if scheme_of(asked) in {"http", "https"}:
        return Case(settings, asked, here, fix, dead_after)
    home = local_path(asked) if asked and scheme_of(asked) == "file" else here
    return Case(settings, database_uri(settings, asked, Path.cwd()), home, fix, dead_after)


def _print(one: Examined) -> None:
    if one.skipped:
        click.echo(f"[-] {one.part}: not examined, {one.skipped}")
        return
    wrong = any(not finding.fixed for finding in one.findings)
    mark = click.style("[!]", fg="yellow", bold=True) if wrong else click.style("[ok]", fg="green")
    click.echo(f"{mark} {one.part}{f': {one.summary}' if one.summary else ''}")
    for finding in one.findings:
        _print_finding(finding)


def _print_finding(finding: Finding) -> None:
    click.echo(f"    {finding.what}")
    click.echo(f"      why:  {finding.why}")
    if finding.fixed:
        click.echo(f"      done: {finding.fixed}")
    else:
        click.echo(f"      next: {click.style(finding.next, bold=True)}")
