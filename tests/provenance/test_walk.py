"""The walk alone, over relations that a dictionary states."""

from __future__ import annotations

from itertools import pairwise

import pytest

from treering.core.errors import InvalidInput
from treering.entities.lineage import Edge, Graph, Node
from treering.provenance.base import Links
from treering.provenance.walk import MOST_NODES, walk


class Told:
    """Relations as pairs of (source, target), in which the newest come first."""

    def __init__(self, *pairs: str) -> None:
        self.edges = [Edge(pair[0], pair[1], "input") for pair in pairs]

    def resolve(self, uri: str) -> str | None:
        return uri if len(uri) == 1 else None

    def describe(self, uri: str) -> Node | None:
        return Node(uri, "letter", uri)

    def up(self, uri: str, limit: int) -> Links:
        found = [edge for edge in self.edges if edge.target == uri]
        return Links(found[:limit], len(found))

    def down(self, uri: str, limit: int) -> Links:
        found = [edge for edge in self.edges if edge.source == uri]
        return Links(found[:limit], len(found))


def brief(graph: Graph) -> tuple[str, list[str]]:
    return "".join(node.id for node in graph.nodes), [edge.source + edge.target for edge in graph.edges]


def test_both_directions_are_followed_and_siblings_are_not() -> None:
    told = Told("ab", "bc", "cd", "ax", "yc")
    assert brief(walk([told], "b", 3, 3, 9)) == ("bacd", ["ab", "bc", "cd"])
    assert brief(walk([told], "b", 0, 1, 9)) == ("bc", ["bc"])
    assert brief(walk([told], "c", 2, 0, 9)) == ("cbya", ["bc", "yc", "ab"])


def test_what_was_not_followed_is_counted() -> None:
    found = {node.id: node for node in walk([Told("ab", "bc", "cd", "ax", "yc")], "b", 1, 1, 9).nodes}
    assert (found["a"].more_up, found["a"].more_down) == (0, 1)
    assert (found["b"].more_up, found["b"].more_down) == (0, 0)
    assert (found["c"].more_up, found["c"].more_down) == (1, 1)


def test_of_many_neighbours_the_first_are_listed() -> None:
    told = Told(*(f"a{letter}" for letter in "bcdefg"))
    graph = walk([told], "a", 3, 3, 2)
    assert brief(graph) == ("abc", ["ab", "ac"])
    assert graph.nodes[0].more_down == 4
    assert not graph.truncated


def test_a_circle_and_two_ways_to_one_thing_end() -> None:
    assert brief(walk([Told("ab", "ba")], "a", 5, 5, 9)) == ("ab", ["ba", "ab"])
    assert brief(walk([Told("ab", "ac", "bd", "cd")], "a", 0, 5, 9)) == ("abcd", ["ab", "ac", "bd", "cd"])


def test_sources_add_up() -> None:
    graph = walk([Told("ab"), Told("ac", "ad")], "a", 0, 1, 1)
    assert brief(graph) == ("abc", ["ab", "ac"])
    assert graph.nodes[0].more_down == 1


def test_a_graph_has_an_end() -> None:
    letters = [chr(0x4E00 + number) for number in range(MOST_NODES + 50)]
    chain = Told(*(first + second for first, second in pairwise(letters)))
    graph = walk([chain], letters[0], 0, MOST_NODES + 40, 9)
    assert (len(graph.nodes), graph.truncated) == (MOST_NODES, True)
    assert graph.nodes[-1].more_down == 1
    assert not walk([chain], letters[0], 0, 20, 9).truncated


def test_what_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"ftp://x.*Write runs:/<id>"):
        walk([Told("ab")], "ftp://x", 1, 1, 1)
