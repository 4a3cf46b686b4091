from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from treering.client.capture.source import Asked, Source, answer, ask_here, look_at_source

Git = Callable[..., str]
LIMIT = 1 << 20


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit of one file, `train.py`."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    commit(folder, {"train.py": "print(1)\n"})
    return folder


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "x")
    return git(folder, "rev-parse", "HEAD").strip()


def look(folder: Path, most_bytes: int = LIMIT) -> Source:
    source = look_at_source(folder, most_bytes, with_diff=True)
    assert source is not None
    return source


def test_a_clean_checkout_has_a_commit_a_branch_and_no_diff(checkout: Path) -> None:
    source = look(checkout)
    assert source.commit == git(checkout, "rev-parse", "HEAD").strip()
    assert (source.branch, source.remote, source.is_dirty, source.diff, source.cut) == ("trunk", "", False, b"", False)


def test_the_diff_makes_of_the_commit_what_ran(checkout: Path, tmp_path: Path) -> None:
    commit(checkout, {"gone.py": "x\n", "sub/kept.py": "y\n", "old name.py": "same\n" * 9})
    (checkout / "train.py").write_text("print(2)\n")
    (checkout / "gone.py").unlink()
    git(checkout, "mv", "old name.py", "ünïcode name.py")
    # Asked for in a folder below, and with a configuration that changes what a diff looks like.
    git(checkout, "config", "diff.noprefix", "true")
    git(checkout, "config", "color.ui", "always")
    git(checkout, "config", "diff.relative", "true")
    source = look(checkout / "sub")
    assert set(source.changed) == {"train.py", "gone.py", "old name.py", "ünïcode name.py"}
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(checkout), str(other))
    (tmp_path / "source.diff").write_bytes(source.diff)
    git(other, "apply", str(tmp_path / "source.diff"))
    assert (other / "train.py").read_text() == "print(2)\n"
    assert (other / "ünïcode name.py").is_file()
    assert not (other / "gone.py").exists()
    assert not (other / "old name.py").exists()


def test_untracked_files_are_named_and_what_is_ignored_is_not(checkout: Path) -> None:
    commit(checkout, {".gitignore": "*.log\ndata/\n"})
    for name in ("new.py", "noise.log", ".env", "two\nlines"):
        (checkout / name).write_text("content of mine")
    for name in ("data", "many", ".treering"):
        (checkout / name).mkdir()
        (checkout / name / "inside").write_text("content of mine")
    source = look(checkout)
    assert set(source.untracked) == {"new.py", "two\nlines", "many/"}
    assert source.untracked_count == 3
    assert b"content of mine" not in source.diff
    assert not source.is_dirty


def test_names_that_hold_secrets_are_left_out_of_the_diff(checkout: Path) -> None:
    secret = {
        ".env": "A=1\n",
        "deploy/id_ed25519": "A\n",
        "server.pem": "A\n",
        "[x]*.key": "A\n",
        "id_mapping.py": "a\n",
    }
    commit(checkout, secret)
    for name in secret:
        (checkout / name).write_text("hunter2\n" if name != "id_mapping.py" else "b\n")
    (checkout / "server.pem").rename(checkout / "gone.txt")
    source = look(checkout)
    assert set(source.left_out) == set(secret) - {"id_mapping.py"}
    assert b"hunter2" not in source.diff
    assert b"id_mapping.py" in source.diff
    for name in set(secret) - {"id_mapping.py"}:
        assert name.encode() not in source.diff


def test_only_secrets_that_changed_make_no_diff(checkout: Path) -> None:
    commit(checkout, {".env": "A=1\n"})
    (checkout / ".env").write_text("A=2\n")
    source = look(checkout)
    assert (source.left_out, source.diff, source.is_dirty) == ((".env",), b"", True)


def test_a_huge_diff_is_cut_and_says_so(checkout: Path) -> None:
    (checkout / "train.py").write_text("line\n" * 2_000_000)
    source = look(checkout, 10_000)
    assert source.cut
    assert len(source.diff) == 10_000
    whole = look(checkout, 0)
    assert not whole.cut
    assert len(whole.diff) > 10_000_000


def test_binary_files_are_named_without_their_content(checkout: Path) -> None:
    (checkout / "model.bin").write_bytes(bytes(range(256)) * 100)
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "x")
    (checkout / "model.bin").write_bytes(bytes(reversed(range(256))) * 100)
    source = look(checkout)
    assert b"Binary files a/model.bin and b/model.bin differ" in source.diff
    assert len(source.diff) < 1000


