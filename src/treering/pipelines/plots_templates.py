"""Vega-Lite specifications for the usual kinds of plots, with DVC's anchors in the places of what a plot brings.

A repository adds templates of its own in `.dvc/plots/<name>.json`, and hides these by their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.plots_anchors import anchor

__all__ = ["DEFAULT_TEMPLATE", "TEMPLATES", "find_template"]

DEFAULT_TEMPLATE: Final = "linear"

Spec = Mapping[str, Any]

_BASE: Final[Spec] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": anchor("data")},
    "title": {"text": anchor("title"), "anchor": "middle"},
}
_SIZE: Final[Spec] = {"width": anchor("plot_width"), "height": anchor("plot_height")}
_X: Final[Spec] = {"field": anchor("x"), "title": anchor("x_label")}
_Y: Final[Spec] = {"field": anchor("y"), "title": anchor("y_label")}
_NUMBERS: Final[Spec] = {"type": "quantitative", "scale": {"zero": False}}
_NAMES: Final[Spec] = {"type": "nominal", "sort": "ascending"}
_ZOOM: Final = {"params": [anchor("zoom_and_pan")]}
_CHART: Final[Spec] = {**_BASE, **_SIZE}
_SHADES: Final = ["#f4effb", "#945dd6"]  # dark text is to be read on both
_LINES: Final[Spec] = {"color": anchor("color"), "strokeDash": anchor("stroke_dash")}


def _lines(name: str, *, smooth: bool) -> Spec:
    """Lines with a ruler: under the pointer, the values of all of them at one x."""
    smoothed = [{"loess": anchor("y"), "on": anchor("x"), "groupby": anchor("group_by"), "bandwidth": 0.3}]
    # A line of one point would not be seen.
    alone = [
        {"joinaggregate": [{"op": "count", "as": "points_in_line"}], "groupby": anchor("group_by")},
        {"filter": "datum.points_in_line === 1"},
    ]
    nearest = {"type": "point", "on": "pointerover", "clear": "pointerout", "nearest": True, "fields": [anchor("x")]}
    return {
        **_CHART,
        "description": name,
        "encoding": {"x": {**_X, **_NUMBERS}},
        "layer": [
            {
                **_ZOOM,
                **({"transform": smoothed} if smooth else {}),
                "mark": {"type": "line", "clip": True},
                "encoding": {"y": {**_Y, **_NUMBERS}, **_LINES},
            },
            {
                "transform": alone,
                "mark": {"type": "point", "filled": True, "clip": True},
                "encoding": {"y": {**_Y, **_NUMBERS}, "color": anchor("color")},
            },
            {
                "transform": [
                    {"calculate": anchor("pivot_field"), "as": "line"},
                    {"pivot": "line", "value": anchor("y"), "groupby": [anchor("x")]},
                ],
                "params": [{"name": "at", "select": nearest}],
                "mark": {"type": "rule", "tooltip": {"content": "data"}, "stroke": "grey"},
                "encoding": {"opacity": {"value": 0, "condition": {"param": "at", "empty": False, "value": 0.4}}},
            },
        ],
    }


def _simple() -> Spec:
    return {
        **_CHART,
        **_ZOOM,
        "mark": {"type": "line", "clip": True},
        "encoding": {"x": {**_X, **_NUMBERS}, "y": {**_Y, **_NUMBERS}, **_LINES, "tooltip": anchor("tooltip")},
    }


def _scatter() -> Spec:
    return {
        **_CHART,
        **_ZOOM,
        "mark": {"type": "point", "filled": True, "opacity": 0.7, "clip": True},
        "encoding": {
            "x": {**_X, **_NUMBERS},
            "y": {**_Y, **_NUMBERS},
            "color": anchor("color"),
            "shape": anchor("shape"),
            "tooltip": anchor("tooltip"),
        },
    }


def _scatter_jitter() -> Spec:
    """Points of names, such as classes, moved aside by chance, so that they do not hide each other."""
    return {
        **_CHART,
        "transform": [{"calculate": "random() - 0.5", "as": "aside"}, {"calculate": "random() - 0.5", "as": "above"}],
        "mark": {"type": "point", "filled": True, "opacity": 0.7},
        "encoding": {
            "x": {**_X, **_NAMES},
            "xOffset": {"field": "aside", "type": "quantitative", "scale": {"domain": [-0.6, 0.6]}},
            "y": {**_Y, **_NAMES},
            "yOffset": {"field": "above", "type": "quantitative", "scale": {"domain": [-0.6, 0.6]}},
            "color": anchor("color"),
            "shape": anchor("shape"),
            "tooltip": anchor("tooltip"),
        },
    }


def _confusion(*, normalized: bool) -> Spec:
    """A field of squares: how often an x comes with a y; a column of pictures for each revision."""
    cases = {"aggregate": [{"op": "count", "as": "cases"}], "groupby": [anchor("x"), anchor("y")]}
    no_y = {"impute": "cases", "key": anchor("y"), "groupby": anchor("group_by_x"), "value": 0}
    no_x = {"impute": "cases", "key": anchor("x"), "groupby": anchor("group_by_y"), "value": 0}
    of_all = {"joinaggregate": [{"op": "sum", "field": "cases", "as": "of_all"}], "groupby": anchor("group_by_x")}
    share = {"calculate": "datum.cases / datum.of_all", "as": "share"}
    if normalized:
        return _confusion_frame([cases, no_y, of_all, share], "share", ".2f")
    return _confusion_frame([cases, no_y, no_x], "cases", "d")


def _confusion_frame(transform: Sequence[Spec], value: str, written: str) -> Spec:
    cells = {"x": {**_X, **_NAMES}, "y": {**_Y, **_NAMES}}
    label = {"field": value, "type": "quantitative", "format": written}
    tooltip = [{"field": anchor("x"), "type": "nominal"}, {"field": anchor("y"), "type": "nominal"}, label]
    return {
        **_BASE,
        "facet": {"column": {"field": "rev", "type": "nominal", "title": None, "sort": []}, "row": anchor("row")},
        "spec": {
            **_SIZE,
            "transform": list(transform),
            "encoding": cells,
            "layer": [
                {
                    "mark": {"type": "rect", "stroke": "white"},
                    "encoding": {
                        "color": {"field": value, "type": "quantitative", "title": value, "scale": {"range": _SHADES}},
                        "tooltip": tooltip,
                    },
                },
                {"mark": {"type": "text", "color": "black"}, "encoding": {"text": label}},
            ],
        },
    }


def _bars(*, ordered: bool) -> Spec:
    return {
        **_CHART,
        **_ZOOM,
        "mark": {"type": "bar", "tooltip": {"content": "data"}},
        "encoding": {
            "x": {**_X, "type": "quantitative"},
            "y": {**_Y, "type": "nominal", "sort": "-x" if ordered else None},
            "yOffset": {"field": "rev", "sort": None},
            "color": anchor("color"),
            "column": anchor("column"),
        },
    }


TEMPLATES: Final[Mapping[str, Spec]] = {
    "simple": _simple(),
    "linear": _lines("linear", smooth=False),
    "confusion": _confusion(normalized=False),
    "confusion_normalized": _confusion(normalized=True),
    "scatter": _scatter(),
    "scatter_jitter": _scatter_jitter(),
    "smooth": _lines("smooth", smooth=True),
    "bar_horizontal_sorted": _bars(ordered=True),
    "bar_horizontal": _bars(ordered=False),
}
"""The specifications by name, in the order in which they are listed."""


def find_template(name: str, folder: Path | None) -> Spec:
    """The template of a name: of a file in `folder`, of a file at that path, or one of those that come with Treering.

    Raises:
        NotFound: If there is none.
        InvalidInput: If the file is not a JSON object.
    """
    wanted = name or DEFAULT_TEMPLATE
    for file in _candidates(wanted, folder):
        if file.is_file():
            return _read(file)
    if wanted in TEMPLATES:
        return TEMPLATES[wanted]
    msg = f"Template '{wanted}' not found. Take one of {', '.join(TEMPLATES)}, or a file such as .dvc/plots/{wanted}.json."
    raise NotFound(msg)


def _candidates(name: str, folder: Path | None) -> list[Path]:
    inside = [folder / name, folder / f"{name}.json"] if folder is not None else []
    return [*inside, Path(name)]


def _read(file: Path) -> Spec:
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        msg = f"The template {file} is not JSON: {error}. Correct it there."
        raise InvalidInput(msg) from error
    if not isinstance(found, dict):
        msg = f"The template {file} should be a JSON object with a specification of Vega-Lite in it."
        raise InvalidInput(msg)
    return found
