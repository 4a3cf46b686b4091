from __future__ import annotations

from pathlib import Path

import pytest

from treering.core.errors import InvalidInput
from treering.versioning.gitignore import GitIgnores, git_ignore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / "sub").mkdir()
    return tmp_path


def ignored(root: Path, *paths: str) -> list[Path]:
    with GitIgnores(root) as ignores:
        for path in paths:
            ignores.ignore(root / path)
    return ignores.touched


def test_an_entry_is_added_in_the_folder_of_the_output(root: Path):
    assert ignored(root, "b", "sub/x", "a") == [root / ".gitignore", root / "sub" / ".gitignore"]
    assert (root / ".gitignore").read_bytes() == b"/b\n/a\n"
    assert (root / "sub" / ".gitignore").read_bytes() == b"/x\n"
    assert ignored(root, "a", "b", "sub/x") == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("we[i]rd name#.txt", rb"/we\[i\]rd name\#.txt"),
        ("!bang", rb"/\!bang"),
        ("a*b?", rb"/a\*b\?"),
        ("back\\slash", rb"/back\\slash"),
        ("é", "/é".encode()),
    ],
)
def test_special_characters_are_escaped_as_dvc_does(root: Path, name: str, line: bytes):
    ignored(root, name)
    assert (root / ".gitignore").read_bytes() == line + b"\n"
    assert ignored(root, name) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"/data\n"),
        (b"x", b"x\n/data\n"),
        (b"x\n", b"x\n/data\n"),
        (b"x\r\n", b"x\r\n/data\n"),
        (b"# data\n\n", b"# data\n\n/data\n"),
        (b"data/\n", b"data/\n/data\n"),
        (b"!data\n", b"!data\n/data\n"),
        (b"/data\n!/data\n", b"/data\n!/data\n"),
        (b"/data\n", None),
        (b"data\n", None),
        (b"d*\n", None),
    ],
)
def test_what_is_there_stays_and_what_is_ignored_already_is_left_alone(root: Path, before: bytes, after: bytes | None):
    file = root / ".gitignore"
    file.write_bytes(before)
    assert ignored(root, "data") == ([] if after in {None, before} else [file])
    assert file.read_bytes() == (before if after is None else after)


def test_what_git_is_told_elsewhere_counts(root: Path):
    (root / ".git" / "info" / "exclude").write_text("a\n")
    (root / ".gitignore").write_text("sub/*\n")
    assert ignored(root, "a", "sub/x") == []
    home = root / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("mine\n")
    assert git_ignore(root, {"HOME": str(home)}).is_ignored("sub/deep/mine", is_dir=False)
    assert not git_ignore(root).is_ignored("mine", is_dir=False)


def test_removing_leaves_the_rest(root: Path):
    file = root / ".gitignore"
    file.write_bytes(b"/a\nkeep\r\n  /b  \n/c")
    with GitIgnores(root) as ignores:
        ignores.unignore(root / "b")
        ignores.unignore(root / "c")
        ignores.unignore(root / "nothing")
        ignores.unignore(root / "sub" / "nothing")
    assert file.read_bytes() == b"/a\nkeep\n"
    assert ignores.touched == [file]


def test_a_file_without_entries_is_removed(root: Path):
    ignored(root, "a")
    with GitIgnores(root) as ignores:
        ignores.unignore(root / "a")
    assert not (root / ".gitignore").exists()


def test_removing_and_adding_in_one_go_writes_once(root: Path):
    ignored(root, "a", "b")
    with GitIgnores(root) as ignores:
        ignores.unignore(root / "a")
        ignores.ignore(root / "c")
    assert (root / ".gitignore").read_bytes() == b"/b\n/c\n"


def test_what_was_written_is_taken_back_when_the_command_fails(root: Path):
    before = b"x\r\n/b"
    (root / ".gitignore").write_bytes(before)
    with pytest.raises(RuntimeError), GitIgnores(root) as ignores:
        ignores.ignore(root / "a")
        ignores.ignore(root / "sub" / "a")
        ignores.unignore(root / "b")
        assert len(ignores.apply()) == 2
        assert (root / ".gitignore").read_bytes() == b"x\n/a\n"
        raise RuntimeError
    assert (root / ".gitignore").read_bytes() == before
    assert not (root / "sub" / ".gitignore").exists()


def test_what_lies_outside_cannot_be_ignored(root: Path):
    with GitIgnores(root / "sub") as ignores, pytest.raises(InvalidInput, match="outside"):
        ignores.ignore(root / "a")


def test_git_ignores_no_repository_of_data_in_one_of_its_folders(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub" / ".dvc").mkdir(parents=True)
    (tmp_path / "sub" / ".gitignore").write_text("/data.txt\n")
    ignored = git_ignore(tmp_path)
    assert not ignored.is_ignored(tmp_path / "sub" / "dvc.lock", is_dir=False)
    assert ignored.is_ignored(tmp_path / "sub" / "data.txt", is_dir=False)
