"""A page of plots: one HTML file that asks no other host for anything, with pictures beside it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treering.core.errors import InvalidInput
from treering.pipelines.plots_anchors import COLOURS, Chart
from treering.pipelines.plots_drawing import dash_of, draw_chart, kind_of
from treering.pipelines.plots_points import FIELD, FILENAME, REVISION

__all__ = ["ChartSection", "ImageSection", "page_of"]

_MOST_ROWS = 500
_DIVS = "plot_divs"
_HIDDEN = frozenset({FILENAME, FIELD})

_STYLE = """\
<style>
  :root { color-scheme: light dark; }
  body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; }
  .plots { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
  .plot { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px; padding: .75rem 1rem;
          max-width: 100%; overflow-x: auto; }
  .plot h2 { font-size: 1rem; margin: 0 0 .5rem; }
  .plot svg text { fill: currentColor; font-size: 11px; }
  .plot svg line { stroke: currentColor; stroke-opacity: .15; }
  .legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: .25rem 0; padding: 0; }
  .legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
  figure { display: inline-block; margin: 0 1rem .5rem 0; } figure img { max-width: 100%; }
  table { border-collapse: collapse; } th, td { padding: .1rem .6rem; text-align: left; }
  summary { cursor: pointer; opacity: .75; }
</style>"""

_PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plots</title>
{{scripts}}
</head>
<body>
{{{_DIVS}}}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class ChartSection:
    """A plot of data.

    Attributes:
        name: Of the plot.
        template: The name of its template.
        spec: The template filled, for programs that draw it themselves.
    """

    name: str
    chart: Chart
    template: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImageSection:
    """A plot that is a picture: for each revision where the file lies, relative to the page."""

    name: str
    images: Sequence[tuple[str, str]]


def page_of(sections: Sequence[ChartSection | ImageSection], template: str = "") -> str:
    """The text of the page.

    Args:
        sections: In the order of the page.
        template: A page of the user's own, with `{plot_divs}` where the plots belong, and `{scripts}` in its head.

    Raises:
        InvalidInput: If the user's page has no place for the plots.
    """
    page = template or _PAGE
    if f"{{{_DIVS}}}" not in page:
        msg = f"The HTML template has no place for plots. Write {{{_DIVS}}} where they belong."
        raise InvalidInput(msg)
    plots = "\n".join(_chart(one) if isinstance(one, ChartSection) else _images(one) for one in sections)
    divs = f'<div class="plots">\n{plots}\n</div>'
    page = page.replace("{scripts}", _STYLE).replace("{refresh_tag}", "")
    return page.replace(f"{{{_DIVS}}}", divs)


def _chart(section: ChartSection) -> str:
    chart = section.chart
    kind = kind_of(section.spec)
    name = section.template
    drawn = draw_chart(
        chart, kind, smooth=name == "smooth", ordered=name.endswith("_sorted"), shares=name.endswith("_normalized")
    )
    spec = json.dumps(section.spec).replace("<", "\\u003c")
    return _section(
        section.name,
        chart.title,
        [
            drawn or "<p>There is no drawing of this kind of chart; its data stand below.</p>",
            _legend(chart, kind) if drawn else "",
            _table(chart, is_open=not drawn),
            f'<script type="application/json" class="vega-lite">{spec}</script>',
        ],
    )


def _images(section: ImageSection) -> str:
    figures = [
        f'<figure><figcaption>{html.escape(revision)}</figcaption><img src="{html.escape(source, quote=True)}"'
        f' alt="{html.escape(section.name, quote=True)}, {html.escape(revision, quote=True)}"></figure>'
        for revision, source in section.images
    ]
    return _section(section.name, section.name, figures)


def _section(name: str, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(filter(None, parts))
    marked = "".join(sign if sign.isalnum() else "_" for sign in name)
    return f'<section class="plot" id="{marked}">\n<h2>{html.escape(str(title))}</h2>\n{body}\n</section>'


def _legend(chart: Chart, kind: str) -> str:
    """Which colour is which revision, and which dashes are which file; squares have that written above them."""
    items = []
    if len(chart.revisions) > 1 and kind != "squares":
        items += [
            f'<li><i style="background:{COLOURS[at % len(COLOURS)]}"></i>{html.escape(revision)}</li>'
            for at, revision in enumerate(chart.revisions)
        ]
    if len(chart.series) > 1 and kind == "lines":
        items += [
            f'<li><svg width="34" height="8"><path d="M0 4H34" stroke="currentColor" stroke-width="2"'
            f' stroke-dasharray="{dash_of(chart, one)}"/></svg> {html.escape(" ".join(filter(None, one)))}</li>'
            for one in sorted(set(chart.series))
        ]
    return f'<ul class="legend">{"".join(items)}</ul>' if items else ""


def _table(chart: Chart, *, is_open: bool) -> str:
    """The data, for those who would rather read than see; of much data the beginning."""
    records = chart.records[:_MOST_ROWS]
    hidden = _HIDDEN if len(chart.series) < 2 else frozenset[str]()  # noqa: PLR2004
    columns = [key for key in dict.fromkeys(key for record in records for key in record) if key not in hidden]
    columns.sort(key=lambda key: key != REVISION)
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in columns)
    cells = [[f"<td>{html.escape(str(record.get(column, '')))}</td>" for column in columns] for record in records]
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    more = f"<p>The first {_MOST_ROWS} of {len(chart.records)} points.</p>" if len(chart.records) > _MOST_ROWS else ""
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>Data</summary>{more}<table><tr>{head}</tr>{rows}</table></details>"
