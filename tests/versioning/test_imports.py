from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from treering.core.errors import AlreadyExists, Conflict, DamagedData, InvalidInput, NotFound, NotSupported, Unavailable
from treering.storage.content.oid import Oid
from treering.versioning.artifacts import ArtifactName, find_artifact, get_artifact
from treering.versioning.errors import OutputClash, UnknownRevision
from treering.versioning.external import Surroundings, open_source
from treering.versioning.get import GetOptions, data_url, get, get_from_url
from treering.versioning.import_content import bring_imports
from treering.versioning.imports import ImportOptions, import_path, import_url
from treering.versioning.listing import list_url, url_tree
from treering.versioning.pointers import Dependency, Output, Pointer, RepoSource, read_pointer, write_pointer
from treering.versioning.repository import Repository, find_repository
from treering.versioning.sources import PointerSource, WorkingTree
from treering.versioning.update import SourceNews, UpdateOptions, update
from treering.versioning.url_source import open_url
from versioning.origin import FILES, Origin, make_origin


@pytest.fixture
def origin(tmp_path: Path, environ: Mapping[str, str]) -> Origin:
    return make_origin(tmp_path / "origin", environ)


@pytest.fixture
def here(root: Path, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The importing repository; the current folder is its root."""
    monkeypatch.chdir(root)
    repo = find_repository(root, {**os.environ, **environ})
    yield repo
    if repo.git is not None:
        repo.git.close()


def files_in(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


URLS: dict[str, Callable[[Origin], str]] = {
    "a path": lambda _: "../origin",
    "a url": lambda origin: f"file://{origin.root}",
}


@pytest.fixture(params=URLS)
def url(request: pytest.FixtureRequest, origin: Origin) -> str:
    return URLS[request.param](origin)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_bare_repository_is_a_source_too(here: Repository, origin: Origin, tmp_path: Path, scheme: str):
    origin.forget()
    origin.git("clone", "--quiet", "--bare", str(origin.root), str(tmp_path / "hub"))
    hub = RepoSource(f"{scheme}{tmp_path}/hub" if scheme else "../hub")
    import_path(here, hub, "data")
    assert files_in(here.root / "data") == FILES
    assert read_pointer(here.root / "data.dvc").deps[0].repo == replace(hub, rev_lock=origin.git("rev-parse", "HEAD"))
    import_path(here, replace(hub, rev="v1"), "tool.sh")
    assert (here.root / "tool.sh").read_text() == "#!/bin/sh\n"
    with pytest.raises(UnknownRevision):
        import_path(here, replace(hub, rev="v2"), "tool.sh", ImportOptions(force=True))
    # What is pushed there is news.
    origin.track("data", {"a": b"other\n"}, place=False)
    origin.push()
    origin.commit()
    origin.git("push", "--quiet", "../hub", "HEAD")
    update(here, ["data.dvc"], UpdateOptions())
    assert files_in(here.root / "data") == {"a": b"other\n"}


def test_a_tracked_folder_is_imported_with_its_commit(here: Repository, origin: Origin, url: str):
    report = import_path(here, RepoSource(url), "data")
    commit = origin.git("rev-parse", "HEAD")
    assert report.touched == (here.root / "data.dvc", here.root / ".gitignore")
    assert files_in(here.root / "data") == FILES
    pointer = read_pointer(here.root / "data.dvc")
    assert pointer.deps == (Dependency("data", repo=RepoSource(url, rev_lock=commit)),)
    assert pointer.frozen
    assert pointer.outs[0] == read_pointer(origin.root / "data.dvc").outs[0]
    assert (here.root / ".gitignore").read_text() == "/data\n"


def test_data_comes_from_the_remote_where_the_cache_has_lost_it(here: Repository, origin: Origin, url: str):
    origin.forget()
    import_path(here, RepoSource(url), "data", ImportOptions(out="x/y"))
    import_path(here, RepoSource(url, "v1"), "model.bin")
    assert files_in(here.root / "x" / "y") == FILES
    assert (here.root / "model.bin").read_bytes() == b"model\n"
    assert read_pointer(here.root / "x" / "y.dvc").outs[0].path == "y"


def test_parts_and_files_of_git_are_imported_too(here: Repository, url: str):
    import_path(here, RepoSource(url), "data/sub")
    import_path(here, RepoSource(url), "code")
    tool = import_path(here, RepoSource(url), "tool.sh").pointer.outs[0]
    assert files_in(here.root / "sub") == {"b": b"bb\n", "deep/c": b"ccc\n"}
    assert files_in(here.root / "code") == {"x.py": b"print()\n"}
    assert tool.isexec
    assert os.access(here.root / "tool.sh", os.X_OK)
    assert read_pointer(here.root / "sub.dvc").outs[0].nfiles == 2


def test_a_subset_is_chosen_by_patterns_which_the_pointer_remembers(here: Repository, origin: Origin, url: str):
    import_path(here, RepoSource(url), "data", ImportOptions(only=("sub/*",)))
    assert files_in(here.root / "data") == {"sub/b": b"bb\n", "sub/deep/c": b"ccc\n"}
    origin.track("data", {**FILES, "sub/new": b"new\n", "other": b"other\n"})
    origin.push()
    origin.commit()
    update(here)
    assert sorted(files_in(here.root / "data")) == ["sub/b", "sub/deep/c", "sub/new"]
    with pytest.raises(NotFound, match="matches"):
        import_path(here, RepoSource(url), "data", ImportOptions(out="none", only=("nothing",)))
    assert not (here.root / "none.dvc").exists()


def test_what_does_not_overlap_and_exist_can_be_imported_only(here: Repository, url: str):
    source = RepoSource(url)
    import_path(here, source, "data")
    with pytest.raises(AlreadyExists, match="force"):
        import_path(here, source, "data")
    with pytest.raises(OutputClash, match="overlap"):
        import_path(here, source, "model.bin", ImportOptions(out="data/model.bin"))
    import_path(here, source, "model.bin", ImportOptions(out="inner/model"))
    (here.root / "inner").rename(here.root / "moved")
    (here.root / "inner").mkdir()
    (here.root / "moved" / "model.dvc").rename(here.root / "inner" / "model.dvc")
    (here.root / "inner" / "deep").mkdir()
    with pytest.raises(OutputClash, match="overlap"):
        import_path(here, source, "inner", ImportOptions(force=True))
    (here.root / "tracked").write_text("x")
    assert here.git is not None
    here.git.add([str(here.root / "tracked")])
    with pytest.raises(OutputClash, match="Git tracks"):
        import_path(here, source, "model.bin", ImportOptions(out="tracked", force=True))
    with pytest.raises(InvalidInput, match="outside"):
        import_path(here, source, "model.bin", ImportOptions(out="../x"))
    with pytest.raises(InvalidInput, match="name of an output"):
        import_path(here, source, "model.bin", ImportOptions(out="x.dvc"))


def test_a_failed_import_leaves_nothing(here: Repository, origin: Origin):
    oid = read_pointer(origin.root / "model.bin.dvc").outs[0].oid
    assert oid is not None
    origin.forget()
    origin.damage(oid)
    with pytest.raises(DamagedData):
        import_path(here, RepoSource("../origin"), "model.bin")
    with pytest.raises(NotFound):
        import_path(here, RepoSource("../origin"), "nothing")
    with pytest.raises(UnknownRevision):
        import_path(here, RepoSource("../origin", "nothing"), "data")
    assert [path.name for path in here.root.iterdir() if path.name not in {".git", ".dvc"}] == []


@pytest.mark.usefixtures("origin")
def test_a_relative_path_of_a_repository_counts_from_the_root(here: Repository, monkeypatch: pytest.MonkeyPatch):
    (here.root / "sub").mkdir()
    monkeypatch.chdir(here.root / "sub")
    report = import_path(here, RepoSource("../../origin"), "model.bin")
    assert report.pointer.file == here.root / "sub" / "model.bin.dvc"
    dep = report.pointer.deps[0]
    assert dep.repo is not None
    assert dep.repo.url == "../origin"
    monkeypatch.chdir(here.root)
    assert update(here).unchanged == (read_pointer(report.pointer.file),)


def test_an_import_of_an_import_comes_from_where_it_was_made(
    here: Repository, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    middle = make_origin(tmp_path / "middle", origin.environ)
    monkeypatch.chdir(middle.root)
    import_path(middle.repo, RepoSource("../origin"), "data", ImportOptions(out="got"))
    import_path(middle.repo, RepoSource("../origin"), "code", ImportOptions(out="src"))
    middle.commit()
    middle.forget()
    monkeypatch.chdir(here.root)
    for path, files in (("got", FILES), ("src", {"x.py": b"print()\n"})):
        import_path(here, RepoSource("../middle"), path)
        assert files_in(here.root / path) == files


def test_news_come_with_an_update_alone(here: Repository, origin: Origin, url: str):
    import_path(here, RepoSource(url), "data")
    import_path(here, RepoSource(url, "v1"), "model.bin")
    before = [read_pointer(here.root / name) for name in ("data.dvc", "model.bin.dvc")]
    news = SourceNews(here)
    assert [news(pointer, pointer.deps[0]) for pointer in before] == ["", ""]
    assert update(here).changed == ()
    origin.track("data", {"a": b"new\n", "z": b"z\n"})
    origin.track("model.bin", b"better\n")
    origin.push()
    commit = origin.commit()
    news = SourceNews(here)
    assert [news(pointer, pointer.deps[0]) for pointer in before] == ["update available", ""]
    report = update(here)
    assert [pointer.file.name for pointer in report.changed] == ["data.dvc"]
    assert files_in(here.root / "data") == {"a": b"new\n", "z": b"z\n"}
    pointer = read_pointer(here.root / "data.dvc")
    assert pointer.deps[0].repo == RepoSource(url, rev_lock=commit)
    update(here, ["model.bin.dvc"], UpdateOptions(rev="main"))
    assert (here.root / "model.bin").read_bytes() == b"better\n"
    assert read_pointer(here.root / "model.bin.dvc").deps[0].repo == RepoSource(url, "main", commit)


def test_an_update_without_download_forgets_the_old_content(here: Repository, origin: Origin, url: str):
    import_path(here, RepoSource(url), "model.bin")
    origin.track("model.bin", b"better\n")
    origin.push()
    origin.commit()
    update(here, ["model.bin"], UpdateOptions(download=False))
    pointer = read_pointer(here.root / "model.bin.dvc")
    assert pointer.is_partial
    assert (here.root / "model.bin").read_bytes() == b"model\n"
    bring_imports(here, PointerSource().outputs(WorkingTree(here)))
    assert read_pointer(here.root / "model.bin.dvc").outs[0].size == 7


def test_only_imports_can_be_updated(here: Repository):
    write_pointer(Pointer(here.root / "x.dvc", (Output("x", Oid("0" * 32)),)))
    with pytest.raises(InvalidInput, match="no import"):
        update(here, ["x.dvc"])
    (here.root / "file").write_text("x")
    import_url(here, "file", ImportOptions(out="y"))
    with pytest.raises(InvalidInput, match="no revisions"):
        update(here, ["y.dvc"], UpdateOptions(rev="main"))
    with pytest.raises(InvalidInput, match="read"):
        update(here, ["y.dvc"], UpdateOptions(to_remote=True, download=False))
    assert len(update(here).unchanged) == 1, "what is no import is passed over where everything is meant"


def test_an_import_without_download_is_brought_later(here: Repository, origin: Origin, url: str):
    for name in ("data", "code"):
        import_path(here, RepoSource(url), name, ImportOptions(download=False))
    import_path(here, RepoSource(url), "model.bin", ImportOptions(execute=False))
    assert (here.root / "data.dvc").read_text().endswith("outs:\n- hash: md5\n  path: data\n")
    assert not (here.root / "data").exists()
    assert "rev_lock" not in (here.root / "model.bin.dvc").read_text()
    bring_imports(here, PointerSource().outputs(WorkingTree(here)))
    found = {pointer.outs[0].path: pointer.outs[0] for pointer in WorkingTree(here).documents().pointers.values()}
    assert found["data"] == read_pointer(origin.root / "data.dvc").outs[0]
    assert found["code"].nfiles == 1
    assert all(out.oid is not None and here.cache.has(out.oid) for out in found.values())


@pytest.mark.usefixtures("origin")
def test_what_can_be_brought_is_brought_before_an_error_is_told(here: Repository):
    import_path(here, RepoSource("../origin"), "data", ImportOptions(out="a"))
    import_path(here, RepoSource("../origin"), "model.bin", ImportOptions(out="b"))
    for oid, _, _ in list(here.cache.walk()):
        here.cache.remove(oid)
    pointer = read_pointer(here.root / "a.dvc")
    gone = replace(pointer.deps[0], repo=RepoSource("../gone", rev_lock="0" * 40))
    write_pointer(replace(pointer, deps=(gone,)))
    with pytest.raises(NotFound, match="gone"):
        bring_imports(here, PointerSource().outputs(WorkingTree(here)))
    oid = read_pointer(here.root / "b.dvc").outs[0].oid
    assert oid is not None
    assert here.cache.has(oid)


# From URLs and paths.


class _Handler(BaseHTTPRequestHandler):
    files: dict[str, tuple[bytes, str]] = {}  # noqa: RUF012  # of one test

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        found = self.files.get(self.path)
        if found is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(found[0])))
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        if found[1]:
            self.send_header("ETag", found[1])
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(found[0])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[tuple[str, dict[str, tuple[bytes, str]]]]:
    """The address of a web server, and what it gives out: bytes and ETag by path."""
    handler = type("Handler", (_Handler,), {"files": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.files
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_of_the_web_is_known_by_its_header(here: Repository, web: tuple[str, dict[str, tuple[bytes, str]]]):
    address, files = web
    files["/a%20b.csv?x=1"] = (b"1,2\n", '"one"')
    pointer = import_url(here, f"{address}/a%20b.csv?x=1", ImportOptions(out="a.csv")).pointer
    assert pointer.deps == (Dependency(f"{address}/a%20b.csv?x=1", checksum='"one"', size=4),)
    assert (here.root / "a.csv").read_bytes() == b"1,2\n"
    assert "- checksum: '\"one\"'\n  size: 4\n  hash: md5\n  path: http" in pointer.file.read_text()
    assert update(here).changed == ()
    files["/a%20b.csv?x=1"] = (b"3,4,5\n", '"two"')
    assert len(update(here).changed) == 1
    assert (here.root / "a.csv").read_bytes() == b"3,4,5\n"
    del files["/a%20b.csv?x=1"]
    with pytest.raises(NotFound, match="nothing at"):
        update(here)


def test_a_file_of_a_server_without_marks_is_known_by_all_that_it_says(
    here: Repository, web: tuple[str, dict[str, tuple[bytes, str]]]
):
    address, files = web
    files["/x"] = (b"hello\n", "")
    mark = import_url(here, f"{address}/x").pointer.deps[0].checksum
    # fsspec's token, which DVC writes: that of name, size, type of content and address.
    info = {"name": f"{address}/x", "size": 6, "mimetype": "text/plain", "url": f"{address}/x", "type": "file"}
    assert mark == str(int(hashlib.md5(str((info,)).encode()).hexdigest(), 16))


def test_paths_are_known_by_their_content(here: Repository, tmp_path: Path):
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "x").write_text("1")
    (here.root / "in").mkdir()
    (here.root / "in" / "y").write_text("22")
    (here.root / "sub").mkdir()
    one = import_url(here, str(outside)).pointer
    two = import_url(here, "in", ImportOptions(out="sub/copy")).pointer
    assert (one.deps[0].path, two.deps[0].path) == (str(outside), "../in")
    assert one.deps[0].oid == one.outs[0].oid
    assert one.outs[0].nfiles == 1
    assert files_in(here.root / "outside") == {"deep/x": b"1"}
    assert files_in(here.root / "sub" / "copy") == {"y": b"22"}
    (outside / "deep" / "x").write_text("changed")
    assert [pointer.file.name for pointer in update(here).changed] == ["outside.dvc"]
    (outside / ".dvcignore").touch()
    with pytest.raises(InvalidInput, match=r"\.dvcignore"):
        update(here)


def test_only_some_files_of_a_path_are_imported(here: Repository, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("a.csv", "b.csv", "c.txt"):
        (outside / name).write_text(name)
    import_url(here, str(outside), ImportOptions(only=("*.csv",)))
    assert sorted(files_in(here.root / "outside")) == ["a.csv", "b.csv"]
    with pytest.raises(NotFound, match="matches"):
        import_url(here, str(outside), ImportOptions(out="none", only=("*.x",)))


def test_what_is_sent_to_a_remote_does_not_land_here(here: Repository, tmp_path: Path):
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "x").write_text("1")
    remote = tmp_path / "remote"
    (here.root / ".dvc" / "config").write_text(f"['remote \"r\"']\n    url = {remote}\n")
    repo = find_repository(here.root, here.environ)
    out = import_url(repo, str(outside), ImportOptions(to_remote=True, remote="r")).pointer.outs[0]
    assert out.oid is not None
    assert not (here.root / "outside").exists()
    assert not list(repo.cache.walk())
    assert (remote / "files" / "md5" / out.oid.value[:2] / out.oid.value[2:]).read_bytes().startswith(b'[{"md5"')
    assert (out.size, out.nfiles) == (1, 1)
    (outside / "deep" / "x").write_text("22")
    new = update(repo, [], UpdateOptions(to_remote=True, remote="r")).changed[0].outs[0]
    assert (new.size, new.nfiles) == (2, 1)
    assert not list(repo.cache.walk())
    with pytest.raises(InvalidInput, match="--remote"):
        import_url(repo, str(outside), ImportOptions(out="b", remote="r"))


def test_a_path_in_a_remote_is_named_by_the_remote(here: Repository, tmp_path: Path):
    store = tmp_path / "store"
    store.mkdir()
    (store / "f").write_text("x")
    (here.root / ".dvc" / "config").write_text(f"['remote \"r\"']\n    url = {store}\n")
    repo = find_repository(here.root, here.environ)
    pointer = import_url(repo, "remote://r/f").pointer
    assert pointer.deps[0].path == "remote://r/f"
    assert (here.root / "f").read_text() == "x"


def test_what_is_not_done_is_refused_clearly(here: Repository):
    with pytest.raises(NotSupported, match="without `--version-aware`"):
        import_url(here, "s3://b/k", ImportOptions(version_aware=True))
    database = Pointer(here.root / "t.dvc", (Output("t.csv"),), (Dependency("", db={"query": "x"}),), frozen=True)
    write_pointer(database)
    with pytest.raises(NotSupported, match="database"):
        update(here, ["t.dvc"])
    with pytest.raises(NotFound, match="nothing at"):
        import_url(here, "nothing")
    with pytest.raises(InvalidInput, match="names no file"):
        import_url(here, "s3://bucket")
    with pytest.raises(Unavailable, match="reached"):
        import_url(here, "http://127.0.0.1:1/x")


def test_a_source_that_has_changed_is_told_where_its_old_content_is_asked_for(here: Repository, tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("1")
    import_url(here, str(file))
    for oid, _, _ in list(here.cache.walk()):
        here.cache.remove(oid)
    file.write_text("2")
    with pytest.raises(Conflict, match=r"update file\.dvc"):
        bring_imports(here, PointerSource().outputs(WorkingTree(here)))


# Getting, without tracking.


def test_files_and_folders_are_got(here: Repository, origin: Origin, url: str):
    origin.forget()
    around = Surroundings(here.root, here.environ)
    with open_source(RepoSource(url), around, working=False) as opened:
        assert get(opened.at("data")).files == 3
        assert get(opened.at("data/sub/b"), GetOptions(out="sub/")).path == here.root / "sub" / "b"
        assert get(opened.at("tool.sh"), GetOptions(out="t")).path == here.root / "t"
        assert get(opened.at("data"), GetOptions(out="some", patterns=("sub",))).files == 2
        with pytest.raises(AlreadyExists, match="force"):
            get(opened.at("data"))
        with pytest.raises(NotFound, match="matches"):
            get(opened.at("data"), GetOptions(out="none", patterns=("x",)))
        with pytest.raises(InvalidInput, match="DVC file"):
            get(opened.at("data.dvc"))
        (here.root / "data" / "own").write_text("mine")
        (here.root / "data" / "a").write_text("changed")
        get(opened.at("data"), GetOptions(force=True))
        with pytest.raises(AlreadyExists, match="is a file"):
            get(opened.at("data"), GetOptions(out="t", force=True))
        assert str(data_url(opened.at("model.bin"))).startswith(str(origin.root.parent / "store" / "files" / "md5"))
        with pytest.raises(NotFound, match="no tracked file"):
            data_url(opened.at("code/x.py"))
    assert files_in(here.root / "data") == {**FILES, "own": b"mine"}
    assert os.access(here.root / "t", os.X_OK)
    assert [path.name for path in here.root.iterdir() if path.name.endswith(".part")] == []


def test_a_damaged_file_leaves_nothing_behind(here: Repository, origin: Origin):
    manifest = origin.repo.cache.read_manifest(read_pointer(origin.root / "data.dvc").outs[0].oid or Oid(""))
    origin.forget()
    origin.damage(Oid(dict(manifest)["sub/b"]))
    around = Surroundings(here.root, here.environ)
    with open_source(RepoSource("../origin"), around) as opened, pytest.raises(DamagedData):
        get(opened.at("data"))
    assert not (here.root / "data").exists()
    assert [path.name for path in here.root.iterdir() if "part" in path.name] == []


@pytest.mark.usefixtures("here")
def test_urls_are_got_and_listed(tmp_path: Path, web: tuple[str, dict[str, tuple[bytes, str]]]):
    address, files = web
    files["/f.txt"] = (b"f", "")
    got = get_from_url(open_url(f"{address}/f.txt"))
    assert got.path.read_bytes() == b"f"
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "x").write_text("1")
    (outside / "y").write_text("22")
    source = open_url(str(outside))
    assert get_from_url(source, GetOptions(out="got")).files == 2
    assert [(row.path, row.is_dir, row.size) for row in list_url(source)] == [("deep", True, None), ("y", False, 2)]
    assert [(row.path, row.is_dir) for row in url_tree(source, "o").contents or ()] == [("deep", True), ("y", False)]
    assert [row.path for row in list_url(open_url(f"{address}/f.txt"))] == ["f.txt"]
    with pytest.raises(NotFound):
        get_from_url(open_url(f"{address}/none"), GetOptions(out="none"))


# Artifacts.


@pytest.fixture
def registry(origin: Origin) -> Origin:
    """An origin with an artifact of three versions, in stages."""
    (origin.root / "sub").mkdir()
    (origin.root / "dvc.yaml").write_text("artifacts:\n  model:\n    path: model.bin\n    type: model\n")
    (origin.root / "sub" / "dvc.yaml").write_text("artifacts:\n  code:\n    path: ../code\n")
    for version, content in (("1.0.0", b"1"), ("1.10.0", b"2"), ("1.9.0", b"3"), ("2.0.0-rc.1", b"4")):
        origin.track("model.bin", content)
        origin.push()
        origin.commit(f"model@v{version}")
        origin.git("tag", f"sub=code@v{version}")
    origin.git("tag", "model#prod#1", "model@v1.0.0")
    origin.git("tag", "model#prod#2", "model@v1.9.0")
    origin.git("tag", "model#dev#1", "model@v1.9.0")
    origin.git("tag", "model#dev!#2", "model@v1.9.0")
    return origin


@pytest.mark.parametrize(
    ("choice", "content"),
    [
        (("", ""), b"4"),
        (("v1.10.0", ""), b"2"),
        (("1.9.0", ""), b"3"),
        (("", "prod"), b"3"),
    ],
)
@pytest.mark.usefixtures("registry")
def test_an_artifact_is_got_by_version_and_stage(here: Repository, url: str, choice: tuple[str, str], content: bytes):
    around = Surroundings(here.root, here.environ)
    got = get_artifact(RepoSource(url), "model", around, choice)
    assert got.path.read_bytes() == content


@pytest.mark.usefixtures("registry")
def test_an_artifact_of_another_file_has_its_folder_before_its_name(here: Repository, url: str):
    around = Surroundings(here.root, here.environ)
    got = get_artifact(RepoSource(url), "sub/dvc.yaml:code", around, options=GetOptions(out="c"))
    assert files_in(got.path) == {"x.py": b"print()\n"}


@pytest.mark.parametrize(
    ("name", "choice"),
    [("model", ("", "dev")), ("model", ("3.0.0", "")), ("other", ("", "")), ("sub:code", ("", "prod"))],
)
@pytest.mark.usefixtures("registry")
def test_an_artifact_that_is_not_there_is_told(here: Repository, name: str, choice: tuple[str, str]):
    with (
        open_source(RepoSource("../origin"), Surroundings(here.root, here.environ)) as opened,
        pytest.raises(NotFound, match="no artifact"),
    ):
        find_artifact(opened, ArtifactName.parse(name), *choice)


@pytest.mark.usefixtures("registry")
def test_artifacts_are_asked_for_in_one_way(here: Repository):
    with open_source(RepoSource("../origin"), Surroundings(here.root, here.environ)) as opened:
        with pytest.raises(InvalidInput, match="not for both"):
            find_artifact(opened, ArtifactName.parse("model"), "1.0.0", "prod")
        with pytest.raises(InvalidInput, match="no version"):
            find_artifact(opened, ArtifactName.parse("model"), "latest")
    with pytest.raises(InvalidInput, match="no name"):
        ArtifactName.parse("-x-")
