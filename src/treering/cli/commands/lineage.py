"""`treering lineage`: what something came of, and what came of it, as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from treering.cli.output import json_option, print_json
from treering.cli.session import session
from treering.client.lineage import lineage_of
from treering.entities.lineage import Edge, Graph, Node

__all__ = ["lineage"]

_UP = {
    "input": "read",
    "output": "written by",
    "child": "within",
    "registered": "registered from",
    "code": "started from",
}
_DOWN = {"input": "read by", "output": "wrote", "child": "started", "registered": "registered as", "code": "code of"}
_KINDS = {"logged_model": "logged model", "model_version": "version"}


@click.command()
@click.argument("uri")
@click.option("--up", type=click.IntRange(0, 20), default=3, show_default=True, help="Steps towards what it came of.")
@click.option("--down", type=click.IntRange(0, 20), default=3, show_default=True, help="Steps towards what came of it.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="Most neighbours of one thing, the newest.",
)
@json_option
def lineage(uri: str, *, up: int, down: int, limit: int, as_json: bool) -> None:
    """Show what something came of, and what came of it.

    URI is runs:/<id>, models:/<name>/<version>, models:/<name>@<alias>,
    models:/m-<id> or datasets:/<name>/<digest>; or the path of a file or folder
    that a repository tracks.
    """
    with session() as services:
        graph = lineage_of(services.lineage, uri, up, down, limit)
    if as_json:
        print_json(graph)
        return
    root = next(node for node in graph.nodes if node.id == graph.root)
    click.echo(_line(root))
    for title, towards, depth in (("Came of", "up", up), ("What came of it", "down", down)):
        if depth:
            click.echo(f"\n{click.style(title, bold=True)}")
            lines = list(_Tree(graph, towards).below(root))
            click.echo("\n".join(lines) if lines else "  nothing that is known")
    if graph.truncated:
        click.echo(f"\nThese are the first {len(graph.nodes)} things; ask about one of them to see more.")


class _Tree:
    """One direction of a graph as lines; what stands in it twice is shown once with all that hangs on it."""

    def __init__(self, graph: Graph, towards: str) -> None:
        self._nodes: Mapping[str, Node] = {node.id: node for node in graph.nodes}
        self._words = _UP if towards == "up" else _DOWN
        self._up = towards == "up"
        self._next: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            self._next.setdefault(edge.target if self._up else edge.source, []).append(edge)
        self._shown: set[str] = set()

    def below(self, node: Node, indent: str = "  ") -> Iterator[str]:
        self._shown.add(node.id)
        for edge in self._next.get(node.id, ()):
            other = self._nodes[edge.source if self._up else edge.target]
            role = f" ({edge.detail})" if edge.detail else ""
            again = other.id in self._shown
            yield f"{indent}{self._words.get(edge.kind, edge.kind)}{role}: {_line(other)}{' (see above)' if again else ''}"
            if not again:
                yield from self.below(other, f"{indent}  ")
        more = node.more_up if self._up else node.more_down
        if more:
            yield f"{indent}and {more:,} more"


def _line(node: Node) -> str:
    what = f"{_KINDS.get(node.kind, node.kind)} {click.style(node.label, bold=True)}"
    rest = ", ".join(part for part in (node.detail, node.state) if part)
    return f"{what}{f' ({rest})' if rest else ''}  {node.id}"
