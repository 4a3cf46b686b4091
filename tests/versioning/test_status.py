from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from treering.core.errors import Conflict, NotFound
from treering.storage.content.oid import Oid
from treering.versioning.add import AddOptions, add
from treering.versioning.commit import CommitOptions, commit
from treering.versioning.data_status import DataStatusOptions, data_status
from treering.versioning.diff import diff
from treering.versioning.entries import Dependency, Output, RepoSource
from treering.versioning.errors import NotTracked, UnknownRevision
from treering.versioning.outputs import Outputs
from treering.versioning.pointers import Pointer, read_pointer, write_pointer
from treering.versioning.remove import remove
from treering.versioning.repository import Repository
from treering.versioning.status import StatusOptions, status

Files = Mapping[str, str]
Git = Callable[..., str]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def folder(files: Files) -> str:
    rows = [{"md5": md5(text), "relpath": path} for path, text in sorted(files.items())]
    return md5(json.dumps(rows, sort_keys=True)) + ".dir"


def write(root: Path, files: Files) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture(autouse=True)
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


@pytest.fixture
def again(repo: Repository) -> Callable[[], Repository]:
    """The repository as the next command finds it."""
    return lambda: Repository(repo.root, repo.environ)


@pytest.fixture
def commit_all(git: Git) -> Callable[[], str]:
    def run() -> str:
        git("add", "--all")
        git("commit", "--quiet", "--message", "x")
        return git("rev-parse", "HEAD")

    return run


@pytest.fixture
def tracked(repo: Repository, commit_all: Callable[[], str]) -> Repository:
    """A repository in whose last commit a folder and a file are tracked."""
    write(repo.root, {"data/a": "1", "data/b/c": "2", "sub/f": "3"})
    add(repo, ["data", "sub/f"])
    commit_all()
    return Repository(repo.root, repo.environ)


# status


def test_what_changed_is_told_in_dvcs_shape(tracked: Repository, again: Callable[[], Repository]) -> None:
    assert status(tracked) == {}
    write(tracked.root, {"data/a": "changed"})
    (tracked.root / "sub/f").unlink()
    assert status(again()) == {
        "data.dvc": [{"changed outs": {"data": "modified"}}],
        "sub/f.dvc": [{"changed outs": {"sub/f": "deleted"}}],
    }
    assert status(again(), ["sub/f.dvc"]) == {"sub/f.dvc": [{"changed outs": {"sub/f": "deleted"}}]}
    assert status(again(), ["data/b"]) == {"data.dvc": [{"changed outs": {"data": "modified"}}]}
    assert status(again(), ["sub"], StatusOptions(recursive=True)) == {
        "sub/f.dvc": [{"changed outs": {"sub/f": "deleted"}}]
    }
    assert status(again(), ["sub/f"], StatusOptions(base=tracked.root / "sub")) == {
        "f.dvc": [{"changed outs": {"f": "deleted"}}]
    }
    tracked.cache.remove(Oid(md5("3")))
    assert status(again(), ["sub/f"]) == {"sub/f.dvc": [{"changed outs": {"sub/f": "not in cache"}}]}


def test_a_target_that_means_nothing_is_told(tracked: Repository) -> None:
    for word in ("nothing", "nothing.dvc", "sub", "dvc.yaml:train"):
        with pytest.raises(NotTracked, match="does not exist"):
            status(tracked, [word])


def test_sources_of_imports_are_asked_where_that_is_wanted(repo: Repository) -> None:
    write(repo.root, {"source": "1", "copy": "1", "taken": "2", "remote": "3"})
    local = Dependency("source", Oid(md5("1")))
    other = Dependency("d", repo=RepoSource("https://example.com/r", rev_lock="1"))
    url = Dependency("https://example.com/f", etag="1")
    for name, dep, frozen in (("copy", local, False), ("taken", other, True), ("remote", url, True)):
        add(repo, [name], AddOptions())
        pointer = read_pointer(repo.root / f"{name}.dvc")
        write_pointer(replace(pointer, deps=(dep,), frozen=frozen))
    assert status(Repository(repo.root, repo.environ)) == {}
    write(repo.root, {"source": "changed"})
    asked: list[str] = []

    def updates(pointer: Pointer, _: Dependency) -> str:
        asked.append(pointer.file.name)
        return "update available"

    found = status(Repository(repo.root, repo.environ), options=StatusOptions(updates=updates))
    assert found == {
        "copy.dvc": [{"changed deps": {"source": "modified"}}],
        "taken.dvc": [{"changed deps": {"d (https://example.com/r)": "update available"}}],
    }
    # A frozen import of a URL is not asked.
    assert asked == ["taken.dvc"]
    (repo.root / "source").unlink()
    assert status(Repository(repo.root, repo.environ))["copy.dvc"] == [{"changed deps": {"source": "deleted"}}]


