from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from treering.core.errors import AlreadyExists, InvalidInput, NotFound, NotSupported
from treering.storage.content.oid import Oid
from treering.versioning import save
from treering.versioning.add import AddOptions, AddReport, add
from treering.versioning.checkout import checkout
from treering.versioning.entries import Output, VersionedFile
from treering.versioning.errors import OutputClash
from treering.versioning.pointers import Pointer, read_pointer, write_pointer
from treering.versioning.repository import Repository
from treering.versioning.save import save_output
from treering.versioning.sources import FileTree, PointerSource, Tracked
from treering.versioning.status import status

Files = Mapping[str, str]
Git = Callable[..., str]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def write(folder: Path, files: Files) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


@pytest.fixture(autouse=True)
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


@pytest.fixture
def again(repo: Repository) -> Callable[..., Repository]:
    """The repository as the next command finds it."""
    return lambda **cache: Repository(repo.root, repo.environ, {"cache": cache} if cache else None)


def out_of(repo: Repository, name: str) -> Output:
    return read_pointer(repo.root / name).outs[0]


def listed(repo: Repository, name: str) -> dict[str, str]:
    oid = out_of(repo, name).oid
    assert oid is not None
    return dict(repo.cache.read_manifest(oid))


def test_a_file_and_a_folder_get_dvcs_pointers_and_git_is_told(repo: Repository) -> None:
    write(repo.root, {"data/a": "1", "data/b/c": "22", "sub/single": "one", "run.sh": "x"})
    (repo.root / "run.sh").chmod(0o755)
    report = add(repo, ["data", "sub/single", Path("run.sh")])
    names = ["data.dvc", "sub/single.dvc", "run.sh.dvc", ".gitignore", "sub/.gitignore"]
    assert [repo.relpath(path) for path in report.touched] == names
    assert [pointer.file.name for pointer in report.pointers] == ["data.dvc", "single.dvc", "run.sh.dvc"]
    assert (
        repo.root / "sub/single.dvc"
    ).read_text() == f"outs:\n- md5: {md5('one')}\n  size: 3\n  hash: md5\n  path: single\n"
    assert (repo.root / "run.sh.dvc").read_text() == (
        f"outs:\n- md5: {md5('x')}\n  size: 1\n  isexec: true\n  hash: md5\n  path: run.sh\n"
    )
    data = out_of(repo, "data.dvc")
    assert (data.size, data.nfiles) == (3, 2)
    assert listed(repo, "data.dvc") == {"a": md5("1"), "b/c": md5("22")}
    assert (repo.root / ".gitignore").read_text() == "/data\n/run.sh\n"
    assert (repo.root / "sub/.gitignore").read_text() == "/single\n"
    assert status(repo) == {}


def test_adding_again_touches_nothing(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"data/a": "1", "f": "2"})
    add(repo, ["data", "f"])
    before = {
        path: path.stat().st_mtime_ns
        for path in repo.root.rglob("*")
        if ".git" not in path.parts and ".dvc" not in path.parts
    }
    assert add(again(), ["data", "f"]).touched == ()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_changed_is_taken_over_and_what_others_wrote_into_the_pointer_stays(repo: Repository) -> None:
    write(repo.root, {"data/a": "1"})
    add(repo, ["data"])
    text = (repo.root / "data.dvc").read_text()
    (repo.root / "data.dvc").write_text(f"# why\n{text}  desc: rows of data  # really\nmeta:\n  owner: ada\n")
    write(repo.root, {"data/a": "changed", "data/b": "new"})
    add(repo, ["data"])
    found = (repo.root / "data.dvc").read_text()
    assert found.startswith("# why\nouts:\n- md5: ")
    assert "desc: rows of data  # really" in found
    assert found.endswith("meta:\n  owner: ada\n")
    assert listed(repo, "data.dvc") == {"a": md5("changed"), "b": md5("new")}


def test_without_commit_nothing_is_stored(repo: Repository) -> None:
    write(repo.root, {"data/a": "1"})
    add(repo, ["data"], AddOptions(commit=False))
    assert not repo.cache.root.exists()
    assert out_of(repo, "data.dvc").nfiles == 1
    add(repo, ["data"])
    assert status(repo) == {}


def test_patterns_are_opened(repo: Repository) -> None:
    write(repo.root, {"a/1.csv": "1", "a/b/2.csv": "2", "c.txt": "3"})
    report = add(repo, ["**/*.csv"], AddOptions(glob=True))
    assert [repo.relpath(pointer.file) for pointer in report.pointers] == ["a/1.csv.dvc", "a/b/2.csv.dvc"]
    with pytest.raises(NotFound, match="no matches"):
        add(repo, ["*.parquet"], AddOptions(glob=True))
    assert add(repo, []) == AddReport()


