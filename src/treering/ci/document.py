"""A report before it has a look: sections of tables and figures, from which Markdown and HTML are written."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cell", "Document", "Link", "Picture", "Section", "Strip", "Table", "figure", "number"]


@dataclass(frozen=True, slots=True)
class Strip:
    """Where a difference lies about zero, to be drawn in a row of a table.

    Attributes:
        better: Whether it is for the better beyond doubt; False for the worse, None for neither.
    """

    value: float
    low: float | None
    high: float | None
    better: bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes:
        look: `code`, `good`, `bad`, `open`, `quiet`; "" for plain text. Text of a `good`, `bad` or `open` cell comes
            with a sign that tells it without colour.
    """

    text: str
    look: str = ""
    strip: Strip | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below the names of their columns.

    Attributes:
        numbers: Which columns hold numbers, by place.
        more: How many rows were left out.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A place that says more; "" for the address where there is none to go to."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a page shows.

    Attributes:
        file: A name for it as a file of its own, such as `roc_curve_plot.png`.
        kind: Its media type.
    """

    label: str
    file: str
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report.

    Attributes:
        svg: A drawing, for HTML alone, as are `pictures`.
        folded: Whether it is shown only when somebody wants to see it.
    """

    title: str
    table: Table | None = None
    text: str = ""
    svg: str = ""
    links: tuple[Link, ...] = ()
    pictures: tuple[Picture, ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes:
        verdict: `pass`, `fail` or `insufficient`.
        lead: Sentences below the title.
        facts: Names and values that say what it is about.
    """

    title: str
    verdict: str
    lead: tuple[str, ...]
    facts: tuple[tuple[str, Cell | Link], ...]
    sections: tuple[Section, ...]
    foot: str


def figure(value: float) -> str:
    """A number as people read it: four digits that count."""
    return f"{value:.4g}" if not 1e4 <= abs(value) < 1e15 else f"{value:,.0f}"  # noqa: PLR2004  # as long as it is readable


def number(value: float | None, look: str = "") -> Cell:
    """A cell with a number; an empty one for None."""
    return Cell("" if value is None else figure(value), look)
