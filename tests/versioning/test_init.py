from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.versioning.init import init_repository

Git = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, git: Git) -> Path:
    """An empty Git working tree."""
    (tmp_path / "project").mkdir()
    git("init", "--quiet", "--initial-branch=main")
    return tmp_path / "project"


def test_a_new_repository_is_as_dvc_makes_it(folder: Path, environ: Mapping[str, str], git: Git) -> None:
    repo = init_repository(folder, environ)
    assert repo.root == folder
    assert (folder / ".dvc" / "config").read_bytes() == b""
    assert (folder / ".dvc" / ".gitignore").read_bytes() == b"/config.local\n/tmp\n/cache\n"
    assert all(line.startswith("# ") for line in (folder / ".dvcignore").read_text().splitlines())
    assert git("status", "--porcelain").splitlines() == ["A  .dvc/.gitignore", "A  .dvc/config", "A  .dvcignore"]


def test_without_git_it_says_so_in_its_config(tmp_path: Path, environ: Mapping[str, str]) -> None:
    repo = init_repository(tmp_path / "new" / "folder", environ, no_scm=True)
    assert (repo.dvc_dir / "config").read_text() == "[core]\n    no_scm = True\n"
    assert not (repo.dvc_dir / ".gitignore").exists()
    assert repo.git is None


def test_a_part_of_a_git_repository_has_to_be_said_to_be_one(
    folder: Path, environ: Mapping[str, str], git: Git
) -> None:
    with pytest.raises(NotFound, match="--subdir"):
        init_repository(folder / "sub", environ)
    repo = init_repository(folder / "sub", environ, subdir=True)
    assert repo.git_root == folder
    assert "A  sub/.dvc/config" in git("status", "--porcelain").splitlines()


def test_outside_of_git_nothing_is_made(tmp_path: Path, environ: Mapping[str, str]) -> None:
    for subdir in (False, True):
        with pytest.raises(NotFound, match="git init"):
            init_repository(tmp_path / "new", environ, subdir=subdir)
    assert not (tmp_path / "new").exists()
    with pytest.raises(InvalidInput, match="either --no-scm or --subdir"):
        init_repository(tmp_path / "new", environ, subdir=True, no_scm=True)


def test_an_ignored_folder_is_refused(folder: Path, environ: Mapping[str, str]) -> None:
    (folder / ".gitignore").write_text(".*\n")
    with pytest.raises(InvalidInput, match=r"!\.dvc"):
        init_repository(folder, environ)
    assert not (folder / ".dvc").exists()


def test_making_it_anew_keeps_what_is_in_the_cache(folder: Path, environ: Mapping[str, str]) -> None:
    init_repository(folder, environ)
    (folder / ".dvc" / "config").write_text("[core]\n    autostage = true\n")
    (folder / ".dvc" / "config.local").touch()
    kept = folder / ".dvc" / "cache" / "files" / "md5" / "ab" / "cdef"
    kept.parent.mkdir(parents=True)
    kept.write_text("nowhere else")
    (folder / ".dvcignore").write_text("mine\n")
    with pytest.raises(AlreadyExists, match="Use `-f` to force"):
        init_repository(folder, environ)
    init_repository(folder, environ, force=True)
    assert (folder / ".dvc" / "config").read_text() == ""
    assert not (folder / ".dvc" / "config.local").exists()
    assert kept.read_text() == "nowhere else"
    assert (folder / ".dvcignore").read_text() == "mine\n"
