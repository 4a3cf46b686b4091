"""A card as Markdown, with the front matter that Hugging Face's hub reads.

Everything that comes from elsewhere is escaped, so that no name or note becomes a link, a heading or HTML.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from treering.evaluation.card.document import Bars, Block, Cell, Curve, Facts, Grid, Mark, Section, Text
from treering.evaluation.card.facts import CardFacts
from treering.evaluation.card.writing import document_of

__all__ = ["to_markdown"]

_SIGNS = re.compile(r"([\\`*_\[\]#|~!$])")
_LINE_START = re.compile(r"\A(\d{0,9})([-+=.)])")
# A colon and slashes, and three letters with a dot, become a link by themselves in some places.
_LINKS = re.compile(r"(:)(//)|(www)(\.)", re.IGNORECASE)
_OUTCOME = {"ok": "\N{CHECK MARK} ", "err": "\N{BALLOT X} ", "warn": "\N{WARNING SIGN} "}
_TASKS = {"classifier": "tabular-classification", "regressor": "tabular-regression"}
_BARS = 20


def to_markdown(facts: CardFacts) -> str:
    """The card."""
    document = document_of(facts)
    front = yaml.safe_dump(_front(facts), sort_keys=False, allow_unicode=True, width=120)
    parts = [f"---\n{front}---", f"# {_inline(document.title)}"]
    if document.marks:
        parts.append(" · ".join(_cell(mark) for mark in document.marks))
    if document.lead:
        parts.append(_paragraph(document.lead))
    if document.tiles.items:
        parts.append(
            _table(
                ("", "", ""),
                [(label, value, f"({more})" if more else "") for label, value, more in document.tiles.items],
                (1,),
            )
        )
    parts += [_section(section) for section in document.sections]
    parts.append(f"---\n\n*{_inline(document.foot)}*")
    return "\n\n".join(parts) + "\n"


def _front(facts: CardFacts) -> dict[str, Any]:
    """What the hub of Hugging Face reads; nobody asks it for anything."""
    evaluation = facts.evaluation
    front: dict[str, Any] = {}
    if facts.texts.get("licence"):
        front["license"] = facts.texts["licence"]
    flavours = [name for name in (facts.making.flavours if facts.making else ()) if name != "python_function"]
    if flavours:
        front["library_name"] = flavours[0]
    front["tags"] = ["treering", *sorted(str(value) for key, value in facts.tags.items() if key == "task")]
    if evaluation and evaluation.metrics:
        task = _TASKS.get(evaluation.model_type, evaluation.model_type or "other")
        data = {"name": evaluation.dataset_name or "evaluation", "type": "tabular"}
        if evaluation.dataset_digest:
            data["revision"] = evaluation.dataset_digest
        measured = [
            {"type": name, "value": float(value)}
            for name, value in sorted(evaluation.metrics.items())
            if math.isfinite(value)
        ]
        result = {"task": {"type": task}, "dataset": data, "metrics": measured}
        front["model-index"] = [{"name": facts.title, "results": [result]}]
    return front


def _section(section: Section) -> str:
    parts = [f"## {_inline(section.heading)}"]
    parts += [f"*{_inline(section.note)}*"] if section.note else []
    parts += [_block(block) for block in section.blocks]
    return "\n\n".join(part for part in parts if part)


def _block(block: Block) -> str:
    if isinstance(block, Text):
        return _paragraph(block.text)
    if isinstance(block, Facts):
        lines = [
            f"- **{_inline(name)}:** {_code(value) if name in block.mono else _cell(value)}"
            for name, value in block.items
        ]
        return "\n".join(lines)
    if isinstance(block, Grid):
        rows = [
            tuple(_code(cell) if place in block.mono else _cell(cell) for place, cell in enumerate(row))
            for row in block.rows
        ]
        told = f"**{_inline(block.caption)}**\n\n" if block.caption else ""
        return told + _table(block.heads, rows, block.numbers, escaped=True)
    if isinstance(block, Bars):
        rows = [(_inline(label), _inline(figure), "█" * round(share * _BARS)) for label, share, figure in block.items]
        return _table((*block.heads, ""), rows, (1,), escaped=True)
    if isinstance(block, Curve):
        return _curve(block)
    return ""


def _curve(curve: Curve) -> str:
    """Every so many points as a table; a drawing is on the page."""
    step = max(1, len(curve.points) // 10)
    rows = [(_short(x), _short(y)) for x, y in curve.points[::step]]
    heads = (curve.horizontal or "x", curve.vertical or "y")
    return f"**{_inline(curve.title)}**\n\n{_table(heads, rows, (0, 1))}"


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _table(heads: tuple[str, ...], rows: Any, numbers: tuple[int, ...] = (), *, escaped: bool = False) -> str:
    rule = " | ".join("---:" if place in numbers else "---" for place in range(len(heads)))
    lines = [f"| {' | '.join(_inline(head) for head in heads)} |", f"| {rule} |"]
    lines += [f"| {' | '.join(cell if escaped else _inline(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    return f"{_OUTCOME.get(cell.kind, '')}{_inline(cell.word)}" if isinstance(cell, Mark) else _inline(cell)


def _code(cell: Cell) -> str:
    """As code; a backtick within would end it, and a bar the cell."""
    text = cell.word if isinstance(cell, Mark) else cell
    text = " ".join(text.split()).replace("`", "'").replace("|", "\N{BROKEN BAR}")
    return f"`{text}`" if text else ""


def _inline(text: str) -> str:
    """On one line, with nothing in it that Markdown or HTML would read."""
    plain = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINKS.sub(r"\1\3\\\2\4", _SIGNS.sub(r"\\\1", plain))


def _paragraph(text: str) -> str:
    """The paragraphs of a text, each on one line that begins no list and is no rule."""
    parts = [_inline(part) for part in re.split(r"\n\s*\n", str(text).strip())]
    return "\n\n".join(_LINE_START.sub(r"\1\\\2", part) for part in parts if part)
