"""Whether the sources of imports have something newer, for `status`."""

from __future__ import annotations

from typing import Any

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.core.errors import TreeringError
from treering.pipelines.stages import StageSet
from treering.pipelines.targets import choose_granular
from treering.versioning.pointers import Pointer
from treering.versioning.update import SourceNews

__all__ = ["add_news"]


def add_news(call: Call, stages: StageSet, found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The status of stages, with `update available` for imports whose source has gone on.

    A source that cannot be reached keeps nobody from the rest: it is warned of.
    """
    asked = call.options
    chosen = [
        one.stage
        for target in asked.targets
        for one in choose_granular(stages, target, with_deps=asked.with_deps, recursive=asked.recursive)
    ]
    ask = SourceNews(call.repo, all_sources)
    for stage in chosen if asked.targets else stages:
        pointer = stage.pointer
        if pointer is None or not pointer.is_repo_import:
            continue
        try:
            state = ask(pointer, pointer.deps[0])
        except TreeringError as error:
            call.warn(f"Whether {stage.address} has news is not known: {error}")
            continue
        if state:
            entry: dict[str, Any] = {"changed deps": {_source(pointer): state}}
            found[stage.address] = [entry, *found.get(stage.address, [])]
    return {stage.address: found[stage.address] for stage in stages if stage.address in found}


def _source(pointer: Pointer) -> str:
    dep = pointer.deps[0]
    return f"{dep.path} ({dep.repo.url})" if dep.repo is not None else dep.path
