"""Filling a template: a Vega-Lite specification in which `<DVC_METRIC_...>` stands for what a plot brings.

Any text of the specification that is an anchor becomes its value, of whatever kind.
Which anchors there are, and what they mean, is DVC's: templates are exchanged with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treering.core.errors import InvalidInput
from treering.pipelines.plots_points import FIELD, FILENAME, REVISION, Record

__all__ = ["COLOURS", "Chart", "Filled", "anchor", "fill", "fill_apart"]

_BETWEEN = "::"
_SIZE = 300
_ZOOM = {"name": "grid", "select": "interval", "bind": "scales"}
_GREY = {"symbolFillColor": "transparent", "symbolStrokeColor": "grey"}
COLOURS = ("#945dd6", "#13adc7", "#f46837", "#48bb78", "#4299e1", "#ed8936", "#f56565")
"""Of revisions, in their order."""

_RANGES: Mapping[str, Sequence[Any]] = {
    "color": COLOURS,
    "shape": ("circle", "square", "triangle", "diamond"),
    "stroke_dash": ([1, 0], [8, 8], [8, 4], [4, 4], [4, 2], [2, 1], [1, 1]),
}
# What a template may leave out; where nothing fits in, an empty mapping does.
_OPTIONAL = (
    "color", "column", "group_by_x", "group_by_y", "group_by", "pivot_field", "plot_height", "plot_width",
    "row", "shape", "stroke_dash", "tooltip", "zoom_and_pan",
)  # fmt: skip
_NEEDED = ("title", "x", "y", "x_label", "y_label", "data")
# What a program that draws many plots itself wants beside the template, not in it.
_APART = frozenset(
    {"color", "data", "plot_height", "plot_width", "shape", "stroke_dash", "title", "tooltip", "x_label", "y_label",
     "zoom_and_pan"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """What a plot brings to a template.

    Attributes:
        title: What stands above it.
        x: The field; "" for none. `y` likewise.
        records: All points, of all revisions.
        revisions: In the order of their colours.
        series: The file and the field of each y.
    """

    title: str
    x: str
    y: str
    x_label: str
    y_label: str
    records: Sequence[Record]
    revisions: Sequence[str]
    series: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its anchors filled, and those that were left in it, with their values."""

    content: Any
    apart: Mapping[str, Any] = field(default_factory=dict)


def anchor(name: str) -> str:
    """What stands in a template for `name`."""
    return f"<DVC_METRIC_{name.upper()}>"


def fill(template: Mapping[str, Any], chart: Chart, name: str = "") -> Any:
    """The specification with all that the chart brings.

    Args:
        name: What messages call the template.

    Raises:
        InvalidInput: If the template has no place for the data, or no point has the field of an axis.
    """
    return _filled(template, chart, name, frozenset()).content


def fill_apart(template: Mapping[str, Any], chart: Chart, name: str = "") -> Filled:
    """As `fill`, with data, sizes, titles and colours left as anchors, and given beside."""
    return _filled(template, chart, name, _APART)


def _filled(template: Mapping[str, Any], chart: Chart, name: str, apart: frozenset[str]) -> Filled:
    texts = _texts(template)
    if anchor("data") not in texts:
        msg = f"Template '{name}' is not using '{anchor('data')}' anchor. Put it where the values of the data belong."
        raise InvalidInput(msg)
    for axis in (chart.x, chart.y):
        if axis and not any(axis in record for record in chart.records):
            msg = f"Field '{axis}' does not exist in provided data."
            raise InvalidInput(msg)
    optional = {key: value for key, value in _optional(chart).items() if anchor(key) in texts}
    chart = _tidied(chart) if any(anchor(key) in texts for key in _OPTIONAL) else chart
    needed = {
        "title": chart.title, "x": _escaped(chart.x), "y": _escaped(chart.y),
        "x_label": chart.x_label, "y_label": chart.y_label, "data": list(chart.records),
    }  # fmt: skip
    values = optional | {key: needed[key] for key in _NEEDED if needed[key] is not None}
    inside = {anchor(key): value for key, value in values.items() if key not in apart}
    beside = {anchor(key): value for key, value in values.items() if key in apart}
    # An anchor for which there is nothing, such as rows of a plot of one file, is filled with nothing.
    inside |= {anchor(key): {} for key in _OPTIONAL if anchor(key) in texts and key not in values}
    return Filled(_replaced(template, inside), beside)


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for inner in value.values() for text in _texts(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in _texts(inner)}
    return {value} if isinstance(value, str) else set()


