"""Git's hooks: the working tree's data follows its commits, and `git merge` knows how to merge what DVC writes.

pre-commit      says what of the data is not as its pointers say
post-checkout   checks the data out that belongs to the commit
pre-push        pushes the data before the commits
merge driver    merges pointers of folders and dvc.lock by what they mean
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from typing import Any

from treering.core.errors import AlreadyExists
from treering.versioning.documents import edit_yaml, read_yaml
from treering.versioning.git import GitRepository

__all__ = ["HOOKS", "install_hooks", "install_merge_driver", "install_pre_commit", "wants_checkout"]

HOOKS = ("post-checkout", "pre-commit", "pre-push")
"""The hooks that are installed."""

_PROGRAM = "treering dvc git-hook"
_MERGED = ("*.dvc", "dvc.lock")
# Git gives a post-checkout hook the old commit, the new one, and whether a branch was checked out.
_FLAG = 2


def install_hooks(git: GitRepository) -> list[str]:
    """Write the hooks, all or none; the names of those that were not there yet.

    Raises:
        AlreadyExists: If there is another hook of one of the names.
    """
    folder = git.path("hooks")
    new = []
    for name in HOOKS:
        file = folder / name
        if not file.exists():
            new.append(name)
        elif file.read_bytes() != _script(name).encode():
            msg = f"The hook {file} exists. Call `{_PROGRAM} {name}` in it, or remove it and try again."
            raise AlreadyExists(msg)
    folder.mkdir(parents=True, exist_ok=True)
    for name in new:
        file = folder / name
        file.write_text(_script(name), "utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return new


def install_merge_driver(git: GitRepository) -> None:
    """Let Git merge pointers and lock files through Treering in this clone. What is there of it stays."""
    git.run("config", "merge.dvc.name", "DVC merge driver")
    git.run("config", "merge.dvc.driver", f"{_PROGRAM} merge-driver --ancestor %O --our %A --their %B")
    # Only this clone has the driver, so only its own attributes name it.
    file = git.path("info/attributes")
    text = file.read_text("utf-8") if file.exists() else ""
    known = {line.split()[0] for line in text.splitlines() if line.split()[1:] == ["merge=dvc"]}
    missing = [pattern for pattern in _MERGED if pattern not in known]
    if missing:
        file.parent.mkdir(parents=True, exist_ok=True)
        gap = "\n" if text and not text.endswith("\n") else ""
        file.write_text(text + gap + "".join(f"{pattern} merge=dvc\n" for pattern in missing), "utf-8")


def install_pre_commit(git: GitRepository) -> bool:
    """Add the hooks to the config of the tool pre-commit; False if they are there.

    Raises:
        InvalidInput: If that config is no YAML.
    """
    file = git.root / ".pre-commit-config.yaml"
    config: dict[str, Any] = (read_yaml(file) if file.exists() else None) or {}
    entry = {
        "repo": "local",
        "hooks": [
            {
                "id": f"treering-{name}",
                "name": f"data versions: {name}",
                "entry": f"{_PROGRAM} {name}",
                "language": "system",
                "stages": [name],
                "always_run": True,
                "pass_filenames": False,
            }
            for name in sorted(HOOKS)
        ],
    }
    if entry in config.get("repos", []):
        return False
    return edit_yaml(file, {**config, "repos": [*config.get("repos", []), entry]})


def wants_checkout(git: GitRepository, arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether a post-checkout hook is to check data out: after a change of the commit, and not amid a rebase or merge.

    Args:
        git: The repository.
        arguments: What Git gave the hook.
        environ: The variables of the process; the tool pre-commit tells in them what Git tells in arguments.
    """
    flag = environ.get("PRE_COMMIT_CHECKOUT_TYPE") or (arguments[_FLAG] if len(arguments) > _FLAG else "")
    if flag != "1":
        return False
    return not any(git.path(name).is_dir() for name in ("rebase-merge", "rebase-apply"))


def _script(name: str) -> str:
    return f'#!/bin/sh\nexec {_PROGRAM} {name} "$@"\n'
