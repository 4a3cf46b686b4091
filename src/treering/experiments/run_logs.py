"""Where logs of stages are kept that ran in a working tree of its own, which is gone with all that was in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from treering.pipelines.logs import file_name
from treering.versioning.repository import Repository

__all__ = ["run_logs"]

_KEPT = 20


def run_logs(repo: Repository, name: str) -> Path:
    """The folder for an experiment's logs, which is made; of all experiments, the last twenty keep theirs."""
    above = repo.our_tmp / "experiments"
    folder = above / file_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    kept = sorted(above.iterdir(), key=_changed, reverse=True)
    for old in kept[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
