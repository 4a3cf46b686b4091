"""Which stages there are, each with a line about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.core.errors import TreeringError
from treering.pipelines.stage import Stage
from treering.pipelines.stages import PIPELINE_FILE, StageSet, load_stages
from treering.pipelines.targets import choose
from treering.versioning.repository import Repository

__all__ = ["StageLine", "describe", "list_stages"]

_WIDTH = 80


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage as it is listed.

    Attributes:
        text: Its description, or what it makes and reads; on one line, shortened.
    """

    address: str
    text: str


def list_stages(
    repo: Repository,
    targets: Sequence[str] = (),
    *,
    every: bool = False,
    recursive: bool = False,
    fail: bool = False,
    base: Path | None = None,
) -> list[StageLine]:
    """The stages of files, or those that were named, in order and each once.

    Args:
        targets: As `choose` takes them; the dvc.yaml where the user stands if there are none.
        every: All stages of the repository, whatever the targets.
        recursive: A folder means all stages in it.
        fail: Do not pass over files that cannot be used.
        base: The folder where the user stands, to which names are relative.

    Raises:
        NotFound: If there is no such stage.
        InvalidInput: If a file cannot be used, and all are wanted with `fail`, or it was named.
    """
    stages = load_stages(repo, base=base)
    if every:
        chosen: Iterable[Stage] = _all(stages, fail=fail)
    else:
        found = [
            stage for target in targets or [PIPELINE_FILE] for stage in choose(stages, target, recursive=recursive)
        ]
        chosen = {stage.address: stage for stage in found}.values()
    return [StageLine(stage.address, describe(stage)) for stage in chosen]


def _all(stages: StageSet, *, fail: bool) -> list[Stage]:
    found: list[Stage] = []
    for file in stages.files:
        try:
            found += stages.in_file(file)
        except TreeringError:
            if fail:
                raise
    return found


def describe(stage: Stage) -> str:
    """The first line of a stage's description; what it makes or needs, where it has none."""
    described = next((line.strip() for line in stage.desc.splitlines() if line), "") or _made(stage)
    return described if len(described) <= _WIDTH else f"{described[: _WIDTH - 1]}…"


def _made(stage: Stage) -> str:
    needed = [
        *(dep.path for dep in stage.deps),
        *(one.path for one in stage.params),
        *(one.path for one in stage.datasets),
    ]
    if not stage.outs:
        return f"Depends on {', '.join(needed)}" if needed else "No outputs or dependencies"
    outputs = [out.path for out in stage.outs if not (out.metric or out.plot)]
    reports = [out.path for out in stage.outs if out.metric or out.plot]
    said = [f"{verb} {', '.join(paths)}" for verb, paths in (("Outputs", outputs), ("Reports", reports)) if paths]
    return "; ".join(said)
