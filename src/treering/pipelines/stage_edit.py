"""Changes of one stage where it is written, in dvc.yaml, with all around it left as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.stage import Stage
from treering.versioning.documents import edit_yaml, read_yaml

__all__ = ["KEYS", "edit_stage", "in_order", "read_stages"]

KEYS = (
    "desc", "cmd", "wdir", "deps", "params", "outs", "metrics", "plots", "frozen", "always_changed", "meta",
)  # fmt: skip
"""The keys of a stage in the order in which they are written."""


def read_stages(file: Path) -> dict[str, Any]:
    """What stands in a dvc.yaml, templates not filled; nothing where there is none yet.

    Raises:
        InvalidInput: If it is no YAML, or no mapping.
    """
    try:
        found = read_yaml(file) or {}
    except NotFound:
        return {}
    if not isinstance(found, dict) or not isinstance(found.get("stages") or {}, dict):
        msg = f"{file} should be a mapping with stages by their names. Correct it there."
        raise InvalidInput(msg)
    return found


def edit_stage(stage: Stage, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what stands of a stage in its dvc.yaml.

    Args:
        stage: Of a dvc.yaml, and made neither by a foreach nor by a matrix.
        change: Is given the stage as it is written, to change it.

    Raises:
        InvalidInput: If a foreach or matrix made it, so that it does not stand there by itself.
    """
    if stage.group:
        msg = (
            f"cannot dump a parametrized stage: '{stage.address}'. It was made by the foreach or matrix '{stage.group}'"
            f" in {stage.file}: write it there by hand."
        )
        raise InvalidInput(msg)
    data = read_stages(stage.file)
    written = data["stages"][stage.name]
    change(written)
    edit_yaml(stage.file, data)


def in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """The keys of a stage in the order in which they are written, without those that say nothing."""
    return {key: entry[key] for key in KEYS if entry.get(key)}
