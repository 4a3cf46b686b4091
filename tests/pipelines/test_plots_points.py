from __future__ import annotations

from typing import Any

import pytest

from treering.pipelines.plots_points import FieldNotFound, LengthsDiffer, is_image, points_of, sources_of, table_of

ROWS = [{"step": "0", "loss": "0.5", "acc": "1"}, {"step": "1", "loss": "0.4", "acc": "2"}]


def points(properties: dict[str, Any], contents: dict[str, Any], name: str = "p.csv") -> Any:
    return points_of(name, properties, contents, "main")


def test_without_a_word_y_is_the_last_field_and_x_the_number_of_the_record() -> None:
    found = points({}, {"p.csv": ROWS})
    assert found.records[1] == {**ROWS[1], "step": 1, "rev": "main", "filename": "p.csv", "field": "acc"}
    assert (found.properties["x"], found.properties["y"]) == ("step", "acc")
    assert (found.properties["x_label"], found.properties["y_label"]) == ("step", "acc")


def test_fields_and_labels_are_taken_as_they_are_told() -> None:
    found = points({"x": "step", "y": "loss", "x_label": "Step!", "title": "T"}, {"p.csv": ROWS})
    assert found.records[0] == {**ROWS[0], "rev": "main", "filename": "p.csv", "field": "loss"}
    assert found.properties == {
        "x": "step", "y": "loss", "x_label": "Step!", "y_label": "loss", "title": "T",
    }  # fmt: skip


def test_several_fields_share_one_y() -> None:
    found = points({"x": "step", "y": ["loss", "acc"]}, {"p.csv": ROWS})
    assert [record["dvc_inferred_y_value"] for record in found.records] == ["0.5", "0.4", "1", "2"]
    assert [record["field"] for record in found.records] == ["loss", "loss", "acc", "acc"]
    assert (found.properties["y"], found.properties["y_label"]) == ("dvc_inferred_y_value", "y")


def test_several_files_are_joined_and_called_by_what_tells_them_apart() -> None:
    contents = {"runs/a/l.csv": ROWS, "runs/b/l.csv": ROWS[:1]}
    found = points({"x": "step", "y": dict.fromkeys(contents, "loss")}, contents, "both")
    assert [record["filename"] for record in found.records] == ["a/l.csv", "a/l.csv", "b/l.csv"]
    assert found.series == [("a/l.csv", "loss"), ("b/l.csv", "loss")]
    assert found.properties["y_label"] == "loss"


def test_x_may_come_from_another_file() -> None:
    contents = {"x.csv": [{"t": 10}, {"t": 20}], "y.csv": ROWS}
    found = points({"x": {"x.csv": "t"}, "y": {"y.csv": "loss"}}, contents, "both")
    assert [record["t"] for record in found.records] == [10, 20]
    contents["x.csv"] = [{"t": 10}]
    with pytest.raises(LengthsDiffer, match="Cannot join 't' from"):
        points({"x": {"x.csv": "t"}, "y": {"y.csv": "loss"}}, contents, "both")


def test_each_y_may_have_an_x_of_its_own() -> None:
    contents = {"a.csv": ROWS, "b.csv": ROWS}
    found = points({"x": {"a.csv": "step", "b.csv": "acc"}, "y": dict.fromkeys(contents, "loss")}, contents, "both")
    assert [record["dvc_inferred_x_value"] for record in found.records] == ["0", "1", "1", "2"]
    with pytest.raises(LengthsDiffer, match="2 x and 1 y"):
        points({"x": {"a.csv": ["step", "acc"]}, "y": {"a.csv": "loss"}}, contents, "both")


def test_a_field_that_is_not_there_is_told() -> None:
    with pytest.raises(
        FieldNotFound, match=r"Could not find provided field \('no'\) in data fields \('step, loss, acc'\)"
    ):
        points({"y": "no"}, {"p.csv": ROWS})


def test_a_file_that_could_not_be_read_leaves_the_others() -> None:
    found = points({"y": {"a.csv": "loss", "gone.csv": "loss"}}, {"a.csv": ROWS}, "both")
    assert len(found.records) == 2
    assert points({"y": "loss"}, {}).records == []


def test_lists_of_records_are_found_wherever_they_are() -> None:
    content = {"a": [1, 2], "deep": {"roc": [{"fpr": 0, "tpr": 1}, {"fpr": 1, "tpr": 1}]}, "more": [{"n": 1}], "x": 3}
    assert table_of(content) == [{"fpr": 0, "tpr": 1, "n": 1}, {"fpr": 1, "tpr": 1}]
    assert table_of([{"a": 1}, {"b": 2}]) == []
    assert table_of([]) == table_of("text") == table_of(None) == []


def test_the_files_of_a_plot_are_those_of_y_and_of_x() -> None:
    assert sources_of("p.csv", None) == sources_of("p.csv", {"y": "loss", "x": "step"}) == ["p.csv"]
    assert sources_of("both", {"y": {"a": "l", "b": "l"}, "x": {"c": "t"}}) == ["a", "b", "c"]
    assert [is_image(name) for name in ("a.png", "b/c.svg", "d.csv")] == [True, True, False]
