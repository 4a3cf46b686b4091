from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from treering.core.errors import NotSupported, PermissionDenied, StorageFull
from treering.storage.content import cache as cache_module
from treering.storage.content.oid import Oid
from treering.versioning import placing
from treering.versioning.checkout import (
    CheckoutOptions,
    CheckoutReport,
    Incomplete,
    Unsaved,
    Wanted,
    checkout_outputs,
    remove_unused,
)
from treering.versioning.entries import Output
from treering.versioning.repository import Repository
from treering.versioning.save import save_output
from treering.versioning.trees import tree_of

Files = Mapping[str, str]
FILES = {"a": "1", "b/c": "2", "b/d/e": "3", "é": "x" * 100_000}


def write(folder: Path, files: Files) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fresh(repo: Repository, kinds: str = "") -> Repository:
    """The repository as the next command finds it."""
    overrides = {"cache": {"type": kinds.split(",")}} if kinds else None
    return Repository(repo.root, repo.environ, overrides)


Saved = Callable[[str, Files], Wanted]


@pytest.fixture
def saved(repo: Repository) -> Saved:
    """Stores a folder, or a file whose only path is ""; gives what brings it back."""

    def save(name: str, files: Files) -> Wanted:
        path = repo.root / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        if "" in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[""])
        else:
            path.mkdir(parents=True)
            write(path, files)
        return Wanted(save_output(repo, Output(name), path), str(path))

    return save


def bring(repo: Repository, *wanted: Wanted, kinds: str = "", **options: object) -> CheckoutReport:
    return checkout_outputs(fresh(repo, kinds), wanted, CheckoutOptions(**options))  # type: ignore[arg-type]


def no_leftovers(repo: Repository) -> bool:
    stage = repo.our_tmp / "stage"
    return not stage.exists() or not list(stage.iterdir())


@pytest.mark.parametrize("kinds", ["", "copy", "hardlink", "symlink", "hardlink,symlink,copy"])
def test_what_is_not_there_is_brought(repo: Repository, saved: Saved, kinds: str) -> None:
    folder, file = saved("data", FILES), saved("x/single", {"": "one"})
    shutil.rmtree(repo.root / "data")
    shutil.rmtree(repo.root / "x")
    report = bring(repo, folder, file, kinds=kinds)
    assert report == CheckoutReport(added=("data/", "x/single"), files=(5, 0, 0))
    assert read(repo.root / "data") == FILES
    assert (repo.root / "x/single").read_text() == "one"
    linked = kinds not in ("", "copy")
    for path in (repo.root / "data/a", repo.root / "x/single"):
        assert path.is_symlink() is (kinds == "symlink")
        assert mode(path) == (0o444 if linked else 0o644)
        assert (path.stat().st_nlink == 2) is kinds.startswith("hardlink")
    assert bring(repo, folder, file, kinds=kinds) == CheckoutReport()
    assert no_leftovers(repo)


def test_only_what_differs_is_touched(repo: Repository, saved: Saved) -> None:
    wanted = saved("data", FILES)
    inodes = {path: (repo.root / "data" / path).stat().st_ino for path in FILES}
    write(repo.root / "data", {"a": "changed", "extra/deep/f": "more"})
    (repo.root / "data/b/d/e").unlink()
    report = bring(repo, wanted, force=True)
    assert report == CheckoutReport(modified=("data/",), files=(1, 1, 1))
    assert read(repo.root / "data") == FILES
    assert not (repo.root / "data/extra").exists()
    for path in ("b/c", "é"):
        assert (repo.root / "data" / path).stat().st_ino == inodes[path]
    assert bring(repo, wanted) == CheckoutReport()


def test_one_version_follows_another(repo: Repository, saved: Saved) -> None:
    first = saved("data", {"a": "1", "same": "s", "x": "a file"})
    second = saved("data", {"b/c": "2", "same": "s", "x/y": "a folder now"})
    for wanted, files in (
        (first, {"a": "1", "same": "s", "x": "a file"}),
        (second, {"b/c": "2", "same": "s", "x/y": "a folder now"}),
    ):
        for _ in range(2):
            bring(repo, wanted)
            assert read(repo.root / "data") == files
        found = tree_of(fresh(repo), repo.root / "data")
        assert found is not None
        assert found.oid == wanted.out.oid


