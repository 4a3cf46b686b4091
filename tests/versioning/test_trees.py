from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning import digests, snapshots
from treering.versioning.digests import Reader
from treering.versioning.entries import Output, VersionedFile
from treering.versioning.index import Index
from treering.versioning.repository import Repository
from treering.versioning.snapshots import Snapshot, after, snapshot
from treering.versioning.tree_diff import difference
from treering.versioning.trees import is_cached, is_unchanged, output_state, stored_tree, tree_of
from treering.versioning.walk import Rows, scan

Files = dict[str, str]


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def write(folder: Path, files: Files) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def expected(files: Files) -> str:
    rows = [{"md5": md5(text.encode()), "relpath": path} for path, text in sorted(files.items())]
    return md5(json.dumps(rows, sort_keys=True).encode()) + ".dir"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read, by their names."""
    read: list[str] = []
    small, big = Reader._read_small, Reader.read_file

    def read_small(self: Reader, rows: Rows, wanted: list[int], found: bytearray, total: int) -> None:
        read.extend(rows.paths[at] for at in wanted)
        small(self, rows, wanted, found, total)

    def read_big(self: Reader, name: str) -> tuple[str, int]:
        read.append(Path(name).name)
        return big(self, name)

    monkeypatch.setattr(Reader, "_read_small", read_small)
    monkeypatch.setattr(Reader, "read_file", read_big)
    return read


def settle(repo: Repository) -> None:
    """Let the disk's clock tick, so that nothing was changed just now."""
    repo.index.settled(repo.index.now())


def test_a_folder_has_dvcs_name_size_and_count(repo: Repository) -> None:
    files = {"a-b": "1", "a/b": "22", "a.b": "333", "é 😀": "", 'x\\y"z': "5"}
    write(repo.root / "data", files)
    tree = tree_of(repo, repo.root / "data")
    assert tree is not None
    assert (tree.oid.value, tree.size, tree.nfiles) == (expected(files), 7, 5)
    assert tree.entries is not None
    assert [path for path, _ in tree.entries] == sorted(files)


def test_an_empty_folder_has_the_well_known_name(repo: Repository) -> None:
    (repo.root / "data" / "inner").mkdir(parents=True)
    tree = tree_of(repo, repo.root / "data")
    assert tree is not None
    assert tree.oid == Oid("d751713988987e9331980363e24189ce.dir")
    assert (tree.size, tree.nfiles) == (0, 0)


def test_a_file_has_its_md5_and_may_be_run(repo: Repository) -> None:
    write(repo.root, {"run.sh": "echo\r\n"})
    (repo.root / "run.sh").chmod(0o755)
    tree = tree_of(repo, repo.root / "run.sh")
    assert tree is not None
    assert (tree.oid.value, tree.size, tree.nfiles, tree.isexec) == (md5(b"echo\r\n"), 6, None, True)


def test_nothing_is_at_a_place_that_is_empty_or_ignored(repo: Repository) -> None:
    assert tree_of(repo, repo.root / "nothing") is None
    write(repo.root, {".dvcignore": "*.log\nlogs\n", "a.log": "x", "logs/b": "y"})
    assert tree_of(repo, repo.root / "a.log") is None
    assert tree_of(repo, repo.root / "logs") is None
    assert tree_of(repo, repo.root / "a.log" / "under a file") is None


def test_a_pipe_is_refused(repo: Repository) -> None:
    os.mkfifo(repo.root / "pipe")
    with pytest.raises(InvalidInput, match="neither a file nor a folder"):
        tree_of(repo, repo.root / "pipe")


def test_what_did_not_change_is_never_read_again(repo: Repository, readings: list[str]) -> None:
    write(repo.root, {"data/a": "1", "data/b/c": "2", "single": "3"})
    settle(repo)
    first = [tree_of(repo, repo.root / name) for name in ("data", "single")]
    assert sorted(readings) == ["a", "b/c", "single"]
    repo.index.save()
    readings.clear()
    other = Repository(repo.root, repo.environ)
    assert [tree_of(other, repo.root / name) for name in ("data", "single")] == first
    assert readings == []


def test_only_what_changed_is_read(repo: Repository, readings: list[str]) -> None:
    files = {"a": "1", "b/c": "2", "b/d": "3", "z": "4"}
    write(repo.root / "data", files)
    settle(repo)
    tree_of(repo, repo.root / "data")
    readings.clear()
    changes: list[tuple[Callable[[], object], Files, list[str]]] = [
        (lambda: write(repo.root / "data", {"b/d": "other"}), {**files, "b/d": "other"}, ["b/d"]),
        (lambda: write(repo.root / "data", {"b/cc": "new"}), {**files, "b/d": "other", "b/cc": "new"}, ["b/cc"]),
        ((repo.root / "data/a").unlink, {"b/c": "2", "b/d": "other", "b/cc": "new", "z": "4"}, []),
    ]
    for change, now, read in changes:
        change()
        settle(repo)
        tree = tree_of(repo, repo.root / "data")
        assert tree is not None
        assert tree.oid.value == expected(now)
        assert readings == read
        readings.clear()


