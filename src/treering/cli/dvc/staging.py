"""What Git has to be shown after a verb changed files that it keeps: staged, or told to the user."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from treering.cli.dvc.call import Call
from treering.cli.dvc.wording import git_hint
from treering.versioning.autostage import autostage

__all__ = ["tell_git"]


def tell_git(call: Call, touched: Iterable[str | Path], *, staged: bool = False) -> None:
    """Stage the files where the config says so, unless that is done; else say what to type."""
    files = [Path(file) for file in touched]
    if not files or call.repo.git_root is None or staged or autostage(call.repo, files):
        return
    call.say(git_hint((os.path.relpath(file, call.here) for file in files), ours=call.ours))