def _replaced(value: Any, values: Mapping[str, Any]) -> Any:
    """The same with values for anchors; inside of a longer text only a text can stand for one."""
    if isinstance(value, Mapping):
        return {key: _replaced_text(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [values.get(inner, inner) if isinstance(inner, str) else _replaced(inner, values) for inner in value]
    return value


def _replaced_text(value: Any, values: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        return _replaced(value, values)
    if value in values:
        return values[value]
    for name, text in values.items():
        if isinstance(text, str):
            value = value.replace(name, text)
    return value


def _optional(chart: Chart) -> dict[str, Any]:
    varied = _varied(chart)
    together = _BETWEEN.join(varied)
    groups = [REVISION, together] if varied else [REVISION]
    found: dict[str, Any] = {
        "color": _mapped("color", REVISION, chart.revisions),
        "zoom_and_pan": _ZOOM,
        "plot_height": _SIZE,
        "plot_width": _SIZE,
        "group_by": groups,
        "group_by_x": [*groups, chart.x],
        "group_by_y": [*groups, chart.y],
        "pivot_field": f" + '{_BETWEEN}' + ".join(f"datum.{key}" for key in [REVISION, *varied]),
        "tooltip": [{"field": key} for key in [REVISION, chart.x, chart.y, *([together] if varied else [])]],
    }
    if varied:
        domain = sorted({_BETWEEN.join(_series(one, varied)) for one in chart.series})
        found |= {"row": {"field": together, "sort": []}, "column": {"field": together, "sort": []}}
        found |= {key: _mapped(key, together, domain) for key in ("stroke_dash", "shape")}
    return found


def _varied(chart: Chart) -> list[str]:
    """Whether the series are of different files, of different fields, or both."""
    files, fields = {file for file, _ in chart.series}, {name for _, name in chart.series}
    return [key for key, values in ((FILENAME, files), (FIELD, fields)) if len(values) > 1]


def _series(one: tuple[str, str], varied: Sequence[str]) -> list[str]:
    return [text for text, key in zip(one, (FILENAME, FIELD), strict=True) if key in varied]


def _mapped(name: str, key: str, domain: Sequence[str]) -> dict[str, Any]:
    known = _RANGES[name]
    signs = [known[index % len(known)] for index in range(len(domain))]
    legend = {} if name == "color" else {"legend": _GREY}
    return {"field": key, "scale": {"domain": list(domain), "range": signs}, **legend}


def _tidied(chart: Chart) -> Chart:
    """The records say of themselves only what tells them apart, in one text where file and field both do."""
    varied = _varied(chart)
    both = len(varied) > 1
    dropped = [key for key in (FILENAME, FIELD) if both or key not in varied]
    records = []
    for record in chart.records:
        tidy = {key: value for key, value in record.items() if key not in dropped}
        if both:
            tidy[_BETWEEN.join(varied)] = _BETWEEN.join(str(record[key]) for key in varied)
        records.append(tidy)
    return Chart(chart.title, chart.x, chart.y, chart.x_label, chart.y_label, records, chart.revisions, chart.series)


def _escaped(name: str) -> str:
    """The name of a field for Vega, which takes points and brackets for a way into a value."""
    for sign in ".[]":
        name = name.replace(sign, f"\\{sign}")
    return name
