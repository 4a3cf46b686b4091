"""Nested values of metrics and parameters: laid flat, compared, and written into tables, all as DVC does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from treering.pipelines.tables import markdown_table, plain_table

__all__ = ["DEFAULT_PRECISION", "changes_table", "compare", "flatten", "rounded", "values_table"]

DEFAULT_PRECISION = 5
"""Digits behind the point of a metric in a table."""

NOTHING = "-"


def flatten(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Values by paths with dots: `{"a": {"b": 1}}` becomes `{"a.b": 1}`; an empty mapping leaves nothing."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": found for inner, found in flatten(value).items()}
        else:
            flat[str(key)] = value
    return flat


def compare(old: Mapping[str, Any], new: Mapping[str, Any], *, unchanged: bool = False) -> dict[str, dict[str, Any]]:
    """What has changed in files, in the shape of DVC's JSON: `{file: {key: {"old", "new", "diff"}}}`.

    A key is a path with dots, or "" for a file that is one value. `diff` is there where
    both are numbers; a list is compared and shown as text.

    Args:
        old: Values by file; a file that is on one side only is compared with nothing.
        unchanged: Give what is the same on both sides, too.
    """
    found = {}
    for file in dict.fromkeys((*old, *new)):
        changes = _compare_file(_texts(old.get(file, {})), _texts(new.get(file, {})), unchanged)
        if changes:
            found[file] = changes
    return found


def _compare_file(old: Any, new: Any, unchanged: bool) -> dict[str, Any]:  # noqa: FBT001 - passed on
    old, new = _parsed(old), _parsed(new)
    if not isinstance(old, Mapping) and not isinstance(new, Mapping):
        change = _change(old, new, unchanged)
        return {"": change} if change else {}
    before, after = _flat(old), _flat(new)
    changes = {
        key: _change(before.get(key, _absent(old)), after.get(key, _absent(new)), unchanged)
        for key in dict.fromkeys((*before, *after))
    }
    return {key: change for key, change in changes.items() if change}


def _flat(value: Any) -> dict[str, Any]:
    return flatten(value) if isinstance(value, Mapping) else {}


def _absent(value: Any) -> Any:
    """What stands for a key that a file does not have: for one that is no mapping at all, a text says so."""
    return None if isinstance(value, Mapping) or not value else "unable to parse"


def _change(old: Any, new: Any, unchanged: bool) -> dict[str, Any]:  # noqa: FBT001 - passed on
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1:
        return _change(old[0], new[0], unchanged)
    # Not a number differs from itself, so that it always counts as changed.
    if not unchanged and old == new:
        return {}
    change = {"old": old, "new": new}
    if isinstance(old, int | float) and isinstance(new, int | float):
        change["diff"] = new - old
    return change


def _parsed(value: Any) -> Any:
    """A file that is one text, such as `"5"`, stands for the JSON in it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _texts(value: Any) -> Any:
    """The same value, with texts for what JSON does not have, and for lists inside of it."""
    if isinstance(value, Mapping):
        return {key: str(inner) if isinstance(inner, list | tuple) else _texts(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, int | float | str) else str(value)


def changes_table(
    changes: Mapping[str, Mapping[str, Mapping[str, Any]]],
    headers: tuple[str, str, str, str],
    *,
    path: bool = True,
    precision: int | None = None,
    markdown: bool = False,
    no_change: str = "",
) -> str:
    """The table of what `compare` gives; the last column, `Change`, is there where a precision or `no_change` is given.

    Args:
        headers: Of the columns: the file, the key, the old value, the new one.
        path: Whether to show the column of the file.
        precision: Digits behind the point.
        no_change: What stands in that column where values have no difference, such as texts.
    """
    rows = []
    told = bool(precision or no_change)
    for file, keys in changes.items():
        for key, change in sorted(keys.items()):
            sides = (change.get("old"), change.get("new"), change.get("diff", no_change or None))
            values = [_cell(side, precision) for side in sides]
            rows.append([file, key, *(values if told else values[:2])])
    columns = [*headers, "Change"] if told else [*headers]
    if not path:
        columns, rows = columns[1:], [row[1:] for row in rows]
    return (markdown_table if markdown else plain_table)(columns, rows)


def values_table(
    values: Iterable[tuple[str, str, Any]], *, revision: bool, precision: int, markdown: bool = False
) -> str:
    """A table with a row for each file at each revision and a column for each metric.

    Args:
        values: Revision, file, and the metrics in it.
        revision: Whether to show the column of the revision.
    """
    rows = []
    for name, file, metrics in values:
        flat = flatten(_texts(metrics)) if isinstance(metrics, Mapping) else {"": metrics}
        rows.append((name, file, {key: _cell(value, precision) for key, value in flat.items()}))
    keys = sorted({key for *_, cells in rows for key in cells})
    lines = [[name, file, *(cells.get(key, NOTHING) for key in keys)] for name, file, cells in rows]
    columns = ["Revision", "Path", *keys]
    if not revision:
        columns, lines = columns[1:], [line[1:] for line in lines]
    return (markdown_table if markdown else plain_table)(columns, lines)


def _cell(value: Any, precision: int | None) -> str:
    return NOTHING if value is None else str(rounded(value, precision))


def rounded(value: Any, precision: int | None) -> Any:
    """A number with a point to so many digits behind it; all else as it is."""
    return round(value, precision) if precision and isinstance(value, float) else value
