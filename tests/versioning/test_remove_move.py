from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.storage.content.oid import Oid
from treering.versioning.add import AddOptions, add
from treering.versioning.checkout import checkout
from treering.versioning.entries import Dependency
from treering.versioning.errors import NotTracked, OutputClash
from treering.versioning.move import move
from treering.versioning.pointers import read_pointer, write_pointer
from treering.versioning.remove import remove
from treering.versioning.repository import Repository
from treering.versioning.status import status
from treering.versioning.unprotect import unprotect

Files = Mapping[str, str]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def write(root: Path, files: Files) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture(autouse=True)
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


@pytest.fixture
def again(repo: Repository) -> Callable[..., Repository]:
    """The repository as the next command finds it."""
    return lambda kinds="": Repository(
        repo.root, repo.environ, {"cache": {"type": kinds.split(",")}} if kinds else None
    )


@pytest.fixture
def tracked(repo: Repository) -> Repository:
    write(repo.root, {"data/a": "1", "data/b/c": "2", "sub/f": "3"})
    add(repo, ["data", "sub/f"])
    return repo


def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.versioning.digests.Reader.read", lambda *_: pytest.fail("read again"))
    monkeypatch.setattr("treering.versioning.digests.Reader.read_file", lambda *_: pytest.fail("read again"))


# unprotect


@pytest.mark.parametrize("kinds", ["hardlink", "symlink", "copy"])
def test_links_become_files_that_may_be_written_to(
    repo: Repository, again: Callable[..., Repository], kinds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo.root, {"data/a": "1", "data/b/c": "2", "f": "3"})
    add(again(kinds), ["data", "f"])
    checkout(again(kinds))
    assert unprotect(again(kinds), ["data", "f"]) == (0 if kinds == "copy" else 3)
    for name in ("data/a", "data/b/c", "f"):
        path = repo.root / name
        assert not path.is_symlink()
        assert path.stat().st_nlink == 1
        assert path.stat().st_mode & 0o200
    assert unprotect(again(kinds), ["data", "f"]) == 0
    with monkeypatch.context() as patch:
        no_reading(patch)
        assert status(again(kinds)) == {}
    write(repo.root, {"data/a": "edited"})
    assert repo.cache.path(Oid(md5("1"))).read_text() == "1"


def test_a_protected_file_that_is_no_link_is_made_writable(repo: Repository) -> None:
    write(repo.root, {"d/f": "1"})
    (repo.root / "d/f").chmod(0o555)
    assert unprotect(repo, ["d"]) == 1
    assert (repo.root / "d/f").stat().st_mode & 0o777 == 0o755
    with pytest.raises(NotFound, match="can't unprotect non-existing data 'nothing'"):
        unprotect(repo, ["nothing"])


# remove


def test_the_pointer_goes_and_the_data_stays(tracked: Repository, again: Callable[..., Repository]) -> None:
    report = remove(again("hardlink"), ["data.dvc"])
    assert not (tracked.root / "data.dvc").exists()
    assert (tracked.root / "data/a").read_text() == "1"
    assert (tracked.root / ".gitignore").exists() is False
    assert [tracked.relpath(path) for path in report.touched] == ["data.dvc", ".gitignore"]
    # The data is the user's from now on.
    checkout(again())
    assert (tracked.root / "data/b/c").exists()


def test_what_was_linked_is_the_users_own_afterwards(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"f": "1"})
    add(again("symlink"), ["f"])
    remove(again("symlink"), ["f.dvc"])
    assert not (repo.root / "f").is_symlink()
    assert (repo.root / "f").stat().st_mode & 0o200


def test_the_data_goes_too_where_that_is_wanted(tracked: Repository, again: Callable[..., Repository]) -> None:
    remove(tracked, ["data.dvc", "sub/f.dvc"], outs=True)
    assert not (tracked.root / "data").exists()
    assert not (tracked.root / "sub/f").exists()
    assert tracked.cache.has(Oid(md5("1")))
    assert status(again()) == {}


def test_a_part_of_a_folder_is_no_longer_tracked(tracked: Repository, again: Callable[..., Repository]) -> None:
    report = remove(again(), ["data/b", "data/a"])
    assert len(report.changed) == 1
    assert read_pointer(tracked.root / "data.dvc").outs[0].nfiles == 0
    assert (tracked.root / "data/a").exists()
    assert status(again()) == {"data.dvc": [{"changed outs": {"data": "modified"}}]}
    with pytest.raises(NotFound, match="'data/a' is not tracked in 'data'"):
        remove(again(), ["data/a"])
    add(again(), ["data"])
    remove(again(), ["data/b/c"], outs=True)
    assert not (tracked.root / "data/b/c").exists()
    (tracked.root / "data/b").rmdir()
    assert status(again()) == {}


