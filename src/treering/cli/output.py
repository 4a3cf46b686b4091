"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import click
import msgspec

from treering.core.clock import from_millis
from treering.core.printable import printable

__all__ = ["json_option", "print_json", "print_record", "print_table", "when"]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: Any) -> None:
    """Values of any entity, indented."""
    click.echo(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str) -> None:
    """Rows below their column names; numbers stand at the right. With no rows, the line `nothing`."""
    if not rows:
        click.echo(nothing)
        return
    cells = [[printable(_text(cell)) for cell in row] for row in rows]
    widths = [max(len(name), *(len(row[index]) for row in cells)) for index, name in enumerate(columns)]
    right = [all(isinstance(row[index], int | float) for row in rows) for index in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        fitted = (text.rjust(widths[i]) if right[i] else text.ljust(widths[i]) for i, text in enumerate(row))
        return "  ".join(fitted).rstrip()

    click.echo(click.style(line(columns), bold=True))
    for row in cells:
        click.echo(line(row))


def print_record(fields: Mapping[str, Any]) -> None:
    """Names and values below each other; a mapping is indented below its name."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if isinstance(value, Mapping):
            click.echo(f"{name}{'' if value else ': none'}")
            inner = max((len(key) for key in value), default=0)
            for key in sorted(value):
                click.echo(f"  {printable(key.ljust(inner))}  {printable(_text(value[key]), lines=True)}")
        else:
            click.echo(f"{name.ljust(width)}  {printable(_text(value), lines=True)}")


def when(millis: int | None) -> str:
    """A time as people read it, in UTC; "" for None."""
    return "" if millis is None else from_millis(millis).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
