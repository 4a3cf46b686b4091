from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.versioning.check_ignore import check_ignore
from treering.versioning.contents import clean_path
from treering.versioning.du import disk_usage
from treering.versioning.errors import UnknownRevision
from treering.versioning.external import Surroundings, open_source
from treering.versioning.listing import Listed, ListOptions, list_place, listed_tree
from treering.versioning.pointers import RepoSource
from versioning.origin import Origin, make_origin


@pytest.fixture
def origin(tmp_path: Path, environ: Mapping[str, str]) -> Origin:
    return make_origin(tmp_path / "origin", environ)


def around(origin: Origin) -> Surroundings:
    return Surroundings(origin.root.parent, origin.environ)


# The working tree, a commit of it, and a mirror.
WHERE = {"the working tree": ("origin", ""), "a commit": ("origin", "main"), "elsewhere": ("file://", "v1")}


@pytest.fixture(params=WHERE)
def source(request: pytest.FixtureRequest, origin: Origin) -> RepoSource:
    url, rev = WHERE[request.param]
    return RepoSource(f"file://{origin.root}" if url == "file://" else url, rev)


def rows(origin: Origin, source: RepoSource, path: str = "", **options: object) -> list[Listed]:
    with open_source(source, around(origin), working=True) as opened:
        return list_place(opened.at(path), ListOptions(**options))  # type: ignore[arg-type]


def test_a_repository_is_listed_with_what_is_tracked(origin: Origin, source: RepoSource):
    found = {row.path: row for row in rows(origin, source)}
    assert list(found) == [".gitignore", "code", "data", "data.dvc", "model.bin", "model.bin.dvc", "tool.sh"]
    assert found["data"].is_out
    assert found["data"].is_dir
    assert str(found["data"].md5).endswith(".dir")
    assert (found["model.bin"].size, found["model.bin"].is_out) == (6, True)
    assert (found["tool.sh"].is_exec, found["tool.sh"].size, found["tool.sh"].md5) == (True, 10, None)
    assert found["code"].is_dir
    assert not found["code"].is_out


def test_a_listing_goes_as_deep_as_it_is_told(origin: Origin, source: RepoSource):
    assert [row.path for row in rows(origin, source, recursive=True, dvc_only=True)] == [
        *("data/a", "data/sub/b", "data/sub/deep/c", "model.bin")
    ]
    assert [row.path for row in rows(origin, source, "data", recursive=True)] == ["a", "sub/b", "sub/deep/c"]
    assert [row.path for row in rows(origin, source, "data", recursive=True, depth=2)] == ["a", "sub/b", "sub/deep"]
    assert [row.path for row in rows(origin, source, "data/sub")] == ["b", "deep"]
    assert [row.path for row in rows(origin, source, "data/sub", recursive=True, depth=0)] == ["sub"]
    assert [row.path for row in rows(origin, source, "/data//sub/deep/c")] == ["c"]
    assert [row.path for row in rows(origin, source, dvc_only=True)] == ["data", "model.bin"]


def test_a_tree_holds_what_lies_in_each_folder(origin: Origin, source: RepoSource):
    with open_source(source, around(origin), working=True) as opened:
        tree = listed_tree(opened.at("data"))
        assert [row.path for row in tree.contents or ()] == ["a", "sub"]
        assert [row.path for row in (tree.contents or ())[1].contents or ()] == ["b", "deep"]
        flat = listed_tree(opened.at(""), ListOptions(depth=1))
        assert {row.contents for row in flat.contents or ()} == {None}


def test_sizes_add_up(origin: Origin, source: RepoSource):
    with open_source(source, around(origin), working=True) as opened:
        assert disk_usage(opened.at("data")) == [("data/a", 2), ("data/sub", 7), ("data", 9)]
        total = {"": 9 + 6 + 10 + 8 + len((origin.root / ".gitignore").read_bytes())}
        found = dict(disk_usage(opened.at("")))
        assert found[""] == total[""]
        assert found["code"] == 8
        assert dict(disk_usage(opened.at(""), summarize=True)) == total
        assert disk_usage(opened.at("model.bin")) == [("model.bin", 6)]


def test_what_is_not_there_is_told(origin: Origin, source: RepoSource):
    for path in ("nothing", "data/nothing", "model.bin/x", ".git", ".dvc/config"):
        with pytest.raises(NotFound, match="no file or folder"):
            rows(origin, source, path)
    with pytest.raises(UnknownRevision):
        rows(origin, RepoSource(source.url, "nothing"))


def test_a_list_of_files_is_fetched_from_the_remote(origin: Origin, source: RepoSource):
    origin.forget()
    assert [row.path for row in rows(origin, source, "data", recursive=True)] == ["a", "sub/b", "sub/deep/c"]


