"""`exp diff`: what is different between two experiments, or commits, or one and the working tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treering.core.errors import InvalidInput
from treering.experiments.found import resolve
from treering.experiments.rows import Rows, open_rows
from treering.experiments.show import shown_commit, shown_workspace
from treering.experiments.shown import WORKSPACE
from treering.pipelines.value_changes import compare
from treering.versioning.repository import Repository

__all__ = ["exp_diff"]


def exp_diff(
    repo: Repository, old: str = "HEAD", new: str = WORKSPACE, *, param_deps: bool = False, unchanged: bool = False
) -> dict[str, dict[str, Any]]:
    """Metrics and parameters that are different, in the shape of DVC's JSON: `{"metrics": {file: {key: ...}}, "params"}`.

    Args:
        repo: The repository.
        old: An experiment, or any revision.
        new: Likewise; the working tree where nothing is given.
        param_deps: Only parameters that stages depend on.
        unchanged: Also what is the same.

    Raises:
        UnknownRevision: If one is not there.
        InvalidInput: If one of them has no row, because a file with stages cannot be used.
    """
    if not repo.require_git().has_commits:
        return {}
    with open_rows(repo) as rows:
        before, after = (_row(repo, rows, name, param_deps=param_deps) for name in (old, new))
    return {
        part: compare(_values(before[part]), _values(after[part]), unchanged=unchanged)
        for part in ("metrics", "params")
    }


def _row(repo: Repository, rows: Rows, name: str, *, param_deps: bool) -> Mapping[str, Any]:
    if name == WORKSPACE:
        line = shown_workspace(repo, param_deps=param_deps)
    else:
        line = shown_commit(rows, resolve(repo.require_git(), name), param_deps=param_deps)
    if line.data is None:
        reason = line.error["msg"] if line.error else ""
        msg = f"{name!r} cannot be compared: {reason}"
        raise InvalidInput(msg)
    return line.data


def _values(files: Mapping[str, Any]) -> dict[str, Any]:
    return {path: item.get("data", {}) for path, item in files.items()}