def test_a_name_that_is_no_text_can_be_told(checkout: Path) -> None:
    name = os.fsdecode(b"odd-\xff.py")
    commit(checkout, {name: "x\n"})
    (checkout / name).write_text("y\n")
    source = look(checkout)
    assert source.changed == ("odd-\N{REPLACEMENT CHARACTER}.py",)
    assert b"+y" in source.diff


def test_without_a_branch_there_is_a_commit(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD").strip()
    commit(checkout, {"b.py": "x\n"})
    git(checkout, "checkout", "-q", "--detach", first)
    assert (look(checkout).commit, look(checkout).branch) == (first, "")


def test_without_a_commit_there_is_a_branch(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "train.py").write_text("x\n")
    git(tmp_path, "add", "train.py")
    source = look(tmp_path)
    assert (source.commit, source.branch, source.changed, source.diff) == ("", "trunk", ("train.py",), b"")


def test_a_worktree_has_its_own_branch(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "train.py").write_text("print(3)\n")
    source = look(tmp_path / "side")
    assert (source.branch, source.is_dirty) == ("side", True)
    assert not look(checkout).is_dirty


def test_a_submodule_tells_its_commit_and_no_more(checkout: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    commit(library, {"lib.py": "x\n"})
    git(checkout, "submodule", "add", "-q", str(library), "library")
    git(checkout, "commit", "-q", "-m", "x")
    (checkout / "library" / "lib.py").write_text("hunter2\n")
    assert not look(checkout).is_dirty
    moved = commit(checkout / "library", {"lib.py": "hunter2\n"})
    source = look(checkout)
    assert source.changed == ("library",)
    assert f"+Subproject commit {moved}".encode() in source.diff
    assert b"hunter2" not in source.diff


def test_a_merge_that_conflicts_can_be_looked_at(checkout: Path) -> None:
    git(checkout, "checkout", "-q", "-b", "side")
    commit(checkout, {"train.py": "print('side')\n"})
    git(checkout, "checkout", "-q", "trunk")
    commit(checkout, {"train.py": "print('trunk')\n"})
    with pytest.raises(subprocess.CalledProcessError):
        git(checkout, "merge", "side")
    source = look(checkout)
    assert source.changed == ("train.py",)
    assert b"<<<<<<<" in source.diff


def test_the_remote_is_told_without_its_password(checkout: Path) -> None:
    git(checkout, "remote", "add", "fork", "ssh://git@example.com/fork.git")
    assert look(checkout).remote == "ssh://git@example.com/fork.git"
    git(checkout, "remote", "add", "origin", "https://me:hunter2@example.com/team/project.git")
    assert look(checkout).remote == "https://example.com/team/project.git"


def test_no_program_that_the_repository_names_is_run(checkout: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\n")
    trap.chmod(0o755)
    commit(checkout, {".gitattributes": "*.py diff=mine\n"})
    for key in ("core.fsmonitor", "diff.external", "diff.mine.command", "diff.mine.textconv", "core.pager"):
        git(checkout, "config", key, str(trap))
    (tmp_path / "sprung").unlink(missing_ok=True)
    (checkout / "train.py").write_text("print(2)\n")
    assert b"+print(2)" in look(checkout).diff
    assert not (tmp_path / "sprung").exists()


def test_without_a_repository_or_without_git_there_is_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "empty").mkdir()
    assert look_at_source(tmp_path / "empty", LIMIT, with_diff=True) is None
    assert look_at_source(checkout / ".git", LIMIT, with_diff=True) is None
    shutil.rmtree(checkout / ".git" / "objects")
    assert look_at_source(checkout, LIMIT, with_diff=True) is None
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert look_at_source(checkout, LIMIT, with_diff=True) is None


def test_without_a_shell_git_says_the_same(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://example.com/team/project.git")
    commit(checkout, {"sub/other.py": "x\n", ".env": "A=1\n"})
    for name in ("train.py", "new.py", ".env"):
        (checkout / name).write_text("hunter2\n")
    (tmp_path / "answers").mkdir()
    asked = Asked(checkout / "sub", tmp_path / "answers", LIMIT, with_diff=True)
    ask_here(asked)
    assert answer(asked) == look(checkout / "sub")
    assert not asked.answers.exists()


def test_answers_are_removed_once_they_are_read(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "answers"))
    (tmp_path / "answers").mkdir()
    look(checkout)
    assert list((tmp_path / "answers").iterdir()) == []