def test_a_file_becomes_a_folder_and_the_reverse(repo: Repository, saved: Saved) -> None:
    file, folder = saved("thing", {"": "a file"}), saved("thing", {"a": "1"})
    assert bring(repo, file).modified == ("thing",)
    assert (repo.root / "thing").read_text() == "a file"
    assert bring(repo, folder).modified == ("thing/",)
    assert read(repo.root / "thing") == {"a": "1"}


def test_an_empty_folder_comes_back(repo: Repository, saved: Saved) -> None:
    empty = saved("data", {})
    full = saved("data", {"a": "1"})
    bring(repo, empty)
    assert list((repo.root / "data").iterdir()) == []
    shutil.rmtree(repo.root / "data")
    bring(repo, empty)
    assert (repo.root / "data").is_dir()
    bring(repo, full)
    assert read(repo.root / "data") == {"a": "1"}


def test_nothing_is_lost_that_is_in_no_cache(repo: Repository, saved: Saved) -> None:
    folder, file, other = saved("data", FILES), saved("single", {"": "one"}), saved("other", {"": "2"})
    write(repo.root, {"data/a": "unsaved", "data/new": "unsaved too", "single": "unsaved"})
    (repo.root / "other").unlink()
    (repo.root / "data/b/c").unlink()
    with pytest.raises(Unsaved, match="unsaved files without confirmation") as caught:
        bring(repo, other, folder, file)
    assert caught.value.paths == ("data/a", "data/new", "single")
    # Nothing was done, for no output.
    assert not (repo.root / "other").exists()
    assert not (repo.root / "data/b/c").exists()
    assert (repo.root / "data/a").read_text() == "unsaved"
    bring(repo, folder, file, other, force=True)
    assert read(repo.root / "data") == FILES
    assert (repo.root / "single").read_text() == "one"


def test_a_folder_in_the_way_of_a_file_is_not_lost(repo: Repository, saved: Saved) -> None:
    file = saved("thing", {"": "a file"})
    (repo.root / "thing").unlink()
    write(repo.root / "thing", {"unsaved": "x"})
    with pytest.raises(Unsaved, match="thing/unsaved"):
        bring(repo, file)
    bring(repo, file, force=True)
    assert (repo.root / "thing").read_text() == "a file"


def test_a_file_in_the_way_of_a_folder_is_not_lost(repo: Repository, saved: Saved) -> None:
    folder = saved("thing", {"a": "1"})
    shutil.rmtree(repo.root / "thing")
    (repo.root / "thing").write_text("unsaved")
    with pytest.raises(Unsaved, match="thing"):
        bring(repo, folder)
    assert (repo.root / "thing").read_text() == "unsaved"
    bring(repo, folder, force=True)
    assert read(repo.root / "thing") == {"a": "1"}


def test_ignored_files_stay_and_their_folders_too(repo: Repository, saved: Saved) -> None:
    (repo.root / ".dvcignore").write_text("*.log\n")
    first = saved("data", {"keep": "1", "gone/f": "2"})
    second = saved("data", {"keep": "1"})
    bring(repo, first)
    write(repo.root / "data", {"gone/x.log": "log", "y.log": "log"})
    bring(repo, second)
    assert read(repo.root / "data") == {"keep": "1", "gone/x.log": "log", "y.log": "log"}


def test_ignored_files_in_the_way_are_told(repo: Repository, saved: Saved) -> None:
    file = saved("thing", {"": "a file"})
    (repo.root / "thing").unlink()
    (repo.root / ".dvcignore").write_text("*.log\n")
    write(repo.root / "thing", {"x.log": "log"})
    with pytest.raises(Incomplete, match="ignored"):
        bring(repo, file, force=True)
    assert read(repo.root / "thing") == {"x.log": "log"}


