"""`exp list`: which experiments there are, here or in a Git remote."""

from __future__ import annotations

from treering.experiments.found import Selection, baselines_of, by_baseline
from treering.versioning.repository import Repository

__all__ = ["exp_list"]


def exp_list(
    repo: Repository, selection: Selection | None = None, *, remote: str = ""
) -> dict[str, list[tuple[str, str | None]]]:
    """Names and commits of experiments by baseline; with a remote, the commits are None, as in DVC.

    Raises:
        GitFailed: If the remote cannot be reached.
    """
    git = repo.require_git()
    selection = selection or Selection()
    baselines = None if selection.all_commits else set(baselines_of(git, selection))
    return {
        baseline: [(one.ref.name, None if remote else one.rev) for one in found]
        for baseline, found in by_baseline(git, baselines, remote).items()
    }
