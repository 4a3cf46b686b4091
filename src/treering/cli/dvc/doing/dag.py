"""The verb `dag`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.paging import page
from treering.pipelines.dag import DagOptions, Form, dag_graph
from treering.pipelines.dag import dag as drawn
from treering.pipelines.stages import load_stages

__all__ = ["dag"]


def dag(call: Call) -> None:
    """Print the graph of stages."""
    asked = call.options
    form: Form = "dot" if asked.dot else "md" if asked.markdown else "mermaid" if asked.mermaid else "ascii"
    options = DagOptions(form, outs=asked.outs, full=asked.full, collapse=asked.collapse_foreach_matrix)
    if call.wants_json:
        graph = dag_graph(load_stages(call.repo, base=call.here), asked.target or "", options)
        edges = [{"from": other, "to": node} for node, needed in graph.upstream.items() for other in needed]
        call.show({"nodes": graph.ordered(), "edges": edges})
        return
    text = drawn(call.repo, asked.target or "", options, base=call.here)
    if form == "ascii":
        page(call, text)
    else:
        call.say(text)
