"""A card as a page that stands alone: it can be sent, printed and kept."""

from __future__ import annotations

import re
from dataclasses import replace

from treering.core.page import badge, bar, element, number, page, section, table, text
from treering.evaluation.card.document import Bars, Block, Cell, Curve, Facts, Grid, Mark, Section, Text, Tiles
from treering.evaluation.card.facts import CardFacts
from treering.evaluation.card.writing import document_of

__all__ = ["to_html"]

_STYLE = """
.marks{display:flex;flex-wrap:wrap;gap:6px;margin-top:10px}
section>*+*{margin-top:14px}section>h2+*{margin-top:0}section>h2+.quiet{margin:-6px 0 0}section>h2+.quiet+*{margin-top:14px}
caption{font-size:13px;font-weight:600;color:var(--text);padding:6px 0 4px}
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,280px),1fr));gap:16px}
figure{margin:0;min-width:0;max-width:460px}figcaption{color:var(--text2);margin-bottom:6px;font-weight:500}
td{min-width:56px}td:not(.n):first-child{min-width:128px}td:not(.n):last-child:not(:first-child){min-width:150px}td.n,th.n{white-space:nowrap}
.tile small{display:block;color:var(--text3);font-size:12px}
.bars{max-width:640px}
"""
_FAR = 1e150  # the width between two such is still a number
_WIDE, _TALL, _LEFT, _BOTTOM, _TOP = 360.0, 190.0, 44.0, 34.0, 8.0


def to_html(facts: CardFacts) -> str:
    """The page."""
    document = document_of(facts)
    marks = (
        element("div", "".join(badge(mark.word, mark.kind) for mark in document.marks), "marks")
        if document.marks
        else ""
    )
    lead = "".join(element("p", text(part), "lead") for part in _paragraphs(document.lead))
    head = element(
        "header", element("div", text(document.kicker), "kicker") + element("h1", text(document.title)) + marks + lead
    )
    parts = [head, _tiles(document.tiles), *(_section(one) for one in document.sections)]
    parts.append(element("footer", text(document.foot)))
    return page(f"{document.title}: model card", "\n".join(filter(None, parts)), _STYLE)


def _tiles(tiles: Tiles) -> str:
    shown = "".join(
        element(
            "div",
            element("b", text(value)) + element("span", text(label)) + (element("small", text(more)) if more else ""),
            "tile",
        )
        for label, value, more in tiles.items
    )
    return element("div", shown, "tiles") if shown else ""


def _section(one: Section) -> str:
    parts: list[str] = []
    curves: list[str] = []
    for block in one.blocks:
        if isinstance(block, Curve):
            curves.append(_curve(block))
            continue
        if curves:
            parts.append(element("div", "".join(curves), "curves"))
            curves = []
        parts.append(_block(block))
    if curves:
        parts.append(element("div", "".join(curves), "curves"))
    return section(one.heading, "".join(parts), one.note)


def _block(block: Block) -> str:
    if isinstance(block, Text):
        return "".join(element("p", text(part), "quiet" if block.quiet else "") for part in _paragraphs(block.text))
    if isinstance(block, Facts):
        items = (
            element("dt", text(name)) + element("dd", _cell(value, mono=name in block.mono))
            for name, value in block.items
        )
        return element("dl", "".join(items))
    if isinstance(block, Grid):
        rows = [[_cell(cell, mono=place in block.mono) for place, cell in enumerate(row)] for row in block.rows]
        return table(block.heads, rows, block.numbers, block.caption)
    if isinstance(block, Bars):
        lines = "".join(
            element("span", text(label), title=label) + bar(share) + element("span", text(figure))
            for label, share, figure in block.items
        )
        return element("div", lines, "bars")
    return ""


def _cell(cell: Cell, *, mono: bool = False) -> str:
    if isinstance(cell, Mark):
        return badge(cell.word, cell.kind)
    return element("span", text(cell), "mono") if mono else text(cell)


