"""Lines of charts as the bytes that travel, and back.

The bytes of a column stand in planes, those of one significance together, because
the upper ones hardly change and compress to nothing.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Any

from treering.entities.line import Line, LineQuery, LineX
from treering.wire.native.metrics import AskedLines, LineBody, Lines, XColumn

__all__ = ["lines_from", "lines_to", "query_from", "query_to"]

_UPPER = 2


def query_to(query: LineQuery) -> AskedLines:
    """What is asked for as it travels."""
    return AskedLines(
        query.run_ids, query.keys, query.axis, query.x_key, query.first, query.last, query.points
    )  # fmt: skip


def query_from(asked: AskedLines) -> LineQuery:
    """What is asked for."""
    return LineQuery(asked.run_ids, asked.keys, asked.x, asked.x_key, asked.first, asked.last, asked.points)


def lines_to(lines: Sequence[Line]) -> Lines:
    """Lines as they travel; x that are equal once."""
    places: dict[tuple[int, int, bytes, bytes], int] = {}
    bodies = []
    for line in lines:
        x = line.x
        column = x.first, x.per, _planes("I", x.gaps), _planes("d", x.values)
        place = places.setdefault(column, len(places))
        below, above = (_upper(_planes("f", distances)) for distances in (line.below, line.above))
        bodies.append(LineBody(line.run_id, line.key, place, _planes("f", line.last), below, above, line.total))
    return Lines([XColumn(*column) for column in places], bodies)


def lines_from(body: Lines) -> list[Line]:
    """The lines."""
    xs = [LineX(x.first, x.per, _column("I", x.gaps), _column("d", x.values)) for x in body.xs]
    return [
        Line(
            line.run_id,
            line.key,
            xs[line.x],
            _column("f", line.last),
            _column("f", _whole(line.below)),
            _column("f", _whole(line.above)),
            line.total,
        )
        for line in body.lines
    ]


def _planes(kind: str, column: Sequence[int] | Sequence[float]) -> bytes:
    # Arrays, also numpy's, of the right kind give their memory as it is.
    items: array[int] | array[float] = array(kind)
    if isinstance(column, (tuple, list)):
        items.extend(column)
    else:
        items.frombytes(memoryview(column).cast("B") if len(column) else b"")  # type: ignore[arg-type]  # an array
    width, data = items.itemsize, items.tobytes()
    planes = [data[plane::width] for plane in range(width)]
    return b"".join(planes if sys.byteorder == "little" else reversed(planes))


def _upper(planes: bytes) -> bytes:
    return planes[len(planes) // _UPPER :]


def _whole(upper: bytes) -> bytes:
    return bytes(len(upper)) + upper


def _column(kind: str, planes: bytes) -> array[Any]:
    column: array[Any] = array(kind)
    width = column.itemsize
    count = len(planes) // width
    data = bytearray(len(planes))
    for plane in range(width):
        data[plane if sys.byteorder == "little" else width - 1 - plane :: width] = planes[
            plane * count : (plane + 1) * count
        ]
    column.frombytes(data)
    return column