def test_what_is_missing_in_the_cache_leaves_its_output_as_it_is(repo: Repository, saved: Saved) -> None:
    good, folder, file = saved("good", {"": "g"}), saved("data", FILES), saved("single", {"": "one"})
    nothing = Wanted(Output("never"), str(repo.root / "never"))
    later = saved("data", {"a": "1", "b/c": "lost"})
    shutil.rmtree(repo.root / "data")
    bring(repo, folder)
    digest = dict(repo.cache.read_manifest(oid_of(later)))["b/c"]
    repo.cache.remove(Oid(digest))
    repo.cache.remove(oid_of(file))
    for name in ("good", "single"):
        (repo.root / name).unlink()
    with pytest.raises(Incomplete, match="not in the cache") as caught:
        bring(repo, later, file, nothing, good)
    assert caught.value.report.failed == ("data", "single", "never")
    assert caught.value.report.added == ("good",)
    assert read(repo.root / "data") == FILES
    # So it is for a folder that is not there.
    shutil.rmtree(repo.root / "data")
    with pytest.raises(Incomplete, match=r"data: .*not in the cache"):
        bring(repo, later)
    assert not (repo.root / "data").exists()
    assert no_leftovers(repo)


def oid_of(wanted: Wanted) -> Oid:
    assert wanted.out.oid is not None
    return wanted.out.oid


def test_what_is_missing_may_be_allowed_to_be(repo: Repository, saved: Saved) -> None:
    folder, file = saved("data", {"a": "1", "b": "lost", "c": "3"}), saved("single", {"": "one"})
    repo.cache.remove(Oid(dict(repo.cache.read_manifest(oid_of(folder)))["b"]))
    repo.cache.remove(oid_of(file))
    shutil.rmtree(repo.root / "data")
    (repo.root / "single").unlink()
    report = bring(repo, folder, file, allow_missing=True)
    assert report.failed == ()
    assert read(repo.root / "data") == {"a": "1", "c": "3"}
    found = tree_of(fresh(repo), repo.root / "data")
    assert found is not None
    assert found.nfiles == 2
    write(repo.root / "data", {"a": "1"})
    assert bring(repo, folder, allow_missing=True) == CheckoutReport()


@pytest.mark.parametrize("kinds", ["copy", "hardlink", "symlink"])
@pytest.mark.parametrize("size", [10, 200_000])
def test_a_damaged_object_is_never_linked(repo: Repository, saved: Saved, kinds: str, size: int) -> None:
    folder, file = saved("data", {"a": "1", "bad": "b" * size}), saved("single", {"": "s" * size})
    objects = [
        repo.cache.path(Oid(dict(repo.cache.read_manifest(oid_of(folder)))["bad"])),
        repo.cache.path(oid_of(file)),
    ]
    for path in objects:
        path.chmod(0o644)
        path.write_text("damaged")
    shutil.rmtree(repo.root / "data")
    (repo.root / "single").unlink()
    with pytest.raises(Incomplete, match="damaged") as caught:
        bring(repo, folder, file, kinds=kinds)
    assert caught.value.report.failed == ("data", "single")
    assert not (repo.root / "data").exists()
    assert not (repo.root / "single").exists()
    assert not any(path.exists() for path in objects)
    aside = [path.read_text() for path in repo.cache.root.rglob("*damaged*/*")]
    assert aside == ["damaged", "damaged"]


def test_small_objects_are_compared_even_if_they_are_protected(repo: Repository, saved: Saved) -> None:
    folder = saved("data", {"bad": "rotten"})
    path = repo.cache.path(Oid(dict(repo.cache.read_manifest(oid_of(folder)))["bad"]))
    path.chmod(0o644)
    path.write_text("ROTTEN")
    path.chmod(0o444)
    shutil.rmtree(repo.root / "data")
    with pytest.raises(Incomplete, match="damaged"):
        bring(repo, folder)


@pytest.mark.parametrize("kinds", ["copy", "hardlink"])
def test_big_objects_are_compared_where_the_config_says_so(repo: Repository, saved: Saved, kinds: str) -> None:
    file = saved("single", {"": "s" * 3_000_000})
    path = repo.cache.path(oid_of(file))
    path.chmod(0o644)
    path.write_text("S" * 3_000_000)
    path.chmod(0o444)
    (repo.root / "single").unlink()
    strict = Repository(repo.root, repo.environ, {"cache": {"type": [kinds], "verify": True}})
    with pytest.raises(Incomplete, match="damaged"):
        checkout_outputs(strict, [file])
    assert not (repo.root / "single").exists()


