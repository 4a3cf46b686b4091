from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.merge_driver import MergeConflict, Sides, merge_files
from treering.versioning.pointers import Dependency, Output, Pointer, RepoSource, read_pointer, write_pointer
from treering.versioning.repository import Repository

Files = dict[str, str]


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
    return Repository(tmp_path, dict(os.environ))


@pytest.fixture
def folder(repo: Repository) -> Callable[[str, Files | None], Path]:
    """Write a pointer to a folder with these files, whose content is in the cache."""

    def make(name: str, files: Files | None) -> Path:
        file = repo.root / name
        if files is None:
            file.touch()
            return file
        oids = {path: repo.cache.put_bytes(text.encode()) for path, text in files.items()}
        oid = repo.cache.put_manifest(Manifest.of((path, one.value) for path, one in oids.items()))
        size = sum(len(text) for text in files.values())
        write_pointer(Pointer(file, (Output("d", oid, size=size, nfiles=len(files)),)))
        return file

    return make


def merged(repo: Repository, *sides: Path) -> Output:
    merge_files(repo, Sides(*sides, name="d.dvc"))
    return read_pointer(sides[1]).outs[0]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        ({"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "c": "33"}, {"a": "1", "b": "2", "c": "33"}),
        ({"a": "1", "b": "2"}, {"a": "1"}, {"a": "9", "b": "2"}, {"a": "9"}),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2", "x/y": ""}, {"b": "2"}, {"b": "2", "x/y": ""}),
        ({"a": "1"}, {"a": "2"}, {"a": "2", "b": "1"}, {"a": "2", "b": "1"}),
        ({"a": "1"}, {"a": "1"}, {"a": "5"}, {"a": "5"}),
        ({"a": "1"}, {"a": "7"}, {"a": "1"}, {"a": "7"}),
        (None, {"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}),
    ],
)
def test_a_folder_is_merged_file_by_file(
    repo: Repository,
    folder: Callable[[str, Files | None], Path],
    base: Files | None,
    ours: Files,
    theirs: Files,
    result: Files,
):
    out = merged(repo, folder("o", base), folder("a", ours), folder("b", theirs))
    expected = read_pointer(folder("r", result)).outs[0]
    assert out == expected
    assert out.oid is not None
    assert repo.cache.has(out.oid)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "paths"),
    [
        ({"a": "1"}, {"a": "2"}, {"a": "3"}, ("d/a",)),
        ({"a": "1", "b": "1"}, {"b": "2"}, {"a": "3", "b": "3"}, ("d/b", "d/a")),
        ({}, {"a": "2"}, {"a": "3"}, ("d/a",)),
        ({}, {"a": "2"}, {"a/b": "3"}, ("d/a",)),
    ],
)
def test_what_both_have_changed_is_told_and_ours_stays(
    repo: Repository,
    folder: Callable[[str, Files | None], Path],
    base: Files,
    ours: Files,
    theirs: Files,
    paths: tuple[str, ...],
):
    sides = folder("o", base), folder("a", ours), folder("b", theirs)
    before = sides[1].read_bytes()
    with pytest.raises(MergeConflict, match=r"d\.dvc") as caught:
        merged(repo, *sides)
    assert caught.value.paths == paths
    assert sides[1].read_bytes() == before


def test_what_is_said_beside_the_content_is_merged_too(repo: Repository, folder: Callable[[str, Files | None], Path]):
    base, ours, theirs = folder("o", {"a": "1"}), folder("a", {"a": "1", "b": "2"}), folder("b", {"a": "2"})
    ours.write_text("# mine\n" + ours.read_text() + "meta:\n  owner: me\n")
    theirs.write_text(theirs.read_text() + "  desc: text\n")
    out = merged(repo, base, ours, theirs)
    assert out.desc == "text"
    assert out.nfiles == 2
    assert ours.read_text().startswith("# mine\n")
    assert ours.read_text().endswith("meta:\n  owner: me\n")


def test_single_files_that_both_have_changed_are_a_conflict(repo: Repository):
    files = []
    for number, name in enumerate("oab"):
        file = repo.root / name
        write_pointer(Pointer(file, (Output("f", Oid(f"{number}" * 32), size=1),)))
        files.append(file)
    with pytest.raises(MergeConflict, match="  f\n"):
        merged(repo, *files)
    files[2].write_bytes(files[0].read_bytes())
    assert merged(repo, *files).oid == Oid("1" * 32)


