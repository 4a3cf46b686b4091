"""The graph of a repository's stages or outputs as text: a drawing, the language of Graphviz, or Mermaid."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.graph import Graph
from treering.pipelines.stages import StageSet, load_stages
from treering.pipelines.targets import choose_granular
from treering.versioning.repository import Repository

__all__ = ["DagOptions", "dag", "dag_graph", "dag_text"]

_JOIN = "@"

Form = Literal["ascii", "dot", "mermaid", "md"]


@dataclass(frozen=True, slots=True)
class DagOptions:
    """What to show, and how.

    Attributes:
        outs: Outputs instead of stages.
        full: Of a target the whole pipeline that it belongs to, not only what it needs.
        collapse: The stages that a foreach or matrix made as one.
    """

    form: Form = "ascii"
    outs: bool = False
    full: bool = False
    collapse: bool = False


def dag(repo: Repository, target: str = "", options: DagOptions = DagOptions(), *, base: Path | None = None) -> str:
    """The text of the graph; "" where there are no stages.

    Args:
        target: A stage, a file with stages or an output: only what it needs; everything where none is given.
        base: The folder where the user stands, to which names are relative.

    Raises:
        InvalidInput: If options do not go together, or a stage cannot be used.
        NotTracked: If the target is neither stage nor output.
    """
    return dag_text(dag_graph(load_stages(repo, base=base), target, options), options.form)


def dag_graph(stages: StageSet, target: str = "", options: DagOptions = DagOptions()) -> Graph:
    """The graph that is shown; its nodes are addresses of stages, or paths of outputs. As `dag` otherwise."""
    if options.outs and options.collapse:
        msg = "`--outs` and `--collapse-foreach-matrix` are mutually exclusive. Give one of them."
        raise InvalidInput(msg)
    graph = _outputs(stages) if options.outs else stages.graph
    if target:
        graph = _around(graph, _targets(stages, target, outs=options.outs), full=options.full)
    return _collapsed(graph) if options.collapse else graph


def dag_text(graph: Graph, form: Form) -> str:
    """A graph in one of the forms."""
    return _FORMS[form](graph)


def _targets(stages: StageSet, target: str, *, outs: bool) -> list[str]:
    chosen = choose_granular(stages, target)
    if not outs:
        return [one.stage.address for one in chosen]
    paths = []
    for stage, path in chosen:
        made = [path] if path else stage.makes()
        paths += [stages.shown(found) for one in made for found in _tracked(stages, one)]
    return paths


def _tracked(stages: StageSet, path: str) -> list[str]:
    """The outputs that a path is in, or that are in it."""
    return [found for found, _ in (*stages.outputs.above(path), *stages.outputs.below(path))]


def _outputs(stages: StageSet) -> Graph:
    """Which output was made of which."""
    # Those of a folder beside each other, as DVC has them.
    inside = [path for path, _ in stages.outputs.below(str(stages.repo.root))]
    paths = dict.fromkeys([*inside, *(path for stage in stages for path in stage.makes())])
    upstream: dict[str, dict[str, None]] = {stages.shown(path): {} for path in paths}
    for stage in stages:
        needed = dict.fromkeys(stages.shown(found) for path in stage.needs() for found in _tracked(stages, path))
        for path in stage.makes():
            upstream[stages.shown(path)] |= needed
    return _graph(upstream)


def _graph(upstream: Mapping[str, Iterable[str]]) -> Graph:
    downstream: dict[str, list[str]] = {node: [] for node in upstream}
    for node, needed in upstream.items():
        for other in needed:
            downstream[other].append(node)
    return Graph(
        {node: tuple(needed) for node, needed in upstream.items()},
        {node: tuple(others) for node, others in downstream.items()},
    )


def _around(graph: Graph, targets: Sequence[str], *, full: bool) -> Graph:
    unknown = [target for target in targets if target not in graph.upstream]
    if unknown:
        msg = f"{unknown[0]!r} is not in the graph. Name a stage or an output of it."
        raise NotFound(msg)
    kept = graph.connected(targets) if full else graph.reached(targets)
    return _graph(
        {node: [one for one in needed if one in kept] for node, needed in graph.upstream.items() if node in kept}
    )


def _collapsed(graph: Graph) -> Graph:
    """Stages of a group as one node of its name, which comes behind the others."""

    def group(node: str) -> str:
        return node if node.endswith(".dvc") else node.partition(_JOIN)[0]

    upstream: dict[str, dict[str, None]] = {node: {} for node in graph.upstream if group(node) == node}
    for node, needed in graph.upstream.items():
        others = upstream.setdefault(group(node), {})
        others |= {group(one): None for one in needed if group(one) != group(node)}
    return _graph(upstream)


def _ascii(graph: Graph) -> str:
    # Loaded by this form alone.
    draw = importlib.import_module("treering.pipelines.dag_drawing").draw
    drawings = []
    for nodes in graph.components():
        edges = [(needed, node) for node in nodes for needed in graph.upstream[node]]
        drawings.append(draw(nodes, edges))
    return "".join(drawings).removesuffix("\n")


def _dot(graph: Graph) -> str:
    names = {node: node if node.startswith('"') or node.endswith('"') else f'"{node}"' for node in graph.upstream}
    lines = [f"{name};" for name in names.values()]
    lines += [f"{names[node]} -> {names[other]};" for node in names for other in graph.downstream[node]]
    return "\n".join(["strict digraph {", *lines, "}", ""])


def _mermaid(graph: Graph) -> str:
    lines = ["flowchart TD"]
    total = 0
    for component in graph.components():
        nodes = {node: f"node{total + index}" for index, node in enumerate(sorted(component), start=1)}
        total += len(nodes)
        lines += [f'\t{number}["{node}"]' for node, number in nodes.items()]
        edges = sorted((node, other) for node in component for other in graph.downstream[node])
        lines += [f"\t{nodes[node]}-->{nodes[other]}" for node, other in edges]
    return "\n".join(lines)


def _markdown(graph: Graph) -> str:
    return f"```mermaid\n{_mermaid(graph)}\n```"


_FORMS: Mapping[Form, Callable[[Graph], str]] = {
    "ascii": _ascii,
    "dot": _dot,
    "md": _markdown,
    "mermaid": _mermaid,
}