def test_a_description_and_a_remote_are_written_into_new_pointers(repo: Repository) -> None:
    write(repo.root, {"f": "1"})
    add(repo, ["f"], AddOptions(desc="mine", remote="big"))
    assert read_pointer(repo.root / "f.dvc").desc == "mine"
    assert out_of(repo, "f.dvc").remote == "big"


def test_from_elsewhere_it_is_copied_to_its_place(repo: Repository, again: Callable[..., Repository]) -> None:
    outside = repo.root.parent / "outside"
    write(outside, {"data/a": "1", "data/b": "2", "f": "3"})
    # Where files become links, the user's own outside of the repository must not.
    strict = again(type=["hardlink"])
    add(strict, [outside / "data"], AddOptions(out="taken"))
    add(strict, [outside / "f"], AddOptions(out="."))
    assert (repo.root / "taken/b").read_text() == "2"
    assert (repo.root / "f").read_text() == "3"
    assert (outside / "data/a").stat().st_mode & 0o200
    assert (outside / "data/a").stat().st_nlink == 1
    assert (repo.root / "taken/a").stat().st_nlink == 2
    assert listed(repo, "taken.dvc") == {"a": md5("1"), "b": md5("2")}
    write(outside, {"f": "changed"})
    with pytest.raises(AlreadyExists, match="--force"):
        add(repo, [outside / "f"], AddOptions(out="f"))
    add(again(), [outside / "f"], AddOptions(out="f", force=True))
    assert (repo.root / "f").read_text() == "changed"
    with pytest.raises(NotFound, match="does not exist"):
        add(repo, [outside / "nothing"], AddOptions(out="x"))
    with pytest.raises(InvalidInput, match="one source"):
        add(repo, ["f", "taken"], AddOptions(out="x"))


def test_what_cannot_be_tracked_is_refused_with_the_reason(repo: Repository) -> None:
    write(
        repo.root,
        {
            ".dvcignore": "*.log\n",
            "x.log": "1",
            "data/a": "1",
            "dvc.yaml": "",
            "other.dvc": "outs:\n- path: elsewhere\n",
        },
    )
    (repo.root / "link").symlink_to("data")
    cases: list[tuple[str, type[Exception], str]] = [
        ("nothing", NotFound, "does not exist"),
        ("x.log", InvalidInput, r"is ignored by \.dvcignore:1:\*\.log"),
        ("dvc.yaml", InvalidInput, "cannot be an output"),
        ("other.dvc", InvalidInput, "cannot be an output"),
        (".", InvalidInput, "outside"),
        ("../x", InvalidInput, "outside"),
        ("link/a", InvalidInput, "symbolic link"),
        ("link", InvalidInput, "symbolic link to a folder"),
        ("other", AlreadyExists, "already exists"),
    ]
    for name, error, words in cases:
        if name == "other":
            write(repo.root, {"other": "1"})
        with pytest.raises(error, match=words):
            add(repo, [name])
    assert not (repo.root / ".gitignore").exists()


def test_overlapping_outputs_are_refused(repo: Repository) -> None:
    write(repo.root, {"data/a/b": "1", "data/c": "2"})
    with pytest.raises(OutputClash, match="overlap"):
        add(repo, ["data", "data/a"])
    add(repo, ["data/a"])
    with pytest.raises(OutputClash, match="overlapping with other DVC tracked output: 'data/a'"):
        add(repo, ["data"])
    assert not (repo.root / "data.dvc").exists()


def test_what_git_tracks_is_refused(repo: Repository, git: Git) -> None:
    write(repo.root, {"data/a": "1", "new": "1"})
    git("add", "data")
    with pytest.raises(OutputClash, match="git rm -r --cached 'data'"):
        add(repo, ["new", "data"])
    assert not (repo.root / "new.dvc").exists()


def test_a_pointer_that_git_would_not_see_is_refused(repo: Repository) -> None:
    write(repo.root, {"f": "1", ".gitignore": "*.dvc\n"})
    with pytest.raises(InvalidInput, match="git-ignored"):
        add(repo, ["f"])


def test_the_output_of_a_stage_is_refused(repo: Repository) -> None:
    class Stages:
        def outputs(self, tree: FileTree) -> Iterator[Tracked]:
            yield Tracked("dvc.yaml:train", Output("model"), tree.root / "model")

    write(repo.root, {"model/a": "1"})
    for target in ("model", "model/a"):
        with pytest.raises(OutputClash, match=r"dvc\.yaml:train"):
            add(repo, [target], sources=[PointerSource(), Stages()])


