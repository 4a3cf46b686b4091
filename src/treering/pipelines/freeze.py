"""Freezing: a stage or import that is frozen does not follow what it needs, until it is unfrozen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput
from treering.pipelines.stage import Stage
from treering.pipelines.stage_edit import edit_stage
from treering.pipelines.stages import load_stages
from treering.pipelines.targets import choose
from treering.versioning.pointers import write_pointer
from treering.versioning.repository import Repository

__all__ = ["freeze", "unfreeze"]


def freeze(repo: Repository, target: str, *, base: Path | None = None) -> Stage:
    """Write `frozen: true` to a stage of dvc.yaml or to a pointer; the stage as it was.

    Args:
        target: A stage or the path of a pointer.
        base: The folder where the user stands, to which names are relative.

    Raises:
        NotFound: If there is no such stage.
        InvalidInput: If the target means several stages, or one that a foreach or matrix made.
    """
    return _set(repo, target, base, frozen=True)


def unfreeze(repo: Repository, target: str, *, base: Path | None = None) -> Stage:
    """Take `frozen` away again. As `freeze`."""
    return _set(repo, target, base, frozen=False)


def _set(repo: Repository, target: str, base: Path | None, *, frozen: bool) -> Stage:
    def change(written: dict[str, Any]) -> None:
        if frozen:
            written["frozen"] = True
        else:
            written.pop("frozen", None)

    with repo.lock():
        found = choose(load_stages(repo, base=base), target)
        if len(found) != 1:
            names = ", ".join(stage.address for stage in found) or "none"
            msg = f"'{target}' means several stages or none ({names}). Name one, as in `dvc.yaml:stage_name`."
            raise InvalidInput(msg)
        stage = found[0]
        if stage.pointer is not None:
            write_pointer(replace(stage.pointer, frozen=frozen))
        else:
            edit_stage(stage, change)
        return stage