def test_a_pointer_may_be_changed_by_itself(tracked: Repository, again: Callable[[], Repository]) -> None:
    text = (tracked.root / "data.dvc").read_text()
    (tracked.root / "data.dvc").write_text(f"md5: {'0' * 32}\nalways_changed: true\n{text}")
    assert status(again()) == {"data.dvc": ["always changed", "changed checksum"]}


def test_outputs_are_found_by_their_place_and_around_it(tracked: Repository) -> None:
    outputs = Outputs(tracked)
    root = str(tracked.root)
    data = outputs.at(f"{root}/data")
    assert data is not None
    assert outputs.around(f"{root}/data/b/c") == outputs.around(f"{root}/data") == data
    assert outputs.around(f"{root}/database") is None
    assert outputs.around("/") is None
    assert [one.address for one in outputs.below(root)] == ["data.dvc", "sub/f.dvc"]
    assert outputs.below(f"{root}/data") == []
    assert outputs.keys() == {"data", "sub/f"}
    chosen = outputs.select(["data/b", "data/a", "data", "sub/f.dvc"])
    assert [(one.tracked.address, one.within) for one in chosen] == [("data.dvc", ""), ("sub/f.dvc", "")]
    for word, addresses in (
        ("data", ["data.dvc"]),
        ("sub", ["sub/f.dvc"]),
        (".", ["data.dvc", "sub/f.dvc"]),
        (".dvc", []),
    ):
        assert [one.tracked.address for one in outputs.select([word], recursive=True)] == addresses


# commit


def test_a_change_is_committed_when_somebody_says_so(tracked: Repository, again: Callable[[], Repository]) -> None:
    write(tracked.root, {"data/a": "changed"})
    with pytest.raises(Conflict, match=r"unable to commit changed stage: 'data\.dvc'"):
        commit(again())
    asked: list[str] = []
    with pytest.raises(Conflict):
        commit(again(), options=CommitOptions(confirm=lambda question: bool(asked.append(question))))
    assert asked == ["outputs ['data'] of stage: 'data.dvc' changed. Are you sure you want to commit it?"]
    report = commit(again(), options=CommitOptions(confirm=lambda _: True))
    assert [path.name for path in report.touched] == ["data.dvc"]
    assert status(again()) == {}
    assert tracked.cache.has(Oid(md5("changed")))
    write(tracked.root, {"sub/f": "changed too"})
    assert len(commit(again(), ["sub/f"], CommitOptions(force=True)).pointers) == 1
    assert status(again()) == {}


def test_what_was_not_stored_is_stored(repo: Repository, again: Callable[[], Repository]) -> None:
    write(repo.root, {"data/a": "1"})
    add(repo, ["data"], AddOptions(commit=False))
    assert status(again()) == {"data.dvc": [{"changed outs": {"data": "not in cache"}}]}
    assert commit(again()).touched == ()
    assert status(again()) == {}


def test_an_output_that_is_not_there_is_told_or_passed_over(
    tracked: Repository, again: Callable[[], Repository]
) -> None:
    (tracked.root / "sub/f").unlink()
    before = (tracked.root / "sub/f.dvc").read_text()
    with pytest.raises(NotFound, match="does not exist"):
        commit(again(), options=CommitOptions(force=True))
    commit(again(), options=CommitOptions(force=True, allow_missing=True))
    assert (tracked.root / "sub/f.dvc").read_text() == before