def test_a_file_that_is_changed_at_the_moment_of_the_look_is_read_next_time(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo.root / "data", {"a": "1"})
    now = repo.index.now()
    monkeypatch.setattr(Index, "now", lambda *_: now)
    os.utime(repo.root / "data/a", ns=(now, now))
    inode = (repo.root / "data/a").stat().st_ino
    first = tree_of(repo, repo.root / "data")
    # The same size, inode and time: only reading it again can tell.
    (repo.root / "data/a").write_text("2")
    os.utime(repo.root / "data/a", ns=(now, now))
    assert (repo.root / "data/a").stat().st_ino == inode
    second = tree_of(repo, repo.root / "data")
    assert first is not None
    assert second is not None
    assert second.oid.value == expected({"a": "2"}) != first.oid.value


def test_a_damaged_index_is_made_again(repo: Repository) -> None:
    write(repo.root / "data", {"a": "1"})
    settle(repo)
    first = tree_of(repo, repo.root / "data")
    for file in repo.index.folder.iterdir():
        file.write_bytes(b"nonsense")
    assert tree_of(Repository(repo.root, repo.environ), repo.root / "data") == first


def test_what_is_stored_is_read_once_and_the_list_is_stored_too(repo: Repository, readings: list[str]) -> None:
    write(repo.root, {"data/a": "1", "data/b": "2" * 3_000_000, "single": "3"})
    settle(repo)
    for name in ("data", "single"):
        tree = tree_of(repo, repo.root / name, store=True)
        assert tree is not None
        assert is_cached(repo, tree.oid)
    assert sorted(readings) == ["a", "b", "single"]
    manifest = repo.cache.read_manifest(Oid(expected({"a": "1", "b": "2" * 3_000_000})))
    assert [repo.cache.path(Oid(digest)).read_bytes() for _, digest in manifest] == [b"1", b"2" * 3_000_000]


def test_what_the_cache_lost_is_stored_again(repo: Repository, readings: list[str]) -> None:
    write(repo.root, {"data/a": "1", "data/b": "2", "single": "3"})
    settle(repo)
    trees = [tree_of(repo, repo.root / name, store=True) for name in ("data", "single")]
    readings.clear()
    for lost in (b"1", b"3"):
        repo.cache.remove(Oid(md5(lost)))
    for tree, name in zip(trees, ("data", "single"), strict=True):
        assert tree is not None
        assert not is_cached(repo, tree.oid)
        assert tree_of(repo, repo.root / name, store=True) == tree
        assert is_cached(repo, tree.oid)
    assert readings == ["a", "single"]
    assert trees[0] is not None
    repo.cache.remove(trees[0].oid)
    tree_of(repo, repo.root / "data", store=True)
    assert is_cached(repo, trees[0].oid)


def test_many_big_files_are_read_in_threads(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "_SMALL", 10)
    files = {f"d{number % 5}/{number}": f"content of {number}" * number for number in range(60)}
    write(repo.root / "data", files)
    tree = tree_of(repo, repo.root / "data", store=True)
    assert tree is not None
    assert tree.oid.value == expected(files)
    assert is_cached(repo, tree.oid)


def test_an_error_in_a_thread_ends_the_reading(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "_SMALL", 0)
    write(repo.root / "data", {str(number): "x" for number in range(30)})

    def fail(_: Reader, name: str) -> tuple[str, int]:
        raise FileNotFoundError(name)

    monkeypatch.setattr(Reader, "read_file", fail)
    with pytest.raises(Conflict, match="removed or replaced while it was being read"):
        tree_of(repo, repo.root / "data")


def test_a_file_that_grows_while_it_is_read_is_stored_as_it_was_read(repo: Repository) -> None:
    write(repo.root / "data", {"a": "short"})
    rows = Rows(["a"], array("q", [1]), array("Q", [1]), array("q", [2]))
    found = bytearray(16)
    Reader(str(repo.root / "data"), repo.cache).read(rows, [0], found)
    assert found.hex() == md5(b"short")
    assert list(rows.sizes) == [5]
    assert repo.cache.path(Oid(md5(b"short"))).read_bytes() == b"short"


def test_legacy_content_is_compared_by_dvc_2s_rule(repo: Repository) -> None:
    write(repo.root, {"text": "a\r\nb\r\n", "data/t": "c\r\n"})
    legacy = Oid(md5(b"a\nb\n"), legacy=True)
    assert is_unchanged(repo, repo.root / "text", legacy)
    assert not is_unchanged(repo, repo.root / "text", Oid(md5(b"a\nb\n")))
    assert is_unchanged(repo, repo.root / "text", Oid(md5(b"a\r\nb\r\n")))
    assert is_unchanged(repo, repo.root / "data", Oid(expected({"t": "c\n"}), legacy=True))