def _paragraphs(whole: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", whole) if part.strip()]


def _curve(curve: Curve) -> str:
    """A line chart; what is no number has its places in order."""
    curve = _drawable(curve)
    words = [str(x) for x, _ in curve.points if isinstance(x, str)]
    xs = [float(place) if words else float(x) for place, (x, _) in enumerate(curve.points)]
    ys = [y for _, y in curve.points]
    if not xs:
        return ""
    reach = [*ys, *(value for line in curve.behind for value in line)]
    low, high = (0.0, 1.0) if curve.diagonal else _padded(min(reach), max(reach))
    left, right = (0.0, 1.0) if curve.diagonal else (min(xs), max(xs))

    def at(x: float, y: float) -> str:
        along = (x - left) / (right - left or 1.0) * (_WIDE - _LEFT - 8) + _LEFT
        up = _TALL - _BOTTOM - (y - low) / (high - low or 1.0) * (_TALL - _BOTTOM - _TOP)
        return f"{along:.1f},{up:.1f}"

    def line(points: list[str], style: str) -> str:
        return f'<polyline points="{" ".join(points)}" fill="none" {style}/>'

    grid = "".join(_rule(at(left, y), number(y, 3)) for y in (low, (low + high) / 2, high))
    behind = "".join(
        line([at(x, y) for x, y in zip(xs, one, strict=True)], 'stroke="var(--text3)" stroke-opacity=".22"')
        for one in curve.behind
    )
    diagonal = line([at(0, 0), at(1, 1)], 'stroke="var(--text3)" stroke-dasharray="4 4"') if curve.diagonal else ""
    main = line(
        [at(x, y) for x, y in zip(xs, ys, strict=True)],
        'stroke="var(--blue)" stroke-width="2.25" stroke-linejoin="round"',
    )
    dots = "" if len(xs) > 12 and not words else "".join(_dot(at(x, y)) for x, y in zip(xs, ys, strict=True))  # noqa: PLR2004 -- a longer line shows itself
    ends = (words[0], words[-1]) if words else (number(left, 3), number(right, 3))
    bottom = _TALL - _BOTTOM + 14
    labels = (
        f'<text x="{_LEFT}" y="{bottom}">{text(ends[0][:24])}</text>'
        f'<text x="{_WIDE - 8}" y="{bottom}" text-anchor="end">{text(ends[1][:24])}</text>'
        f'<text x="{(_WIDE + _LEFT) / 2}" y="{_TALL - 4}" text-anchor="middle">{text(curve.horizontal[:40])}</text>'
    )
    told = f"{curve.title}: from {number(ys[0])} at {curve.points[0][0]} to {number(ys[-1])} at {curve.points[-1][0]}"
    drawing = element(
        "svg",
        grid + behind + diagonal + main + dots + labels,
        viewBox=f"0 0 {_WIDE:g} {_TALL:g}",
        role="img",
        aria_label=told,
    )
    return element("figure", element("figcaption", text(curve.title)) + drawing)


def _drawable(curve: Curve) -> Curve:
    """The curve without what lies nowhere on paper."""

    def there(value: float | str) -> bool:
        return isinstance(value, str) or abs(value) < _FAR

    kept = [place for place, point in enumerate(curve.points) if all(map(there, point))]
    behind = [tuple(line[place] for place in kept) for line in curve.behind if len(line) == len(curve.points)]
    points = tuple(curve.points[place] for place in kept)
    return replace(curve, points=points, behind=tuple(line for line in behind if all(map(there, line))))


def _padded(low: float, high: float) -> tuple[float, float]:
    width = (high - low) or abs(high) or 1.0
    return low - 0.05 * width, high + 0.05 * width


def _rule(at: str, told: str) -> str:
    y = at.partition(",")[2]
    return (
        f'<line x1="{_LEFT}" x2="{_WIDE - 8}" y1="{y}" y2="{y}" stroke="var(--border)"/>'
        f'<text x="{_LEFT - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{text(told)}</text>'
    )


def _dot(at: str) -> str:
    x, _, y = at.partition(",")
    return f'<circle cx="{x}" cy="{y}" r="3" fill="var(--blue)"/>'
