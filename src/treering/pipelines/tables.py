"""Tables of texts as DVC prints them: columns side by side, or Markdown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["markdown_table", "plain_table"]

_HEADER_ROOM = 2
_BETWEEN = "  "


def plain_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns beside each other, without a last line feed; "" where there are no rows.

    Args:
        headers: One for each column; none for a table without a head.
    """
    filled = _stripped(rows)
    if not filled:
        return ""
    widths = _widths(headers, filled)
    shown = [headers, *filled] if headers else filled
    return "\n".join(_BETWEEN.join(map(_padded, row, widths)).rstrip() for row in _by_line(shown))


def markdown_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, with a last line feed; its head alone where there are no rows."""
    filled = _stripped(rows)
    widths = _widths(headers, filled)
    lines = [_framed(headers, widths), "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
    lines += [_framed(row, widths) for row in _by_line(filled)]
    return "\n".join(lines) + "\n"


def _stripped(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in rows]


def _framed(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(map(_padded, row, widths)) + " |"


def _by_line(rows: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    """A row whose cells have several lines, as several rows."""
    for row in rows:
        if not any("\n" in cell for cell in row):
            yield row
            continue
        cells = [cell.split("\n") for cell in row]
        for line in range(max(map(len, cells))):
            yield [cell[line] if line < len(cell) else "" for cell in cells]


def _widths(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    columns: list[Sequence[str]] = list(zip(*rows, strict=True)) if rows else [()] * len(headers)
    heads = [_width(header) + _HEADER_ROOM for header in headers] or [0] * len(columns)
    return [
        max([head, *(max(map(_width, cell.split("\n"))) for cell in column)])
        for head, column in zip(heads, columns, strict=True)
    ]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """How many places a terminal gives it: two for a character of East Asian width, none for one that combines."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)