def test_a_damaged_list_of_files_is_refused(origin: Origin):
    oid = origin.track("data2", {"x": b"1"}, place=False).oid
    origin.push()
    origin.commit()
    origin.forget()
    assert oid is not None
    origin.damage(oid)
    with pytest.raises(DamagedData, match="damaged"):
        rows(origin, RepoSource("origin", "main"), "data2")


def test_data_that_is_not_checked_out_is_listed(origin: Origin):
    (origin.root / "model.bin").unlink()
    found = {row.path: row for row in rows(origin, RepoSource("origin"))}
    assert (found["model.bin"].is_out, found["model.bin"].size) == (True, 6)
    # What was put in the place of the data is what is there.
    (origin.root / "model.bin").mkdir()
    assert {row.path: row.is_out for row in rows(origin, RepoSource("origin"))}["model.bin"] is False


def test_what_is_not_tracked_is_listed_in_the_working_tree_alone(origin: Origin):
    (origin.root / "new").write_text("x")
    (origin.root / ".dvcignore").write_text("/code\n")
    names = [row.path for row in rows(origin, RepoSource("origin"))]
    assert "new" in names
    assert "code" not in names
    assert "new" not in [row.path for row in rows(origin, RepoSource("origin", "main"))]


def test_a_repository_inside_another_is_looked_into_by_its_path(origin: Origin):
    inner = make_origin(origin.root / "inner", origin.environ)
    (inner.root / ".git").rename(inner.root / "was-git")
    (inner.root / "was-git").rename(origin.root.parent / "was-git")
    (inner.root / ".gitignore").write_text("/data\n/model.bin\n")
    origin.commit()
    for rev in ("", "main"):
        source = RepoSource("origin", rev)
        assert "inner" not in [row.path for row in rows(origin, source)]
        assert [row.path for row in rows(origin, source, "inner/data")] == ["a", "sub"]
        assert "model.bin" in [row.path for row in rows(origin, source, "inner")]


def test_links_in_git_are_followed_inside_the_repository(origin: Origin):
    (origin.root / "here").symlink_to("code/x.py")
    (origin.root / "folder").symlink_to("code")
    (origin.root / "out").symlink_to("../../etc/passwd")
    (origin.root / "round").symlink_to("round")
    origin.commit()
    with open_source(RepoSource("origin", "main"), around(origin)) as opened:
        place = opened.at("here")
        assert b"".join(place.read(place.node)) == b"print()\n"
        place = opened.at("folder/x.py")
        assert b"".join(place.read(place.node)) == b"print()\n"
        assert [row.path for row in list_place(opened.at(""))].count("out") == 0
        assert opened.at("round").contents.find("round") is None


def test_a_plain_git_repository_is_listed_too(tmp_path: Path, origin: Origin):
    plain = Origin(tmp_path / "plain", origin.environ)
    plain.root.mkdir()
    plain.git("init", "-q")
    (plain.root / "f").write_text("x")
    plain.commit()
    for source in (RepoSource("plain"), RepoSource("plain", "HEAD"), RepoSource(f"file://{plain.root}")):
        assert [row.path for row in rows(plain, source)] == ["f"]
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    with pytest.raises(NotFound, match="neither a DVC nor a Git repository"):
        rows(plain, RepoSource("nothing"))
    with pytest.raises(NotFound, match="does not exist"):
        rows(plain, RepoSource("missing"))
    (nothing / ".dvc").mkdir()
    with pytest.raises(InvalidInput, match="not under Git"):
        rows(plain, RepoSource("nothing", "HEAD"))


@pytest.mark.parametrize(
    ("path", "clean"), [("", ""), (".", ""), ("/", ""), ("a/../b/", "b"), ("../../x", "x"), ("/a//b", "a/b")]
)
def test_paths_stay_in_the_repository(path: str, clean: str):
    assert clean_path(path) == clean


def test_ignored_paths_are_told_with_their_lines(origin: Origin, monkeypatch: pytest.MonkeyPatch):
    (origin.root / ".dvcignore").write_text("*.tmp\n!keep.tmp\n/code/\n")
    monkeypatch.chdir(origin.root / "code")
    found = list(check_ignore(origin.repo, ["../x.tmp", "../keep.tmp", "x.py", "../y", "../.git", "../new/"]))
    assert [one.is_ignored for one in found] == [True, False, True, False, True, False]
    assert [one.details() for one in found] == [
        *(".dvcignore:1:*.tmp\t../x.tmp", ".dvcignore:2:!keep.tmp\t../keep.tmp", ".dvcignore:3:/code/\tx.py"),
        *("::\t../y", ":.git\t../.git", "::\t../new/"),
    ]
