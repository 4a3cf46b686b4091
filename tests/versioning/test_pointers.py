from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.storage.content.oid import Oid
from treering.versioning.pointers import (
    Dependency,
    Output,
    Pointer,
    RepoSource,
    VersionedFile,
    is_pointer_name,
    read_pointer,
    stage_checksum,
    write_pointer,
)

DIGEST = "c79269e4b32617201d37e8d5729aa895"


def written(pointer: Pointer) -> str:
    assert write_pointer(pointer) is True
    assert write_pointer(pointer) is False
    text = pointer.file.read_text()
    assert replace(read_pointer(pointer.file), md5="") == replace(pointer, md5="")
    return text


def test_a_new_pointer_has_the_bytes_of_dvc(tmp_path: Path):
    out = Output("d", Oid(f"{DIGEST}.dir"), size=13, nfiles=4)
    assert written(Pointer(tmp_path / "d.dvc", (out,))) == (
        f"outs:\n- md5: {DIGEST}.dir\n  size: 13\n  nfiles: 4\n  hash: md5\n  path: d\n"
    )
    tool = Output("run.sh", Oid(DIGEST), size=3, isexec=True)
    assert written(Pointer(tmp_path / "run.sh.dvc", (tool,))) == (
        f"outs:\n- md5: {DIGEST}\n  size: 3\n  isexec: true\n  hash: md5\n  path: run.sh\n"
    )


def test_every_key_stands_where_dvc_puts_it(tmp_path: Path):
    out = Output(
        path="d",
        oid=Oid(DIGEST),
        size=0,
        cache=False,
        metric=True,
        plot={"x": "a"},
        persist=True,
        remote="r",
        push=False,
        desc="text",
        type="model",
        labels=("a", "b"),
        meta={"k": [1]},
        cloud={"r": {"etag": "e"}},
        version_id="v",
    )
    pointer = Pointer(
        tmp_path / "d.dvc", (out,), wdir="..", desc="all", meta={"m": 1}, always_changed=True, frozen=True
    )
    text = written(pointer)
    keys = [line[2:].partition(":")[0] for line in text.splitlines() if line[:2] in {"- ", "  "} and line[2] != " "]
    assert keys == [
        *("md5", "size", "version_id", "hash", "path", "desc", "type", "labels", "- a", "- b", "meta"),
        *("cache", "metric", "plot", "persist", "remote", "push", "cloud", "m"),
    ]
    assert text.startswith("desc: all\nwdir: ..\nfrozen: true\nouts:\n- md5: ")
    assert text.endswith("always_changed: true\nmeta:\n  m: 1\n")


def test_an_import_from_a_repository_has_the_checksum_of_dvc(tmp_path: Path):
    # Written by DVC 3.67.1.
    dep = Dependency("d", repo=RepoSource("../r1", rev_lock="b5189df4c5d5c1e4a0d2ad1f5c2f2a24cf1b6b5d"))
    out = Output("dd", Oid(f"{DIGEST}.dir"), size=13, nfiles=4)
    pointer = Pointer(tmp_path / "dd.dvc", (out,), (dep,), frozen=True)
    text = written(pointer)
    assert text == (
        f"md5: {stage_checksum(pointer)}\nfrozen: true\ndeps:\n- path: d\n  repo:\n    url: ../r1\n"
        "    rev_lock: b5189df4c5d5c1e4a0d2ad1f5c2f2a24cf1b6b5d\n"
        f"outs:\n- md5: {DIGEST}.dir\n  size: 13\n  nfiles: 4\n  hash: md5\n  path: dd\n"
    )
    assert pointer.is_repo_import
    assert stage_checksum(replace(pointer, frozen=False, desc="x", outs=(replace(out, size=1, meta=2),))) == (
        stage_checksum(pointer)
    )
    assert stage_checksum(replace(pointer, wdir="..")) != stage_checksum(pointer)


def test_a_wrong_checksum_is_corrected_by_writing(tmp_path: Path):
    dep = Dependency("https://x.org/a", checksum="1", size=3)
    pointer = Pointer(tmp_path / "a.dvc", (Output("a", Oid(DIGEST), size=3),), (dep,), frozen=True)
    write_pointer(pointer)
    right = pointer.file.read_text()
    pointer.file.write_text(right.replace(right[5:37], "0" * 32))
    assert write_pointer(read_pointer(pointer.file)) is True
    assert pointer.file.read_text() == right


def test_a_url_keeps_etag_and_hash(tmp_path: Path):
    dep = Dependency("s3://bucket/a", etag="ABC-1", size=3)
    text = written(Pointer(tmp_path / "a.dvc", (Output("a"),), (dep,), frozen=True))
    assert (
        "deps:\n- etag: ABC-1\n  size: 3\n  hash: md5\n  path: s3://bucket/a\nouts:\n- hash: md5\n  path: a\n" in text
    )
    assert read_pointer(tmp_path / "a.dvc").is_partial


OLD = f"""\
# Kept by hand
wdir: .
outs:
- path: data   # here
  md5: {DIGEST}
meta:
  owner: me   # somebody
"""


