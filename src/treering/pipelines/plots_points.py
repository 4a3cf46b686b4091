"""Points of a plot: what its files hold at one revision, joined into records that a chart can draw.

A record has the fields of the file, and says of which revision, file and field it
is. Which field is x and which y is told by the plot's properties, or guessed: y is
the last field of the file, x the number of the record.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treering.core.errors import InvalidInput

__all__ = [
    "FIELD",
    "FILENAME",
    "REVISION",
    "FieldNotFound",
    "LengthsDiffer",
    "Points",
    "is_image",
    "points_of",
    "sources_of",
    "table_of",
]

STEP = "step"
REVISION = "rev"
FILENAME = "filename"
FIELD = "field"
ANY_X = "dvc_inferred_x_value"
ANY_Y = "dvc_inferred_y_value"

IMAGES = frozenset({".gif", ".jpeg", ".jpg", ".png", ".svg"})

Record = dict[str, Any]


class FieldNotFound(InvalidInput):
    """A plot names a field that its file does not have."""

    known_as = "FieldNotFoundError"


class LengthsDiffer(InvalidInput):
    """x and y of a plot are in different files, or of different fields, and do not fit together."""

    known_as = "DvcException"


@dataclass(frozen=True, slots=True)
class Points:
    """What there is to draw of one plot at one revision.

    Attributes:
        records: In the order of the files.
        properties: Those of the plot, with x, y and the labels filled in; none where there is nothing to draw.
        series: The file, shortened, and the field of each y.
    """

    records: list[Record]
    properties: Mapping[str, Any]
    series: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class _Axis:
    file: str
    field: str


def is_image(path: str) -> bool:
    """Whether a plot is a picture that is shown as it is."""
    return posixpath.splitext(path)[1] in IMAGES


def sources_of(plot_id: str, properties: Mapping[str, Any] | None) -> list[str]:
    """The files that a plot is made of: those of y, or the one that it is named after, and that of x."""
    x, y = (properties or {}).get("x"), (properties or {}).get("y")
    files = list(y) if isinstance(y, Mapping) else [plot_id]
    if isinstance(x, Mapping):
        files += list(x)[:1]
    return list(dict.fromkeys(files))


def points_of(plot_id: str, properties: Mapping[str, Any], contents: Mapping[str, Any], revision: str) -> Points:
    """Join what the files of a plot hold.

    Args:
        plot_id: The name of the plot, which is a path where the properties name no file.
        properties: x, y, labels and others, as dvc.yaml has them.
        contents: What was read from each file that could be read.
        revision: The name under which the records are shown.

    Raises:
        FieldNotFound: If a file does not have a field.
        LengthsDiffer: If x and y do not fit together.
    """
    filled = {**properties, **_guessed_axes(plot_id, properties, contents)}
    filled["y_label"], filled["x_label"] = _y_label(filled), _x_label(filled)
    tables = {file: table_of(content) for file, content in contents.items()}
    xs, ys = list(_axes(filled.get("x"), tables)), list(_axes(filled.get("y"), tables))
    if len(xs) > 1 and len(xs) != len(ys):
        msg = (
            "Cannot have different number of x and y data sources."
            f" Found {len(xs)} x and {len(ys)} y data sources. Give one x for all, or one for each y."
        )
        raise LengthsDiffer(msg)
    fields = {y.field for y in ys}
    many_x = len(xs) > 1 and len({x.field for x in xs}) > 1
    x_field = ANY_X if many_x else (xs[0].field if xs else STEP)
    y_field = ANY_Y if len(fields) > 1 else next(iter(fields), None)
    prefix = _common({y.file for y in ys})
    records: list[Record] = []
    for index, y in enumerate(ys):
        rows = [dict(row) for row in tables.get(y.file, [])]
        if y_field == ANY_Y:
            _take(rows, ANY_Y, rows, y.field)
        _set_x(rows, x_field, xs[index if len(xs) > 1 else 0] if xs else None, y, tables)
        for row in rows:
            row |= {REVISION: revision, FILENAME: y.file[prefix:].strip("/\\"), FIELD: y.field}
        records += rows
    if not records:
        return Points([], {})
    series = [(y.file[prefix:].strip("/\\"), y.field) for y in ys]
    return Points(records, {**filled, "x": x_field, "y": y_field}, series)


def _common(files: set[str]) -> int:
    """How long the folder is that all files lie in; files within and outside of the repository have none."""
    if len(files) < 2 or len({posixpath.isabs(file) for file in files}) > 1:  # noqa: PLR2004
        return 0
    return len(posixpath.commonpath(files))


def _set_x(rows: list[Record], field: str, x: _Axis | None, y: _Axis, tables: Mapping[str, list[Record]]) -> None:
    if x is None:
        for index, row in enumerate(rows):
            row[STEP] = index
        return
    source = tables.get(x.file, [])
    if len(source) != len(rows):
        msg = f"Cannot join '{x.field}' from '{x.file}' and '{y.field}' from '{y.file}'. They have to have same length."
        raise LengthsDiffer(msg)
    _take(rows, field, source, x.field)


def _take(rows: list[Record], name: str, source: Sequence[Record], field: str) -> None:
    for row, other in zip(rows, source, strict=True):
        if field in other:
            row[name] = other[field]


def _guessed_axes(plot_id: str, properties: Mapping[str, Any], contents: Mapping[str, Any]) -> dict[str, Any]:
    """The axes x and y, with the files that they are in."""
    x, y = properties.get("x"), properties.get("y")
    axes: dict[str, Any] = {}
    if isinstance(x, str):
        # One x for each y; a file of several y has as many.
        axes["x"] = (
            {file: [x] * len(fields) if isinstance(fields, list) else x for file, fields in y.items()}
            if isinstance(y, Mapping)
            else {plot_id: x}
        )
    if y is None:
        field = _last_field(contents.get(plot_id))
        axes["y"] = None if field is None else {plot_id: field}
    elif not isinstance(y, Mapping):
        axes["y"] = {plot_id: y}
    return axes


def _last_field(content: Any) -> str | None:
    for rows in _lists(content):
        if rows and all(isinstance(row, Mapping) for row in rows):
            return next(reversed(rows[0]), None)
    return None


def _axes(axis: Any, tables: Mapping[str, list[Record]]) -> Iterator[_Axis]:
    if not isinstance(axis, Mapping):
        return
    for file, fields in axis.items():
        for field in [fields] if isinstance(fields, str) else fields:
            if file in tables and field not in next(iter(tables[file]), {}):
                known = ", ".join(map(str, next(iter(tables[file]), {})))
                msg = f"Could not find provided field ('{field}') in data fields ('{known}')."
                raise FieldNotFound(msg)
            yield _Axis(file, field)


def _y_label(properties: Mapping[str, Any]) -> Any:
    label, y = properties.get("y_label"), properties.get("y")
    if label is not None:
        return label
    return _one_field(y, "y") if isinstance(y, Mapping) else None


def _x_label(properties: Mapping[str, Any]) -> Any:
    label, x = properties.get("x_label"), properties.get("x")
    if label is not None:
        return label
    return _one_field(x, "x") if isinstance(x, Mapping) else STEP


def _one_field(axis: Mapping[str, Any], otherwise: str) -> str:
    fields = {field for named in axis.values() for field in ([named] if isinstance(named, str) else named)}
    return next(iter(fields)) if len(fields) == 1 else otherwise


def table_of(content: Any) -> list[Record]:
    """The records in what was read from a file: lists of mappings with the same keys, several of them side by side."""
    table: list[Record] = []
    for rows in _lists(content):
        if not _is_table(rows):
            continue
        table += [{} for _ in range(len(rows) - len(table))]
        for index, row in enumerate(rows):
            table[index] |= row
    return table


def _lists(content: Any) -> Iterator[Sequence[Any]]:
    if isinstance(content, list):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            if isinstance(value, Mapping | list):
                yield from _lists(value)


def _is_table(rows: Sequence[Any]) -> bool:
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return False
    keys = rows[0].keys()
    return all(row.keys() <= keys for row in rows)
