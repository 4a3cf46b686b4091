"""The table of experiments: a row for each, a column for each metric, parameter and dependency, as DVC prints it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from treering.core.errors import InvalidInput
from treering.experiments.shown import Derived, Shown
from treering.pipelines.tables import markdown_table, plain_table
from treering.pipelines.value_changes import DEFAULT_PRECISION, flatten

__all__ = ["TableOptions", "csv_text", "markdown_text", "plain_text", "records"]

Kind = Literal["metrics", "params"]

_OWN = ("Experiment", "rev", "typ", "Created", "parent", "State", "Executor")
_MERGED = ("rev", "typ", "parent")
_BRANCHES = {"branch_commit": "├── ", "branch_base": "└── ", "baseline": ""}
_FAILED = "!"


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What the table shows.

    Attributes:
        sort_by: A metric or parameter, or `file:name`, by which experiments of a baseline are sorted.
        only_changed: Leave out columns in which all is the same.
        drop: Expressions for columns to leave out.
        keep: Expressions for columns that stay in any case.
        precision: Digits of numbers with a point.
    """

    sort_by: str = ""
    descending: bool = False
    only_changed: bool = False
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    precision: int | None = None


def csv_text(lines: Sequence[Shown], options: TableOptions) -> str:
    """As `exp show --csv`."""
    table = _table(lines, options, fill="", iso=True)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return written.getvalue()


def records(lines: Sequence[Shown]) -> list[dict[str, str | float | None]]:
    """A dictionary for each row, with all columns: numbers of metrics and parameters as numbers, None where nothing is known."""
    names = _Names()
    names.add(lines)
    drawing = _Drawing(names, TableOptions(), "", iso=True)
    texts = {*_OWN, *names.deps}
    return [
        {name: row.get(name) or None if name in texts else _number(row.get(name, "")) for name in drawing.columns}
        for row in drawing.rows(lines)
    ]


def _number(text: str) -> str | float | None:
    try:
        return float(text)
    except ValueError:
        return text or None


def markdown_text(lines: Sequence[Shown], options: TableOptions) -> str:
    """As `exp show --md`."""
    table = _merged(lines, options)
    return markdown_table(table.columns, table.rows)


def plain_text(lines: Sequence[Shown], options: TableOptions) -> str:
    """Columns beside each other, for a terminal or a pager."""
    table = _merged(lines, options)
    return plain_table(table.columns, table.rows)


@dataclass(frozen=True, slots=True)
class _Table:
    columns: list[str]
    rows: list[list[str]]
    fill: str

    def without(self, gone: set[str]) -> _Table:
        kept = [at for at, name in enumerate(self.columns) if name not in gone]
        return replace(
            self, columns=[self.columns[at] for at in kept], rows=[[row[at] for at in kept] for row in self.rows]
        )


@dataclass(slots=True)
class _Names:
    """Which names there are, by file, in the order in which they were met."""

    metrics: dict[str, dict[str, None]] = field(default_factory=dict)
    params: dict[str, dict[str, None]] = field(default_factory=dict)
    deps: set[str] = field(default_factory=set)

    def add(self, lines: Sequence[Shown]) -> None:
        for line in lines:
            if line.data:
                _note(self.metrics, line.data.get("metrics", {}))
                _note(self.params, line.data.get("params", {}))
                self.deps.update(line.data.get("deps", {}))
            for one in line.experiments or ():
                self.add(one.revs)


def _note(names: dict[str, dict[str, None]], files: Mapping[str, Any]) -> None:
    for path, item in files.items():
        data = item.get("data", {})
        if isinstance(data, Mapping):
            names.setdefault(path, {}).update(dict.fromkeys(flatten(data)))


def _merged(lines: Sequence[Shown], options: TableOptions) -> _Table:
    precise = replace(options, precision=options.precision or DEFAULT_PRECISION)
    return _table(lines, precise, fill="-", iso=False, merge=True)


def _table(lines: Sequence[Shown], options: TableOptions, *, fill: str, iso: bool, merge: bool = False) -> _Table:
    names = _Names()
    names.add(lines)
    drawing = _Drawing(names, options, fill, iso=iso)
    columns = drawing.columns
    rows = [[row.get(name, fill) for name in columns] for row in drawing.rows(lines)]
    table = _Table(columns, rows, fill)
    if merge:
        for row in rows:
            row[0] = _title(dict(zip(columns, row, strict=True)))
        table = table.without(set(_MERGED))
    return _chosen(table, options)


def _title(row: Mapping[str, str]) -> str:
    name, rev, kind = row["Experiment"], row["rev"], row["typ"]
    return f"{_BRANCHES[kind]}{name or rev}" if kind == "baseline" or not name else f"{_BRANCHES[kind]}{rev} [{name}]"


def _chosen(table: _Table, options: TableOptions) -> _Table:
    keep = _expression(options.keep)
    drop = _expression(options.drop)
    gone: set[str] = set()
    for at, name in enumerate(table.columns):
        values = {row[at] for row in table.rows}
        dull = name in {"State", "Executor"} and values <= {table.fill}
        same = options.only_changed and len(values) == 1
        unwanted = drop is not None and drop.match(name) is not None
        if (dull or same or unwanted) and not (keep is not None and keep.match(name)):
            gone.add(name)
    return table.without(gone)