def test_a_local_source_is_committed_too(repo: Repository, again: Callable[[], Repository]) -> None:
    write(repo.root, {"source": "1", "copy": "1"})
    add(repo, ["copy"])
    pointer = read_pointer(repo.root / "copy.dvc")
    write_pointer(replace(pointer, deps=(Dependency("source", Oid(md5("old"))),)))
    asked: list[str] = []
    with pytest.raises(Conflict, match="unable to commit"):
        commit(again(), options=CommitOptions(confirm=lambda question: bool(asked.append(question))))
    assert asked[0].startswith("dependencies ['source'] of stage: 'copy.dvc' changed.")
    commit(again(), options=CommitOptions(force=True))
    assert read_pointer(repo.root / "copy.dvc").deps[0].oid == Oid(md5("1"))
    assert status(again()) == {}


# data status


def test_nothing_is_told_where_nothing_changed(tracked: Repository, again: Callable[[], Repository]) -> None:
    found = data_status(tracked)
    assert not found.has_changes
    assert found.unchanged == ("data/", "sub/f")
    assert found.git == {"is_empty": False, "is_dirty": False}
    assert data_status(again(), options=DataStatusOptions(granular=True)).unchanged == (
        "data/",
        "data/a",
        "data/b/c",
        "sub/f",
    )


def test_changes_are_told_between_commit_and_pointers_and_between_those_and_the_workspace(
    tracked: Repository, again: Callable[[], Repository]
) -> None:
    write(tracked.root, {"data/a": "changed", "data/new": "2"})
    (tracked.root / "data/b/c").unlink()
    (tracked.root / "sub/f").unlink()
    write(tracked.root, {"fresh": "x"})
    assert data_status(again()).uncommitted.as_dict() == {"modified": ["data/"], "deleted": ["sub/f"]}
    granular = DataStatusOptions(granular=True)
    # The new file has the content of the one that is gone.
    assert data_status(again(), options=granular).uncommitted.as_dict() == {
        "modified": ["data/", "data/a"],
        "deleted": ["sub/f"],
        "renamed": [{"old": "data/b/c", "new": "data/new"}],
    }
    add(again(), ["data", "fresh"])
    found = data_status(again(), options=replace(granular, untracked=True))
    assert found.uncommitted.as_dict() == {"deleted": ["sub/f"]}
    assert found.committed.as_dict() == {
        "modified": ["data/", "data/a"],
        "added": ["fresh"],
        "renamed": [{"old": "data/b/c", "new": "data/new"}],
    }
    assert found.untracked == ("fresh.dvc",)
    assert found.git == {"is_empty": False, "is_dirty": True}
    assert data_status(again(), ["data/a"], granular).committed.as_dict() == {"modified": ["data/a"]}
    assert data_status(again(), ["fresh"], replace(granular, untracked=True)).untracked == ()


def test_what_the_cache_lacks_is_told(tracked: Repository, again: Callable[[], Repository]) -> None:
    tracked.cache.remove(Oid(md5("3")))
    tracked.cache.remove(Oid(md5("2")))
    assert data_status(again()).not_in_cache == ("sub/f",)
    assert data_status(again(), options=DataStatusOptions(granular=True)).not_in_cache == ("data/b/c", "sub/f")
    tracked.cache.remove(Oid(folder({"a": "1", "b/c": "2"})))
    found = data_status(again(), options=DataStatusOptions(granular=True))
    assert found.not_in_cache == ("data/", "sub/f")
    assert found.uncommitted.as_dict() == {"unknown": ["data/a", "data/b/c"]}


def test_a_remote_is_asked_for_what_it_lacks(tracked: Repository, again: Callable[[], Repository]) -> None:
    there = {Oid(md5("1")), Oid(folder({"a": "1", "b/c": "2"}))}
    options = DataStatusOptions(missing_remotely=lambda oids: set(oids) - there)
    assert data_status(again(), options=options).not_in_remote == ("sub/f",)
    assert data_status(again(), options=replace(options, granular=True)).not_in_remote == ("data/b/c", "sub/f")
    pointer = read_pointer(tracked.root / "sub/f.dvc")
    write_pointer(replace(pointer, outs=(replace(pointer.outs[0], push=False),)))
    assert data_status(again(), options=options).not_in_remote == ()


def test_before_the_first_commit_everything_is_new(repo: Repository) -> None:
    write(repo.root, {"f": "1"})
    add(repo, ["f"])
    found = data_status(repo)
    assert found.committed.as_dict() == {"added": ["f"]}
    assert found.git["is_empty"]
    assert diff(repo).as_dict() == {}


