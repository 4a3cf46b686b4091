from __future__ import annotations

import datetime as dt
import math

from treering.pipelines.value_changes import changes_table, compare, flatten, rounded, values_table

HEADERS = ("Path", "Metric", "HEAD", "workspace")


def test_values_are_laid_flat_by_paths_with_dots() -> None:
    assert flatten({"a": {"b": {1: 2}}, 5: 3, "e": {}, "l": []}) == {"a.b.1": 2, "5": 3, "l": []}


def test_only_what_differs_is_told_with_the_difference_of_numbers() -> None:
    old = {"m.json": {"acc": 0.5, "same": 1, "text": "a", "gone": 2}, "other.json": {"x": 1}}
    new = {"m.json": {"acc": 0.75, "same": 1.0, "text": "b", "fresh": {"deep": 4}}, "other.json": {"x": 1}}
    assert compare(old, new) == {
        "m.json": {
            "acc": {"old": 0.5, "new": 0.75, "diff": 0.25},
            "text": {"old": "a", "new": "b"},
            "gone": {"old": 2, "new": None},
            "fresh.deep": {"old": None, "new": 4},
        }
    }


def test_all_tells_what_is_the_same_too() -> None:
    assert compare({"p": {"a": True, "n": None}}, {"p": {"a": True, "n": None}}, unchanged=True) == {
        "p": {"a": {"old": True, "new": True, "diff": 0}, "n": {"old": None, "new": None}}
    }


def test_what_is_not_a_number_is_never_the_same() -> None:
    change = compare({"m": {"v": math.nan}}, {"m": {"v": math.nan}})["m"]["v"]
    assert all(math.isnan(change[side]) for side in ("old", "new", "diff"))


def test_lists_and_dates_are_compared_as_text() -> None:
    assert compare({"p": {"l": [1, 2]}}, {"p": {"l": [1, [3]], "d": dt.date(2020, 1, 2)}}) == {
        "p": {"l": {"old": "[1, 2]", "new": "[1, [3]]"}, "d": {"old": None, "new": "2020-01-02"}}
    }


def test_a_file_of_one_value_has_no_key() -> None:
    assert compare({"n.json": 5.25}, {"n.json": 7}) == {"n.json": {"": {"old": 5.25, "new": 7, "diff": 1.75}}}
    assert compare({"n.json": "5"}, {"n.json": {"a": 1}}) == {"n.json": {"a": {"old": "unable to parse", "new": 1}}}
    assert compare({"n.json": [1]}, {"n.json": [3]}) == {"n.json": {"": {"old": 1, "new": 3, "diff": 2}}}


def test_a_file_that_is_on_one_side_only_is_compared_with_nothing() -> None:
    assert compare({}, {"m": {"a": 1}}) == {"m": {"a": {"old": None, "new": 1}}}
    assert compare({"m": {"a": 1}}, {}) == {"m": {"a": {"old": 1, "new": None}}}


def test_the_table_of_changes_rounds_and_sorts_the_keys_of_a_file() -> None:
    changes = compare({"m.json": {"b": 0.123456789, "a": "x"}}, {"m.json": {"b": 0.2, "a": "y"}})
    assert changes_table(changes, HEADERS, precision=5) == (
        "Path    Metric    HEAD     workspace    Change\n"
        "m.json  a         x        y            -\n"
        "m.json  b         0.12346  0.2          0.07654"
    )


def test_what_has_no_difference_can_be_said_to_have_none() -> None:
    changes = compare({"p": {"lr": 1, "name": "a"}}, {"p": {"lr": 3, "name": "b"}})
    assert changes_table(changes, HEADERS, path=False, no_change="none") == (
        "Metric    HEAD    workspace    Change\nlr        1       3            2\nname      a       b            none"
    )


def test_parameters_are_shown_whole_and_without_a_change() -> None:
    changes = compare({"p": {"lr": 0.123456789}}, {"p": {"lr": 0.2}})
    assert changes_table(changes, HEADERS, path=False, markdown=True) == (
        "| Metric   | HEAD        | workspace   |\n"
        "|----------|-------------|-------------|\n"
        "| lr       | 0.123456789 | 0.2         |\n"
    )


def test_metrics_of_several_files_share_columns() -> None:
    values = [("workspace", "a.json", {"x": 1, "y": {"z": 2.123456}}), ("main", "b.json", 5), ("main", "c.json", {})]
    assert values_table(values, revision=True, precision=2) == (
        "Revision    Path        x    y.z\n"
        "workspace   a.json  -   1    2.12\n"
        "main        b.json  5   -    -\n"
        "main        c.json  -   -    -"
    )
    assert values_table(values[:1], revision=False, precision=2) == "Path    x    y.z\na.json  1    2.12"


def test_only_numbers_with_a_point_are_rounded() -> None:
    assert [rounded(value, 2) for value in (1.239, 1, "1.239", True)] == [1.24, 1, "1.239", True]
