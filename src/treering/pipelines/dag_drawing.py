"""Drawings of a graph in plain characters, layer under layer, for terminals that show nothing else.

    +------+   +-----+
    | prep |   | cfg |      A box a node; what needs others stands below them. Out of each box
    +------+   +-----+      comes one line: down to a row of its own, along the row, and down to
        |         |         all that need it. Only the lines of one box meet, in a `+`; those of
        +--+  +---+         others cross, and the one from above goes through as `|`.
           |  |
         +-------+
         | train |
         +-------+

Nodes come into layers by their longest way from a root; a line over several layers
gets a place of its own in each of them; the order within layers is the one with the
fewest crossings that some sweeps of medians find.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["draw"]

_SWEEPS = 12
_GAP = 3
_TIGHT = 4  # columns that a line may go aside, so as not to run next to another


def draw(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> str:
    """The drawing of one connected graph without cycles; every line ends with a line feed.

    Args:
        nodes: Names, in the order in which they stand beside each other where nothing else decides.
        edges: From what is needed to what needs it.
    """
    graph = _Layered(nodes, dict.fromkeys(edges))
    graph.order()
    columns = _columns(graph)
    return _Canvas(graph, columns).text()


class _Layered:
    """A graph whose edges go from one layer to the next; places that only hold a line have no label."""

    def __init__(self, nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> None:
        number = {name: index for index, name in enumerate(nodes)}
        pairs = [(number[one], number[other]) for one, other in edges if one != other]
        self.labels = list(nodes)
        depth = _depths(len(nodes), pairs)
        self.down: list[list[int]] = [[] for _ in nodes]
        self.up: list[list[int]] = [[] for _ in nodes]
        for one, other in pairs:
            above = one
            for layer in range(depth[one] + 1, depth[other]):
                place = self._place(layer, depth)
                self._link(above, place)
                above = place
            self._link(above, other)
        self.layers: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
        for vertex, layer in enumerate(depth):
            self.layers[layer].append(vertex)

    def _place(self, layer: int, depth: list[int]) -> int:
        self.labels.append("")
        self.down.append([])
        self.up.append([])
        depth.append(layer)
        return len(self.labels) - 1

    def _link(self, one: int, other: int) -> None:
        self.down[one].append(other)
        self.up[other].append(one)

    def width(self, vertex: int) -> int:
        label = self.labels[vertex]
        # Two columns for each line that comes in, so that each finds one of its own.
        return max(len(label) + 4, 2 * len(self.up[vertex]) + 3) if label else 1

    def order(self) -> None:
        """Put each layer into the order with the fewest crossings that was found."""
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            downwards = sweep % 2 == 0
            rows = self.layers[1:] if downwards else self.layers[-2::-1]
            fixed = self.layers[:-1] if downwards else self.layers[:0:-1]
            for row, above in zip(rows, fixed, strict=True):
                self._sort(row, above, self.up if downwards else self.down)
            found = self._crossings()
            if found < fewest:
                best, fewest = [list(layer) for layer in self.layers], found
        self.layers = best

    @staticmethod
    def _sort(row: list[int], fixed: Sequence[int], links: Sequence[Sequence[int]]) -> None:
        at = {vertex: index for index, vertex in enumerate(fixed)}
        now = {vertex: float(index) for index, vertex in enumerate(row)}
        row.sort(key=lambda vertex: _median([at[other] for other in links[vertex]], now[vertex]))

    def _crossings(self) -> int:
        total = 0
        for above, below in zip(self.layers, self.layers[1:], strict=False):
            at = {vertex: index for index, vertex in enumerate(below)}
            passed: list[int] = []
            for vertex in above:
                ends = sorted(at[other] for other in self.down[vertex])
                total += sum(len(passed) - bisect_right(passed, end) for end in ends)
                for end in ends:
                    insort(passed, end)
        return total


def _depths(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each node: below all it needs, and a root just above the first that needs it."""
    down: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for one, other in pairs:
        down[one].append(other)
        missing[other] += 1
    roots = [vertex for vertex in range(count) if not missing[vertex]]
    depth = [0] * count
    ready = list(roots)
    while ready:
        vertex = ready.pop()
        for other in down[vertex]:
            depth[other] = max(depth[other], depth[vertex] + 1)
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    for vertex in roots:
        if down[vertex]:
            depth[vertex] = min(depth[other] for other in down[vertex]) - 1
    return depth