def test_a_list_that_climbs_out_is_refused(repo: Repository) -> None:
    secret = repo.cache.put_bytes(b"evil")
    bad = repo.cache.put_bytes(b'[{"md5": "%s", "relpath": "../../evil"}]' % secret.value.encode(), ".dir")
    with pytest.raises(Incomplete, match="none below a folder"):
        bring(repo, Wanted(Output("data", bad), str(repo.root / "data")))
    assert not (repo.root.parent / "evil").exists()


def test_nothing_is_written_through_a_link_that_lies_in_the_folder(repo: Repository, saved: Saved) -> None:
    wanted = saved("data", {"a": "1", "sub/x": "2"})
    outside = repo.root.parent / "outside"
    outside.mkdir()
    shutil.rmtree(repo.root / "data/sub")
    (repo.root / "data/sub").symlink_to(outside)
    with pytest.raises(Incomplete, match="symbolic link"):
        bring(repo, wanted, force=True)
    assert list(outside.iterdir()) == []


def test_a_part_of_a_folder_can_be_brought(repo: Repository, saved: Saved) -> None:
    wanted = saved("data", FILES)
    write(repo.root / "data", {"a": "unsaved", "b/c": "changed"})
    (repo.root / "data/b/d/e").unlink()
    report = bring(repo, replace(wanted, within="b"), force=True)
    assert report == CheckoutReport(modified=("data/",), files=(1, 1, 0))
    assert read(repo.root / "data") == {**FILES, "a": "unsaved"}
    shutil.rmtree(repo.root / "data")
    bring(repo, replace(wanted, within="b/d"))
    assert read(repo.root / "data") == {"b/d/e": "3"}
    bring(repo, replace(wanted, within="a"))
    assert read(repo.root / "data") == {"a": "1", "b/d/e": "3"}


def test_a_subset_can_be_brought_by_patterns(repo: Repository, saved: Saved) -> None:
    wanted, file, other = (
        saved("data", {"x.png": "1", "sub/y.png": "2", "z.txt": "3"}),
        saved("a.png", {"": "4"}),
        saved("b", {"": "5"}),
    )
    for name in ("a.png", "b"):
        (repo.root / name).unlink()
    shutil.rmtree(repo.root / "data")
    bring(repo, wanted, file, other, patterns=("*.png",))
    assert read(repo.root / "data") == {"x.png": "1", "sub/y.png": "2"}
    assert (repo.root / "a.png").exists()
    assert not (repo.root / "b").exists()
    bring(repo, wanted, patterns=("data/z.*",))
    assert read(repo.root / "data") == {"x.png": "1", "sub/y.png": "2", "z.txt": "3"}


@pytest.mark.parametrize(
    ("before", "now"), [("copy", "hardlink"), ("hardlink", "symlink"), ("symlink", "copy"), ("hardlink", "copy")]
)
def test_links_are_made_anew_as_the_config_wants_them(repo: Repository, saved: Saved, before: str, now: str) -> None:
    folder, file = saved("data", FILES), saved("single", {"": "one"})
    shutil.rmtree(repo.root / "data")
    (repo.root / "single").unlink()
    bring(repo, folder, file, kinds=before)
    assert bring(repo, folder, file, kinds=now) == CheckoutReport()
    assert bring(repo, folder, file, kinds=now, relink=True).files == (0, 0, 0)
    for path in [repo.root / "single", *(repo.root / "data" / name for name in FILES)]:
        assert path.is_symlink() is (now == "symlink")
        assert (path.stat().st_nlink == 2) is (now == "hardlink")
        assert mode(path) == (0o644 if now == "copy" else 0o444)
    assert read(repo.root / "data") == FILES
    assert {path.stat().st_mode & 0o777 for path in repo.cache.root.rglob("*") if path.is_file()} == {0o444}
    inodes = [(repo.root / "data" / name).lstat().st_ino for name in FILES]
    bring(repo, folder, file, kinds=now, relink=True)
    assert [(repo.root / "data" / name).lstat().st_ino for name in FILES] == inodes
    assert bring(repo, folder, file, kinds=now) == CheckoutReport()


