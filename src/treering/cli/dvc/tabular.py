"""Rows as a table, for the verbs that print one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from treering.cli.dvc.call import Call
from treering.pipelines.tables import markdown_table, plain_table

__all__ = ["print_table"]


def print_table(call: Call, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, markdown: bool = False) -> None:
    """Print rows below the names of their columns; without names, rows alone; without rows, nothing but Markdown's head."""
    cells = [[str(cell) for cell in row] for row in rows]
    if markdown:
        call.say(markdown_table(columns, cells))
    elif cells:
        text = plain_table(columns or [""] * len(cells[0]), cells)
        call.say(text if columns else text.partition("\n")[2])