def test_what_cannot_be_removed_is_told(tracked: Repository) -> None:
    for word, error, words in (
        ("data", InvalidInput, r"is not a \.dvc file\. Do you mean 'data\.dvc'"),
        ("nothing.dvc", NotTracked, "does not exist"),
        ("nothing", NotTracked, "neither tracked nor a stage"),
    ):
        with pytest.raises(error, match=words):
            remove(tracked, [word])


# move


def test_data_and_pointer_get_another_place(
    tracked: Repository, again: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (tracked.root / "data.dvc").read_text()
    tracked.index.settled(tracked.index.now())
    status(again())
    with monkeypatch.context() as patch:
        no_reading(patch)
        report = move(again(), "data", "sub/other")
        move(again(), "sub/f", ".")
    assert not (tracked.root / "data").exists()
    assert not (tracked.root / "data.dvc").exists()
    assert (tracked.root / "sub/other/b/c").read_text() == "2"
    assert (tracked.root / "sub/other.dvc").read_text() == text.replace("path: data", "path: other")
    assert (tracked.root / "sub/.gitignore").read_text() == "/other\n"
    assert (tracked.root / ".gitignore").read_text() == "/f\n"
    assert {tracked.relpath(path) for path in report.touched} == {
        "sub/other.dvc",
        "data.dvc",
        ".gitignore",
        "sub/.gitignore",
    }
    assert status(again()) == {}
    checkout(again())
    assert (tracked.root / "sub/other/a").exists()


def test_a_pointer_of_another_name_stays_where_it_is(tracked: Repository, again: Callable[..., Repository]) -> None:
    (tracked.root / "data.dvc").rename(tracked.root / "mine.dvc")
    move(again(), "data", "sub/data")
    assert read_pointer(tracked.root / "mine.dvc").outs[0].path == "sub/data"
    assert status(again()) == {}


def test_sources_are_told_from_the_new_place(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"source": "1", "copy": "1", "sub/x": ""})
    add(repo, ["copy"])
    pointer = read_pointer(repo.root / "copy.dvc")
    write_pointer(replace(pointer, deps=(Dependency("source", Oid(md5("1"))),)))
    move(again(), "copy", "sub/copy")
    assert read_pointer(repo.root / "sub/copy.dvc").deps[0].path == "../source"
    assert status(again()) == {}


def test_changes_move_along(tracked: Repository, again: Callable[..., Repository]) -> None:
    write(tracked.root, {"data/a": "changed"})
    move(again(), "data", "other")
    assert status(again()) == {}
    assert tracked.cache.has(Oid(md5("changed")))


def test_a_pointer_moves_without_its_data(tracked: Repository, again: Callable[..., Repository]) -> None:
    shutil.rmtree(tracked.root / "data")
    move(again(), "data", "other")
    assert status(again()) == {"other.dvc": [{"changed outs": {"other": "deleted"}}]}
    checkout(again())
    assert (tracked.root / "other/a").read_text() == "1"


def test_what_cannot_be_moved_is_told(tracked: Repository) -> None:
    write(tracked.root, {"there": "1", "pointer.dvc": "outs:\n- path: elsewhere\n"})
    for source, target, error, words in (
        ("nothing", "x", NotTracked, "Unable to find DVC file with output 'nothing'"),
        ("data/a", "x", NotTracked, "Unable to find"),
        ("data", "there", AlreadyExists, "'there' already exists"),
        ("data", "pointer", AlreadyExists, r"'pointer\.dvc' already exists"),
        ("sub/f", "data/f", OutputClash, "lies in the output 'data'"),
        ("data", "missing/x", NotFound, "'missing' does not exist"),
        ("data", "../x", InvalidInput, "outside"),
    ):
        with pytest.raises(error, match=words):
            move(tracked, source, target)
    assert (tracked.root / "data/a").exists()


def test_adding_says_what_it_added(repo: Repository) -> None:
    write(repo.root, {"f": "1"})
    assert [pointer.file.name for pointer in add(repo, ["f"], AddOptions(desc="d")).pointers] == ["f.dvc"]
