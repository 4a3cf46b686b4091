from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from treering.pipelines.dag_drawing import draw


def test_one_stage_is_a_box() -> None:
    assert draw(["alone"], []) == "+-------+\n| alone |\n+-------+\n"


def test_what_needs_another_stands_below_it() -> None:
    assert draw(["train", "prep"], [("prep", "train")]) == (
        "+------+\n| prep |\n+------+\n    |\n    |\n+-------+\n| train |\n+-------+\n"
    )


def test_lines_of_two_stages_cross_without_meeting() -> None:
    drawn = draw(["a", "b", "c", "d"], [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")])
    assert drawn == (
        "  +---+   +---+\n"
        "  | a |   | b |\n"
        "  +---+   +---+\n"
        "    |       |\n"
        "    +-------|-+\n"
        "  +-|-------+ |\n"
        "  | |       | |\n"
        "+-----+   +-----+\n"
        "|  c  |   |  d  |\n"
        "+-----+   +-----+\n"
    )


class Reader:
    """Sees the edges of a drawing: from the bottom of each box along its lines to the tops of others."""

    def __init__(self, drawn: str, names: list[str]) -> None:
        rows = drawn.splitlines()
        self.grid = [row.ljust(max(map(len, rows))) for row in rows]
        self.names = names
        self.boxes: dict[str, tuple[int, range]] = {}
        for line, row in enumerate(self.grid):
            for name in names:
                at = row.find(f" {name} ")
                if at >= 0:
                    self.boxes[name] = line, range(row.rindex("|", 0, at + 1), row.index("|", at + len(name) + 1) + 1)
        self.tops = {(line - 1, column): name for name, (line, columns) in self.boxes.items() for column in columns}

    def edges(self) -> set[tuple[str, str]]:
        return {
            (name, other)
            for name, (line, columns) in self.boxes.items()
            for column in columns
            for other in self.follow(line + 2, column, (1, 0), set())
        }

    def follow(self, line: int, column: int, step: tuple[int, int], seen: set[object]) -> set[str]:
        if (line, column, step) in seen:
            return set()
        seen.add((line, column, step))
        down = step == (1, 0)
        if down and (line, column) in self.tops:
            return {self.tops[line, column]}
        if not (line < len(self.grid) and 0 <= column < len(self.grid[0])):
            return set()
        sign = self.grid[line][column]
        if sign == "+":
            turns = [turn for turn in ((1, 0), (0, 1), (0, -1)) if turn != (-step[0], -step[1])]
        else:
            turns = [step] if sign == "|" or (sign == "-" and not down) else []
        return {found for dy, dx in turns for found in self.follow(line + dy, column + dx, (dy, dx), seen)}


@settings(max_examples=150)
@given(st.integers(2, 9), st.data())
def test_the_drawing_shows_the_edges_and_no_others(count: int, data: st.DataObject) -> None:
    names = [f"s{index}" for index in range(count)]
    pairs = [(one, other) for at, other in enumerate(names) for one in names[:at]]
    edges = set(data.draw(st.lists(st.sampled_from(pairs), max_size=14)))
    assert Reader(draw(names, edges), names).edges() == edges
