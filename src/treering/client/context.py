"""Where a run's code comes from: the tags that are set when a run is created, found without starting a program."""

from __future__ import annotations

import sys
from pathlib import Path

from treering.core.person import user_name

__all__ = ["commit_around", "context_tags", "git_marker", "source_folder", "user_name"]

_COMMIT_LENGTHS = {40, 64}


def context_tags() -> dict[str, str]:
    """User, source and, inside a git checkout, the commit that is checked out now."""
    tags = {"mlflow.user": user_name(), "mlflow.source.name": "<console>", "mlflow.source.type": "LOCAL"}
    if "ipykernel" in sys.modules:
        tags["mlflow.source.type"] = "NOTEBOOK"
    if (script := _script()) is not None:
        tags["mlflow.source.name"] = str(script)
    if commit := commit_around(source_folder()):
        tags["mlflow.source.git.commit"] = commit
    return {key: value for key, value in tags.items() if value}


def source_folder() -> Path:
    """Where the script that runs lies; where there is none, the working directory."""
    script = _script()
    return script.absolute().parent if script is not None and script.is_file() else Path.cwd()


def _script() -> Path | None:
    if "ipykernel" in sys.modules or not sys.argv or sys.argv[0] in {"", "-c"}:
        return None
    return Path(sys.argv[0])


def commit_around(folder: Path) -> str:
    """The commit that is checked out around `folder`, as git's own files tell; "" if none is."""
    try:
        marker = git_marker(folder)
        return "" if marker is None else _head(_git_folder(marker))
    except (OSError, UnicodeDecodeError):
        return ""


def git_marker(folder: Path) -> Path | None:
    """The file or folder `.git` of the checkout around `folder`; None outside of one."""
    return next((place / ".git" for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _git_folder(marker: Path) -> Path:
    """A worktree or submodule has a file there that names the folder."""
    if marker.is_dir():
        return marker
    return (marker.parent / marker.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()


def _head(git: Path) -> str:
    head = (git / "HEAD").read_text(encoding="utf-8").strip()
    if not head.startswith("ref:"):
        return head if len(head) in _COMMIT_LENGTHS else ""
    ref = head.removeprefix("ref:").strip()
    common = git / "commondir"
    shared = (git / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else git
    for root in (git, shared):
        if (root / ref).is_file():
            return (root / ref).read_text(encoding="utf-8").strip()
    packed = shared / "packed-refs"
    for line in packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else ():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return ""
