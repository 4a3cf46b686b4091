"""Whose outputs there are: pointers always, stages where a repository has pipelines, which most small ones have not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module

from treering.versioning.repository import Repository
from treering.versioning.sources import FileTree, OutputSource, PointerSource, Tracked, WorkingTree

__all__ = ["all_sources", "has_pipelines"]


class _Stages:
    """The outputs of stages; what knows about pipelines is loaded only where there is one."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        """All outputs of stages in a tree."""
        if not tree.documents().pipelines:
            return
        source: OutputSource = import_module("treering.pipelines.stage_source").StageSource(self._repo)
        yield from source.outputs(tree)


def has_pipelines(repo: Repository) -> bool:
    """Whether there is a dvc.yaml in the working tree."""
    return bool(WorkingTree(repo).documents().pipelines)


def all_sources(repo: Repository) -> Sequence[OutputSource]:
    """For verbs that work on all outputs."""
    return (PointerSource(), _Stages(repo))