def test_targets_before_the_one_that_fails_are_tracked_and_ignored_by_git(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo.root, {"a": "1", "b": "2", "c": "3"})
    real = save.take_in

    def fail(repo: Repository, path: str, *rest: object) -> object:
        if path.endswith("/b"):
            raise NotFound("gone")  # noqa: EM101
        return real(repo, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(save, "take_in", fail)
    with pytest.raises(NotFound):
        add(repo, ["a", "b", "c"])
    assert (repo.root / "a.dvc").exists()
    assert (repo.root / ".gitignore").read_text() == "/a\n"
    assert not (repo.root / "c.dvc").exists()


def test_git_gets_the_files_where_the_config_says_so(repo: Repository, git: Git) -> None:
    write(repo.root, {"f": "1"})
    staging = Repository(repo.root, repo.environ, {"core": {"autostage": True}})
    assert add(staging, ["f"]).staged
    assert git("diff", "--cached", "--name-only").splitlines() == [".gitignore", "f.dvc"]
    assert not add(Repository(repo.root, repo.environ), ["f"]).staged


def test_without_git_there_is_no_gitignore(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "alone"
    write(root, {".dvc/config": "[core]\n    no_scm = True\n", "f": "1"})
    monkeypatch.chdir(root)
    add(Repository(root, environ), ["f"])
    assert (root / "f.dvc").exists()
    assert not (root / ".gitignore").exists()


# Parts of tracked folders


def patched(repo: Repository, target: str, **options: object) -> dict[str, str]:
    add(repo, [target], AddOptions(**options))  # type: ignore[arg-type]
    return listed(repo, "data.dvc")


def test_a_part_of_a_folder_changes_its_list_only(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"data/a": "1", "data/b/c": "2"})
    add(repo, ["data"])
    write(repo.root, {"data/new": "33", "data/b/c": "changed"})
    assert patched(repo, "data/new") == {"a": md5("1"), "b/c": md5("2"), "new": md5("33")}
    assert not (repo.root / "data/new.dvc").exists()
    # The size is known as long as files are added only, as with DVC.
    assert (out_of(repo, "data.dvc").size, out_of(repo, "data.dvc").nfiles) == (4, 3)
    assert status(again()) == {"data.dvc": [{"changed outs": {"data": "modified"}}]}
    assert patched(repo, "data/b") == {"a": md5("1"), "b/c": md5("changed"), "new": md5("33")}
    assert (out_of(repo, "data.dvc").size, out_of(repo, "data.dvc").nfiles) == (None, 3)
    assert status(again()) == {}
    write(repo.root, {"data/d/e": "4", "data/d/f": "5"})
    assert set(patched(repo, "data/d")) == {"a", "b/c", "new", "d/e", "d/f"}
    assert status(again()) == {}


def test_a_path_that_is_gone_goes_from_the_list(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"data/a": "1", "data/b/c": "2", "data/b/d": "3"})
    add(repo, ["data"])
    (repo.root / "data/a").unlink()
    assert set(patched(repo, "data/a")) == {"b/c", "b/d"}
    for name in ("c", "d"):
        (repo.root / "data/b" / name).unlink()
    (repo.root / "data/b").rmdir()
    assert patched(repo, "data/b") == {}
    assert status(again()) == {}
    with pytest.raises(NotFound, match="does not exist"):
        add(repo, ["data/never"])


def test_the_rest_of_the_folder_need_not_be_there(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"data/a": "1", "data/b": "2"})
    add(repo, ["data"])
    old = out_of(repo, "data.dvc").oid
    assert old is not None
    elsewhere = repo.cache.path(old).read_bytes()
    for path in [*(repo.root / "data").iterdir(), *(path for path in repo.cache.root.rglob("*") if path.is_file())]:
        path.unlink()
    write(repo.root, {"data/new": "3"})
    with pytest.raises(NotFound, match="Fetch 'data' first"):
        add(again(), ["data/new"])
    asked: list[Sequence[Oid]] = []

    def fetch(oids: Sequence[Oid]) -> None:
        asked.append(oids)
        repo.cache.put_bytes(elsewhere, ".dir")

    assert set(patched(again(), "data/new", fetch=fetch)) == {"a", "b", "new"}
    assert asked == [[old]]
    assert repo.cache.has(Oid(md5("3")))


