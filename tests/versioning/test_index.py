from __future__ import annotations

import errno
import os
import random
import time
from array import array
from pathlib import Path

import pytest

from treering.versioning.index import UNKNOWN, Index, TreeRecord


def record(count: int = 3) -> TreeRecord:
    names = "\0".join(f"é/{number}" for number in range(count)).encode()
    return TreeRecord(
        "0" * 32 + ".dir",
        12,
        names,
        array("q", range(1, count + 1)),
        array("Q", [2**63 + number for number in range(count)]),
        array("q", range(count)),
        bytes(range(16)) * count,
    )


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index")


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_a_folder_is_remembered(index: Index, count: int) -> None:
    index.keep_tree("data", record(count), 10**18)
    assert index.tree("data") == record(count)
    assert len(record(count).paths()) == count
    assert index.tree("other") is None
    assert index.tree("data", legacy=True) is None
    index.drop_tree("data")
    assert index.tree("data") is None


def test_times_that_are_not_older_than_the_look_are_not_remembered(index: Index) -> None:
    index.keep_tree("data", record(), 3)
    found = index.tree("data")
    assert found is not None
    assert list(found.mtimes) == [1, 2, UNKNOWN]


def test_a_damaged_file_counts_as_none(index: Index) -> None:
    index.keep_tree("data", record(50), 10**18)
    (file,) = index.folder.glob("*.tree")
    good = file.read_bytes()
    shuffle = random.Random(5)
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(shuffle.randrange(1, 4)):
            bad[shuffle.randrange(len(bad))] ^= 1 << shuffle.randrange(8)
        if shuffle.random() < 0.5:
            del bad[shuffle.randrange(len(bad)) :]
        file.write_bytes(bytes(bad))
        assert bytes(bad) == good or index.tree("data") is None
    for other in (b"", b"x", good + b"x", good[:40]):
        file.write_bytes(other)
        assert index.tree("data") is None


def test_the_file_of_another_folder_is_not_believed(index: Index) -> None:
    index.keep_tree("one", record(), 10**18)
    (file,) = index.folder.glob("*.tree")
    index.keep_tree("two", record(), 10**18)
    other = next(path for path in index.folder.glob("*.tree") if path != file)
    other.write_bytes(file.read_bytes())
    assert index.tree("two") is None


def test_single_files_are_remembered_while_they_are_as_they_were(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("x")
    stamp = index.settled(file.stat().st_mtime_ns)
    index.keep_file("f", file.stat(), "a" * 32, stamp)
    assert index.file("f", file.stat()) == "a" * 32
    assert index.file("f", file.stat(), legacy=True) is None
    index.save()
    again = Index(index.folder)
    assert again.file("f", file.stat()) == "a" * 32
    os.utime(file, ns=(1, 1))
    assert again.file("f", file.stat()) is None
    again.drop_file("f")
    again.save()
    assert Index(index.folder)._loaded() == {}


def test_what_two_processes_noted_of_single_files_is_kept_of_both(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("x")
    other = Index(index.folder)
    stamp = index.settled(file.stat().st_mtime_ns)
    for one, key in ((index, "a"), (other, "b")):
        assert one.file(key, file.stat()) is None
        one.keep_file(key, file.stat(), "a" * 32, stamp)
    index.save()
    other.save()
    assert set(Index(index.folder)._loaded()) == {"a", "b"}


def test_strange_names_of_single_files_are_kept(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("x")
    stamp = index.settled(file.stat().st_mtime_ns)
    names = ["a\nb", "é", os.fsdecode(b"\xff"), "legacy", "a\tb"]
    for name in names:
        index.keep_file(name, file.stat(), "a" * 32, stamp)
    index.save()
    assert set(Index(index.folder)._loaded()) == set(names)


def test_a_file_that_was_changed_just_now_is_not_remembered(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("x")
    stamp = index.now(tmp_path)
    file.write_text("y")
    index.keep_file("f", file.stat(), "a" * 32, stamp)
    assert index.file("f", file.stat()) is None


def test_the_clock_is_the_disks_own(index: Index, tmp_path: Path) -> None:
    before = index.now(tmp_path)
    (tmp_path / "f").write_text("x")
    assert before <= (tmp_path / "f").stat().st_mtime_ns <= index.settled((tmp_path / "f").stat().st_mtime_ns)
    assert index.settled(before) > before
    # Another disk may have another clock.
    assert index.now("/proc/self") < time.time_ns() - 10**9


@pytest.mark.parametrize("reason", [errno.EROFS, errno.EACCES])
def test_a_repository_that_cannot_be_written_is_only_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "makedirs", refuse)
    index = Index(tmp_path / "index")
    assert index.now(tmp_path) < time.time_ns()
    index.keep_tree("data", record(), 10**18)
    assert index.tree("data") is None


def test_a_folder_that_cannot_be_made_is_only_slower(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    index = Index(tmp_path / "file")
    index.keep_tree("data", record(), 10**18)
    assert index.tree("data") is None
    index.keep_file("f", (tmp_path / "file").stat(), "a" * 32, 2 * 10**18)
    index.save()
    assert index.now() > 0
