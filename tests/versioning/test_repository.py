from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from treering.versioning.errors import NotARepository, exit_status
from treering.versioning.repository import Repository, find_repository
from treering.versioning.roots import find_root


def test_it_is_found_from_any_folder_in_it(root: Path, environ: Mapping[str, str]) -> None:
    deep = root / "a" / "b"
    deep.mkdir(parents=True)
    found = find_repository(deep, environ)
    assert found.root == root
    assert found.dvc_dir == root / ".dvc"
    assert found.our_tmp == root / ".dvc" / "tmp" / "treering"


def test_the_nearest_of_nested_repositories_counts(root: Path) -> None:
    (root / "inner" / ".dvc").mkdir(parents=True)
    assert find_root(root / "inner") == str(root / "inner")


def test_a_file_named_dvc_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".dvc").touch()
    with pytest.raises(NotARepository, match="checked up to mount point") as caught:
        find_root(tmp_path)
    assert exit_status(caught.value) == 253


def test_a_folder_that_does_not_exist_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="does not exist"):
        find_root(tmp_path / "nowhere")


def test_paths_are_told_relative_to_the_root(repo: Repository) -> None:
    assert repo.relpath(repo.root / "a" / "b") == "a/b"
    assert repo.relpath(repo.root) == "."
    assert repo.relpath(repo.root.parent / "other") == "../other"
    root = str(repo.root)
    for path in ("a/../b", "a//b", "./b", "a/./b", "../x", "a/", "a/.", "", "/", ".dvc/config", "a/.b", "..a/b", " a"):
        assert repo.relpath(f"{root}/{path}") == os.path.relpath(f"{root}/{path}", root)
    assert repo.relpath(f"{root}2/a") == f"../{repo.root.name}2/a"


def test_the_git_root_may_be_above(root: Path, environ: Mapping[str, str]) -> None:
    (root / "sub" / ".dvc").mkdir(parents=True)
    assert find_repository(root / "sub", environ).git_root == root


def test_without_scm_there_is_no_git_root(root: Path, environ: Mapping[str, str]) -> None:
    (root / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
    assert find_repository(root, environ).git_root is None


def test_the_cache_is_where_the_config_says(root: Path, environ: Mapping[str, str]) -> None:
    assert find_repository(root, environ).cache_dir == root / ".dvc" / "cache"
    (root / ".dvc" / "config").write_text("[cache]\n    dir = ../../shared\n")
    assert find_repository(root, environ).cache_dir == root.parent / "shared"


def test_what_is_this_machines_alone_is_hidden_from_git_again(repo: Repository, git: Callable[..., str]) -> None:
    ignored = repo.dvc_dir / ".gitignore"
    with repo.lock():
        assert ignored.read_text() == "/config.local\n/tmp\n/cache\n"
    ignored.write_text("# ours\n/tmp/\n/mine")
    with repo.lock():
        assert ignored.read_text() == "# ours\n/tmp/\n/mine\n/config.local\n/cache\n"
    (repo.dvc_dir / "config.local").touch()
    assert "config.local" not in git("status", "--porcelain", "--untracked-files=all")


def test_reading_changes_nothing_that_git_sees(repo: Repository) -> None:
    with repo.lock(write=False):
        assert not os.path.lexists(repo.dvc_dir / ".gitignore")
