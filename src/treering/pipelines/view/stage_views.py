"""The stages of all pipelines: what each reads and writes, whether it would run and why, and how it went the last time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treering.core.errors import TreeringError
from treering.entities.repository import ParamUse, PathState, PathUse, PipelineView, StageEdge, StageState, StageView
from treering.pipelines.contents import Contents
from treering.pipelines.graph import Graph, Outputs
from treering.pipelines.leftovers import is_noted
from treering.pipelines.params import Params, changes
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.view.harmless import harmless_text
from treering.pipelines.view.stage_logs import LastRun, last_run
from treering.pipelines.view.tracked import dependency_state, kind_of, path_state, shown_path, stages_by_file
from treering.versioning.pointers import Dependency

__all__ = ["pipeline_view"]

_LONGEST_VALUE = 500


def pipeline_view(stages: StageSet, runs: Mapping[str, tuple[str, bool]], *, working: bool) -> PipelineView:
    """All stages of dvc.yaml files.

    Args:
        stages: Of the working tree, or of a revision.
        runs: The newest run that tracked each stage, and whether it failed.
        working: Whether to compare them with what lies there.
    """
    problems: list[str] = []
    everything = list(stages_by_file(stages, problems))
    outputs = _outputs(stages, everything, problems)
    makers = {stage.address: stage for stage in everything}
    running = frozenset(
        stage.address
        for stage in everything
        if working and not stage.is_pointer and is_noted(stages.repo.our_tmp, stage.address)
    )
    looking = _Looking(stages, Contents(stages.repo, stages.params), outputs, makers, running, working)
    views = {
        stage.address: looking.view(stage, runs.get(stage.address)) for stage in everything if not stage.is_pointer
    }
    stages.repo.index.save()
    ordered = [views[address] for address in _order(stages, views, problems)]
    return PipelineView(ordered, list(_edges(everything, views, outputs, stages)), "\n".join(dict.fromkeys(problems)))


def _outputs(stages: StageSet, everything: Sequence[Stage], problems: list[str]) -> Outputs:
    try:
        return Outputs(everything)
    except TreeringError as error:
        problems.append(harmless_text(str(error), str(stages.repo.root)))
        return Outputs(())


def _order(stages: StageSet, views: Mapping[str, StageView], problems: list[str]) -> list[str]:
    """The addresses of stages in the order in which they would run; as they stand where there is none."""
    if problems:
        return list(views)
    try:
        graph: Graph = stages.graph
    except (TreeringError, OSError) as error:
        problems.append(harmless_text(str(error), str(stages.repo.root)))
        return list(views)
    return [address for address in graph.ordered() if address in views]


def _edges(
    everything: Iterable[Stage], views: Mapping[str, StageView], outputs: Outputs, stages: StageSet
) -> Iterator[StageEdge]:
    for stage in everything:
        if stage.address not in views:
            continue
        needed: dict[str, dict[str, None]] = {}
        for path in stage.needs():
            for made, maker in (*outputs.above(path), *outputs.below(path)):
                if maker in views and maker != stage.address:
                    needed.setdefault(maker, {})[shown_path(stages.repo, made)] = None
        for maker, paths in needed.items():
            yield StageEdge(maker, stage.address, list(paths))


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks at stages of one tree; what `running` stages write is left alone."""

    stages: StageSet
    contents: Contents
    outputs: Outputs
    makers: Mapping[str, Stage]
    running: frozenset[str]
    working: bool

    def view(self, stage: Stage, run: tuple[str, bool] | None) -> StageView:
        repo = self.stages.repo
        reasons: list[str] = []
        deps = [self._dep(stage, dep, reasons) for dep in stage.deps]
        deps += [PathUse(one.path, "", None, "") for one in stage.datasets]
        params = [use for one in stage.params for use in self._params(stage, one, reasons)]
        outs = [self._out(stage, number, reasons) for number in range(len(stage.outs))]
        if stage.is_command_changed:
            reasons.insert(0, "The command has changed.")
        last = last_run(repo.our_tmp, stage.address) if self.working else LastRun()
        if stage.is_callback or stage.always_changed:
            reasons.append("It always runs.")
        return StageView(
            stage.address,
            stage.name,
            repo.relpath(stage.file),
            shown_path(repo, str(stage.wdir)),
            stage.commands,
            deps,
            outs,
            params,
            _state(stage, reasons, last, failed=run is not None and run[1]),
            reasons if stage.locked is not None else ["It has never run.", *reasons],
            stage.frozen,
            stage.desc,
            last.began,
            last.duration,
            run[0] if run is not None else "",
            last.has_log,
        )

    def _dep(self, stage: Stage, dep: Dependency, reasons: list[str]) -> PathUse:
        path = stage.path_of(dep.path)
        shown = shown_path(self.stages.repo, path)
        maker = next(iter(self.outputs.makers(path)), "")
        oid = dep.oid.value if dep.oid is not None else dep.etag or dep.checksum
        use = PathUse(shown, oid, dep.size, "", maker)
        # What lies at a URL is not asked for only because somebody looks at a page.
        if stage.frozen or not dep.is_local:
            return use
        try:
            state = self._dep_state(dep, path, maker)
        except (TreeringError, OSError) as error:
            reasons.append(harmless_text(str(error), str(self.stages.repo.root)))
            return use
        if state:
            reasons.append(f"The dependency {shown} is {state}.")
        return replace(use, state=state)

    def _dep_state(self, dep: Dependency, path: str, maker: str) -> PathState:
        if self.working:
            # What is just being written is not read at the same time.
            return "" if maker in self.running else dependency_state(self.contents, dep, path)
        made = self._locked_output(path, maker)
        return "modified" if made and dep.oid is not None and made != dep.oid.value else ""

    def _locked_output(self, path: str, maker: str) -> str:
        """What the lock file or pointer of its maker says that a path holds; "" if nothing says it of just this path."""
        stage = self.makers.get(maker)
        for out in stage.outs if stage is not None else ():
            if stage is not None and stage.path_of(out.path) == path and out.oid is not None:
                return out.oid.value
        return ""

    def _out(self, stage: Stage, number: int, reasons: list[str]) -> PathUse:
        out = stage.outs[number]
        shown = shown_path(self.stages.repo, stage.path_of(out.path))
        state: PathState = ""
        try:
            if stage.address not in self.running:
                state = path_state(self.contents, stage, out, working=self.working)
        except (TreeringError, OSError) as error:
            reasons.append(harmless_text(str(error), str(self.stages.repo.root)))
        if state and self.working and stage.locked is not None:
            reasons.append(f"The output {shown} is {state}.")
        oid = out.oid.value if out.oid is not None else ""
        return PathUse(shown, oid, out.size, state, stage.address, kind_of(stage, out))

    def _params(self, stage: Stage, params: Params, reasons: list[str]) -> Iterator[ParamUse]:
        path = stage.path_of(params.path)
        shown = shown_path(self.stages.repo, path)
        try:
            actual = self.contents.params(params, path)
        except (TreeringError, OSError) as error:
            reasons.append(harmless_text(str(error), str(self.stages.repo.root)))
            return
        if actual is None:
            reasons.append(f"The file of parameters {shown} is deleted.")
            actual = {}
        states = changes(params, actual) if params.locked is not None else {}
        for key in params.keys or dict.fromkeys([*actual, *(params.locked or {})]):
            state = states.get(key, "")
            if state and not stage.frozen:
                reasons.append(f"The parameter {key} of {shown} is {state}.")
            yield ParamUse(shown, key, _text(actual[key]) if key in actual else "", state)  # type: ignore[arg-type]  # as above


def _state(stage: Stage, reasons: Sequence[str], last: LastRun, *, failed: bool) -> StageState:
    if last.running:
        return "running"
    if (last.failed or (failed and last.began is None)) and (reasons or stage.locked is None):
        return "failed"
    if stage.locked is None:
        return "never run"
    if stage.frozen:
        return "frozen"
    if stage.is_callback or stage.always_changed:
        return "always"
    return "changed" if reasons else "unchanged"


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