def _median(values: list[int], otherwise: float) -> float:
    if not values:
        return otherwise
    values.sort()
    middle = len(values) // 2
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def _columns(graph: _Layered) -> list[int]:
    """The middle column of each vertex: near those it is linked with, in order, and clear of its neighbours."""
    middle = [0] * len(graph.labels)
    for layer in graph.layers:
        _spread(graph, layer, [0] * len(layer), middle)
    sweeps: list[tuple[list[list[int]], list[list[int]]]] = [
        (graph.layers[1:], graph.up),
        (graph.layers[::-1], graph.down),
    ]
    for layers, links in [*sweeps * 4, sweeps[0]]:
        for layer in layers:
            wished = [round(_median([middle[other] for other in links[vertex]], middle[vertex])) for vertex in layer]
            _spread(graph, layer, wished, middle)
    left = min((middle[vertex] - graph.width(vertex) // 2 for layer in graph.layers for vertex in layer), default=0)
    return [column - left for column in middle]


def _spread(graph: _Layered, layer: Sequence[int], wished: Sequence[int], middle: list[int]) -> None:
    """Set the columns of a layer, as near to the wishes as the widths allow.

    Neighbours that are too close form a group, which stands where its members have
    wished for on the average (the way of least squares).
    """
    offsets, at = [], 0
    for index, vertex in enumerate(layer):
        if index:
            at += graph.width(layer[index - 1]) - graph.width(layer[index - 1]) // 2 + _GAP + graph.width(vertex) // 2
        offsets.append(at)
    groups: list[tuple[float, int]] = []  # the sum of what the members wish the start to be, and how many they are
    for wish, offset in zip(wished, offsets, strict=True):
        total, size = float(wish - offset), 1
        while groups and groups[-1][0] / groups[-1][1] >= total / size:
            before, members = groups.pop()
            total, size = total + before, size + members
        groups.append((total, size))
    index = 0
    for total, size in groups:
        start = round(total / size)
        for vertex, offset in zip(layer[index : index + size], offsets[index : index + size], strict=True):
            middle[vertex] = start + offset
        index += size


@dataclass(frozen=True, slots=True)
class _Bus:
    """The line that goes out of one vertex: from `start` down to a row of its own and down again to `ends`."""

    start: int
    ends: tuple[int, ...]

    @property
    def left(self) -> int:
        return min(self.start, *self.ends)

    @property
    def right(self) -> int:
        return max(self.start, *self.ends)

    @property
    def straight(self) -> bool:
        return self.left == self.right


class _Canvas:
    """Rows of characters, written from above."""

    def __init__(self, graph: _Layered, columns: list[int]) -> None:
        self._graph = graph
        self._columns = columns
        self._width = max((columns[v] + graph.width(v) for layer in graph.layers for v in layer), default=0) + _GAP
        self._rows: list[list[str]] = []

    def text(self) -> str:
        for index, layer in enumerate(self._graph.layers):
            self._boxes(layer)
            if index + 1 < len(self._graph.layers):
                self._between(self._buses(layer, self._graph.layers[index + 1]))
        return "".join("".join(row).rstrip() + "\n" for row in self._rows)

    def _blank(self) -> list[str]:
        row = [" "] * self._width
        self._rows.append(row)
        return row

    def _boxes(self, layer: Sequence[int]) -> None:
        top, inside, bottom = self._blank(), self._blank(), self._blank()
        for vertex in layer:
            label = self._graph.labels[vertex]
            if not label:
                top[self._columns[vertex]] = inside[self._columns[vertex]] = bottom[self._columns[vertex]] = "|"
                continue
            width = self._graph.width(vertex)
            left = self._columns[vertex] - width // 2
            border = f"+{'-' * (width - 2)}+"
            top[left : left + width] = bottom[left : left + width] = border
            inside[left : left + width] = f"|{label.center(width - 2)}|"

    def _buses(self, above: Sequence[int], below: Sequence[int]) -> list[_Bus]:
        """The lines between two layers. Each edge ends in a column that no other line starts or ends in.

        A place that only holds a line moves into the column of that line.
        """
        starts = {self._columns[vertex] for vertex in above if self._graph.down[vertex]}
        taken: set[int] = set()
        ends: dict[int, list[int]] = {vertex: [] for vertex in above}
        for vertex in below:
            half = self._graph.width(vertex) // 2
            reach = half - 1 if self._graph.labels[vertex] else 1
            low, high = self._columns[vertex] - reach, self._columns[vertex] + reach
            for source in sorted(self._graph.up[vertex], key=lambda one: self._columns[one]):
                column = self._columns[source]
                refused = taken | (starts - {column})
                free = _nearest(min(max(column, low), high), range(low, high + 1), refused)
                taken.add(free)
                ends[source].append(free)
                if not self._graph.labels[vertex]:
                    self._columns[vertex] = free
        return [_Bus(self._columns[vertex], tuple(ends[vertex])) for vertex in above if ends[vertex]]

    def _between(self, buses: Sequence[_Bus]) -> None:
        tracks = _tracks([bus for bus in buses if not bus.straight])
        first = len(self._rows)
        for _ in range(max(tracks.values(), default=-1) + 3):
            self._blank()
        last = len(self._rows) - 1
        for bus in buses:
            row = last if bus.straight else first + 1 + tracks[bus]
            self._down(bus.start, first, row)
            if bus.straight:
                continue
            for column in range(bus.left, bus.right + 1):
                if self._rows[row][column] == " ":
                    self._rows[row][column] = "-"
            for end in bus.ends:
                self._down(end, row, last)
        for bus in buses:
            if not bus.straight:
                for column in (bus.start, *bus.ends):
                    self._rows[first + 1 + tracks[bus]][column] = "+"

    def _down(self, column: int, first: int, last: int) -> None:
        for row in self._rows[first : last + 1]:
            row[column] = "|"


def _nearest(wished: int, columns: Iterable[int], refused: set[int]) -> int:
    """The column nearest to the wish that is not refused, and rather none beside a refused one.

    A box is wide enough to have a free column.
    """

    def cost(column: int) -> int:
        beside = (column - 1 in refused) + (column + 1 in refused)
        return abs(column - wished) + _TIGHT * beside

    free = [column for column in columns if column not in refused]
    return min(free, key=cost) if free else wished


def _tracks(buses: Sequence[_Bus]) -> dict[_Bus, int]:
    """The row of each line, counted from above, such that lines in one row do not touch.

    Of lines to the right the rightmost goes first, of lines to the left the leftmost: they do not cross then.
    """
    right = sorted((bus for bus in buses if bus.left == bus.start), key=lambda bus: -bus.start)
    left = sorted((bus for bus in buses if bus.left != bus.start), key=lambda bus: bus.start)
    rows: list[list[_Bus]] = []
    found = {}
    for bus in (*right, *left):
        for index, row in enumerate(rows):
            if all(bus.left > other.right + 1 or bus.right < other.left - 1 for other in row):
                row.append(bus)
                found[bus] = index
                break
        else:
            found[bus] = len(rows)
            rows.append([bus])
    return found