def test_without_git_there_is_no_commit_to_compare_with(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "alone"
    write(root, {".dvc/config": "[core]\n    no_scm = True\n", "f": "1"})
    monkeypatch.chdir(root)
    repo = Repository(root, environ)
    add(repo, ["f"])
    assert data_status(repo).as_dict() == {
        "not_in_cache": [],
        "not_in_remote": [],
        "committed": {},
        "uncommitted": {},
        "untracked": [],
        "unchanged": ["f"],
    }


# diff


def test_two_commits_are_compared_with_renames(
    tracked: Repository, again: Callable[[], Repository], commit_all: Callable[[], str]
) -> None:
    write(tracked.root, {"data/a": "changed", "data/moved": "2", "other": "3"})
    (tracked.root / "data/b/c").unlink()
    add(again(), ["data", "other"])
    remove(again(), ["sub/f.dvc"])
    commit_all()
    old, new = folder({"a": "1", "b/c": "2"}), folder({"a": "changed", "moved": "2"})
    expected = {
        "added": [],
        "deleted": [],
        "modified": [
            {"path": "data/", "hash": {"old": old, "new": new}},
            {"path": "data/a", "hash": {"old": md5("1"), "new": md5("changed")}},
        ],
        "renamed": [
            {"path": {"old": "data/b/c", "new": "data/moved"}, "hash": md5("2")},
            {"path": {"old": "sub/f", "new": "other"}, "hash": md5("3")},
        ],
        "not in cache": [],
    }
    assert diff(again(), "HEAD~1", "HEAD").as_dict() == expected
    assert diff(again(), "HEAD~1").as_dict() == expected
    assert diff(again(), "HEAD", "HEAD").as_dict() == {}
    assert diff(again()).as_dict() == {}
    shown = diff(again(), "HEAD~1", "HEAD", ["data/a", "other"]).as_dict(hashes=False)
    assert shown["modified"] == [{"path": "data/a"}]
    assert shown["added"] == [{"path": "other"}]
    with pytest.raises(NotFound, match="nothing"):
        diff(again(), "HEAD~1", "HEAD", ["nothing"])
    with pytest.raises(UnknownRevision):
        diff(again(), "nonsense")


def test_the_workspace_is_compared_and_what_the_cache_lacks_is_told(
    tracked: Repository, again: Callable[[], Repository]
) -> None:
    write(tracked.root, {"data/new": "4"})
    (tracked.root / "sub/f").unlink()
    tracked.cache.remove(Oid(md5("1")))
    found = diff(again()).as_dict()
    assert found["added"] == [{"path": "data/new", "hash": md5("4")}]
    assert found["deleted"] == [{"path": "sub/f", "hash": md5("3")}]
    assert found["not in cache"] == [{"path": "data/a", "hash": md5("1")}]


@pytest.mark.usefixtures("tracked")
def test_a_folder_whose_files_are_outputs_now_changed_nothing_in_them(
    again: Callable[[], Repository], commit_all: Callable[[], str]
) -> None:
    remove(again(), ["data.dvc"])
    add(again(), ["data/a", "data/b/c"])
    assert diff(again()).as_dict() == {}
    commit_all()
    assert [one["path"] for one in diff(again(), "HEAD~1", "HEAD").as_dict()["deleted"]] == ["data/"]


def test_an_output_that_became_a_folder_is_modified(tracked: Repository, again: Callable[[], Repository]) -> None:
    (tracked.root / "sub/f").unlink()
    write(tracked.root, {"sub/f/x": "5"})
    found = diff(again()).as_dict()
    assert found["modified"] == [{"path": "sub/f/", "hash": {"old": md5("3"), "new": folder({"x": "5"})}}] or found[
        "modified"
    ][0]["hash"] == {"old": md5("3"), "new": folder({"x": "5"})}
    assert found["added"] == [{"path": "sub/f/x", "hash": md5("5")}]


def test_outputs_without_a_cache_are_not_compared(repo: Repository) -> None:
    write(repo.root, {"f": "1"})
    write_pointer(Pointer(repo.root / "f.dvc", (Output("f", Oid(md5("0")), cache=False),)))
    assert data_status(repo).as_dict()["uncommitted"] == {}