def _expression(patterns: Sequence[str]) -> re.Pattern[str] | None:
    try:
        return re.compile("|".join(patterns)) if patterns else None
    except re.error as error:
        msg = f"{'|'.join(patterns)!r} is no regular expression: {error}. Columns are chosen by one, such as 'loss.*'."
        raise InvalidInput(msg) from error


class _Drawing:
    """Makes rows of lines: which column a value stands in, and how it is written."""

    def __init__(self, names: _Names, options: TableOptions, fill: str, *, iso: bool) -> None:
        self._names = names
        self._options = options
        self._fill = fill
        self._iso = iso
        count = Counter(name for files in (names.metrics | names.params).values() for name in files)
        count.update(_OWN)
        self._metrics = _headers(names.metrics, count)
        self._params = _headers(names.params, count)
        self.columns = [*_OWN, *self._metrics.values(), *self._params.values(), *sorted(names.deps)]

    def rows(self, lines: Sequence[Shown]) -> Iterator[dict[str, str]]:
        for line in lines:
            yield self._row(line, "baseline", rev=line.name or _short(line.rev), title="")
            derived = self._sorted(line.experiments or ())
            for at, one in enumerate(derived):
                if one.revs:
                    kind = "branch_base" if at == len(derived) - 1 else "branch_commit"
                    yield self._derived(one, kind)

    def _derived(self, one: Derived, kind: str) -> dict[str, str]:
        tip = one.revs[0]
        row = self._row(tip, kind, rev=_short(tip.rev), title=tip.name or "")
        if one.executor:
            row["State"] = str(one.executor["state"]).capitalize()
            if one.executor.get("name"):
                row["Executor"] = str(one.executor["name"]).capitalize()
        return row

    def _row(self, line: Shown, kind: str, *, rev: str, title: str) -> dict[str, str]:
        row = {"Experiment": title, "rev": rev, "typ": kind, "parent": ""}
        if line.data:
            row["Created"] = self._time(line.data.get("timestamp"))
            row |= self._cells(line.data.get("metrics", {}), self._metrics, self._names.metrics)
            row |= self._cells(line.data.get("params", {}), self._params, self._names.params)
            deps = line.data.get("deps", {})
            row |= {name: dep.get("hash") or self._fill for name, dep in deps.items()}
        return row

    def _cells(
        self, files: Mapping[str, Any], headers: Mapping[tuple[str, str], str], names: Mapping[str, Mapping[str, None]]
    ) -> dict[str, str]:
        cells: dict[str, str] = {}
        for path, item in files.items():
            data = item.get("data", {})
            values = flatten(data) if isinstance(data, Mapping) else {path: data}
            missing = _FAILED if item.get("error") else self._fill
            for name in names.get(path, ()):
                value = values.get(name)
                cells[headers[path, name]] = missing if value is None else _text(value, self._options.precision)
        return cells

    def _time(self, timestamp: str | None) -> str:
        if not timestamp:
            return self._fill
        if self._iso:
            return timestamp
        when = datetime.fromisoformat(timestamp)
        today = when.date() == datetime.now(tz=when.tzinfo).date()
        return when.strftime("%I:%M %p" if today else "%b %d, %Y")

    def _sorted(self, derived: Sequence[Derived]) -> Sequence[Derived]:
        if not self._options.sort_by or not derived:
            return derived
        kind, path, name = self._sort_column(self._options.sort_by)

        def value(one: Derived) -> Any:
            data = (one.revs[0].data or {}) if one.revs else {}
            held = data.get(kind, {}).get(path, {}).get("data", {})
            return flatten(held).get(name) if isinstance(held, Mapping) else None

        known = [one for one in derived if value(one) is not None]
        unknown = [one for one in derived if value(one) is None]
        try:
            known.sort(key=value, reverse=self._options.descending)
        except TypeError:
            known.sort(key=lambda one: str(value(one)), reverse=self._options.descending)
        return [*unknown, *known] if self._options.descending else [*known, *unknown]

    def _sort_column(self, sort_by: str) -> tuple[Kind, str, str]:
        groups: tuple[tuple[Kind, dict[str, dict[str, None]]], ...] = (
            ("metrics", self._names.metrics),
            ("params", self._names.params),
        )
        wanted = sort_by.removeprefix(":")
        places = [(kind, path, name) for kind, files in groups for path, names in files.items() for name in names]
        exact = [place for place in places if f"{place[1]}:{place[2]}" == sort_by]
        found = exact or [place for place in places if place[2] == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(f"{path}:{name}" for _, path, name in found)
            msg = f"Ambiguous sort column {sort_by!r} matched {several!r}. Write which file's is meant."
            raise InvalidInput(msg)
        msg = f"Unknown sort column {sort_by!r}. Take a metric or a parameter that is in the table."
        raise InvalidInput(msg)


def _headers(names: Mapping[str, Mapping[str, None]], count: Mapping[str, int]) -> dict[tuple[str, str], str]:
    return {
        (path, name): name if count[name] == 1 else f"{path}:{name}" for path, inner in names.items() for name in inner
    }


def _short(rev: str) -> str:
    return rev[:7] if len(rev) in {40, 64} else rev


def _text(value: Any, precision: int | None) -> str:
    return str(_rounded(value, precision))


def _rounded(value: Any, precision: int | None) -> Any:
    if isinstance(value, float) and precision:
        return f"{value:.{precision}g}"
    if isinstance(value, Mapping):
        return {key: _rounded(one, precision) for key, one in value.items()}
    return [_rounded(one, precision) for one in value] if isinstance(value, list) else value
