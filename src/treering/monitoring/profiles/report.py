"""A profile as a page that anyone can read: what to look at first, what tells of the target, then each column."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from treering.core.page import badge, bar, element, histogram, number, page, plural, section, text, tile
from treering.monitoring.profiles.profile import Association, ColumnProfile, Correlation, Profile

__all__ = ["to_html"]

_BARS = 40
_TOP = 6
_SHOWN = 100  # characters of a value
_WORTH_TELLING = 0.0005
_MOST_ASSOCIATIONS = 20
_MOST_CORRELATED = 16
_LEVELS = {"error": ("Problem", "err"), "warning": ("Warning", "warn"), "note": ("Note", "info")}
_STYLE = """
.columns{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,316px),1fr));gap:12px}
.column{border:1px solid var(--border);border-radius:8px;padding:14px;min-width:0;background:var(--bg)}
.column .top{display:flex;justify-content:space-between;gap:8px;align-items:baseline;margin-bottom:10px}
.column h3{overflow-wrap:anywhere}
.column dl{grid-template-columns:auto 1fr;gap:2px 12px;font-size:12px;margin-top:10px}.column dt{font-size:12px}.column dd{text-align:right;margin:0}
.heat{border-collapse:separate;border-spacing:2px;width:auto}.heat td,.heat th{border:0;padding:0;font-size:11px;vertical-align:middle}
.heat td{width:38px;min-width:38px;height:28px;text-align:center;border-radius:3px}
.heat th{padding:0 8px 0 0;max-width:160px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:400;color:var(--text2)}
.heat thead th{padding:0 2px 4px;text-align:center;max-width:38px;color:var(--text3)}
"""


def to_html(profile: Profile) -> str:
    """The page."""
    parts = [_header(profile), _tiles(profile), _findings(profile)]
    if profile.associations:
        parts.append(_associations(profile.associations, profile.target))
    if profile.correlations:
        parts.append(_correlations(profile.correlations))
    columns = "".join(_column(column, target=column.name == profile.target) for column in profile.columns)
    parts.append(section("Columns", element("div", columns, "columns")))
    parts.append(
        element(
            "footer",
            f"Correlations, quantiles and bins are from a sample of {profile.sampled:,} rows. Made by Treering.",
        )
    )
    return page(f"{profile.name}: data profile", "\n".join(parts), _STYLE)


def _header(profile: Profile) -> str:
    when = (
        datetime.fromtimestamp(profile.created / 1000, UTC).strftime("%-d %B %Y, %H:%M UTC") if profile.created else ""
    )
    target = f"To be predicted: {profile.target}. " if profile.target else ""
    lead = element("p", text(f"{target}{when}"), "lead") if target or when else ""
    return element("header", element("div", "Data profile", "kicker") + element("h1", text(profile.name)) + lead)


def _tiles(profile: Profile) -> str:
    cells = sum(column.rows for column in profile.columns)
    missing = sum(column.missing for column in profile.columns) / cells if cells else 0.0
    bad = sum(finding.level != "note" for finding in profile.findings)
    tiles = (
        tile("rows", f"{profile.rows:,}"),
        tile("columns", f"{len(profile.columns):,}"),
        tile("of the values missing", f"{missing:.1%}"),
        tile("duplicate rows", f"{profile.duplicates:,}"),
        tile("to look at", f"{bad:,}"),
    )
    return element("div", "".join(tiles), "tiles")


def _findings(profile: Profile) -> str:
    if not profile.findings:
        return section("What to look at", element("p", "Nothing stands out in this table."))
    lines = []
    for finding in profile.findings:
        word, kind = _LEVELS[finding.level]
        lines.append(element("li", element("div", badge(word, kind), "") + element("div", text(finding.text)), "line"))
    return section("What to look at", element("ul", "".join(lines), "plain"))


def _associations(associations: tuple[Association, ...], target: str) -> str:
    shown = associations[:_MOST_ASSOCIATIONS]
    lines = "".join(
        element("span", text(one.column), title=one.column) + bar(one.value) + element("span", f"{one.value:.2f}")
        for one in shown
    )
    more = f" The first {len(shown)} of {len(associations):,} columns." if len(associations) > len(shown) else ""
    note = f"0 says nothing of it, 1 says all: rank correlation for two numbers, else Cramér's V.{more}"
    return section(f"What tells of {target}", element("div", lines, "bars"), note)


def _correlations(correlations: tuple[Correlation, ...]) -> str:
    names = list(dict.fromkeys(name for one in correlations for name in (one.first, one.second)))
    shown = names[:_MOST_CORRELATED]
    known = {(one.first, one.second): one for one in correlations} | {
        (one.second, one.first): one for one in correlations
    }
    head = element(
        "tr", "<td></td>" + "".join(element("th", str(place + 1), scope="col") for place in range(len(shown)))
    )
    rows = []
    for place, name in enumerate(shown):
        label = element("th", f"{place + 1}&ensp;{text(name)}", scope="row", title=name)
        rows.append(element("tr", label + "".join(_cell(known.get((name, other)), name, other) for other in shown)))
    heat = element("table", element("thead", head) + element("tbody", "".join(rows)), "heat")
    more = f" The {len(shown)} columns that go together the most, of {len(names)}." if len(names) > len(shown) else ""
    note = f"Rank correlation: blue rises together, orange one falls where the other rises.{more}"
    inner = element("div", heat, "scroll", tabindex="0", role="region", aria_label="Correlations")
    return section("Numbers that go together", inner, note)


def _cell(one: Correlation | None, name: str, other: str) -> str:
    if one is None:
        return element("td", "" if name == other else "\N{EN DASH}", style="color:var(--text3)")
    strength = round(min(abs(one.spearman), 1) * 62)
    colour = "var(--blue)" if one.spearman >= 0 else "var(--orange)"
    value = f"{one.spearman:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")
    told = f"{name} and {other}: {one.spearman:.3f} in order, {one.pearson:.3f} along a line"
    return element("td", value, title=told, style=f"background:color-mix(in srgb,{colour} {strength}%,var(--bg))")


def _column(column: ColumnProfile, *, target: bool) -> str:
    word = {"number": "whole number" if column.whole else "number"}.get(column.kind, column.kind)
    mark = badge("target", "info") if target else badge(word)
    top = element("div", element("h3", text(column.name)) + mark, "top")
    drawn = _values(column) if column.values or not column.counts else _bins(column)
    facts = "".join(element("dt", text(name)) + element("dd", text(value)) for name, value in _facts(column))
    return element("div", top + drawn + element("dl", facts), "column")


def _facts(column: ColumnProfile) -> list[tuple[str, str]]:
    facts = [("missing", _share(column.missing, column.rows))] if column.missing else []
    about = "" if column.distinct_exact else "about "
    facts.append(("different values", f"{about}{column.distinct:,}"))
    if column.kind == "number":
        shares = dict(column.quantiles)
        facts += [("mean", number(column.mean)), ("standard deviation", number(column.deviation))]
        if shares:
            facts.append(("middle half", f"{number(shares[0.25])} to {number(shares[0.75])}"))
        facts += [("zero", _share(column.zeros, column.rows))] if column.zeros > _WORTH_TELLING * column.rows else []
        facts += (
            [("negative", _share(column.negatives, column.rows))]
            if column.negatives > _WORTH_TELLING * column.rows
            else []
        )
    if column.kind == "text":
        facts.append(("length", f"{column.shortest:,} to {column.longest:,}"))
    facts += [("no number", f"{column.invalid:,}")] if column.invalid else []
    return facts


def _share(count: int, rows: int) -> str:
    return f"{count:,} ({count / rows:.1%})" if rows else f"{count:,}"


def _values(column: ColumnProfile) -> str:
    ranked = sorted(zip(column.value_counts, column.values, strict=True), key=lambda one: (-one[0], one[1]))
    shown = ranked[:_TOP]
    rest = sum(count for count, _ in ranked[_TOP:]) + column.other
    most = max([count for count, _ in shown] + [rest, 1])
    lines = "".join(
        element("span", text(value[:_SHOWN]) or "&nbsp;", title=value)
        + bar(count / most)
        + element("span", f"{count:,}")
        for count, value in shown
    )
    if rest:
        hidden = plural(max(column.distinct - len(shown), 1), "other")
        lines += element("span", text(hidden)) + bar(rest / most) + element("span", f"{rest:,}")
    return element("div", lines, "bars")


def _bins(column: ColumnProfile) -> str:
    """The counts, which are between edges with equally many rows, redrawn over equally wide bins."""
    edges, counts = np.array(column.edges), np.array(column.counts, float)
    if not len(edges) or column.minimum is None or column.maximum is None:
        return ""
    if column.by_value and len(edges) <= _TOP:
        most = counts.max() or 1
        rows = zip(edges.tolist(), counts[1:].tolist(), strict=True)
        lines = "".join(
            element("span", text(_end(column, value))) + bar(count / most) + element("span", f"{int(count):,}")
            for value, count in rows
        )
        return element("div", lines, "bars")
    if column.by_value and len(edges) <= _BARS:
        return histogram(counts[1:].tolist(), _end(column, edges[0]), _end(column, edges[-1]), _told(column))
    low, high = _range(column)
    # How many rows there are below each edge; within a bin they are taken to be evenly spread, and whole numbers
    # up to the next one.
    end = max(column.maximum, edges[-1]) + column.whole
    # A single edge is one of a constant column, against which this one was counted.
    middle = edges[1:-1] if len(edges) > 1 else edges
    borders = np.concatenate([[min(column.minimum, edges[0])], middle, [end]])
    inner = counts.copy()
    if len(edges) > 1:
        inner = counts[1:-1].copy()
        inner[0] += counts[0]
        inner[-1] += counts[-1]
    below = np.concatenate([[0.0], np.cumsum(inner)])
    marks = np.linspace(low, high + column.whole, _BARS + 1)
    heights = np.diff(np.interp(marks, borders, below)).tolist()
    return histogram(heights, _end(column, low), _end(column, high), _told(column))


def _range(column: ColumnProfile) -> tuple[float, float]:
    """What is drawn: all of it, or up to the 99th percentile where a few values would make the rest one bar."""
    low, high = float(column.minimum or 0), float(column.maximum or 0)
    shares = dict(column.quantiles)
    if shares and column.kind == "number":
        width = shares[0.99] - shares[0.01]
        low = shares[0.01] if shares[0.01] - low > width else low
        high = shares[0.99] if high - shares[0.99] > width else high
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _end(column: ColumnProfile, value: float) -> str:
    if column.kind == "time":
        # Python's own dates end with the year 9999.
        return str(np.datetime64(int(value), "us").astype("datetime64[D]"))
    return number(value)


def _told(column: ColumnProfile) -> str:
    return (
        f"Distribution of {column.name} from {_end(column, column.minimum or 0)} to {_end(column, column.maximum or 0)}"
    )
