"""A repository of data versions, and both command lines called in it, in this process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from treering.cli.dvc.program import program
from treering.cli.main import main


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Git working tree of its own, apart from this machine's and this user's config; the current folder."""
    for name in ("DVC_SYSTEM_CONFIG_DIR", "DVC_GLOBAL_CONFIG_DIR", "DVC_SITE_CACHE_DIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], check=True)
    return folder


@pytest.fixture
def dvc(capfd: pytest.CaptureFixture[str]) -> Command:
    """`treering dvc`."""

    def call(*arguments: str, code: int | None = 0) -> Ended:
        capfd.readouterr()
        status = program(arguments, "dvc")
        ended = Ended(status, *capfd.readouterr())
        assert code in {None, status}, ended
        return ended

    return call


@pytest.fixture
def treering(capfd: pytest.CaptureFixture[str]) -> Command:
    """`treering`, for its groups data, pipeline and exp."""

    def call(*arguments: str, code: int | None = 0) -> Ended:
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            main.main(list(arguments))
        assert isinstance(caught.value.code, int)
        ended = Ended(caught.value.code, *capfd.readouterr())
        assert code in {None, ended.code}, ended
        return ended

    return call


@pytest.fixture
def repo(apart: Path, dvc: Command) -> Path:
    """A repository with nothing in it, committed."""
    dvc("init", "-q")
    commit()
    return apart


@pytest.fixture
def stocked(repo: Path, dvc: Command) -> Path:
    """With a tracked file and a tracked folder, committed, and a remote beside it."""
    write("b", "bee\n")
    write("d/a", "a\n")
    write("d/s/c", "c\n")
    dvc("add", "-q", "b", "d")
    dvc("remote", "add", "-q", "-d", "up", "../up")
    commit()
    return repo


def write(path: str, text: str) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def commit() -> None:
    assert not Path("pyproject.toml").exists(), "a test's own folder was meant, and this is the project's"
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "Change"], check=True)


@pytest.fixture(name="write")
def _write() -> Callable[[str, str], None]:
    """Writes a file."""
    return write


@pytest.fixture(name="commit")
def _commit() -> Callable[[], None]:
    """Commits everything."""
    return commit
