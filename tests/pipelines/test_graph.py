from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.pipelines.graph import CyclicGraph, Outputs, build_graph
from treering.versioning.errors import OutputClash


@dataclass
class Step:
    address: str
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    file: str = "/r/dvc.yaml"
    frozen: bool = False

    def file_path(self) -> str:
        return self.file

    def needs(self) -> Sequence[str]:
        return [f"/r/{path}" for path in self.reads]

    def makes(self) -> Sequence[str]:
        return [f"/r/{path}" for path in self.writes]


DIAMOND = [
    Step("last", ["l", "r"], ["out"]),
    Step("left", ["raw/a"], ["l"]),
    Step("right", ["raw/b/c"], ["r"]),
    Step("first", [], ["raw"]),
    Step("alone", [], ["else"]),
]


def test_an_edge_is_there_when_paths_are_equal_inside_or_around() -> None:
    graph = build_graph(
        [Step("a", [], ["d/x", "d/y/z"]), Step("b", ["d"]), Step("c", ["d/x/deep"]), Step("e", ["d/y/zz"])]
    )
    assert graph.upstream == {"a": (), "b": ("a",), "c": ("a",), "e": ()}
    assert graph.downstream["a"] == ("b", "c")


def test_a_name_that_only_begins_alike_is_no_edge() -> None:
    graph = build_graph([Step("a", [], ["data"]), Step("b", ["data2"]), Step("c", ["dat"])])
    assert graph.upstream == {"a": (), "b": (), "c": ()}


def test_stages_are_ordered_depth_first_in_the_order_of_the_file() -> None:
    assert build_graph(DIAMOND).ordered() == ["first", "left", "right", "last", "alone"]


def test_only_what_is_needed_is_reached() -> None:
    graph = build_graph(DIAMOND)
    assert graph.reached(["left"]) == {"left", "first"}
    assert graph.reached(["left"], downstream=True) == {"left", "last"}
    assert graph.connected(["left"]) == {"first", "left", "right", "last"}
    assert graph.components() == [["last", "left", "right", "first"], ["alone"]]


def test_a_frozen_stage_needs_nothing() -> None:
    graph = build_graph(DIAMOND).without_edges_of(["left"])
    assert graph.reached(["last"]) == {"last", "left", "right", "first"}
    assert graph.reached(["left"]) == {"left"}
    assert graph.downstream["first"] == ("right",)


@pytest.mark.parametrize(
    ("one", "other"),
    [("d", "d"), ("d", "d/x"), ("d/x/y", "d/x"), ("a/b/c", "a")],
    ids=["same", "inside", "around", "deep"],
)
def test_outputs_of_two_stages_must_not_overlap(one: str, other: str) -> None:
    with pytest.raises(OutputClash, match=r"'/r/.*(a|b)"):
        build_graph([Step("a", [], [one]), Step("b", [], [other])])


def test_an_output_twice_in_one_stage_is_refused() -> None:
    with pytest.raises(OutputClash, match="twice in a"):
        build_graph([Step("a", [], ["d", "d"])])


def test_a_circle_is_told_with_its_stages() -> None:
    steps = [Step("a", ["c"], ["a"]), Step("b", ["a"], ["b"]), Step("c", ["b"], ["c"]), Step("d", ["c"], ["d"])]
    with pytest.raises(CyclicGraph, match="a → c → b → a"):
        build_graph(steps)


def test_a_stage_that_needs_what_it_makes_is_a_circle() -> None:
    with pytest.raises(CyclicGraph, match="a → a"):
        build_graph([Step("a", ["d/x"], ["d"])])


def test_the_file_of_a_stage_must_not_lie_in_an_output() -> None:
    with pytest.raises(InvalidInput, match="within an output"):
        build_graph([Step("a", [], ["sub"]), Step("b", [], ["x"], file="/r/sub/dvc.yaml")])


@given(st.lists(st.integers(0, 40), max_size=40))
def test_whatever_the_graph_what_is_needed_comes_first(links: list[int]) -> None:
    steps = [Step(f"s{at}", [f"o{link}" for link in links[:at:3] if link < at], [f"o{at}"]) for at in range(len(links))]
    graph = build_graph(steps)
    order = graph.ordered()
    assert sorted(order) == sorted(step.address for step in steps)
    for address in order:
        assert all(order.index(needed) < order.index(address) for needed in graph.upstream[address])


def test_a_chain_of_thousands_needs_no_deep_stack() -> None:
    steps = [Step(f"s{at}", [f"o{at - 1}"], [f"o{at}"]) for at in reversed(range(1, 5000))]
    assert build_graph(steps).ordered()[0] == "s1"


def test_makers_are_found_around_and_within_a_path() -> None:
    outputs = Outputs([Step("a", [], ["d/x", "d/y"]), Step("b", [], ["e"])])
    assert list(outputs.makers("/r/d")) == ["a", "a"]
    assert list(outputs.makers("/r/e/deep")) == ["b"]
    assert list(outputs.below("/r/d/x")) == []
    assert list(outputs.above("/r/d/x")) == [("/r/d/x", "a")]
    assert list(outputs.makers("/r/nothing")) == []