def test_the_state_of_an_output_is_dvcs(repo: Repository) -> None:
    write(repo.root, {"data/a": "1", "f": "2"})
    for name in ("data", "f"):
        path = repo.root / name
        tree = tree_of(repo, path, store=True)
        assert tree is not None
        out = Output(name, tree.oid)
        assert output_state(repo, out, path) == ""
        assert output_state(repo, Output(name), path) == "modified"
        assert output_state(repo, Output("nothing"), repo.root / "nothing") == "deleted"
        write(repo.root, {"data/a" if name == "data" else "f": "changed"})
        assert output_state(repo, out, path) == "modified"
        path.rename(repo.root / "away")
        assert output_state(repo, out, path) == "deleted"
        (repo.root / "away").rename(path)
        repo.cache.remove(Oid(md5(b"1" if name == "data" else b"2")))
        # DVC asks the cache first.
        assert output_state(repo, out, path) == "not in cache"
        assert output_state(repo, Output(name, tree.oid, cache=False), path) == "modified"


def test_a_folder_without_its_list_is_not_in_the_cache(repo: Repository) -> None:
    write(repo.root, {"data/a": "1"})
    tree = tree_of(repo, repo.root / "data", store=True)
    assert tree is not None
    repo.cache.path(tree.oid).chmod(0o644)
    repo.cache.path(tree.oid).write_bytes(b"[]")
    write(repo.root, {"data/b": "2"})
    assert output_state(repo, Output("data", tree.oid), repo.root / "data") == "not in cache"


def test_the_files_of_a_versioned_folder_are_its_list(repo: Repository) -> None:
    files = (VersionedFile("b", Oid(md5(b"2"))), VersionedFile("a", Oid(md5(b"1"))))
    out = Output("data", None, files=files)
    assert list(stored_tree(repo, out)) == [("a", md5(b"1")), ("b", md5(b"2"))]
    write(repo.root / "data", {"a": "1", "b": "2"})
    assert output_state(repo, out, repo.root / "data") == "not in cache"
    tree_of(repo, repo.root / "data", store=True)
    assert output_state(repo, out, repo.root / "data") == ""
    write(repo.root / "data", {"a": "other"})
    assert output_state(repo, out, repo.root / "data") == "modified"
    with pytest.raises(NotFound, match="Pull it"):
        stored_tree(repo, Output("data", None, files=(VersionedFile("a", version_id="1"),)))
    with pytest.raises(NotFound, match="no folder"):
        stored_tree(repo, Output("f", Oid(md5(b"1"))))


def manifest(files: Files) -> Manifest:
    return Manifest.of((path, md5(text.encode())) for path, text in files.items())


def test_the_steps_from_one_list_to_another_lead_there() -> None:
    old = {"a": "1", "b": "2", "c/d": "3", "z": "9"}
    for new in ({}, old, {"a": "1"}, {"0": "0", "a": "x", "c/d": "3", "zz": "1"}, {**old, "b": "changed"}):
        first, second = manifest(old), manifest(new)
        steps = difference(first, second)
        assert bool(steps) == (old != new)
        found = dict(old)
        for at in steps.deleted:
            del found[first.paths[at]]
        for path in [second.paths[at] for at in steps.added] + [second.paths[there] for _, there in steps.modified]:
            found[path] = new[path]
        assert found == new
        assert all(first.paths[here] == second.paths[there] for here, there in steps.modified)


def test_only_what_is_selected_counts() -> None:
    steps = difference(
        manifest({"a": "1", "b": "2", "c": "3"}), manifest({"a": "x", "b": "y", "d": "4"}), lambda path: path in "bd"
    )
    assert (len(steps.added), len(steps.modified), len(steps.deleted)) == (1, 1, 0)


def test_a_folder_after_some_steps_is_known_without_looking(repo: Repository) -> None:
    old, new = {"a": "1", "b/c": "2", "d": "3"}, {"0": "0", "b/c": "22", "d": "3", "e": "5"}
    write(repo.root / "data", old)
    seen = snapshot(repo, str(repo.root / "data"))
    target = manifest(new)
    steps = difference(seen.manifest, target)
    placed = {at: (at, at, at) for at in [*steps.added, *(there for _, there in steps.modified)]}
    found: Snapshot = after(seen, target, steps, placed)
    assert found.value == expected(new)
    assert found.rows.paths == sorted(new)
    assert found.rows.mtimes[2] == seen.rows.mtimes[2]
    assert found.rows.mtimes[0] == 0


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_file_that_became_a_folder_while_it_was_read_is_told(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    (repo.root / "data").mkdir()
    (repo.root / "data" / "a").write_bytes(b"x" * size)

    def scan_and_replace(root: str, *more: Any) -> Rows:
        rows = scan(root, *more)
        (repo.root / "data" / "a").unlink()
        (repo.root / "data" / "a").mkdir()
        return rows

    monkeypatch.setattr(snapshots, "scan", scan_and_replace)
    with pytest.raises(Conflict, match="removed or replaced"):
        tree_of(repo, repo.root / "data", store=True)
    assert not list(repo.cache.walk())
