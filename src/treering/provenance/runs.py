"""Runs and datasets: what a run read and made, and which runs were started within it."""

from __future__ import annotations

import re

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import parse_runs_uri
from treering.entities.dataset import OUTPUT_CONTEXT, Dataset
from treering.entities.lifecycle import Lifecycle
from treering.entities.lineage import Edge, Node
from treering.entities.run import PARENT_RUN_TAG, Run
from treering.provenance.base import Links
from treering.storage.metadata.base import MetadataStore

__all__ = ["RunRelations", "dataset_uri", "run_uri"]

_RUN, _DATASET = "runs:/", "datasets:/"
_DATASET_URI = re.compile(r"datasets:/+(.+)/([^/]+)", re.DOTALL)


def run_uri(run_id: str) -> str:
    """`runs:/<id>`."""
    return f"{_RUN}{run_id}"


def dataset_uri(dataset: Dataset) -> str:
    """`datasets:/<name>/<digest>`; both are taken as they stand, and the name may hold slashes."""
    return f"{_DATASET}{dataset.name}/{dataset.digest}"


class RunRelations:
    """Relations of runs with datasets and with each other."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self._runs: dict[str, Run | None] = {}

    def resolve(self, uri: str) -> str | None:
        """See Relations. What follows the id of a run, such as the path of a file, makes no difference."""
        if uri.startswith(_RUN):
            return run_uri(self._store.runs.get(parse_runs_uri(uri).run_id).info.run_id)
        if uri.startswith(_DATASET):
            return dataset_uri(self._store.datasets.find(*_name_and_digest(uri)))
        return None

    def describe(self, uri: str) -> Node | None:
        """See Relations."""
        if uri.startswith(_RUN):
            return self._describe_run(uri)
        if uri.startswith(_DATASET):
            name, digest = _name_and_digest(uri)
            return Node(uri, "dataset", name, digest)
        return None

    def up(self, uri: str, limit: int) -> Links:
        """See Relations."""
        if uri.startswith(_DATASET):
            makers = self._store.relations.makers(*_name_and_digest(uri), limit)
            return Links([Edge(run_uri(run_id), uri, "output") for run_id in makers.items], makers.total)
        run = self._run(uri)
        if run is None:
            return Links()
        read = [used for used in run.inputs.dataset_inputs if used.context != OUTPUT_CONTEXT]
        edges = [Edge(dataset_uri(used.dataset), uri, "input", used.context) for used in read]
        total = len(edges)
        edges = edges[:limit]
        if parent := run.data.tags.get(PARENT_RUN_TAG):
            total += 1
            edges += [Edge(run_uri(parent), uri, "child")] if limit else []
        return Links(edges, total)

    def down(self, uri: str, limit: int) -> Links:
        """See Relations."""
        if uri.startswith(_DATASET):
            users = self._store.relations.users(*_name_and_digest(uri), limit)
            return Links([self._use(uri, run_id) for run_id in users.items], users.total)
        if uri.startswith(_RUN):
            made = self._made(uri)
            children = self._store.relations.children(uri.removeprefix(_RUN), limit)
            edges = [Edge(uri, run_uri(run_id), "child") for run_id in children.items]
            return Links([*made[:limit], *edges], len(made) + children.total)
        return Links()

    def _made(self, uri: str) -> list[Edge]:
        run = self._run(uri)
        used = run.inputs.dataset_inputs if run else ()
        return [Edge(uri, dataset_uri(one.dataset), "output") for one in used if one.context == OUTPUT_CONTEXT]

    def _use(self, dataset: str, run_id: str) -> Edge:
        run = self._run(run_uri(run_id))
        used = run.inputs.dataset_inputs if run else ()
        context = next((one.context for one in used if dataset_uri(one.dataset) == dataset), "")
        return Edge(dataset, run_uri(run_id), "input", context)

    def _describe_run(self, uri: str) -> Node:
        run = self._run(uri)
        if run is None:
            return Node(uri, "run", uri.removeprefix(_RUN), "", "missing")
        info = run.info
        gone = info.lifecycle_stage is Lifecycle.DELETED
        return Node(
            uri,
            "run",
            info.run_name or info.run_id,
            info.user_id,
            "deleted" if gone else info.status.value.lower(),
            info.start_time,
        )

    def _run(self, uri: str) -> Run | None:
        """None where there is none, as for one that was removed for good."""
        if not uri.startswith(_RUN):
            return None
        if uri not in self._runs:
            try:
                self._runs[uri] = self._store.runs.get(uri.removeprefix(_RUN))
            except NotFound:
                self._runs[uri] = None
        return self._runs[uri]


def _name_and_digest(uri: str) -> tuple[str, str]:
    found = _DATASET_URI.fullmatch(uri)
    if found is None:
        msg = f"Malformed URI {uri!r}. Write datasets:/<name>/<digest>."
        raise InvalidInput(msg)
    return found[1], found[2]
