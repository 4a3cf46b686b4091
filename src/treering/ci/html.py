"""A report as a page of HTML without scripts: Jenkins and others show it, and it can be sent around as it is."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from html import escape
from importlib.resources import files
from urllib.parse import quote

from treering.ci.document import Cell, Document, Link, Picture, Section, Table
from treering.ci.figures import strip_svg

__all__ = ["style_sheet", "to_html"]

_WORDS = {"pass": "Passed", "fail": "Not passed", "insufficient": "Cannot be judged"}
_SIGNS = {"good": "✓", "bad": "✕", "open": "?"}


@cache
def style_sheet() -> str:
    """The look of the pages."""
    return (files("treering.ci") / "report.css").read_text("utf-8")


def to_html(document: Document, style: str = "", *, beside: bool = False) -> str:
    """The whole page.

    Args:
        style: Address of the style sheet, where the page may not bring its own, as in Jenkins; it stands in the page
            unless given.
        beside: Whether pictures lie beside the page, under their names; they stand in it, too, unless they do.
    """
    head = f'<link rel="stylesheet" href="{escape(style)}">' if style else f"<style>{style_sheet()}</style>"
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{_fact(value)}</dd></div>" for name, value in document.facts)
    lead = "".join(f"<p>{escape(sentence)}</p>" for sentence in document.lead)
    halves = _halves(document.sections)
    sections = "".join(
        _section(section, half=half, beside=beside) for section, half in zip(document.sections, halves, strict=True)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(document.title)}</title>{head}</head>\n<body><main>"
        f'<header class="{escape(document.verdict)}"><p class="verdict">{_WORDS[document.verdict]}</p>'
        f"<h1>{escape(document.title)}</h1>{lead}<dl>{facts}</dl></header>\n"
        f"{sections}<footer>{escape(document.foot)}</footer></main></body></html>\n"
    )


def _halves(sections: tuple[Section, ...]) -> list[bool]:
    """Which sections stand beside their neighbour: drawings that follow each other, two and two."""
    found = [False] * len(sections)
    for place in range(1, len(sections)):
        if sections[place].svg and sections[place - 1].svg and not found[place - 1]:
            found[place - 1] = found[place] = True
    return found


def _section(section: Section, *, half: bool, beside: bool) -> str:
    inner = f"<p>{escape(section.text)}</p>" if section.text else ""
    # Beside a drawing, the table that it was made from is for those who want the figures.
    inner += f"<figure>{section.svg}</figure>" if section.svg else ""
    table = _table(section.table) if section.table else ""
    if table and section.svg:
        table = f"<details><summary>The figures</summary>{table}</details>"
    inner += table
    if section.pictures:
        inner += f'<div class="pictures">{"".join(_picture(one, beside=beside) for one in section.pictures)}</div>'
    if section.links:
        inner += f'<p class="links">{"".join(map(_link, section.links))}</p>'
    return f"<section{' class=half' if half else ''}><h2>{escape(section.title)}</h2>{inner}</section>\n"


def _picture(picture: Picture, *, beside: bool) -> str:
    source = quote(picture.file) if beside else f"data:{picture.kind};base64,{b64encode(picture.data).decode()}"
    label = escape(picture.label)
    return f'<figure><img src="{escape(source)}" alt="{label}" loading="lazy"><figcaption>{label}</figcaption></figure>'


def _table(table: Table) -> str:
    def row(cells: tuple[Cell, ...]) -> str:
        return "".join(
            f"<td{' class=n' if place in table.numbers else ''}>{_cell(cell)}</td>" for place, cell in enumerate(cells)
        )

    head = "".join(
        f'<th scope="col"{" class=n" if place in table.numbers else ""}>{escape(name)}</th>'
        for place, name in enumerate(table.columns)
    )
    body = "".join(f"<tr>{row(cells)}</tr>" for cells in table.rows)
    more = f'<p class="quiet">and {table.more:,} more</p>' if table.more else ""
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}'


def _cell(cell: Cell) -> str:
    if cell.strip is not None:
        return strip_svg(cell.strip)
    if not cell.text:
        return ""
    if cell.look == "code":
        return f"<code>{escape(cell.text)}</code>"
    if cell.look in _SIGNS:
        # A change has an arrow already.
        sign = "" if cell.text[0] in "▲▼=" else f'<b aria-hidden="true">{_SIGNS[cell.look]}</b> '
        return f'<span class="{cell.look}">{sign}{escape(cell.text)}</span>'
    return f'<span class="{cell.look}">{escape(cell.text)}</span>' if cell.look else escape(cell.text)


def _fact(value: Cell | Link) -> str:
    return _link(value) if isinstance(value, Link) else _cell(value)


def _link(link: Link) -> str:
    if not link.address.startswith(("https://", "http://")):
        return f"<code>{escape(link.label)}</code>"
    return f'<a href="{escape(link.address)}">{escape(link.label)}</a>'
