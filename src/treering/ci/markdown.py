"""A report as Markdown, as GitHub and GitLab show it; what comes from runs can neither mark up nor mention anybody."""

from __future__ import annotations

import re
from urllib.parse import quote

from treering.ci.comment import fitted
from treering.ci.document import Cell, Document, Link, Section, Table
from treering.ci.figures import strip_text
from treering.core.printable import printable

__all__ = ["LONGEST", "to_markdown"]

LONGEST = 65_000
"""How long a report is at most, in characters: one of GitHub's comments may have 65,536."""

_VERDICT = {"pass": "✅", "fail": "❌", "insufficient": "❔"}
_LOOK = {"good": "🟢 ", "bad": "🔴 ", "open": "🟡 "}
_LONGEST_CELL = 300
_ADDRESS = ":/?#&=%@+,;~"
# An underscore only at the end of a word; the name of an entity could stand for any of the others.
_MARKUP = r"[\\`*\[\]<|&]|(?<!\w)_|_(?!\w)|^[-+>](?=\s)"
# What people, requests, labels, symbols, addresses and orders to the forge (/merge) begin with. The forges look for
# these in what is shown, where an entity is the character itself: only what stands behind it keeps them apart.
_CALL = r"[@#$~]|[!%](?=\w)|:(?=[\w/+-])|^/"
_SPECIAL = re.compile(f"({_CALL})|{_MARKUP}")
_WWW = re.compile(r"(www)\.", re.IGNORECASE)
_NOTHING = "&#8203;"


def to_markdown(document: Document) -> str:
    """The report, no longer than a comment may be."""
    lines = [f"## {_VERDICT[document.verdict]} {_plain(document.title)}", ""]
    lines += [line for sentence in document.lead for line in (_plain(sentence, 2000), "")]
    lines += [f"**{_plain(name)}** {_fact(value)}  " for name, value in document.facts]
    for section in document.sections:
        lines += ["", *_section(section)]
    lines += ["", f"<sub>{_plain(document.foot)}</sub>", ""]
    return fitted("\n".join(lines), LONGEST)


def _section(section: Section) -> list[str]:
    inner: list[str] = []
    if section.text:
        inner += [_plain(section.text, 2000), ""]
    if section.table:
        inner += [*_table(section.table), ""]
    if section.links:
        inner += [" · ".join(_link(link) for link in section.links), ""]
    if section.folded:
        return [f"<details><summary>{_plain(section.title)}</summary>", "", *inner, "</details>"]
    return [f"### {_plain(section.title)}", "", *inner]


def _table(table: Table) -> list[str]:
    # A column that nobody has anything in is left out.
    shown = [place for place in range(len(table.columns)) if any(_cell(row[place]) for row in table.rows)]
    lines = [
        "| " + " | ".join(_plain(table.columns[place]) for place in shown) + " |",
        "|" + "|".join("--:" if place in table.numbers else ":--" for place in shown) + "|",
    ]
    lines += ["| " + " | ".join(_cell(row[place]) for place in shown) + " |" for row in table.rows]
    return lines + ([f"\nand {table.more:,} more"] if table.more else [])


def _cell(cell: Cell) -> str:
    if cell.strip is not None:
        return _code(strip_text(cell.strip))
    if cell.look == "code":
        return _code(cell.text)
    return f"{_LOOK.get(cell.look, '')}{_plain(cell.text)}" if cell.text else ""


def _fact(value: Cell | Link) -> str:
    return _link(value) if isinstance(value, Link) else _cell(value)


def _link(link: Link) -> str:
    if not link.address:
        return _code(link.label)
    return f"[{_plain(link.label)}]({quote(link.address, safe=_ADDRESS)})"


def _plain(text: str, longest: int = _LONGEST_CELL) -> str:
    """Text that means itself: no markup, no HTML, and no mention, which would call people."""
    flat = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};{_NOTHING if found[1] else ''}", _flat(text, longest))
    # Addresses may begin without a scheme.
    return _WWW.sub(rf"\1{_NOTHING}.", flat)


def _code(text: str) -> str:
    """Text as code; a table ends its cells at a pipe even there."""
    flat = _flat(text, _LONGEST_CELL)
    if not flat:
        return ""
    ticks = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    mark = "`" * (ticks + 1)
    space = " " if ticks else ""
    return f"{mark}{space}{flat}{space}{mark}".replace("|", "\\|")


def _flat(text: str, longest: int) -> str:
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
