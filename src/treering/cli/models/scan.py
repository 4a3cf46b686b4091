"""`treering models scan`: what a model's files could do to who loads them; nothing in them is run."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack

import click

from treering.cli.models.options import folder_of
from treering.core.printable import printable
from treering.core.settings import Settings
from treering.models.safety.scanning import SAFE, Finding, Report
from treering.models.safety.scanning import scan as look_into

__all__ = ["scan"]

_MOST_NAMES = 8


@click.command("scan")
@click.argument("model")
@click.option("--trust", multiple=True, help="A name that is allowed beside the list, or package.*; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def scan(settings: Settings, *, model: str, trust: tuple[str, ...], as_json: bool) -> None:
    """Report what MODEL, a file, folder or URI, could do to who loads it. Exits with 1 if it is not known to be safe."""
    with ExitStack() as stack:
        report = look_into(folder_of(model, settings, stack), trust)
    click.echo(json.dumps({**report.to_dict(), "path": model}, indent=2) if as_json else _text(report, model))
    if not report.is_safe:
        sys.exit(1)


def _text(report: Report, model: str) -> str:
    lines = [_line(finding) for finding in report.findings]
    bad = sum(finding.verdict != SAFE for finding in report.findings)
    if not bad:
        return "\n".join([*lines, f"{model}: {report.files} files, nothing in them runs code."])
    lines.append(f"{model}: {report.files} files, {bad} not known to be safe. Load it only if you trust who made it.")
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    names = ", ".join(finding.names[:_MOST_NAMES])
    rest = len(finding.names) - _MOST_NAMES
    if rest > 0:
        names += f" and {rest} more"
    # Whoever made the files named them, and must not write lines of the report.
    said = printable(" ".join(part for part in (finding.reason, names) if part))
    return f"{finding.verdict:10}  {finding.kind}  {printable(finding.path)}" + (
        f"\n            {said}" if said else ""
    )
