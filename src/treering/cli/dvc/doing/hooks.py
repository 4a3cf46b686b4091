"""Verbs that Git runs, and the one that lets it."""

from __future__ import annotations

from pathlib import Path

from treering.cli.dvc.call import Call
from treering.cli.dvc.program import program
from treering.core.errors import InvalidInput
from treering.core.variables import process_variables
from treering.versioning.errors import NotARepository
from treering.versioning.git import GitRepository
from treering.versioning.hooks import install_hooks, install_merge_driver, install_pre_commit, wants_checkout
from treering.versioning.merge_driver import Sides, merge_files

__all__ = ["install", "merge_driver", "post_checkout", "pre_commit", "pre_push"]


def install(call: Call) -> None:
    """Let Git run the hooks, and merge."""
    git = call.repo.git
    if git is None:
        msg = "There is no Git repository around this one. Begin one with: git init"
        raise InvalidInput(msg)
    if call.options.use_pre_commit_tool:
        install_pre_commit(git)
    else:
        install_hooks(git)
    install_merge_driver(git)


def pre_commit(call: Call) -> int:
    """Say what of the data is not as its pointers say."""
    return 0 if _git(call) is None else program(["status"])


def post_checkout(call: Call) -> int:
    """Bring the data that belongs to the commit."""
    git = _git(call)
    if git is None or not wants_checkout(git, call.options.args, process_variables()):
        return 0
    return program(["checkout"])


def pre_push(call: Call) -> int:
    """Send the data before the commits."""
    return 0 if _git(call) is None else program(["push"])


def merge_driver(call: Call) -> None:
    """Merge what both sides made of a pointer or a lock file."""
    asked = call.options
    merge_files(call.repo, Sides(Path(asked.ancestor), Path(asked.our), Path(asked.their)))


def _git(call: Call) -> GitRepository | None:
    """None where a hook has nothing to do: in a branch without a repository of data."""
    try:
        return call.repo.git
    except NotARepository:
        return None
