"""A document as values: sections of paragraphs, facts, tables, bars and lines, which Markdown and HTML are made from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bars", "Block", "Cell", "Curve", "Document", "Facts", "Grid", "Mark", "Section", "Text", "Tiles"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that is an outcome.

    Attributes:
        kind: `ok`, `warn`, `err`, `info`, or "" for neither.
    """

    word: str
    kind: str = ""


Cell = str | Mark


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures on top: (label, value, a second line)."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with what they are; `mono` are those whose values are codes."""

    items: tuple[tuple[str, Cell], ...]
    mono: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `numbers` are the columns of figures, `mono` those of codes."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    mono: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares side by side: (label, share from 0 to 1, figure)."""

    items: tuple[tuple[str, float, str], ...]
    heads: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line, with paler ones behind it.

    Attributes:
        points: (x, y) pairs; x as text for what is no number.
        behind: Lines of as many values.
        diagonal: Whether the line would be a diagonal if all were well.
    """

    title: str
    points: tuple[tuple[float | str, float], ...]
    behind: tuple[tuple[float, ...], ...] = ()
    horizontal: str = ""
    vertical: str = ""
    diagonal: bool = False


Block = Text | Facts | Grid | Bars | Curve | Tiles


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a heading."""

    heading: str
    blocks: tuple[Block, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole card."""

    kicker: str
    title: str
    lead: str
    marks: tuple[Mark, ...]
    tiles: Tiles
    sections: tuple[Section, ...]
    foot: str
