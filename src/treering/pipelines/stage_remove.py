"""`remove` of stages: they go from dvc.yaml and dvc.lock, and what they made is the user's own from then on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.core.errors import InvalidInput
from treering.pipelines.lockfile import lock_path, without_stage
from treering.pipelines.stage import Stage
from treering.pipelines.stage_edit import read_stages
from treering.pipelines.stages import PIPELINE_FILE, StageSet, load_stages
from treering.pipelines.targets import choose, split_target
from treering.versioning.autostage import autostage
from treering.versioning.bounds import refuse_outside
from treering.versioning.documents import edit_yaml
from treering.versioning.link_record import LinkRecord
from treering.versioning.pointers import is_pointer_name
from treering.versioning.release import OutputPlace, release
from treering.versioning.repository import Repository

__all__ = ["RemovedStages", "named_stages", "remove_stages"]


@dataclass(frozen=True, slots=True)
class RemovedStages:
    """What was done.

    Attributes:
        stages: Those that are gone.
        touched: Files for Git, which may be gone.
        staged: Whether Git was shown them.
    """

    stages: tuple[Stage, ...]
    touched: tuple[Path, ...]
    staged: bool = False


def named_stages(repo: Repository, targets: Iterable[str], *, base: Path | None = None) -> list[str]:
    """Those targets that name stages of a dvc.yaml, or such a file; others are paths.

    Raises:
        InvalidInput: If a dvc.yaml cannot be used.
    """
    stages = load_stages(repo, base=base)
    return [target for target in targets if _is_stage(stages, target)]


def _is_stage(stages: StageSet, target: str) -> bool:
    file, name = split_target(target)
    if file:
        return not is_pointer_name(os.path.basename(file))
    here = stages.repo.relpath(stages.base / PIPELINE_FILE)
    if not stages.has_file(here):
        return False
    definition = stages.definition(here)
    return definition.is_group(name) or definition.has(name)


def remove_stages(
    repo: Repository, targets: Sequence[str], *, outs: bool = False, base: Path | None = None
) -> RemovedStages:
    """Remove stages. A dvc.yaml or dvc.lock in which nothing is left goes, too.

    Args:
        repo: The repository.
        targets: Names of stages, `path/dvc.yaml:name`, or files with stages.
        outs: Whether what they made is deleted from the working tree as well. The cache keeps what it has.
        base: Where the user stands.

    Raises:
        NotFound: If there is no such stage; nothing was changed then, as with the others.
        InvalidInput: If a foreach or matrix made one that is named by itself.
        OutOfBounds: If something outside of the repository would be deleted.
    """
    with repo.lock():
        stages = load_stages(repo, base=base)
        found = {stage.address: stage for target in targets for stage in _chosen(stages, target)}
        chosen = [*found.values()]
        places = [
            OutputPlace(stage.path_of(out.path), out.cache, out.cache)
            for stage in chosen
            for out in stage.outs
            if out.is_local
        ]
        for place in places if outs else ():
            refuse_outside(repo, place.path)
        record = LinkRecord(repo.our_tmp)
        touched = [*_unwritten(chosen), *release(repo, record, places, outs=outs)]
        record.save()
        repo.index.save()
        return RemovedStages(tuple(chosen), tuple(touched), autostage(repo, touched))


def _chosen(stages: StageSet, target: str) -> list[Stage]:
    found = choose(stages, target)
    # A whole file takes its groups with it.
    _, name = split_target(target)
    for stage in found if name else ():
        if stage.group:
            msg = (
                f"cannot remove a parametrized stage: '{stage.address}'. The foreach or matrix '{stage.group}' in"
                f" {stages.shown(str(stage.file))} makes it: change that by hand."
            )
            raise InvalidInput(msg)
    return found


def _unwritten(chosen: Sequence[Stage]) -> list[Path]:
    """Take stages out of their files; which files that were."""
    touched: dict[Path, None] = {}
    for file in dict.fromkeys(stage.file for stage in chosen):
        names = [stage.name for stage in chosen if stage.file == file]
        gone = {name for stage in chosen if stage.file == file for name in (stage.name, stage.group)}
        data = read_stages(file)
        left = {name: stage for name, stage in data["stages"].items() if name not in gone}
        _rewrite(file, {**data, "stages": left} if left else {key: data[key] for key in data if key != "stages"})
        touched[file] = None
        lock = lock_path(str(file))
        if sum(without_stage(lock, name) for name in names):
            touched[Path(lock)] = None
            if not read_stages(Path(lock)).get("stages"):
                Path(lock).unlink()
    return list(touched)


def _rewrite(file: Path, data: dict[str, object]) -> None:
    if data:
        edit_yaml(file, data)
    else:
        file.unlink()
