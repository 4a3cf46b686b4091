"""The folder of the embedded store."""

from __future__ import annotations

from pathlib import Path

import pytest

from treering.core.home import HOME, make_home


def test_the_home_is_made_and_kept_out_of_git(tmp_path: Path) -> None:
    home = tmp_path / "project" / HOME
    make_home(home)
    assert (home / ".gitignore").read_text() == "*\n"


def test_what_a_user_wrote_there_stays(tmp_path: Path) -> None:
    home = tmp_path / HOME
    make_home(home)
    (home / ".gitignore").unlink()
    make_home(home)
    assert list(home.iterdir()) == []


def test_a_folder_of_another_name_is_its_users_affair(tmp_path: Path) -> None:
    make_home(tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / HOME).write_text("")
    with pytest.raises(FileExistsError):
        make_home(tmp_path / HOME)
