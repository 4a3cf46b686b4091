"""Charts as SVG, drawn here, so that a page of plots needs nothing from another host.

They show what the specifications of `plots_templates` show: lines, points, bars and
fields of squares. What is no number has its place by order.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treering.pipelines.plots_anchors import COLOURS, Chart
from treering.pipelines.plots_points import FIELD, FILENAME, REVISION, Record

__all__ = ["dash_of", "draw_chart", "kind_of"]

_WIDTH, _HEIGHT = 460, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 10, 44
_TICKS = 6
_MOST_LABELS = 12
_MOST_POINTS = 1500
"""Of one line; of more, only the highest and lowest of each place are drawn."""
_NEIGHBOURS = 0.3
"""The part of the points that count for the course of a line at each of them."""
_MARGIN, _ASIDE = 0.5, 0.3
_STEPS = 0.6180339887, 0.7548776662
"""Multiples of these, without their whole parts, fill a stretch evenly."""
_DASHES = ("", "8 8", "8 4", "4 4", "4 2", "2 1", "1 1")

_KINDS: Mapping[str, str] = {
    "area": "lines", "bar": "bars", "circle": "points", "line": "lines", "point": "points", "rect": "squares",
    "square": "points", "tick": "points", "trail": "lines",
}  # fmt: skip


def kind_of(spec: Any) -> str:
    """What a specification draws: lines, points, bars or squares; "" for something else."""
    if isinstance(spec, list):
        return next(filter(None, map(kind_of, spec)), "")
    if not isinstance(spec, Mapping):
        return ""
    mark = spec.get("mark")
    found = _KINDS.get(str(mark.get("type")) if isinstance(mark, Mapping) else str(mark), "")
    return found or next(filter(None, map(kind_of, spec.values())), "")


def draw_chart(chart: Chart, kind: str, *, smooth: bool = False, ordered: bool = False, shares: bool = False) -> str:
    """One SVG, or one for each revision of squares; "" for what cannot be drawn.

    Args:
        kind: As `kind_of` tells.
        smooth: Draw the course of lines instead of their points.
        ordered: Put the longest bar above.
        shares: Of squares the part of all with the same x, instead of how many.
    """
    if kind == "lines":
        return _lines(chart, smooth=smooth)
    if kind == "points":
        return _points(chart)
    if kind == "bars":
        return _bars(chart, ordered=ordered)
    return _squares(chart, shares=shares) if kind == "squares" else ""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where on an axis a value belongs."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        part = (value - self.low) / span if span else 0.5
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers, not more than fit."""
        span = self.high - self.low
        if not span or not math.isfinite(span):
            return [self.low]
        rough = span / _TICKS
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [round(index * step, 12) for index in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _number(value: Any) -> float | None:
    """A finite number, also from text; None for all else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True)
class _Axis:
    """The values of one axis: as numbers, or by their order where one of them is none."""

    place: Callable[[Any], float | None]
    labels: Sequence[str]
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[Any], *, names: bool = False) -> _Axis:
        known = [value for value in values if value not in (None, "")]
        numbers = [_number(value) for value in known]
        if not names and known and None not in numbers:
            found = [number for number in numbers if number is not None]
            return cls(_number, (), min(found), max(found))
        order = {text: index for index, text in enumerate(dict.fromkeys(map(str, known)))}
        return cls(lambda value: order.get(str(value)), list(order), -_MARGIN, len(order) - 1 + _MARGIN)

    def aside(self, count: int, step: float) -> float:
        """How far to move the point of a number aside, so that points of the same names do not hide each other."""
        return (count * step % 1 - 0.5) * 2 * _ASIDE if self.labels else 0.0


_Series = tuple[str, tuple[str, str]]


def _series(chart: Chart) -> dict[_Series, list[Record]]:
    """The records of each line: of one revision, file and field."""
    found: dict[_Series, list[Record]] = {}
    for record in chart.records:
        key = str(record.get(REVISION, "")), (str(record.get(FILENAME, "")), str(record.get(FIELD, "")))
        found.setdefault(key, []).append(record)
    return found


def _colour(chart: Chart, revision: str) -> str:
    return COLOURS[chart.revisions.index(revision) % len(COLOURS)] if revision in chart.revisions else "gray"


def dash_of(chart: Chart, series: tuple[str, str]) -> str:
    """How the lines of a file and field are broken; "" for a whole line."""
    known = sorted(set(chart.series))
    return _DASHES[known.index(series) % len(_DASHES)] if series in known else ""


def _lines(chart: Chart, *, smooth: bool) -> str:
    x, y = _axes(chart)
    frame = _Frame(chart, x, y)
    body = []
    for (revision, series), records in _series(chart).items():
        points = _placed(records, chart, x, y)
        course = _smoothed(sorted(points)) if smooth else points
        drawn = [(frame.x(one), frame.y(other)) for one, other in _thinned(course)]
        colour, dash = _colour(chart, revision), dash_of(chart, series)
        label = html.escape(" ".join(filter(None, [revision, *(series if len(chart.series) > 1 else ())])))
        if len(drawn) == 1:
            body.append(_dot(*drawn[0], colour, label))
        elif drawn:
            path = "M" + "L".join(f"{one:.1f} {other:.1f}" for one, other in drawn)
            style = f' stroke-dasharray="{dash}"' if dash else ""
            body.append(
                f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{style}><title>{label}</title></path>'
            )
    return frame.svg(body) if body else ""


def _points(chart: Chart) -> str:
    x, y = _axes(chart)
    frame = _Frame(chart, x, y)
    body = []
    for (revision, _), records in _series(chart).items():
        colour = _colour(chart, revision)
        for index, record in enumerate(records):
            one, other = x.place(record.get(chart.x)), y.place(record.get(chart.y))
            if one is not None and other is not None:
                one, other = one + x.aside(index, _STEPS[0]), other + y.aside(index, _STEPS[1])
                label = html.escape(f"{revision}: {record.get(chart.x)}, {record.get(chart.y)}")
                body.append(_dot(frame.x(one), frame.y(other), colour, label))
    return frame.svg(body) if body else ""


def _dot(x: float, y: float, colour: str, label: str) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}" fill-opacity="0.7"><title>{label}</title></circle>'
    )


def _axes(chart: Chart) -> tuple[_Axis, _Axis]:
    return _Axis.of(record.get(chart.x) for record in chart.records), _Axis.of(
        record.get(chart.y) for record in chart.records
    )


def _placed(records: Sequence[Record], chart: Chart, x: _Axis, y: _Axis) -> list[tuple[float, float]]:
    places = ((x.place(record.get(chart.x)), y.place(record.get(chart.y))) for record in records)
    return [(one, other) for one, other in places if one is not None and other is not None]


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Of a long line the lowest and the highest point of each stretch, in order: its shape is the same to the eye."""
    if len(points) <= _MOST_POINTS:
        return points
    size = math.ceil(len(points) / (_MOST_POINTS // 2))
    kept = []
    for start in range(0, len(points), size):
        stretch = range(start, min(start + size, len(points)))
        low, high = min(stretch, key=lambda at: points[at][1]), max(stretch, key=lambda at: points[at][1])
        kept += [points[at] for at in sorted({low, high})]
    return kept


def _smoothed(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Each y as a straight line through its nearest neighbours tells it (loess: weights by the cube of the distance)."""
    points = _thinned(points)
    count = max(2, round(len(points) * _NEIGHBOURS))
    if len(points) <= count:
        return points
    start, found = 0, []
    for x, _ in points:
        # The nearest ones of sorted points stand beside each other.
        while start + count < len(points) and points[start + count][0] - x < x - points[start][0]:
            start += 1
        near = points[start : start + count]
        reach = max(abs(one - x) for one, _ in near) or 1.0
        found.append((x, _fitted(x, [(one, other, (1 - (abs(one - x) / reach) ** 3) ** 3) for one, other in near])))
    return found


def _fitted(x: float, near: Sequence[tuple[float, float, float]]) -> float:
    """The weighted line of least squares at `x`."""
    weights = sum(weight for *_, weight in near) or 1.0
    middle_x = sum(one * weight for one, _, weight in near) / weights
    middle_y = sum(other * weight for _, other, weight in near) / weights
    spread = sum(weight * (one - middle_x) ** 2 for one, _, weight in near)
    if not spread:
        return middle_y
    slope = sum(weight * (one - middle_x) * (other - middle_y) for one, other, weight in near) / spread
    return middle_y + slope * (x - middle_x)


def _bars(chart: Chart, *, ordered: bool) -> str:
    values = [one for one in (_number(record.get(chart.x)) for record in chart.records) if one is not None]
    names = list(dict.fromkeys(str(record.get(chart.y)) for record in chart.records))
    if not values:
        return ""
    if ordered:
        longest = {name: _longest(chart, name) for name in names}
        names.sort(key=lambda name: -longest[name])
    series = _series(chart)
    number = {name: index for index, name in enumerate(names)}
    row = max(18, 10 * len(series) + 4)
    height = row * len(names) + _TOP + _BOTTOM
    x = _Scale(min(0.0, *values), max(0.0, *values), _LEFT * 2, _WIDTH - _RIGHT)
    thick = (row - 4) / len(series)
    body = []
    for index, ((revision, _), records) in enumerate(series.items()):
        for record in records:
            value = _number(record.get(chart.x))
            if value is None:
                continue
            top = _TOP + number[str(record.get(chart.y))] * row + 2 + index * thick
            left, right = sorted((x(0), x(value)))
            label = html.escape(f"{revision} {record.get(chart.y)}: {record.get(chart.x)}")
            body.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{thick:.1f}"'
                f' fill="{_colour(chart, revision)}"><title>{label}</title></rect>'
            )
    body += [_text(_LEFT * 2 - 6, _TOP + row * (at + 0.5), _short(name), "end") for at, name in enumerate(names)]
    body += [_text(x(tick), height - _BOTTOM + 16, _written(tick)) for tick in x.ticks()]
    body.append(_text((x.start + x.end) / 2, height - 8, str(chart.x_label or "")))
    return _svg(chart, body, _WIDTH, height)


def _longest(chart: Chart, name: str) -> float:
    values = (_number(record.get(chart.x)) for record in chart.records if str(record.get(chart.y)) == name)
    return max((value for value in values if value is not None), default=0.0)


def _squares(chart: Chart, *, shares: bool) -> str:
    """How often an x comes with a y: a square for each pair, a picture for each revision and file."""
    columns = sorted({str(record.get(chart.x)) for record in chart.records})
    rows = sorted({str(record.get(chart.y)) for record in chart.records})
    size = max(28, min(80, 300 // max(len(columns), len(rows), 1)))
    pictures = []
    for (revision, series), records in _series(chart).items():
        counts = Counter((str(record.get(chart.x)), str(record.get(chart.y))) for record in records)
        of_x = Counter(str(record.get(chart.x)) for record in records)
        values = {pair: count / of_x[pair[0]] if shares else float(count) for pair, count in counts.items()}
        most = max(values.values(), default=1.0)
        body = []
        for at, x in enumerate(columns):
            for below, y in enumerate(rows):
                value = values.get((x, y), 0.0)
                place = _LEFT * 2 + at * size, _TOP + 14 + below * size
                body += _square(place, size, value / most, f"{value:.2f}" if shares else f"{value:.0f}", f"{x}, {y}")
        width, bottom = _LEFT * 2 + size * len(columns), _TOP + 14 + size * len(rows)
        title = " ".join(filter(None, [revision, *(series if len(chart.series) > 1 else ())]))
        body.append(_text(_LEFT * 2 + size * len(columns) / 2, _TOP + 4, title))
        body += [_text(_LEFT * 2 + (at + 0.5) * size, bottom + 16, _short(x)) for at, x in enumerate(columns)]
        body += [_text(_LEFT * 2 - 6, _TOP + 14 + (at + 0.5) * size, _short(y), "end") for at, y in enumerate(rows)]
        body.append(_text(_LEFT * 2 + size * len(columns) / 2, bottom + 34, str(chart.x_label or "")))
        body.append(_upright(12, _TOP + 14 + size * len(rows) / 2, str(chart.y_label or "")))
        pictures.append(_svg(chart, body, width + _RIGHT, bottom + _BOTTOM))
    return "".join(pictures)


def _square(place: tuple[float, float], size: float, part: float, shown: str, pair: str) -> list[str]:
    left, top = place
    square = (
        f'<rect x="{left}" y="{top}" width="{size - 1}" height="{size - 1}" fill="{COLOURS[0]}"'
        f' fill-opacity="{0.08 + 0.72 * part:.2f}"><title>{html.escape(pair)}: {shown}</title></rect>'
    )
    return [square, _text(left + size / 2, top + size / 2, shown)]


class _Frame:
    """The axes around lines or points, with a grid."""

    def __init__(self, chart: Chart, x: _Axis, y: _Axis) -> None:
        self._chart = chart
        self._axes = x, y
        self.x = _Scale(x.low, x.high, _LEFT, _WIDTH - _RIGHT)
        self.y = _Scale(y.low, y.high, _HEIGHT - _BOTTOM, _TOP)

    def svg(self, body: Sequence[str]) -> str:
        across, up = self._axes
        grid = []
        for value, label in _marks(self.x, across):
            grid.append(
                f'<line x1="{self.x(value):.1f}" x2="{self.x(value):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
            )
            grid.append(_text(self.x(value), _HEIGHT - _BOTTOM + 16, label))
        for value, label in _marks(self.y, up):
            grid.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{self.y(value):.1f}" y2="{self.y(value):.1f}"/>'
            )
            grid.append(_text(_LEFT - 6, self.y(value), label, "end"))
        grid.append(_text((_LEFT + _WIDTH) / 2, _HEIGHT - 8, str(self._chart.x_label or "")))
        grid.append(_upright(12, _HEIGHT / 2, str(self._chart.y_label or "")))
        return _svg(self._chart, [*grid, *body], _WIDTH, _HEIGHT)


def _marks(scale: _Scale, axis: _Axis) -> list[tuple[float, str]]:
    if not axis.labels:
        return [(tick, _written(tick)) for tick in scale.ticks()]
    every = math.ceil(len(axis.labels) / _MOST_LABELS)
    return [(at, _short(label)) for at, label in enumerate(axis.labels) if at % every == 0]


def _written(number: float) -> str:
    return f"{number:.6g}"


def _short(text: str, most: int = 18) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="middle">{html.escape(text)}</text>'


def _upright(x: float, y: float, text: str) -> str:
    return f'<text transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle">{html.escape(text)}</text>'


def _svg(chart: Chart, body: Sequence[str], width: float, height: float) -> str:
    label = html.escape(str(chart.title), quote=True)
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img"'
        f' aria-label="{label}">{"".join(body)}</svg>'
    )