def test_several_parts_of_one_folder_are_all_taken_over(repo: Repository) -> None:
    write(repo.root, {"data/a": "1", "other": "x"})
    add(repo, ["data"])
    write(repo.root, {"data/b": "2", "data/c/d": "3", "data/a": "changed"})
    report = add(repo, ["data/b", "other", "data/c", "data/a"])
    assert listed(repo, "data.dvc") == {"a": md5("changed"), "b": md5("2"), "c/d": md5("3")}
    assert len(report.pointers) == 2
    assert report.touched[0].name == "data.dvc"


def test_what_a_part_holds_is_not_read_again(
    repo: Repository, again: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo.root, {"data/a": "1", "data/b": "2"})
    repo.index.settled(repo.index.now())
    add(repo, ["data"])
    write(repo.root, {"data/new": "3", "data/z/y": "4"})
    repo.index.settled(repo.index.now())
    add(repo, ["data/new", "data/z"])
    monkeypatch.setattr("treering.versioning.digests.Reader.read", lambda *_: pytest.fail("read again"))
    assert status(again()) == {}


def test_a_part_of_what_dvc_2_tracked_is_refused(repo: Repository) -> None:
    (repo.root / "data.dvc").write_text("outs:\n- md5: d751713988987e9331980363e24189ce.dir\n  path: data\n")
    write(repo.root, {"data/a": "1"})
    with pytest.raises(NotSupported, match="DVC 2"):
        add(repo, ["data/a"])
    add(repo, ["data"])
    assert "hash: md5" in (repo.root / "data.dvc").read_text()


def test_nothing_can_lie_in_a_file(repo: Repository) -> None:
    write(repo.root, {"f": "1"})
    add(repo, ["f"])
    (repo.root / "f").unlink()
    write(repo.root, {"f/inner": "1"})
    with pytest.raises(OutputClash, match="tracked as a file"):
        add(repo, ["f/inner"])


# What is left in the workspace


@pytest.mark.parametrize("kinds", ["hardlink", "symlink"])
def test_files_become_the_links_that_the_config_wants(
    repo: Repository, again: Callable[..., Repository], kinds: str
) -> None:
    write(repo.root, {"data/a": "1", "data/b/c": "2" * 2_000_000, "single": "3"})
    inode = (repo.root / "data/a").stat().st_ino
    strict = again(type=[kinds])
    add(strict, ["data", "single"])
    for name in ("data/a", "data/b/c", "single"):
        path = repo.root / name
        assert path.is_symlink() is (kinds == "symlink")
        assert (path.stat().st_nlink == 2) is (kinds == "hardlink")
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    # The file itself became the object: nothing was copied.
    assert repo.cache.path(Oid(md5("1"))).stat().st_ino == inode
    assert status(again(type=[kinds])) == {}
    assert add(again(type=[kinds]), ["data", "single"]).touched == ()


def test_a_file_that_has_another_name_elsewhere_is_copied_into_the_cache(
    repo: Repository, again: Callable[..., Repository]
) -> None:
    write(repo.root.parent, {"mine": "1"})
    (repo.root / "data").mkdir()
    os.link(repo.root.parent / "mine", repo.root / "data/a")
    add(again(type=["hardlink"]), ["data"])
    (repo.root.parent / "mine").write_text("edited")
    assert repo.cache.path(Oid(md5("1"))).read_text() == "1"
    assert (repo.root / "data/a").read_text() == "1"


def test_the_workspace_may_be_left_as_it_is(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"data/a": "1"})
    (repo.root / "data/link").symlink_to("a")
    add(repo, ["data"], AddOptions(link=False))
    assert (repo.root / "data/link").is_symlink()
    add(again(), ["data"])
    assert not (repo.root / "data/link").is_symlink()
    assert (repo.root / "data/link").read_text() == "1"
    assert status(again()) == {}


def test_what_is_left_as_it_is_becomes_no_hard_link(repo: Repository, again: Callable[..., Repository]) -> None:
    (repo.root / ".dvc" / "config").write_text("[cache]\n    type = hardlink\n")
    write(repo.root, {"data/a": "1", "b": "2"})
    add(again(), ["data", "b"], AddOptions(link=False))
    assert [(repo.root / name).stat().st_nlink for name in ("data/a", "b")] == [1, 1]
    add(again(), ["data", "b"])
    assert [(repo.root / name).stat().st_nlink for name in ("data/a", "b")] == [2, 2]


