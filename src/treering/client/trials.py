"""The work behind `treering.data`'s calls for experiments: a repository's are shown, and its working tree becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from treering.core.variables import process_variables
from treering.experiments.found import Selection
from treering.experiments.save import SaveOptions, exp_save
from treering.experiments.show import ShowOptions, exp_show
from treering.experiments.table import records
from treering.versioning.repository import find_repository

__all__ = ["rows", "save"]


def rows(repo: str | None, revs: Sequence[str], num: int, *, param_deps: bool, force: bool) -> list[dict[str, Any]]:
    """As `data_calls.exp_show`."""
    found = find_repository(Path(repo or "."), process_variables())
    return records(exp_show(found, ShowOptions(Selection(revs, num), param_deps=param_deps, force=force)))


def save(name: str, untracked: Sequence[str], *, force: bool) -> str:
    """As `data_calls.exp_save`."""
    here = Path.cwd()
    options = SaveOptions(name=name, force=force, include_untracked=untracked, folder=here)
    return exp_save(find_repository(here, process_variables()), options).rev
