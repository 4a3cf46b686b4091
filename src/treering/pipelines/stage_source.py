"""The outputs of pipelines, for verbs of the floor below that work on outputs of all kinds: push, fetch, checkout, gc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from treering.pipelines.stages import load_stages
from treering.versioning.repository import Repository
from treering.versioning.sources import FileTree, Tracked

__all__ = ["StageSource"]


class StageSource:
    """The outputs of pipelines, for verbs that work on outputs of all kinds.

    Args:
        repo: The repository.
    """

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        """As `OutputSource.outputs`."""
        stages = load_stages(self._repo, tree)
        for file in tree.documents().pipelines:
            for stage in stages.in_file(file):
                # In full, also for the dvc.yaml at the root: what a target means is found by it, wherever the user stands.
                address = f"{file}:{stage.name}"
                for out in stage.outs:
                    yield Tracked(address, out, Path(stage.path_of(out.path)), stage.deps, tree.rev)
