"""The project of the template, in a real Git repository: a worse model is rejected, a better one promoted, and taken back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from treering.templates.start import DEFAULT, start_project


class Repository:
    """A project as its people work in it: with git, make and the command line."""

    def __init__(self, folder: Path) -> None:
        home = folder / "home"
        home.mkdir()
        self.environ = {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(home),
            "MPLCONFIGDIR": str(home),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder / "site"),
            **{f"GIT_{who}_{what}": "ann@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.root = start_project(folder / "tumours", DEFAULT, self.environ).root

    def run(self, *command: str, status: int = 0) -> str:
        done = subprocess.run(command, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == status, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def make(self, inverse: str, *goals: str) -> str:
        """As somebody who changes the model: another param, the pipeline, a commit; what make said."""
        params = self.root / "params.yaml"
        params.write_text(re.sub(r"C: .*", f"C: {inverse}", params.read_text("utf-8")), "utf-8")
        told = self.run("make", *goals)
        self.commit(f"Set C to {inverse}")
        return told

    def champion(self) -> int:
        found = json.loads(self.run("treering", "registry", "show", "tumours", "--json"))
        number: int = found["model"]["aliases"]["champion"]
        return number


@pytest.mark.timeout(600)
def test_a_gate_in_a_git_repository_rejects_promotes_and_is_taken_back(tmp_path: Path) -> None:
    project = Repository(tmp_path)
    project.make("0.1", "train")
    assert not project.run("git", "status", "--porcelain")
    project.run("make", "promote")
    assert project.champion() == 1

    project.run("git", "checkout", "--quiet", "-b", "worse")
    project.make("0.00001", "train")
    assert "FAIL" in project.run("make", "gate", status=2)  # make's own status for a failed line
    project.run("make", "report")
    assert "not passed" in (project.root / "reports" / "report.md").read_text("utf-8")
    assert project.champion() == 1
    project.run("make", "promote", status=2)
    assert project.champion() == 1

    project.run("git", "checkout", "--quiet", "-b", "better", "HEAD~1")
    told = project.make("1.0", "train", "promote")
    assert "in place of version 1" in told
    assert project.champion() == 2
    page = (project.root / "reports" / "gate.xml").read_text("utf-8")
    assert 'failures="0" errors="0"' in page

    project.run("treering", "registry", "rollback", "tumours", "alias:champion", "--reason", "too slow")
    assert project.champion() == 1
    history = project.run("treering", "registry", "history", "tumours")
    assert "too slow" in history
    assert "Gate passed" in history
    # Going back and forth in Git brings the model back without training it again.
    project.run("git", "checkout", "--quiet", "worse")
    assert "Data and pipelines are up to date" in project.run("treering", "pipeline", "status")
    project.run("python", "-m", "pytest", "-q")
