"""Imports from a bucket: what tells a change is its ETag, and for a folder a list of those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulators import moto
from treering.storage.content.oid import Oid
from treering.versioning.imports import ImportOptions, import_url
from treering.versioning.listing import list_url
from treering.versioning.repository import Repository, find_repository
from treering.versioning.update import update
from treering.versioning.url_source import open_url

pytestmark = pytest.mark.cloud

SECRETS = {"access_key_id": "a", "secret_access_key": "b", "region": "us-east-1"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def bucket(s3: str) -> Any:
    boto3 = pytest.importorskip("boto3")
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    made = boto3.resource("s3", endpoint_url=s3, **keys).Bucket("bucket")
    made.create()
    for key in ("p/f.txt", "p/d/1", "p/d/x/2"):
        made.put_object(Key=key, Body=key.encode())
    return made


@pytest.fixture
def repo(root: Path, environ: Mapping[str, str], s3: str, monkeypatch: pytest.MonkeyPatch) -> Repository:
    lines = [f"    {key} = {value}" for key, value in {"endpointurl": s3, **SECRETS}.items()]
    (root / ".dvc" / "config").write_text("\n".join(["['remote \"m\"']", "    url = s3://bucket/p", *lines, ""]))
    monkeypatch.chdir(root)
    return find_repository(root, environ)


def tag(content: str) -> str:
    return hashlib.md5(content.encode()).hexdigest()


def test_files_and_folders_of_a_bucket_are_known_by_their_etags(repo: Repository, bucket: Any):
    file = import_url(repo, "remote://m/f.txt").pointer
    folder = import_url(repo, "remote://m/d", ImportOptions(only=("*",))).pointer
    assert (file.deps[0].etag, file.deps[0].size) == (tag("p/f.txt"), 7)
    rows = [{"etag": tag(f"p/d/{name}"), "relpath": name} for name in ("1", "x/2")]
    assert folder.deps[0].oid == Oid(f"{tag(json.dumps(rows, sort_keys=True))}.dir")
    assert (folder.deps[0].nfiles, folder.outs[0].nfiles) == (2, 2)
    assert (repo.root / "d" / "x" / "2").read_text() == "p/d/x/2"
    assert update(repo).changed == ()
    bucket.put_object(Key="p/d/1", Body=b"changed")
    assert [pointer.file.name for pointer in update(repo).changed] == ["d.dvc"]
    assert (repo.root / "d" / "1").read_text() == "changed"


def test_what_goes_to_a_bucket_does_not_land_here(repo: Repository, bucket: Any, tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("1")
    out = import_url(repo, str(tmp_path / "outside"), ImportOptions(to_remote=True, remote="m")).pointer.outs[0]
    assert out.oid is not None
    keys = {one.key for one in bucket.objects.filter(Prefix="p/files/")}
    assert f"p/files/md5/{out.oid.value[:2]}/{out.oid.value[2:]}" in keys
    assert f"p/files/md5/{tag('1')[:2]}/{tag('1')[2:]}" in keys
    assert not list(repo.cache.walk())
    assert not (repo.root / "outside").exists()
    assert not [file for file in (repo.our_tmp / "passing").rglob("*") if file.is_file()]


@pytest.mark.usefixtures("bucket")
def test_a_bucket_is_listed(repo: Repository):
    assert [row.path for row in list_url(open_url("remote://m/d", repo))] == ["1", "x"]
