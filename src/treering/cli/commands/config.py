"""`treering config`: every setting as this process sees it."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from treering.core.settings import Settings, sources, variables

__all__ = ["config"]

_SECRET = re.compile(r"\w+_(password|token|key|connection_string)")
_PASSWORD = re.compile(r"(\w[\w+.-]*://[^/@:]*):[^@]*@")
_MASK = "********"


@click.command
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the help of each setting.")
@click.pass_obj
def config(settings: Settings, *, as_json: bool) -> None:
    """Show every setting, its value, and the variable that it comes from; secrets are masked."""
    given = sources()
    rows = [
        {
            "name": item.name,
            "value": _shown(item.name, getattr(settings, item.name)),
            "source": given.get(item.name, "default"),
            "variable": item.environment,
            "mlflow_variable": item.mlflow,
            "help": item.help,
        }
        for item in variables()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    widths = [max(len(str(row[column])) for row in rows) for column in ("name", "value")]
    for row in rows:
        click.echo(f"{row['name']:<{widths[0]}}  {_text(row['value']):<{widths[1]}}  {row['source']}")


def _shown(name: str, value: Any) -> Any:
    if _SECRET.fullmatch(name):
        return _MASK if value else ""
    return _PASSWORD.sub(rf"\1:{_MASK}@", value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
