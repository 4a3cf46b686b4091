"""Small drawings as SVG: bars, a curve, intervals, and where a difference lies about zero.

They have neither script nor style of their own: the page's style sheet colours them, in light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from treering.ci.document import Strip, figure

__all__ = ["bars", "curve", "intervals", "strip_svg", "strip_text"]

_WIDTH = 520
_LABEL = 150
_ROW = 22
_CURVE = (360, 240)
_MARGIN = (52, 12, 24, 40)
_TICKS = 5
_STRIP = (120, 16)
_CELLS = 21
_LONGEST = 22


def bars(items: Sequence[tuple[str, float]], title: str) -> str:
    """One bar for each name, the greatest as long as the drawing is wide."""
    most = max((abs(value) for _, value in items if math.isfinite(value)), default=0.0) or 1.0
    room = _WIDTH - _LABEL - 70
    parts = []
    for place, (name, value) in enumerate(items):
        top = place * _ROW
        length = room * min(abs(value) / most, 1.0) if math.isfinite(value) else 0.0
        parts.append(
            f"{_text(_LABEL - 8, top + 15, _short(name), 'end')}"
            f'<rect class="{"bar" if value >= 0 else "bar off"}" x="{_LABEL}" y="{top + 4}" width="{max(length, 1):.1f}"'
            f' height="14" rx="2"/>{_text(_LABEL + length + 6, top + 15, figure(value), "start", "value")}'
        )
    return _svg(_WIDTH, len(items) * _ROW + 4, title, "".join(parts))


def intervals(items: Sequence[tuple[str, float, float | None, float | None]], title: str, whole: float | None) -> str:
    """A dot with its interval for each name, and a line where the figure of all rows lies."""
    values = [one for _, *numbers in items for one in (*numbers, whole) if one is not None and math.isfinite(one)]
    if not values:
        return ""
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    room = _WIDTH - _LABEL - 80

    def at(value: float) -> float:
        return _LABEL + 8 + room * (value - low) / spread

    parts = []
    if whole is not None and math.isfinite(whole):
        parts.append(f'<line class="whole" x1="{at(whole):.1f}" x2="{at(whole):.1f}" y1="0" y2="{len(items) * _ROW}"/>')
    for place, (name, value, least, most) in enumerate(items):
        middle = place * _ROW + 11
        parts.append(_text(_LABEL - 8, middle + 4, _short(name), "end"))
        if not math.isfinite(value):
            continue
        if least is not None and most is not None:
            parts.append(f'<line class="range" x1="{at(least):.1f}" x2="{at(most):.1f}" y1="{middle}" y2="{middle}"/>')
        parts.append(f'<circle class="dot" cx="{at(value):.1f}" cy="{middle}" r="4"/>')
        parts.append(_text(_WIDTH - 4, middle + 4, figure(value), "end", "value"))
    return _svg(_WIDTH, len(items) * _ROW + 4, title, "".join(parts))


def curve(points: Sequence[tuple[float, float]], across: str, up: str, *, diagonal: bool = False) -> str:
    """A line through points, with a few round ticks on each axis."""
    points = [point for point in points if all(map(math.isfinite, point))]
    if not points:
        return ""
    width, height = _CURVE
    left, right, top, bottom = _MARGIN
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    span = ((0.0, 1.0), (0.0, 1.0)) if diagonal else (_span(xs), _span(ys))

    def x(value: float) -> float:
        return left + (width - left - right) * (value - span[0][0]) / (span[0][1] - span[0][0])

    def y(value: float) -> float:
        return height - bottom - (height - top - bottom) * (value - span[1][0]) / (span[1][1] - span[1][0])

    parts = []
    for value in _ticks(*span[1]):
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(_text(left - 6, y(value) + 4, figure(value), "end", "tick"))
    parts += [_text(x(value), height - bottom + 15, figure(value), "middle", "tick") for value in _ticks(*span[0])]
    if diagonal:
        parts.append(f'<line class="whole" x1="{x(0):.1f}" y1="{y(0):.1f}" x2="{x(1):.1f}" y2="{y(1):.1f}"/>')
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    parts.append(f'<polyline class="line" points="{path}"/>')
    if len(points) <= 30:  # noqa: PLR2004  # more would hide the line
        parts += [f'<circle class="dot" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>' for a, b in points]
    parts.append(_text((left + width - right) / 2, height - 6, across, "middle", "axis"))
    parts.append(_text(4, 11, up, "start", "axis"))
    return _svg(width, height, f"{up} by {across}", "".join(parts))


def strip_svg(strip: Strip) -> str:
    """Where a difference and its interval lie about zero, in a row of a table."""
    width, height = _STRIP
    reach = _reach(strip)
    look = "none" if strip.better is None else "good" if strip.better else "bad"

    def at(value: float) -> float:
        return width / 2 + (width / 2 - 6) * max(-1.0, min(1.0, value / reach))

    parts = [f'<line class="zero" x1="{width / 2}" x2="{width / 2}" y1="0" y2="{height}"/>']
    if strip.low is not None and strip.high is not None:
        parts.append(f'<line class="range {look}" x1="{at(strip.low):.1f}" x2="{at(strip.high):.1f}" y1="8" y2="8"/>')
    if math.isfinite(strip.value):
        parts.append(f'<circle class="dot {look}" cx="{at(strip.value):.1f}" cy="8" r="4"/>')
    return _svg(width, height, "the difference about zero", "".join(parts), "strip")


def strip_text(strip: Strip) -> str:
    """The same in letters of one width; nothing without an interval."""
    if strip.low is None or strip.high is None or not math.isfinite(strip.value):
        return ""
    reach, middle = _reach(strip), _CELLS // 2

    def at(value: float) -> int:
        return middle + round(middle * max(-1.0, min(1.0, value / reach)))

    cells = ["·"] * _CELLS
    cells[middle] = "┊"
    for place in range(at(strip.low), at(strip.high) + 1):
        cells[place] = "┿" if place == middle else "━"
    cells[at(strip.value)] = "●"
    return "".join(cells)


def _reach(strip: Strip) -> float:
    ends = [abs(one) for one in (strip.value, strip.low, strip.high) if one is not None and math.isfinite(one)]
    return max(ends, default=0.0) or 1.0


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    """Some round numbers between two others."""
    rough = (high - low) / _TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(count * step, 12) + 0.0 for count in range(first, math.floor(high / step + 1e-9) + 1)]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(x: float, y: float, text: str, anchor: str, look: str = "name") -> str:
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11">{escape(text)}</text>'


def _svg(width: int, height: int, title: str, inner: str, look: str = "figure") -> str:
    return (
        f'<svg class="{look}" role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f"><title>{escape(title)}</title>{inner}</svg>"
    )
