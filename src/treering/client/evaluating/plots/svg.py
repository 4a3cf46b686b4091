"""Plots as SVG, drawn with nothing but text: small, sharp, and readable where Matplotlib is not installed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import numpy as np

from treering.client.evaluating.plots import Line, Lines

__all__ = ["PLOTTER", "SvgPlotter"]

_WIDTH, _HEIGHT = 640, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 36, 52
_COLOURS = ("#0b62a4", "#d1491d", "#2f7d32", "#7a3fa0", "#a15c00", "#0a7f86", "#b3205b", "#555555")
_TICKS = 5
_MOST_CELLS = 30
_MOST_IN_LEGEND = 12
_DARK = 0.5
_CONTROLS = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]")


class SvgPlotter:
    """Implements `Plotter`."""

    suffix = ".svg"

    def lines(self, plot: Lines) -> bytes:
        """As `Plotter.lines`."""
        x_range, y_range = _range([line.x for line in plot.lines]), _range([line.y for line in plot.lines])
        parts = [*_frame(plot, x_range, y_range)]
        named = [line for line in plot.lines if line.label]
        for place, line in enumerate(plot.lines):
            parts.append(_path(line, _COLOURS[place % len(_COLOURS)], x_range, y_range))
        if len(named) <= _MOST_IN_LEGEND:
            for row, line in enumerate(named):
                colour = _COLOURS[plot.lines.index(line) % len(_COLOURS)]
                y = _HEIGHT - _BOTTOM - 12 - 16 * (len(named) - 1 - row)
                parts.append(f'<rect x="{_WIDTH - _RIGHT - 190}" y="{y - 8}" width="12" height="3" fill="{colour}"/>')
                parts.append(_text(_WIDTH - _RIGHT - 172, y - 2, line.label, anchor="start", size=11))
        return _file(parts, plot.title)

    def matrix(self, values: Any, labels: Sequence[str], title: str) -> bytes:
        """As `Plotter.matrix`."""
        shares = np.asarray(values, float)
        count = len(labels)
        side = (_HEIGHT - _TOP - _BOTTOM) / max(count, 1)
        parts = [_text(_WIDTH / 2, 22, title, size=14), _text(_WIDTH / 2, _HEIGHT - 10, "Predicted label", size=12)]
        parts.append(_text(20, _HEIGHT / 2, "True label", size=12, turned=True))
        left = (_WIDTH - side * count) / 2
        for row in range(count):
            for column in range(count):
                share = float(shares[row, column])
                x, y = left + column * side, _TOP + row * side
                pale = 1 - min(max(share, 0.0), 1.0)
                colour = f"rgb({round(8 + 239 * pale)},{round(72 + 175 * pale)},{round(140 + 115 * pale)})"
                box = f'x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}"'
                parts.append(f'<rect {box} fill="{colour}"/>')
                if count <= _MOST_CELLS:
                    colour = "#ffffff" if share > _DARK else "#111111"
                    parts.append(
                        _text(x + side / 2, y + side / 2 + 4, f"{share:.2g}", size=min(13, side / 2.5), colour=colour)
                    )
            if count <= _MOST_CELLS:
                parts.append(
                    _text(left - 6, _TOP + (row + 0.5) * side + 4, labels[row][:12], anchor="end", size=min(12, side))
                )
                parts.append(
                    _text(left + (row + 0.5) * side, _HEIGHT - _BOTTOM + 16, labels[row][:12], size=min(12, side))
                )
        return _file(parts, title)

    def bars(self, values: Sequence[float], labels: Sequence[str], title: str, x_label: str) -> bytes:
        """As `Plotter.bars`."""
        parts = [_text(_WIDTH / 2, 22, title, size=14), _text(_WIDTH / 2, _HEIGHT - 10, x_label, size=12)]
        most = max((abs(value) for value in values), default=1.0) or 1.0
        height = (_HEIGHT - _TOP - _BOTTOM) / max(len(values), 1)
        for row, (value, label) in enumerate(zip(values, labels, strict=True)):
            y = _TOP + row * height
            width = (_WIDTH - 200 - _RIGHT) * abs(value) / most
            parts.append(
                f'<rect x="190" y="{y + height * 0.15:.1f}" width="{width:.1f}" height="{height * 0.7:.1f}" fill="{_COLOURS[value < 0]}"/>'
            )
            parts.append(_text(184, y + height / 2 + 4, label[:28], anchor="end", size=11))
            parts.append(_text(194 + width, y + height / 2 + 4, f"{value:.3g}", anchor="start", size=10))
        return _file(parts, title)


def _range(columns: Sequence[Sequence[float]]) -> tuple[float, float]:
    values = np.concatenate([np.asarray(column, float) for column in columns]) if columns else np.zeros(1)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _at(value: float, between: tuple[float, float], start: float, end: float) -> float:
    return start + (value - between[0]) / (between[1] - between[0]) * (end - start)


def _path(line: Line, colour: str, x_range: tuple[float, float], y_range: tuple[float, float]) -> str:
    points: list[str] = []
    before = 0.0
    for x, y in zip(line.x, line.y, strict=True):
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        across, up = _at(x, x_range, _LEFT, _WIDTH - _RIGHT), _at(y, y_range, _HEIGHT - _BOTTOM, _TOP)
        if line.steps and points:
            points.append(f"{across:.1f},{before:.1f}")
        points.append(f"{across:.1f},{up:.1f}")
        before = up
    style = 'stroke="#888888" stroke-dasharray="5 4"' if line.faint else f'stroke="{colour}"'
    drawn = f'<polyline fill="none" stroke-width="1.6" {style} points="{" ".join(points)}"/>'
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in (point.split(",") for point in points)
    )
    return drawn + (dots if line.dots else "")


def _frame(plot: Lines, x_range: tuple[float, float], y_range: tuple[float, float]) -> Iterator[str]:
    yield _text(_WIDTH / 2, 22, plot.title, size=14)
    yield _text(_WIDTH / 2, _HEIGHT - 10, plot.x_label, size=12)
    yield _text(16, _HEIGHT / 2, plot.y_label, size=12, turned=True)
    box = f'x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" height="{_HEIGHT - _TOP - _BOTTOM}"'
    yield f'<rect {box} fill="none" stroke="#999999"/>'
    for place in range(_TICKS + 1):
        x, y = (low + (high - low) * place / _TICKS for low, high in (x_range, y_range))
        yield _text(_at(x, x_range, _LEFT, _WIDTH - _RIGHT), _HEIGHT - _BOTTOM + 16, f"{x:.3g}", size=11)
        yield _text(_LEFT - 6, _at(y, y_range, _HEIGHT - _BOTTOM, _TOP) + 4, f"{y:.3g}", anchor="end", size=11)


def _text(  # noqa: PLR0913  # how a word is written
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "middle",
    size: float = 12,
    colour: str = "#222222",
    turned: bool = False,
) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:.0f}" fill="{colour}"{turn}>{_escaped(words)}</text>'


def _escaped(words: str) -> str:
    """As text of XML, which knows no control characters."""
    return escape(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", words))


def _file(parts: Sequence[str], title: str) -> bytes:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" role="img">'
        f'<title>{_escaped(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>'
    )
    return f"{head}{''.join(parts)}</svg>\n".encode()


PLOTTER = SvgPlotter()
