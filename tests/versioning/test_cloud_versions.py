"""Pointers that tell versions of files in a bucket bring just those versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators import moto
from places import Place, configure, folder_place, s3_place
from treering.core.errors import NotSupported
from treering.versioning.pull import pull
from treering.versioning.repository import Repository
from treering.versioning.transfer import TransferOptions, fetch, push

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as made:
        yield made


@pytest.fixture
def place(address: str) -> Place:
    made = s3_place(address)
    made.config["version_aware"] = "true"
    return made


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def versions(place: Place, key: str, *contents: bytes) -> list[str]:
    """Write a file again and again; what the bucket calls each of its versions."""
    store: Any = place.inspected
    return [store._s3._call("put_object", Key=store._full(key), Body=content)["VersionId"] for content in contents]


@pytest.fixture
def repo_there(repo: Repository, place: Place, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(repo.root)
    return configure(repo, place)


def write_folder(repo: Repository, place: Place) -> None:
    first, _ = versions(place, "sub/data/a", b"old", b"new")
    second, _ = versions(place, "sub/data/in/b", b"older", b"newer")
    (repo.root / "sub").mkdir()
    (repo.root / "sub" / "data.dvc").write_text(
        "outs:\n- hash: md5\n  path: data\n  size: 8\n  nfiles: 2\n  files:\n"
        f"  - relpath: a\n    md5: {md5(b'old')}\n    size: 3\n    cloud:\n      store:\n"
        f"        etag: x\n        version_id: {first}\n"
        f"  - relpath: in/b\n    md5: {md5(b'older')}\n    size: 5\n    cloud:\n      store:\n"
        f"        etag: x\n        version_id: {second}\n"
    )


def test_a_folder_is_brought_in_the_versions_that_were_pushed(repo_there: Repository, place: Place) -> None:
    write_folder(repo_there, place)
    pulled = pull(repo_there)
    assert (pulled.is_complete, pulled.fetched.moved) == (True, 2)
    assert (repo_there.root / "sub" / "data" / "a").read_bytes() == b"old"
    assert (repo_there.root / "sub" / "data" / "in" / "b").read_bytes() == b"older"
    assert fetch(repo_there).moved == 0


def test_a_single_file_is_brought_in_its_version(repo_there: Repository, place: Place) -> None:
    version, _ = versions(place, "one.bin", b"first", b"second")
    (repo_there.root / "one.bin.dvc").write_text(
        f"outs:\n- md5: {md5(b'first')}\n  size: 5\n  hash: md5\n  path: one.bin\n  cloud:\n    store:\n"
        f"      etag: x\n      version_id: {version}\n"
    )
    assert pull(repo_there).is_complete
    assert (repo_there.root / "one.bin").read_bytes() == b"first"


def test_a_part_is_brought_alone(repo_there: Repository, place: Place) -> None:
    write_folder(repo_there, place)
    assert fetch(repo_there, TransferOptions(targets=["sub/data/in"])).moved == 1


def test_a_version_that_is_gone_or_another_is_told(repo_there: Repository, place: Place) -> None:
    write_folder(repo_there, place)
    pointer = repo_there.root / "sub" / "data.dvc"
    good = pointer.read_text()
    pointer.write_text(good.replace(md5(b"old"), "0" * 32))
    report = fetch(repo_there)
    assert [(lost.paths, lost.value) for lost in report.damaged] == [(("sub/data/a",), "0" * 32)]
    store: Any = place.inspected
    for item in store._s3._call("list_object_versions").get("Versions", ()):
        if item["Key"].endswith("data/a"):
            store._s3._call("delete_object", Key=item["Key"], VersionId=item["VersionId"])
    pointer.write_text(good)
    report = fetch(repo_there)
    assert [lost.paths for lost in report.missing] == [("sub/data/a",)]


def test_what_tells_no_version_there_is_refused(repo_there: Repository, place: Place, tmp_path: Path) -> None:
    write_folder(repo_there, place)
    pointer = repo_there.root / "sub" / "data.dvc"
    pointer.write_text(pointer.read_text().replace("store:", "elsewhere:"))
    with pytest.raises(NotSupported, match="pushed to elsewhere"):
        fetch(repo_there)
    with pytest.raises(NotSupported, match="keeps versions"):
        push(repo_there)
    pointer.write_text(pointer.read_text().replace("elsewhere:", "local:"))
    local = configure(repo_there, folder_place(tmp_path), "local")
    with pytest.raises(NotSupported, match="from S3 only"):
        fetch(local)
