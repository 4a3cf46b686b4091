"""How commands end that brought things over or took them out: with counts, and what differs."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from treering.cli.output import print_json, print_table
from treering.exchange.report import Report

__all__ = ["show_report"]

_DIFFERS = 1


def show_report(report: Report, *, as_json: bool) -> None:
    """Print the counts, and each problem on stderr; ends the program with status 1 if there is one."""
    if as_json:
        counts = {name: asdict(counted) for name, counted in report.rows().items()}
        print_json({**counts, "bytes": report.bytes, "verified points": report.verified, "problems": report.problems})
    else:
        rows = [(name, one.found, one.brought, one.present) for name, one in report.rows().items()]
        print_table(["", "at the source", "brought", "there already"], rows, "")
        click.echo(f"{report.verified} metric points and {report.files.brought} files compared with the source.")
    for problem in report.problems:
        click.echo(f"Problem: {problem}", err=True)
    if report.problems:
        sys.exit(_DIFFERS)