def test_a_file_that_somebody_changes_meanwhile_is_not_replaced(
    repo: Repository, again: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo.root, {"data/a": "1"})
    (repo.root / "data/link").symlink_to(repo.root / "target")
    (repo.root / "target").write_text("before")
    real = save.rows_to_relink

    def change(*arguments: object, **more: object) -> list[int]:
        found = real(*arguments, **more)  # type: ignore[arg-type]
        (repo.root / "data/link").unlink()
        (repo.root / "data/link").write_text("newer")
        return found

    monkeypatch.setattr(save, "rows_to_relink", change)
    add(repo, ["data"])
    assert (repo.root / "data/link").read_text() == "newer"
    assert repo.cache.has(Oid(md5("before")))
    assert status(again()) == {"data.dvc": [{"changed outs": {"data": "modified"}}]}


# What pipelines use


def test_an_output_is_saved_and_said_how_it_is_to_be_written(repo: Repository) -> None:
    write(repo.root, {"model": "1", "metrics.json": "{}"})
    out = save_output(repo, Output("model", desc="kept", push=False), repo.root / "model")
    assert out == Output("model", Oid(md5("1")), size=1, desc="kept", push=False)
    metrics = save_output(repo, Output("metrics.json", cache=False), repo.root / "metrics.json")
    assert metrics.oid == Oid(md5("{}"))
    assert not repo.cache.has(Oid(md5("{}")))
    with pytest.raises(NotFound, match="'nothing' does not exist"):
        save_output(repo, Output("nothing"), repo.root / "nothing")


def test_what_dvc_2_wrote_keeps_its_name_until_it_changes(repo: Repository, again: Callable[..., Repository]) -> None:
    oid = Oid(md5("a\n"), legacy=True)
    repo.cache.path(oid).parent.mkdir(parents=True)
    repo.cache.path(oid).write_bytes(b"a\r\n")
    (repo.root / "f").write_bytes(b"a\r\n")
    old = f"outs:\n- md5: {oid.value}\n  size: 3\n  path: f\n"
    (repo.root / "f.dvc").write_text(old)
    assert status(repo) == {}
    add(repo, ["f"])
    assert (repo.root / "f.dvc").read_text() == old
    (repo.root / "f").write_bytes(b"b\r\n")
    assert status(again()) == {"f.dvc": [{"changed outs": {"f": "modified"}}]}
    add(again(), ["f"])
    new = f"outs:\n- md5: {md5('b' + chr(13) + chr(10))}\n  size: 3\n  path: f\n  hash: md5\n"
    assert (repo.root / "f.dvc").read_text() == new
    assert status(again()) == {}


def test_versions_in_a_bucket_are_forgotten_when_the_content_changes(repo: Repository) -> None:
    write(repo.root, {"f": "1"})
    write_pointer(
        Pointer(
            repo.root / "f.dvc", (Output("f", Oid(md5("0")), version_id="v", etag="e", cloud={"r": {"etag": "e"}}),)
        )
    )
    add(repo, ["f"])
    assert (repo.root / "f.dvc").read_text().count("etag") == 0


def test_files_that_a_bucket_keeps_versions_of_stay_told_one_by_one(repo: Repository) -> None:
    write(repo.root, {"data/a": "1", "data/b": "2", "data/c": "3"})
    versions = {
        name: VersionedFile(name, Oid(md5(text)), 1, version_id=f"v{name}")
        for name, text in (("a", "1"), ("b", "x"), ("d", "4"))
    }
    write_pointer(Pointer(repo.root / "data.dvc", (Output("data", files=tuple(versions.values())),)))
    add(repo, ["data"])
    out = out_of(repo, "data.dvc")
    assert out.oid is None
    assert out.files == (versions["a"], VersionedFile("b", Oid(md5("2")), 1), VersionedFile("c", Oid(md5("3")), 1))
    assert status(repo) == {}
    before = (repo.root / "data.dvc").read_text()
    add(repo, ["data"])
    assert (repo.root / "data.dvc").read_text() == before
    write(repo.root, {"data/e": "55"})
    add(repo, ["data/e"])
    assert out_of(repo, "data.dvc").files == (*out.files, VersionedFile("e", Oid(md5("55")), 2))


def test_checking_out_brings_back_what_was_added(repo: Repository, again: Callable[..., Repository]) -> None:
    write(repo.root, {"data/a": "1", "f": "2"})
    add(repo, ["data", "f"])
    (repo.root / "f").unlink()
    (repo.root / "data/a").unlink()
    assert checkout(again()).files == (2, 0, 0)
    assert status(again()) == {}


@pytest.mark.parametrize("name", ["line\nbreak", os.fsdecode(b"\xff")])
def test_a_name_that_no_text_can_hold_is_refused_before_anything_is_written(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(repo.root)
    (repo.root / name).write_text("x")
    with pytest.raises(InvalidInput, match="Rename it"):
        add(repo, [name])
    assert sorted(path.name for path in repo.root.iterdir()) == sorted([".dvc", ".git", name])
