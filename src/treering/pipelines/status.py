"""What has changed: of one stage, with the reasons, and of many, in the shape of DVC's JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from treering.core.log import logger
from treering.pipelines.contents import Contents
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.targets import Chosen, choose_granular
from treering.storage.content.oid import Oid
from treering.versioning.pointers import Dependency, Pointer, stage_checksum

__all__ = ["Checker", "StageStatus", "pipeline_status"]


@dataclass(frozen=True, slots=True)
class StageStatus:
    """What has changed in a stage since it was locked.

    Attributes:
        deps: By path as the user sees it: new, modified or deleted; for parameters the state of each key.
        outs: By path: modified, deleted or "not in cache".
        always_changed: Whether it counts as changed whatever there is.
        command_changed: Whether its command is another one.
        checksum_changed: Whether its `.dvc` file was edited by hand.
    """

    address: str
    deps: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    always_changed: bool = False
    command_changed: bool = False
    checksum_changed: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything has."""
        return bool(self.as_json())

    def as_json(self) -> list[Any]:
        """As `dvc status --json` has it."""
        said: list[Any] = []
        if self.deps:
            said.append({"changed deps": dict(self.deps)})
        if self.outs:
            said.append({"changed outs": dict(self.outs)})
        if self.always_changed:
            said.append("always changed")
        if self.command_changed:
            said.append("changed command")
        if self.checksum_changed:
            said.append("changed checksum")
        return said


class Checker:
    """Compares stages with what lies in the working tree.

    Args:
        stages: All stages.
        contents: What lies there; may be shared with who else looks.
    """

    def __init__(self, stages: StageSet, contents: Contents | None = None) -> None:
        self.stages = stages
        self.contents = contents or Contents(stages.repo, stages.params)

    def status(self, stage: Stage, path: str = "") -> StageStatus:
        """All that has changed in a stage; of its outputs only those that a path, absolute, lies in, where one is given."""
        return StageStatus(
            stage.address,
            {} if stage.frozen else {name: state for name, state in self._dep_states(stage) if state},
            {name: state for name, _, state in self._out_states(stage, path) if state},
            stage.is_callback or stage.always_changed,
            stage.is_command_changed,
            _is_edited(stage),
        )

    def change(self, stage: Stage, *, allow_missing: bool = False, upstream: Iterable[Stage] = ()) -> str:
        """Why a stage has to run; "" if it has not. What is cheap is asked first, and the first reason is told.

        Args:
            stage: The stage.
            allow_missing: What is only missing is no reason, unless `upstream` made something else of it.
            upstream: The stages whose outputs it needs, as they are locked now.
        """
        if stage.is_command_changed:
            return "its command has changed"
        if _is_edited(stage):
            return "its file was edited"
        if not stage.frozen:
            if stage.is_callback or stage.always_changed:
                return "it always runs"
            made = _made(upstream) if allow_missing else {}
            for name, state in self._dep_states(stage):
                if state and not (allow_missing and state == "deleted" and not self._is_other(stage, name, made)):
                    return f"its dependency {name} is {_told(state)}"
        for name, _, state in self._out_states(stage, ""):
            if state and not (allow_missing and state in {"deleted", "not in cache"}):
                return f"its output {name} is {state}"
        return ""

    def deps_unchanged(self, stage: Stage) -> bool:
        """Whether all that a stage needs is as it is locked."""
        return not any(state for _, state in self._dep_states(stage))

    def _is_other(self, stage: Stage, name: str, made: Mapping[str, Oid | None]) -> bool:
        """Whether a dependency that is missing was made anew by another stage, with other content than is locked here."""
        for dep in stage.deps:
            path = stage.path_of(dep.path)
            if self.stages.shown(path) == name and path in made:
                return made[path] != dep.oid
        return False

    def _dep_states(self, stage: Stage) -> Iterator[tuple[str, str | dict[str, str]]]:
        contents, shown = self.contents, self.stages.shown
        for dep in stage.deps:
            path = stage.path_of(dep.path)
            if dep.repo is not None:
                yield f"{dep.path} ({dep.repo.url})", self._news(stage.pointer, dep)
            elif dep.db is None:
                yield shown(path), contents.dep_state(dep, path)
        for params in stage.params:
            path = stage.path_of(params.path)
            yield shown(path), contents.params_state(params, path)
        for dataset in stage.datasets:
            yield dataset.path, self.stages.datasets.state(dataset)

    @cached_property
    def _news(self) -> Callable[[Pointer | None, Dependency], str]:
        """Whether the repository that an import came from has something newer."""
        asked: Callable[[Pointer | None, Dependency], str] = import_module("treering.versioning.update").SourceNews(
            self.stages.repo
        )
        return asked

    def _out_states(self, stage: Stage, path: str) -> Iterator[tuple[str, str, str]]:
        for out in stage.outs:
            own = stage.path_of(out.path)
            if not path or path == own or path.startswith(own.rstrip("/") + "/"):
                yield self.stages.shown(own), own, self.contents.out_state(out, own)


def _is_edited(stage: Stage) -> bool:
    """Whether a `.dvc` file with dependencies says another checksum than it should."""
    return stage.pointer is not None and stage.pointer.md5 != stage_checksum(stage.pointer)


def _made(stages: Iterable[Stage]) -> dict[str, Oid | None]:
    return {stage.path_of(out.path): out.oid for stage in stages for out in stage.outs}


def _told(state: str | Mapping[str, str]) -> str:
    if isinstance(state, str):
        return state
    return ", ".join(f"{word} ({key})" for key, word in state.items())


def pipeline_status(
    stages: StageSet, targets: Sequence[str] = (), *, with_deps: bool = False, recursive: bool = False
) -> dict[str, list[Any]]:
    """What has changed in pipelines and pointers: by address as `dvc status --json` has it, only what has changed.

    Args:
        stages: All stages.
        targets: Stages, files or outputs; all stages where none are given.
        with_deps: What the targets need as well.
        recursive: A folder means all stages in it.

    Raises:
        NotTracked: If a target is neither a stage nor an output.
        InvalidInput: If a stage cannot be used.
    """
    chosen: list[Chosen] = []
    for target in targets:
        chosen += choose_granular(stages, target, with_deps=with_deps, recursive=recursive)
    if not targets:
        chosen = [Chosen(stage) for stage in stages]
    checker = Checker(stages)
    found = {}
    for stage, path in chosen:
        if stage.frozen and not stage.is_import:
            logger.warning("Stage '%s' is frozen. Its dependencies are not going to be shown.", stage.address)
        said = checker.status(stage, path).as_json()
        if said:
            found[stage.address] = said
    stages.repo.index.save()
    return found