def test_imports_that_follow_different_commits_are_a_conflict_and_else_united(repo: Repository):
    files = []
    for number, name in enumerate("oab"):
        file = repo.root / name
        dep = Dependency("d", repo=RepoSource("../r", rev_lock=f"{number}" * 40))
        write_pointer(Pointer(file, (Output("d", Oid("0" * 32)),), (dep,), frozen=True))
        files.append(file)
    with pytest.raises(MergeConflict, match="  d\n"):
        merged(repo, *files)
    files[1].write_bytes(files[0].read_bytes())
    merged(repo, *files)
    assert read_pointer(files[1]) == Pointer(
        files[1], **{key: getattr(read_pointer(files[2]), key) for key in ("outs", "deps", "frozen", "md5")}
    )


def test_a_list_that_is_not_in_the_cache_is_asked_for(repo: Repository, folder: Callable[[str, Files | None], Path]):
    sides = folder("o", {"a": "1"}), folder("a", {"a": "2"}), folder("b", {"b": "2"})
    oid = read_pointer(sides[2]).outs[0].oid
    assert oid is not None
    repo.cache.remove(oid)
    with pytest.raises(NotFound, match="Fetch it for both branches"):
        merged(repo, *sides)


LOCK = """\
schema: '2.0'
stages:
  one:
    cmd: echo 1
  two:
    cmd: echo 2
"""


def locks(repo: Repository, base: str, ours: str, theirs: str) -> str:
    files = [repo.root / name for name in "oab"]
    for file, text in zip(files, (base, ours, theirs), strict=True):
        file.write_text(text)
    merge_files(repo, Sides(*files, name="dvc.lock"))
    return files[1].read_text()


def test_lock_files_are_merged_stage_by_stage(repo: Repository):
    ours = LOCK.replace("echo 1", "echo 11") + "  mine:\n    cmd: m\n"
    theirs = LOCK.replace("echo 2", "echo 22") + "  theirs:\n    cmd: t\n"
    assert locks(repo, LOCK, ours, theirs) == (
        "schema: '2.0'\nstages:\n  one:\n    cmd: echo 11\n  two:\n    cmd: echo 22\n"
        "  mine:\n    cmd: m\n  theirs:\n    cmd: t\n"
    )
    assert locks(repo, "", LOCK, LOCK) == LOCK
    removed = LOCK.replace("  two:\n    cmd: echo 2\n", "")
    assert locks(repo, LOCK, LOCK, removed) == removed
    assert locks(repo, LOCK, removed, LOCK) == removed


def test_a_stage_that_both_have_changed_is_told(repo: Repository):
    with pytest.raises(MergeConflict, match="  two\n"):
        locks(repo, LOCK, LOCK.replace("echo 2", "echo 22"), LOCK.replace("echo 2", "echo 222"))
    assert "echo 22\n" in (repo.root / "a").read_text()
    with pytest.raises(MergeConflict, match="  two\n"):
        locks(repo, LOCK, LOCK.replace("  two:\n    cmd: echo 2\n", ""), LOCK.replace("echo 2", "echo 222"))


def test_datasets_of_lock_files_are_merged_by_name(repo: Repository):
    base = LOCK + "datasets:\n- name: x\n  rev_lock: '1'\n"
    theirs = base + "- name: y\n  rev_lock: '2'\n"
    assert locks(repo, base, base.replace("'1'", "'3'"), theirs) == theirs.replace("'1'", "'3'")


@pytest.mark.parametrize("text", ["[1]\n", "stages: 3\n", "<<<<<<< a\n=======\n>>>>>>> b\n", "x: 1\n"])
def test_what_is_neither_pointer_nor_lock_is_refused(repo: Repository, text: str):
    with pytest.raises(InvalidInput, match=r"dvc.lock"):
        locks(repo, LOCK, LOCK, text)
    with pytest.raises(InvalidInput, match="schemas"):
        locks(repo, LOCK, LOCK, LOCK.replace("2.0", "3.0"))
