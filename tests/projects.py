"""A project with data versions and pipelines for tests: a Git working tree with `.dvc`, apart from this user's own config."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.versioning.repository import Repository, find_repository


@dataclass(frozen=True)
class Project:
    """A folder; what is run in it knows nothing of the machine's config.

    Attributes:
        root: The working tree.
        environ: The variables of the processes in it.
    """

    root: Path
    environ: dict[str, str]

    @property
    def repo(self) -> Repository:
        """The repository as it is found now: nothing is kept from one call to the next."""
        return find_repository(self.root, self.environ)

    def write(self, path: str, content: str | bytes | Any) -> Path:
        """Write a file; what is neither text nor bytes is written as JSON."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")

    def git(self, *arguments: str) -> str:
        """Run the real git; what it says."""
        return self.run("git", *arguments).strip()

    def commit(self, message: str = "one", *, tag: str = "") -> str:
        """Commit all that Git may see; the id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def run(self, *command: str, folder: str = ".", check: bool = True) -> str:
        """Run a program in a folder of the project; what it writes to stdout."""
        done = subprocess.run(
            command, cwd=self.root / folder, env=self.environ, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            msg = f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            raise AssertionError(msg)
        return done.stdout


def make_project(folder: Path, *, git: bool = True) -> Project:
    """A new project in `folder`/project."""
    root = folder / "project"
    (root / ".dvc" / "tmp").mkdir(parents=True)
    (root / ".dvc" / "config").touch()
    (root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SYSTEM_CONFIG_DIR": str(folder / "system"),
        "DVC_GLOBAL_CONFIG_DIR": str(folder / "global"),
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    for person in ("AUTHOR", "COMMITTER"):
        environ |= {f"GIT_{person}_NAME": "Ada", f"GIT_{person}_EMAIL": "ada@example.com"}
    project = Project(root, environ)
    if git:
        project.git("init", "--quiet", "--initial-branch=main")
    else:
        (root / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
    return project
