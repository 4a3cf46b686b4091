from __future__ import annotations

import math
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from treering.pipelines.plots_anchors import Chart
from treering.pipelines.plots_drawing import draw_chart, kind_of
from treering.pipelines.plots_templates import TEMPLATES


def chart(records: list[dict[str, Any]], x: str = "x", y: str = "y") -> Chart:
    full = [{"rev": "main", "filename": "f", "field": y, **record} for record in records]
    return Chart("T & t", x, y, "X", "Y", full, list(dict.fromkeys(one["rev"] for one in full)), [("f", y)])


def parts(svg: str, tag: str) -> list[Any]:
    root = ET.fromstring(f"<all>{svg}</all>")
    return list(root.iter(tag))


def test_the_kind_of_a_chart_is_told_by_its_first_mark() -> None:
    assert {name: kind_of(spec) for name, spec in TEMPLATES.items()} == {
        "simple": "lines", "linear": "lines", "smooth": "lines", "scatter": "points", "scatter_jitter": "points",
        "confusion": "squares", "confusion_normalized": "squares", "bar_horizontal": "bars", "bar_horizontal_sorted": "bars",
    }  # fmt: skip
    assert kind_of({"layer": [{"mark": {"type": "area"}}, {"mark": "bar"}]}) == "lines"
    assert kind_of({"mark": "geoshape"}) == kind_of({}) == ""


def test_a_line_goes_through_its_points_from_left_to_right() -> None:
    svg = draw_chart(chart([{"x": "0", "y": "1"}, {"x": "5", "y": "3"}, {"x": "10", "y": "2"}]), "lines")
    (path,) = parts(svg, "path")
    spots = [tuple(map(float, one.split())) for one in path.attrib["d"][1:].split("L")]
    assert [x for x, _ in spots] == sorted(x for x, _ in spots)
    assert spots[1][1] < spots[2][1] < spots[0][1]


def test_each_revision_has_a_colour_and_a_line_of_one_point_is_a_dot() -> None:
    records = [{"x": 0, "y": 1}, {"x": 1, "y": 2}, {"x": 0, "y": 3, "rev": "other"}]
    svg = draw_chart(chart(records), "lines")
    assert [path.attrib["stroke"] for path in parts(svg, "path")] == ["#945dd6"]
    assert [dot.attrib["fill"] for dot in parts(svg, "circle")] == ["#13adc7"]


def test_a_long_line_keeps_its_peaks() -> None:
    records = [{"x": index, "y": 100 if index == 54_321 else index % 7} for index in range(100_000)]
    svg = draw_chart(chart(records), "lines")
    (path,) = parts(svg, "path")
    spots = [one.split() for one in path.attrib["d"][1:].split("L")]
    assert len(spots) < 2_000
    assert min(float(y) for _, y in spots) == pytest.approx(10, abs=0.1)


def test_smoothing_follows_the_course_and_not_the_noise() -> None:
    records = [{"x": index, "y": index + (5 if index % 2 else -5)} for index in range(200)]
    (path,) = parts(draw_chart(chart(records), "lines", smooth=True), "path")
    heights = [float(one.split()[1]) for one in path.attrib["d"][1:].split("L")]
    assert heights == sorted(heights, reverse=True)


def test_numbers_that_are_none_are_left_out_and_names_stand_in_order() -> None:
    svg = draw_chart(chart([{"x": 0, "y": "nan"}, {"x": 1, "y": math.inf}, {"x": 2, "y": 3}]), "points")
    assert len(parts(svg, "circle")) <= 3
    by_name = draw_chart(chart([{"x": "b", "y": 1}, {"x": "a", "y": 2}]), "points")
    left = {one.text: float(one.attrib["x"]) for one in parts(by_name, "text") if one.text in {"a", "b"}}
    assert left["b"] < left["a"]


def test_bars_are_as_long_as_their_values_and_sorted_where_asked() -> None:
    records = [{"x": "1", "y": "small"}, {"x": "4", "y": "big"}]
    plain, ordered = (draw_chart(chart(records), "bars", ordered=flag) for flag in (False, True))
    widths = [float(bar.attrib["width"]) for bar in parts(plain, "rect")]
    assert widths[1] == pytest.approx(4 * widths[0], rel=0.02)
    tops = [float(bar.attrib["y"]) for bar in parts(ordered, "rect")]
    assert tops[1] < tops[0]
    assert draw_chart(chart([{"x": "text", "y": "a"}]), "bars") == ""


def test_squares_count_pairs_or_tell_their_share_of_x() -> None:
    records = [{"x": "a", "y": "a"}, {"x": "a", "y": "a"}, {"x": "a", "y": "b"}, {"x": "b", "y": "b"}]
    titles = [one.text for one in parts(draw_chart(chart(records), "squares"), "title")]
    assert titles == ["a, a: 2", "a, b: 1", "b, a: 0", "b, b: 1"]
    shares = [one.text for one in parts(draw_chart(chart(records), "squares", shares=True), "title")]
    assert shares == ["a, a: 0.67", "a, b: 0.33", "b, a: 0.00", "b, b: 1.00"]


def test_ticks_are_round_numbers_and_one_value_is_enough() -> None:
    svg = draw_chart(chart([{"x": 0, "y": 0.013}, {"x": 97, "y": 0.019}]), "lines")
    labels = [one.text or "" for one in parts(svg, "text")]
    assert {"0", "20", "40", "60", "80"} <= set(labels)
    assert "0.014" in labels
    assert "<svg" in draw_chart(chart([{"x": 1, "y": 1}]), "lines")
    assert re.search(r'aria-label="T &amp; t"', svg)


def test_what_has_no_points_or_an_unknown_kind_is_not_drawn() -> None:
    assert draw_chart(chart([{"x": None, "y": ""}]), "lines") == ""
    assert draw_chart(chart([{"x": 1, "y": 1}]), "") == ""
