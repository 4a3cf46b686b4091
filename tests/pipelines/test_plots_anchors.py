from __future__ import annotations

import json
import re
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.pipelines.plots_anchors import Chart, anchor, fill, fill_apart
from treering.pipelines.plots_templates import TEMPLATES, find_template

RECORDS = [
    {"step": 0, "loss.x": 1, "rev": "workspace", "filename": "a", "field": "loss.x"},
    {"step": 0, "loss.x": 2, "rev": "main", "filename": "b", "field": "loss.x"},
]
ONE = Chart("Title", "step", "loss.x", "Step", "Loss", RECORDS, ["workspace", "main"], [("a", "loss.x")])
TWO = Chart(
    "Title", "step", "loss.x", "Step", "Loss", RECORDS, ["workspace", "main"], [("a", "loss.x"), ("b", "loss.x")]
)

# Which anchors each of DVC's templates has: programs that read `--split` expect their values.
ANCHORS = {
    "simple": "color data plot_height plot_width stroke_dash title tooltip x x_label y y_label zoom_and_pan",
    "linear": "color data group_by pivot_field plot_height plot_width stroke_dash title x x_label y y_label zoom_and_pan",
    "confusion": "data group_by_x group_by_y plot_height plot_width row title x x_label y y_label",
    "confusion_normalized": "data group_by_x plot_height plot_width row title x x_label y y_label",
    "scatter": "color data plot_height plot_width shape title tooltip x x_label y y_label zoom_and_pan",
    "scatter_jitter": "color data plot_height plot_width shape title tooltip x x_label y y_label",
    "smooth": "color data group_by pivot_field plot_height plot_width stroke_dash title x x_label y y_label zoom_and_pan",
    "bar_horizontal_sorted": "color column data plot_height plot_width title x x_label y y_label zoom_and_pan",
    "bar_horizontal": "color column data plot_height plot_width title x x_label y y_label zoom_and_pan",
}


def template(**places: Any) -> dict[str, Any]:
    return {"data": {"values": anchor("data")}, **places}


def test_anchors_become_what_the_plot_brings() -> None:
    spec = template(
        title=anchor("title"), text=f"of {anchor('title')}", x={"field": anchor("x")}, y=[{"field": anchor("y")}],
        height=anchor("plot_height"), zoom=[anchor("zoom_and_pan")], unknown=anchor("nobody_knows"),
    )  # fmt: skip
    assert fill(spec, ONE) == {
        "data": {"values": [{"step": 0, "loss.x": 1, "rev": "workspace"}, {"step": 0, "loss.x": 2, "rev": "main"}]},
        "title": "Title", "text": "of Title", "x": {"field": "step"}, "y": [{"field": "loss\\.x"}],
        "height": 300, "zoom": [{"name": "grid", "select": "interval", "bind": "scales"}],
        "unknown": "<DVC_METRIC_NOBODY_KNOWS>",
    }  # fmt: skip


def test_colours_tell_revisions_and_dashes_tell_files() -> None:
    found = fill(
        template(colour=anchor("color"), dash=anchor("stroke_dash"), by=anchor("group_by"), row=anchor("row")), TWO
    )
    assert found["colour"] == {
        "field": "rev", "scale": {"domain": ["workspace", "main"], "range": ["#945dd6", "#13adc7"]},
    }  # fmt: skip
    assert found["dash"]["field"] == "filename"
    assert found["dash"]["scale"] == {"domain": ["a", "b"], "range": [[1, 0], [8, 8]]}
    assert found["by"] == ["rev", "filename"]
    assert found["row"] == {"field": "filename", "sort": []}
    assert [record["filename"] for record in found["data"]["values"]] == ["a", "b"]
    assert "field" not in found["data"]["values"][0]


def test_what_does_not_differ_is_filled_with_nothing() -> None:
    assert fill(template(dash=anchor("stroke_dash"), row=anchor("row"), pivot=anchor("pivot_field")), ONE) == {
        "data": {"values": [{"step": 0, "loss.x": 1, "rev": "workspace"}, {"step": 0, "loss.x": 2, "rev": "main"}]},
        "dash": {}, "row": {}, "pivot": "datum.rev",
    }  # fmt: skip


def test_file_and_field_together_become_one_text() -> None:
    records = [{**record, "field": field} for record, field in zip(RECORDS, ("l", "m"), strict=True)]
    chart = Chart("T", "step", "loss.x", "", "", records, ["main"], [("a", "l"), ("b", "m")])
    found = fill(template(dash=anchor("stroke_dash")), chart)
    assert found["dash"]["scale"]["domain"] == ["a::l", "b::m"]
    assert [record["filename::field"] for record in found["data"]["values"]] == ["a::l", "b::m"]


def test_signs_start_again_where_there_are_more_revisions_than_colours() -> None:
    chart = Chart("T", "step", "loss.x", "", "", RECORDS, [f"r{index}" for index in range(9)])
    colours = fill(template(colour=anchor("color")), chart)["colour"]["scale"]["range"]
    assert len(colours) == 9
    assert colours[7:] == colours[:2]


def test_apart_leaves_the_anchors_and_gives_their_values_beside() -> None:
    filled = fill_apart(TEMPLATES["linear"], TWO)
    assert set(filled.apart) == {
        anchor(name)
        for name in (
            "color",
            "data",
            "plot_height",
            "plot_width",
            "stroke_dash",
            "title",
            "x_label",
            "y_label",
            "zoom_and_pan",
        )
    }
    assert anchor("data") in json.dumps(filled.content)
    assert anchor("group_by") not in json.dumps(filled.content)


def test_a_template_without_a_place_for_data_and_a_field_that_is_nowhere_are_told() -> None:
    with pytest.raises(InvalidInput, match="Template 'mine' is not using '<DVC_METRIC_DATA>' anchor"):
        fill({"mark": "line"}, ONE, "mine")
    with pytest.raises(InvalidInput, match="Field 'no' does not exist in provided data"):
        fill(template(), Chart("T", "no", "loss.x", "", "", RECORDS, ["main"]))


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_has_the_anchors_that_programs_expect_and_leaves_none(name: str) -> None:
    wanted = {f"<DVC_METRIC_{one.upper()}>" for one in ANCHORS[name].split()}
    found = set(re.findall(r"<DVC_METRIC_\w+>", json.dumps(TEMPLATES[name])))
    assert wanted <= found
    assert found - wanted <= {anchor("group_by_y")}
    for chart in (ONE, TWO):
        assert "DVC_METRIC" not in json.dumps(fill(TEMPLATES[name], chart, name))


def test_a_repository_has_templates_of_its_own(tmp_path: Any) -> None:
    (tmp_path / "linear.json").write_text(json.dumps({"mine": 1}))
    (tmp_path / "bad.json").write_text("[1]")
    assert find_template("linear", tmp_path) == {"mine": 1}
    assert find_template("", None) is TEMPLATES["linear"]
    assert find_template(str(tmp_path / "linear.json"), None) == {"mine": 1}
    with pytest.raises(InvalidInput, match=r"bad\.json"):
        find_template("bad", tmp_path)
