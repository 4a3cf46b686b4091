from __future__ import annotations

from treering.pipelines.tables import markdown_table, plain_table


def test_a_column_is_as_wide_as_its_widest_cell_or_its_head_and_two() -> None:
    assert plain_table(["Path", "acc", ""], [["metrics.json", "0.12346", ""], ["m", "-", "text"]]) == (
        "Path          acc\nmetrics.json  0.12346\nm             -        text"
    )


def test_markdown_frames_each_cell() -> None:
    assert markdown_table(["Path", "acc"], [["m.json", "0.1"]]) == (
        "| Path   | acc   |\n|--------|-------|\n| m.json | 0.1   |\n"
    )


def test_a_table_without_rows_is_nothing_or_in_markdown_its_head() -> None:
    assert plain_table(["Path"], []) == ""
    assert markdown_table(["Path"], []) == "| Path   |\n|--------|\n"


def test_characters_of_two_places_and_cells_of_two_lines_keep_the_columns_straight() -> None:
    assert plain_table(["Path", "b"], [["漢字漢字", "b\nc"], ["é", "  d "]]) == (
        "Path      b\n漢字漢字  b\n          c\né         d"
    )