def test_editing_a_copy_does_not_touch_the_cache(repo: Repository, saved: Saved) -> None:
    wanted = saved("data", {"a": "1"})
    shutil.rmtree(repo.root / "data")
    bring(repo, wanted, kinds="copy")
    (repo.root / "data/a").write_text("edited")
    bring(repo, wanted, kinds="copy", force=True)
    assert (repo.root / "data/a").read_text() == "1"


def test_a_file_that_may_be_run_may_be_run_again(repo: Repository) -> None:
    for kinds in ("copy", "hardlink", "symlink"):
        path = repo.root / "run.sh"
        path.unlink(missing_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        out = save_output(fresh(repo, kinds), Output("run.sh"), path)
        assert out.isexec
        path.unlink()
        bring(repo, Wanted(out, str(path)), kinds=kinds)
        assert mode(path) & 0o100
        assert out.oid is not None
        assert mode(repo.cache.path(out.oid)) == 0o444
        path.chmod(0o644)
        bring(repo, Wanted(out, str(path)), kinds=kinds)
        assert mode(path) & 0o100
        assert bring(repo, Wanted(out, str(path)), kinds=kinds, relink=True) == CheckoutReport()


def test_where_no_configured_link_can_be_made_it_is_told(
    repo: Repository, saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = saved("data", {"a": "1"})
    shutil.rmtree(repo.root / "data")

    def refuse(*_: object) -> None:
        msg = "No hardlink can be made here."
        raise NotSupported(msg)

    monkeypatch.setattr(placing.Linker, "link", refuse)
    with pytest.raises(Incomplete, match="No hardlink"):
        bring(repo, wanted, kinds="hardlink")


def test_legacy_objects_are_brought_from_their_own_place(repo: Repository) -> None:
    legacy = Oid("5d41402abc4b2a76b9719d911017c592", legacy=True)  # of "hello"
    text = Oid("b1946ac92492d2347c6235b4d2611184", legacy=True)  # of "hello\n", in which a line end was changed
    for oid, data in ((legacy, b"hello"), (text, b"hello\r\n")):
        repo.cache.path(oid).parent.mkdir(parents=True)
        repo.cache.path(oid).write_bytes(data)
    wanted = [
        Wanted(Output("one", legacy, ""), str(repo.root / "one")),
        Wanted(Output("two", text, ""), str(repo.root / "two")),
    ]
    bring(repo, *wanted)
    assert (repo.root / "two").read_bytes() == b"hello\r\n"
    assert mode(repo.cache.path(text)) == 0o444
    assert bring(repo, *wanted) == CheckoutReport()


def test_outputs_without_a_cache_are_left_alone(repo: Repository) -> None:
    out = Output("metrics.json", Oid("0" * 32), cache=False)
    assert bring(repo, Wanted(out, str(repo.root / "metrics.json"))) == CheckoutReport()


def test_a_full_disk_leaves_every_file_old_or_new(
    repo: Repository, saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved("data", {f"f{number:03}": f"old {number}" for number in range(50)})
    second = saved("data", {f"f{number:03}": f"new {number}" for number in range(50)})
    bring(repo, first)
    write_bytes, left = os.write, [10]

    def full(descriptor: int, data: bytes) -> int:
        if data.startswith(b"new"):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(descriptor, data)

    monkeypatch.setattr(placing.os, "write", full)
    with pytest.raises(StorageFull, match="Free some space"):
        bring(repo, second)
    monkeypatch.undo()
    found = read(repo.root / "data")
    assert sorted({text.split()[0] for text in found.values()}) == ["new", "old"]
    assert len(found) == 50
    assert no_leftovers(repo)
    bring(repo, second)
    assert read(repo.root / "data") == {f"f{number:03}": f"new {number}" for number in range(50)}
    shutil.rmtree(repo.root / "data")
    left[0] = 10
    monkeypatch.setattr(placing.os, "write", full)
    with pytest.raises(StorageFull):
        bring(repo, second)
    assert not (repo.root / "data").exists()
    assert no_leftovers(repo)


def test_outputs_that_nothing_tracks_any_more_are_taken_away(repo: Repository, saved: Saved) -> None:
    saved("kept", {"": "1"})
    saved("gone", {"": "2"})
    saved("folder", {"a": "1"})
    unsaved = saved("edited", {"a": "1"})
    write(repo.root, {"edited/new": "unsaved", "mine": "never tracked"})
    replaced = repo.root / "replaced"
    saved("replaced", {"": "3"})
    replaced.unlink()
    (repo.root / "another").write_text("takes the inode")
    replaced.write_text("the user's own now")
    assert remove_unused(fresh(repo), {"kept"}) == ["folder/", "gone"]
    assert sorted(path.name for path in repo.root.iterdir() if not path.name.startswith(".")) == [
        "another",
        "edited",
        "kept",
        "mine",
        "replaced",
    ]
    # Told once; from now on it is the user's.
    assert remove_unused(fresh(repo), {"kept"}, force=True) == []
    assert unsaved.path == str(repo.root / "edited")


def test_what_lies_in_or_around_an_output_stays(repo: Repository, saved: Saved) -> None:
    saved("data/inner", {"": "1"})
    saved("outer", {"a": "1"})
    assert remove_unused(fresh(repo), {"data", "outer/a"}) == []
    assert (repo.root / "data/inner").exists()
    assert (repo.root / "outer/a").exists()


def test_without_a_sound_record_nothing_is_taken_away(repo: Repository, saved: Saved) -> None:
    saved("data", {"": "1"})
    record = repo.our_tmp / "created.json"
    for text in ("", "[]", "nonsense", '{"data": 1}', '{"data": ["x", 1, 2]}'):
        record.write_text(text)
        assert remove_unused(fresh(repo), set()) == []
    assert (repo.root / "data").exists()


def test_the_leftovers_of_a_program_that_died_are_cleared_away(repo: Repository, saved: Saved) -> None:
    wanted = saved("data", {"a": "1"})
    write(repo.our_tmp / "stage" / "dead", {"new/half": "x"})
    bring(repo, wanted)
    assert no_leftovers(repo)


def test_an_output_on_another_disk_is_prepared_beside_its_place(
    repo: Repository, saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = saved("data", FILES)
    shutil.rmtree(repo.root / "data")
    real = os.stat
    stage = str(repo.our_tmp / "stage")

    def elsewhere(path: object, *arguments: object, **more: object) -> os.stat_result:
        found = real(path, *arguments, **more)  # type: ignore[arg-type]
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:])) if path == stage else found

    monkeypatch.setattr(placing.os, "stat", elsewhere)
    bring(repo, wanted)
    monkeypatch.undo()
    assert read(repo.root / "data") == FILES
    assert [path.name for path in repo.root.iterdir() if "treering" in path.name] == []
    assert cache_module.PROTECTED == 0o444


def test_a_folder_stays_until_the_file_for_its_place_is_whole(repo: Repository, saved: Saved) -> None:
    file = saved("x", {"": "one"})
    (repo.root / "x").unlink()
    folder = saved("x", FILES)
    assert file.out.oid is not None
    path = repo.cache.path(file.out.oid)
    path.chmod(0o644)
    path.write_text("damaged")
    path.chmod(0o444)
    with pytest.raises(Incomplete, match="damaged"):
        bring(repo, file, force=True)
    assert read(repo.root / "x") == FILES
    assert bring(repo, folder) == CheckoutReport()
    repo.cache.put_bytes(b"one")
    assert bring(repo, file).modified == ("x",)
    assert (repo.root / "x").read_text() == "one"
    assert no_leftovers(repo)


def test_a_cache_on_a_disk_that_is_read_only_is_told(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "object")

    saved("x", {"": "one"})
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionDenied, match="Read-only"):
        saved("y", {"": "two"})
