"""Repositories of data versions for tests, apart from this machine's and this user's own config."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from treering.versioning.repository import Repository, find_repository


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The variables of a process whose user and machine have set nothing."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "DVC_SYSTEM_CONFIG_DIR": str(tmp_path / "system"),
        "DVC_GLOBAL_CONFIG_DIR": str(tmp_path / "global"),
        "DVC_SITE_CACHE_DIR": str(tmp_path / "site"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }


@pytest.fixture
def git(tmp_path: Path, environ: Mapping[str, str]) -> Callable[..., str]:
    """Runs the real git in the folder `project`."""

    def run(*arguments: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder or tmp_path / "project",
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def root(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A new Git working tree with an empty `.dvc`."""
    folder = tmp_path / "project"
    (folder / ".dvc").mkdir(parents=True)
    (folder / ".dvc" / "config").touch()
    git("init", "--quiet", "--initial-branch=main")
    return folder


@pytest.fixture
def repo(root: Path, environ: Mapping[str, str]) -> Repository:
    """The repository in it."""
    return find_repository(root, environ)