def test_what_dvc_2_wrote_is_legacy_until_its_content_changes(tmp_path: Path):
    file = tmp_path / "data.dvc"
    file.write_text(OLD)
    pointer = read_pointer(file)
    assert pointer.outs[0].oid == Oid(DIGEST, legacy=True)
    assert write_pointer(pointer) is False
    changed = replace(pointer, outs=(replace(pointer.outs[0], oid=Oid("0" * 32), hash="md5", size=3),))
    assert write_pointer(changed) is True
    text = file.read_text()
    assert "# Kept by hand" in text
    assert "# here" in text
    assert "# somebody" in text
    assert text.index("path: data") < text.index("md5: '000") < text.index("size: 3") < text.index("hash: md5")
    assert read_pointer(file).outs[0].oid == Oid("0" * 32)


def test_locked_is_read_as_frozen(tmp_path: Path):
    assert read_pointer(tmp_path / "x.dvc", b"locked: true\nouts:\n- path: x\n").frozen is True


def test_versions_of_a_bucket_are_read_and_kept(tmp_path: Path):
    text = (
        "outs:\n- path: d\n  hash: md5\n  files:\n  - relpath: a/b\n    md5: " + DIGEST + "\n    size: 3\n"
        "    cloud:\n      r:\n        etag: e\n        version_id: v\n"
    )
    file = tmp_path / "d.dvc"
    file.write_text(text)
    pointer = read_pointer(file)
    cloud = {"r": {"etag": "e", "version_id": "v"}}
    assert pointer.outs[0].files == (VersionedFile("a/b", Oid(DIGEST), 3, cloud=cloud),)
    write_pointer(replace(pointer, meta={"a": 1}))
    assert file.read_text() == text + "meta:\n  a: 1\n"


def test_a_digest_of_decimal_digits_without_quotes_is_read(tmp_path: Path):
    text = f"outs:\n- path: x\n  hash: md5\n  md5: {'12' * 16}\n"
    assert read_pointer(tmp_path / "x.dvc", text.encode()).outs[0].oid == Oid("12" * 16)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing stands in it"),
        ("- a", "is a list"),
        ("outs:\n- path: x\n  md5: abc\n", r"x.dvc, line 3: outs\[0\].md5 should be an MD5"),
        ("outs:\n- path: x\n  md5: ../../../../etc/passwd0000000000\n", r"should be an MD5"),
        ("outs:\n- md5: " + DIGEST, r"x.dvc, line 2: outs\[0\] has no 'path'"),
        ("outs:\n- path: 3", r"outs\[0\].path should be a path, but is 3"),
        ("outs:\n- path: x\n- pth: y", r"line 3: outs\[1\].pth is not a key"),
        ("outs: x", r"line 1: outs should be a list"),
        ("outs:\n- x", r"outs\[0\] should be a mapping"),
        ("outs:\n- path: x\n  size: -1", r"size should be a whole number"),
        ("outs:\n- path: x\n  size: true", r"size should be a whole number"),
        ("outs:\n- path: x\n  cache: 'no'", r"cache should be true or false"),
        ("outs:\n- path: x\n  hash: sha256", r"hash should be md5"),
        ("outs:\n- path: x\n  labels: a", r"labels should be a list of texts"),
        ("outs:\n- path: x\n  files:\n  - relpath: ../a", r"files\[0\].relpath should be a path below"),
        ("outs:\n- path: x\n  files: 3", r"files should be a list"),
        ("deps:\n- path: x\n  repo:\n    rev: y", r"deps\[0\].repo has no 'url'"),
        ("frozen: 3", r"frozen should be true or false"),
        ("md5: [1]", r"md5 should be a text"),
        ("cmd: {a: 1}", r"cmd should be"),
        ("stages: {}", r"x.dvc, line 1: stages is not a key of a pointer"),
        ("outs:\n<<<<<<< HEAD\n- path: a\n=======\n- path: b\n>>>>>>> b\n", r"line 2: a merge left"),
    ],
)
def test_a_pointer_edited_by_hand_is_refused_with_place_and_reason(tmp_path: Path, text: str, told: str):
    file = tmp_path / "x.dvc"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=told):
        read_pointer(file)
    with pytest.raises(InvalidInput):
        write_pointer(Pointer(file, (Output("x"),)))
    assert file.read_text() == text


def test_a_pointer_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(NotFound, match="no pointer"):
        read_pointer(tmp_path / "x.dvc")


def test_paths_are_relative_to_the_working_directory(tmp_path: Path):
    pointer = Pointer(tmp_path / "a" / "x.dvc", (Output("b/c"), Output("/tmp/y")), wdir="../w")
    assert [pointer.output_path(out) for out in pointer.outs] == [tmp_path / "w" / "b" / "c", Path("/tmp/y")]


@pytest.mark.parametrize(
    ("name", "is_one"), [("a.dvc", True), ("Dvcfile", True), (".dvc", False), ("dvc.yaml", False), ("a.dvcx", False)]
)
def test_names_of_pointers(name: str, is_one: bool):
    assert is_pointer_name(name) is is_one
