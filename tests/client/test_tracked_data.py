from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import treering
from treering import data
from treering.client.tracked_data import PlaceFile
from treering.core.errors import AlreadyExists, DamagedData, InvalidInput, NotFound
from treering.versioning.pointers import read_pointer
from versioning.origin import FILES, Origin, make_origin

HAS_FSSPEC = importlib.util.find_spec("fsspec") is not None


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    variables = {
        "HOME": str(tmp_path / "home"),
        "DVC_SYSTEM_CONFIG_DIR": str(tmp_path / "system"),
        "DVC_GLOBAL_CONFIG_DIR": str(tmp_path / "global"),
        "DVC_SITE_CACHE_DIR": str(tmp_path / "site"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def origin(tmp_path: Path, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Origin:
    """A repository with a version `v1` and a newer working tree; the current folder is its root."""
    made = make_origin(tmp_path / "origin", environ)
    made.track("model.bin", b"better\n")
    made.push()
    made.commit()
    monkeypatch.chdir(made.root)
    return made


WHERE = ["here", "path", "url"]


@pytest.fixture(params=WHERE)
def repo(request: pytest.FixtureRequest, origin: Origin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str | None:
    """The repository as the current folder's, by its path, and by a URL."""
    if request.param == "here":
        return None
    monkeypatch.chdir(tmp_path)
    return "origin" if request.param == "path" else f"file://{origin.root}"


def test_a_file_is_read_at_any_revision(origin: Origin, repo: str | None):
    assert data.read("model.bin", repo) == "better\n"
    assert data.read("model.bin", repo, rev="v1") == "model\n"
    assert data.read("model.bin", repo, rev="v1", mode="rb") == b"model\n"
    assert data.read("code/x.py", repo, rev="v1") == "print()\n"
    origin.forget()
    assert data.read("data/sub/deep/c", repo, rev="v1") == "ccc\n"
    with data.open("data/sub/b", repo, rev="v1", mode="rb") as file:
        assert file.read(1) == b"b"
        assert file.seek(0) == 0
        assert file.read() == b"bb\n"
        file.seek(-2, io.SEEK_END)
        assert file.read() == b"b\n"
        assert file.read() == b""


def test_what_cannot_be_read_is_told(origin: Origin, repo: str | None):
    with pytest.raises(NotFound, match="no file or folder"):
        data.read("nothing", repo)
    with pytest.raises(IsADirectoryError):
        data.read("data", repo)
    with pytest.raises(InvalidInput, match="mode"):
        data.read("model.bin", repo, mode="w")
    oid = read_pointer(origin.root / "model.bin.dvc").outs[0].oid
    assert oid is not None
    origin.forget()
    origin.damage(oid)
    (origin.root / "model.bin").unlink()
    with pytest.raises(DamagedData, match="damaged"):
        data.read("model.bin", repo)


def test_open_is_a_name_of_the_package_too(origin: Origin, repo: str | None):
    del origin
    with treering.open("model.bin", repo, rev="v1") as file:
        assert file.read() == "model\n"


def test_a_path_without_a_repository_counts_from_the_current_folder(origin: Origin, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(origin.root / "code")
    assert data.read("x.py", rev="v1") == "print()\n"
    assert data.read("../data/a") == "a\n"
    assert data.read(origin.root / "data" / "a") == "a\n"
    with pytest.raises(InvalidInput, match="outside"):
        data.read("../../x")
    monkeypatch.chdir(origin.root.parent)
    with pytest.raises(NotFound, match="neither a DVC nor a Git repository"):
        data.read("x")


def test_a_url_is_where_the_remote_keeps_it(origin: Origin, repo: str | None):
    store = origin.root.parent / "store" / "files" / "md5"
    oid = read_pointer(origin.root / "data.dvc").outs[0].oid
    assert oid is not None
    assert data.get_url("data", repo) == str(store / oid.value[:2] / oid.value[2:])
    assert data.get_url("data", repo).endswith(".dir")
    assert Path(data.get_url("model.bin", repo, rev="v1")).read_bytes() == b"model\n"
    with pytest.raises(NotFound, match="no tracked file"):
        data.get_url("code/x.py", repo)
    other = {"remote_config": {"url": "s3://bucket/x"}}
    assert data.get_url("model.bin", repo, remote="store", **other).startswith("s3://bucket/x/files/md5/")
    assert data.get_url("model.bin", repo, **other).startswith("s3://bucket/x/files/md5/")
    with pytest.raises(InvalidInput, match="config file"):
        data.get_url("model.bin", repo, remote="store", config="x", **other)


def test_listings_and_copies(origin: Origin, repo: str | None, tmp_path: Path):
    del origin
    rows = {row["path"]: row for row in data.ls("", repo, rev="v1")}
    assert rows["model.bin"]["size"] == 6
    assert rows["data"]["isout"]
    assert [row["path"] for row in data.ls("data", repo, recursive=True)] == sorted(FILES)
    got = data.get("data", tmp_path / "out", repo, rev="v1", only=["sub"])
    assert sorted(one.name for one in got.rglob("*") if one.is_file()) == ["b", "c"]
    with pytest.raises(AlreadyExists):
        data.get("model.bin", tmp_path / "out" / "sub" / "b", repo)


def test_what_git_has_is_named(origin: Origin, repo: str | None):
    assert data.all_branches(repo) == ["main"]
    assert data.all_tags(repo) == ["v1"]
    assert data.all_commits(repo) == origin.git("rev-list", "main").split()
    (origin.root / "dvc.yaml").write_text("artifacts:\n  model:\n    path: model.bin\n")
    commit = origin.commit("model@v1.0.0")
    assert data.artifacts_show("model", repo=repo) == {"rev": commit, "path": "model.bin"}


def test_reading_in_pieces_can_go_anywhere():
    content = bytes(range(200))
    asked = []

    def start(at: int) -> Iterator[bytes]:
        asked.append(at)
        return (content[i : i + 7] for i in range(at, len(content), 7))

    file = io.BufferedReader(PlaceFile(start, None, start(0)), 16)
    assert file.read(3) == content[:3]
    file.seek(150)
    assert file.read(20) == content[150:170]
    file.seek(0, io.SEEK_END)
    assert file.tell() == 200
    assert file.read() == b""
    file.seek(-10, io.SEEK_CUR)
    assert file.read() == content[190:]
    assert PlaceFile(start, 200, iter([content])).readall() == content


@pytest.mark.parametrize("script", ["import treering.data", "import treering; treering.open"])
def test_repositories_are_not_read_until_it_is_asked(script: str):
    check = "import sys; assert not [m for m in sys.modules if m.startswith('treering.versioning')]"
    subprocess.run([sys.executable, "-c", f"{script}; {check}"], check=True)


# The file system.


@pytest.mark.skipif(not HAS_FSSPEC, reason="fsspec is not installed")
class TestFileSystem:
    @pytest.fixture
    def fs(self, origin: Origin, repo: str | None):
        del origin
        made = data.filesystem(repo, "v1")
        yield made
        made.close()

    def test_it_lists_as_dvc_does(self, fs: Any):
        assert fs.ls("/", detail=False) == ["/.gitignore", "/code", "/data", "/model.bin", "/tool.sh"]
        assert fs.ls("", detail=False, dvc_only=True) == ["data", "model.bin"]
        assert "/data.dvc" in fs.ls("/", detail=False, dvcfiles=True)
        assert fs.find("/") == [
            *("/.gitignore", "/code/x.py", "/data/a", "/data/sub/b", "/data/sub/deep/c", "/model.bin", "/tool.sh")
        ]
        assert fs.find("/", dvc_only=True) == ["/data/a", "/data/sub/b", "/data/sub/deep/c", "/model.bin"]
        assert list(fs.walk("data")) == [
            ("data", ["sub"], ["a"]),
            ("data/sub", ["deep"], ["b"]),
            ("data/sub/deep", [], ["c"]),
        ]
        assert fs.glob("data/*") == ["data/a", "data/sub"]
        assert fs.ls("data/a", detail=False) == ["data/a"]
        assert fs.du("data") == 9

    def test_it_tells_what_is_tracked(self, fs: Any):
        info = fs.info("data")
        assert (info["type"], info["dvc_info"]["isout"], info["dvc_info"]["size"]) == ("directory", True, 9)
        assert info["md5"].endswith(".dir")
        assert fs.info("/")["dvc_info"]["isdvc"] is False
        assert "dvc_info" not in fs.info("code/x.py")
        assert fs.info("tool.sh")["isexec"]
        assert (fs.isdvc("data"), fs.isdvc("data/sub/b"), fs.isdvc("code"), fs.isdvc("no")) == (
            True,
            True,
            False,
            False,
        )
        assert (fs.isdir("data/sub"), fs.isfile("data/a"), fs.exists("no")) == (True, True, False)
        with pytest.raises(FileNotFoundError):
            fs.info("no")
        with pytest.raises(FileNotFoundError):
            fs.ls("no")

    def test_it_opens_and_copies(self, fs: Any, tmp_path: Path):
        with fs.open("model.bin") as file:
            assert file.read() == b"model\n"
        with fs.open("code/x.py", "r") as file:
            assert file.read() == "print()\n"
        assert fs.cat(["data/a", "model.bin"]) == {"data/a": b"a\n", "model.bin": b"model\n"}
        with pytest.raises(IsADirectoryError):
            fs.open("data")
        with pytest.raises(OSError, match="Read-only"):
            fs.open("x", "wb")
        fs.get("data", str(tmp_path / "whole"), recursive=True)
        assert (tmp_path / "whole" / "sub" / "deep" / "c").read_bytes() == b"ccc\n"
        fs.get_file("model.bin", str(tmp_path / "m"))
        assert (tmp_path / "m").read_bytes() == b"model\n"
        fs.get("data/sub/*", str(tmp_path / "part") + "/", recursive=True)
        assert (tmp_path / "part" / "b").read_bytes() == b"bb\n"

    def test_a_copy_in_another_process_reads_the_same(self, fs: Any):
        copy = pickle.loads(pickle.dumps(fs))
        assert copy.cat("model.bin") == b"model\n"
        copy.close()

    def test_it_has_the_name_of_its_commit(self, fs: Any):
        assert fs.fsid == f"treering_{fs._opened.root}_{fs._opened.rev}"
        assert len(fs._opened.rev) == 40


# What a run has used.


def recorded(path: str | Path) -> dict[str, object]:
    with treering.start_run() as run:
        treering.log_input(path, context="training")
    used = treering.get_run(run.info.run_id).inputs.dataset_inputs[0]
    tags = {key.removeprefix("treering.data."): value for key, value in used.tags.items() if "treering" in key}
    return {"name": used.dataset.name, "digest": used.dataset.digest, **json.loads(used.dataset.source), "tags": tags}


def test_a_run_records_pointer_digest_and_commit_of_what_it_used(origin: Origin):
    head = origin.git("rev-parse", "HEAD")
    origin.git("remote", "add", "origin", "https://user:secret@example.com/x.git")
    pointer = read_pointer(origin.root / "data.dvc").outs[0]
    assert pointer.oid is not None
    assert recorded("data") == {
        "name": "data",
        "digest": pointer.oid.value,
        "uri": "data",
        "dvc_file": "data.dvc",
        "path": "data",
        "md5": pointer.oid.value,
        "repository": "https://example.com/x.git",
        "revision": head,
        "tags": {"pointer": "data.dvc", "revision": head},
    }
    inside = recorded(origin.root / "data" / "sub" / "b")
    assert (inside["path"], inside["dvc_file"], inside["revision"]) == ("data/sub/b", "data.dvc", head)
    assert inside["tags"] == {"pointer": "data.dvc", "revision": head}


def test_a_run_records_that_data_is_not_what_the_commit_says(origin: Origin):
    head = origin.git("rev-parse", "HEAD")
    (origin.root / "data" / "a").write_text("changed\n")
    changed = recorded("data")
    pointer = read_pointer(origin.root / "data.dvc").outs[0]
    assert pointer.oid is not None
    assert changed["tags"] == {"pointer": "data.dvc", "revision": head, "modified": "true"}
    assert changed["digest"] != pointer.oid.value
    assert "revision" not in changed
    origin.track("model.bin", b"new\n")
    assert recorded("model.bin")["tags"] == {"pointer": "model.bin.dvc", "revision": head, "modified": "true"}
    new = origin.commit()
    assert recorded("model.bin")["tags"] == {"pointer": "model.bin.dvc", "revision": new}


def test_data_that_is_absent_is_recorded_by_its_pointer(origin: Origin):
    (origin.root / "model.bin").unlink()
    found = recorded("model.bin")
    assert found["dvc_file"] == "model.bin.dvc"
    assert found["digest"] == data.from_dvc("model.bin").digest
    with pytest.raises(NotFound, match="treering data add"):
        recorded("nothing")


def test_what_nothing_tracks_is_recorded_by_its_content(origin: Origin, tmp_path: Path):
    del origin
    (tmp_path / "plain").write_text("x")
    assert set(recorded("tool.sh")) == {"name", "digest", "uri", "tags"}
    assert recorded(tmp_path / "plain")["tags"] == {}


def test_a_folder_has_the_digest_of_dvc_whatever_its_names(tmp_path: Path):
    for name in ("a-b", "a.b", "a/b", "aB"):
        file = tmp_path / "d" / name
        file.parent.mkdir(exist_ok=True)
        if not file.exists():
            file.write_text("x")
    # DVC's, of these names sorted by their code points.
    one = "9dd4e461268c8034f5c8564e155c67a6"
    rows = ", ".join(f'{{"md5": "{one}", "relpath": "{name}"}}' for name in ("a-b", "a.b", "a/b", "aB"))
    assert data.from_file(tmp_path / "d").digest == hashlib.md5(f"[{rows}]".encode()).hexdigest() + ".dir"
