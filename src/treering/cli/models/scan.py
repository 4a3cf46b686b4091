"""`treering models scan`: what a model's files could do to who loads them; nothing in them is run."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from treering.cli.session import session
from treering.client.artifacts import download_tree
from treering.core.settings import Settings
from treering.core.uri import local_path, scheme_of
from treering.models.safety.scanning import SAFE, Finding, Report
from treering.models.safety.scanning import scan as look_into
from treering.registry.locate import locate

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
        report = look_into(_fetched(model, settings, stack), trust)
    click.echo(json.dumps({**report.to_dict(), "path": model}, indent=2) if as_json else _text(report, model))
    if not report.is_safe:
        sys.exit(1)


def _fetched(uri: str, settings: Settings, stack: ExitStack) -> Path:
    if scheme_of(uri) == "file":
        return local_path(uri)
    target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="treering-scan-")))
    with session(settings) as services:
        return download_tree(services, locate(uri, services.tracking, services.registry), target)


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
    said = " ".join(part for part in (finding.reason, names) if part)
    return f"{finding.verdict:10}  {finding.kind}  {finding.path}" + (f"\n            {said}" if said else "")
