from __future__ import annotations

import os
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.versioning.errors import RulesInside
from treering.versioning.ignore import Ignore
from treering.versioning.walk import scan


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    paths = ["a-b", "a.b", "a/b", "a/b-", "a0", "aB", "a/z/y", "é", "z/1", "😀"]
    write(tmp_path, *paths)
    assert scan(str(tmp_path)).paths == sorted(paths)


def test_each_row_tells_what_the_index_needs(tmp_path: Path) -> None:
    write(tmp_path, "x", "d/yy")
    rows = scan(str(tmp_path))
    found = [(tmp_path / path).stat() for path in rows.paths]
    assert list(rows.mtimes) == [one.st_mtime_ns for one in found]
    assert list(rows.inodes) == [one.st_ino for one in found]
    assert list(rows.sizes) == [4, 1]
    assert rows.names() == b"d/yy\0x"


def test_empty_folders_leave_no_trace(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert len(scan(str(tmp_path))) == 0
    assert scan(str(tmp_path)).names() == b""
    assert len(scan(str(tmp_path / "nowhere"))) == 0


def test_links_to_files_are_followed_and_links_to_folders_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "t/real", "elsewhere/f")
    (tmp_path / "t" / "link").symlink_to("real")
    (tmp_path / "t" / "folder").symlink_to(tmp_path / "elsewhere")
    rows = scan(str(tmp_path / "t"))
    assert rows.paths == ["link", "real"]
    assert rows.links == {0}
    assert rows.inodes[0] == rows.inodes[1]
    assert rows.folder_links == ["folder"]


def test_files_with_several_names_are_known(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    os.link(tmp_path / "one", tmp_path / "three")
    rows = scan(str(tmp_path))
    assert {rows.paths[at] for at in rows.shared} == {"one", "three"}


@pytest.mark.parametrize("target", ["gone", "broken"])
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "broken").symlink_to(target)
    with pytest.raises(NotFound, match="does not exist"):
        scan(str(tmp_path))


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="neither a file nor a folder"):
        scan(str(tmp_path))


def test_an_ignore_file_in_a_tracked_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a/.dvcignore", "b")
    with pytest.raises(RulesInside, match="has no effect"):
        scan(str(tmp_path))


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff")).write_text("x")
    with pytest.raises(InvalidInput, match=r"no UTF-8"):
        scan(str(tmp_path)).names()


def test_what_is_ignored_is_passed_over(tmp_path: Path) -> None:
    write(
        tmp_path,
        ".dvcignore",
        "d/a.tmp",
        "d/b",
        "d/inner/c.tmp",
        "d/inner/e",
        "d/.git/x",
        "d/sub/.dvc/config",
        "d/sub/f",
    )
    (tmp_path / ".dvcignore").write_text("*.tmp\n")
    rows = scan(str(tmp_path / "d"), Ignore(tmp_path).list, "d")
    assert rows.paths == ["b", "inner/e"]


def test_folders_may_lie_very_deep(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(600):
        folder /= "d"
        folder.mkdir()
    (folder / "f").write_text("x")
    assert scan(str(tmp_path)).paths == ["d/" * 600 + "f"]
