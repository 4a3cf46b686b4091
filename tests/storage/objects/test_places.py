"""What is said about one place counts more than what the machine is told, with each cloud."""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators import AZURE_STRING, FileServer, azurite, google, moto, openssh
from treering.core.errors import InvalidInput, NotFound, PermissionDenied, TreeringError, Unauthenticated
from treering.storage.objects import open_store
from treering.storage.objects.base import Dated, Direct, Historic, ObjectStore

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as address:
        yield address


@pytest.fixture
def s3(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    options = {"endpoint_url": s3_address, "access_key": "k", "secret_key": "s", "region": "us-east-1"}
    client: Any = open_store("s3://things/x", options)
    client._s3._client().create_bucket(Bucket="things")
    client._s3._client().put_bucket_versioning(Bucket="things", VersioningConfiguration={"Status": "Enabled"})
    return options


def test_s3_with_keys_of_its_own(s3: dict[str, Any]) -> None:
    store = open_store(f"s3://things/{uuid.uuid4().hex}", s3)
    store.write("a", [b"1"])
    assert b"".join(store.read("a")) == b"1"


def test_s3_with_files_and_a_profile_of_its_own(s3: dict[str, Any], tmp_path: Path) -> None:
    config, secrets = tmp_path / "config", tmp_path / "credentials"
    config.write_text("[profile two]\nregion = eu-west-1\n")
    secrets.write_text("[two]\naws_access_key_id = a\naws_secret_access_key = b\n")
    options = {
        "endpoint_url": s3["endpoint_url"],
        "profile": "two",
        "config_file": str(config),
        "credentials_file": str(secrets),
    }
    store: Any = open_store(f"s3://things/{uuid.uuid4().hex}", options)
    store.write("a", [b"1"])
    assert store._s3._client().meta.region_name == "eu-west-1"
    with pytest.raises(InvalidInput, match="three"):
        open_store("s3://things/x", {**options, "profile": "three"}).list()


def test_s3_without_credentials(s3: dict[str, Any]) -> None:
    store: Any = open_store("s3://things/x", {"endpoint_url": s3["endpoint_url"], "anonymous": True})
    sent: list[Any] = []
    store._s3._client().meta.events.register("before-send.s3", lambda request, **_: sent.append(request.headers))
    store.list()
    assert "Authorization" not in sent[0]
    with pytest.raises(Unauthenticated):
        open_store("s3://things/x", {"endpoint_url": s3["endpoint_url"]}).list()


def test_s3_with_arguments_and_a_key_of_the_user(s3: dict[str, Any]) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    store: Any = open_store(f"s3://things/{uuid.uuid4().hex}", {**s3, "customer_key": key})
    sent: list[Any] = []
    store._s3._client().meta.events.register("before-send.s3", lambda request, **_: sent.append(request.headers))
    store.put("a", [b"1"])
    assert b"".join(store.read("a")) == b"1"
    assert store.exists("a")
    for headers in sent:
        assert headers["x-amz-server-side-encryption-customer-algorithm"] in {"AES256", b"AES256"}
    kept: Any = open_store(f"s3://things/{uuid.uuid4().hex}", {**s3, "upload": {"ServerSideEncryption": "AES256"}})
    kept.put("a", [b"1"])
    assert kept._s3._call("head_object", Key=kept._full("a"))["ServerSideEncryption"] == "AES256"


def test_s3_gives_earlier_versions_and_tells_times(s3: dict[str, Any]) -> None:
    store: Any = open_store(f"s3://things/{uuid.uuid4().hex}", s3)
    assert isinstance(store, Historic)
    assert isinstance(store, Dated)
    version = store._s3._call("put_object", Key=store._full("a"), Body=b"old")["VersionId"]
    store.write("a", [b"new"])
    assert b"".join(store.read_version("a", version)) == b"old"
    with pytest.raises(NotFound):
        store.read_version("a", "00000000-0000-0000-0000-000000000000")
    [(info, changed)] = store.dated()
    assert (info.path, info.size) == ("a", 3)
    assert changed > 1_000_000_000


@pytest.fixture(params=["s3", "google", "azure", "ssh"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    if request.param == "s3":
        yield open_store(f"s3://things/{uuid.uuid4().hex}", request.getfixturevalue("s3"))
    elif request.param == "google":
        with google(tmp_path) as address:
            made: Any = open_store(f"gs://things/{uuid.uuid4().hex}", {"endpoint_url": address, "project": "p"})
            made._gcs._bucket().client.create_bucket("things")
            yield made
    elif request.param == "azure":
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", AZURE_STRING.format(port=9))
        with azurite(tmp_path) as string:
            opened: Any = open_store(f"azure://things/{uuid.uuid4().hex}", {"connection_string": string})
            opened._azure._client().create_container()
            yield opened
    else:
        with openssh(tmp_path) as server:
            monkeypatch.setenv("TREERING_SFTP_KNOWN_HOSTS", str(server.known_hosts))
            yield open_store(f"ssh://127.0.0.1{tmp_path}/root", _said(server))


def _said(server: FileServer) -> dict[str, Any]:
    return {"user": server.user, "port": server.port, "key_file": str(server.key), "sessions": 2}


def test_shorter_ways(store: ObjectStore) -> None:
    assert isinstance(store, Direct)
    assert not store.exists("files/ab/1")
    for number in range(3):
        assert store.put(f"files/ab/{number}", [b"%d" % number]) == 1
    assert store.exists("files/ab/1")
    assert not store.exists("files/ab")
    store.remove(["files/ab/0", "files/ab/2", "files/ab/none"])
    assert [info.path for info in store.walk()] == ["files/ab/1"]
    assert b"".join(store.read("files/ab/1")) == b"1"


def test_ssh_asks_what_the_user_has_told_it_about_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with openssh(tmp_path) as server:
        monkeypatch.setenv("TREERING_SFTP_KNOWN_HOSTS", str(server.known_hosts))
        config = tmp_path / "ssh_config"
        config.write_text(
            f"Host near\n  HostName 127.0.0.1\n  Port {server.port}\n  User {server.user}\n  IdentityFile {server.key}\n"
        )
        store = open_store(f"ssh://near{tmp_path}/root", {"config_file": str(config)})
        store.write("a", [b"1"])
        assert b"".join(store.read("a")) == b"1"
        other = open_store(f"ssh://near{tmp_path}/root", {"config_file": str(config), "user": "nobody-here"})
        with pytest.raises((Unauthenticated, PermissionDenied)):
            other.list()


def test_azure_wants_to_know_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    with pytest.raises(TreeringError, match="storage account"):
        open_store("azure://things/x").list()
    with pytest.raises(InvalidInput, match="names no container"):
        open_store("azure:///x")
    store: Any = open_store("azure://things/x", {"account": "acc", "account_key": "a2V5"})
    assert store._azure._client().url == "https://acc.blob.core.windows.net/things"
