"""The stores on other machines keep the same promises, each against a server of its kind."""

from __future__ import annotations

import http.server
import os
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from emulators import FileServer, azurite, ftp, google, moto, openssh
from treering.core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotSupported,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)
from treering.storage.objects import STORES
from treering.storage.objects.base import CHUNK_SIZE, Multipart, ObjectStore, Part, Presigning
from treering.testing.objects import ObjectStoreSuite, ResumableSuite

pytestmark = pytest.mark.cloud

MIB = 1 << 20
# urllib would call the body a form.
_TYPE = {"content-type": "application/octet-stream"}


@pytest.fixture(scope="module")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as address:
        request = urllib.request.Request(f"{address}/things", method="PUT")
        urllib.request.urlopen(request, timeout=30).close()
        yield address


@pytest.fixture
def s3(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("MLFLOW_S3_ENDPOINT_URL", s3_address),
    ):
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def google_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with google(tmp_path_factory.mktemp("google")) as address:
        request = urllib.request.Request(
            f"{address}/storage/v1/b?project=x", b'{"name": "things"}', {"content-type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=30).close()
        yield address


@pytest.fixture(scope="module")
def azure_string(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # Not imported at the top: `make test` collects this file without the extras.
    service = import_module("azure.storage.blob").BlobServiceClient
    with azurite(tmp_path_factory.mktemp("azurite")) as string:
        with service.from_connection_string(string) as client:
            client.create_container("things").close()
        yield string


@pytest.fixture(scope="module")
def file_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    with openssh(tmp_path_factory.mktemp("sshd")) as server:
        yield server


class FarSuite(ObjectStoreSuite):
    """What all of them do beside the public suite."""

    def test_large_files_go_in_parts_and_come_back(self, store: ObjectStore) -> None:
        block = os.urandom(MIB)
        assert store.write("large", (block for _ in range(21))) == 21 * MIB
        assert store.stat("large").size == 21 * MIB
        at = 0
        for chunk in store.read("large"):
            assert len(chunk) <= CHUNK_SIZE
            begin = at % MIB
            assert chunk == (block + block)[begin : begin + len(chunk)]
            at += len(chunk)
        assert at == 21 * MIB
        assert b"".join(store.read("large", 9 * MIB - 5, 10)) == block[-5:] + block[:5]

    def test_a_large_write_that_fails_leaves_what_was(self, store: ObjectStore) -> None:
        def torn() -> Iterator[bytes]:
            for _ in range(18):
                yield bytes(MIB)
            message = "the source broke"
            raise RuntimeError(message)

        store.write("kept", [b"before"])
        with pytest.raises(RuntimeError, match="the source broke"):
            store.write("kept", torn())
        assert b"".join(store.read("kept")) == b"before"
        assert [info.path for info in store.walk()] == ["kept"]


@pytest.mark.usefixtures("s3")
class TestS3(FarSuite, ResumableSuite):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return STORES.load("s3")(f"s3://things/{uuid.uuid4().hex}/a%20folder")

    def test_a_bucket_that_is_missing_is_named(self) -> None:
        store = STORES.load("s3")("s3://no-such-bucket-here/x")
        with pytest.raises(InvalidInput, match="no bucket 'no-such-bucket-here'"):
            store.list()
        with pytest.raises(InvalidInput, match="no bucket"):
            store.write("x", [b"1"])

    def test_missing_credentials_are_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        with pytest.raises(Unauthenticated, match="AWS_ACCESS_KEY_ID"):
            STORES.load("s3")("s3://things/x").list()

    def test_a_server_that_is_away_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TREERING_S3_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("TREERING_HTTP_RETRIES", "0")
        with pytest.raises(Unavailable, match="cannot be reached"):
            STORES.load("s3")("s3://things/x").list()

    def test_arguments_of_uploads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLFLOW_S3_UPLOAD_EXTRA_ARGS", '{"ServerSideEncryption": "aws:kms"}')
        store: Any = STORES.load("s3")(f"s3://things/{uuid.uuid4().hex}")
        store.write("x", [b"1"])
        head = store._s3._call("head_object", Key=store._full("x"))
        assert head["ServerSideEncryption"] == "aws:kms"
        monkeypatch.setenv("MLFLOW_S3_UPLOAD_EXTRA_ARGS", "[")
        with pytest.raises(InvalidInput, match="S3_UPLOAD_EXTRA_ARGS"):
            STORES.load("s3")("s3://things/y").write("x", [b"1"])

    def test_a_file_costs_few_requests(self, store: Any) -> None:
        store.write("a/b/c/first", [b"1"])
        asked: list[str] = []
        client = store._s3._client()
        client.meta.events.register("before-send.s3", lambda event_name, **_: asked.append(event_name))
        store.write("a/b/c/second", [b"2"])
        assert [name.rpartition(".")[2] for name in asked] == ["ListObjectsV2", "PutObject"]
        asked.clear()
        assert b"".join(store.read("a/b/c/second")) == b"2"
        assert b"".join(store.read("a/b/c/second", 0, 9)) == b"2"
        assert [name.rpartition(".")[2] for name in asked] == ["GetObject", "GetObject"]

    def test_a_name_may_become_a_file_when_its_folder_is_gone(self, store: ObjectStore) -> None:
        store.write("a/b", [b"1"])
        store.delete("a")
        store.write("a", [b"2"])
        with pytest.raises(Conflict):
            store.write("a/b", [b"3"])

    def test_addresses_serve_without_credentials(self, store: ObjectStore) -> None:
        assert isinstance(store, Presigning)
        assert isinstance(store, Multipart)
        _addresses_work(store)
        _parts_work(store)


class TestGoogle(FarSuite):
    @pytest.fixture
    def store(self, google_address: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", google_address)
        return STORES.load("gs")(f"gs://things/{uuid.uuid4().hex}/folder")

    def test_addresses_need_a_key(self, store: ObjectStore) -> None:
        assert isinstance(store, Presigning)
        with pytest.raises(InvalidInput, match="service account"):
            store.download_address("x", 60)


class TestAzure(FarSuite, ResumableSuite):
    @pytest.fixture
    def store(self, azure_string: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_string)
        uri = f"wasbs://things@devstoreaccount1.blob.core.windows.net/{uuid.uuid4().hex}/folder"
        return STORES.load("wasbs")(uri)

    @pytest.mark.usefixtures("store")
    def test_a_container_that_is_missing_is_named(self) -> None:
        other = STORES.load("abfss")("abfss://nowhere@devstoreaccount1.dfs.core.windows.net/x")
        with pytest.raises(InvalidInput, match="no container 'nowhere'"):
            other.list()
        with pytest.raises(InvalidInput, match="no container 'nowhere'"):
            other.write("x", [b"1"])

    def test_addresses_serve_without_credentials(self, store: ObjectStore) -> None:
        assert isinstance(store, Presigning)
        _addresses_work(store)
        _parts_work(store)


class TestSftp(FarSuite):
    @pytest.fixture
    def store(self, file_server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.setenv("TREERING_SFTP_KNOWN_HOSTS", str(file_server.known_hosts))
        monkeypatch.setenv("TREERING_SFTP_KEY_FILE", str(file_server.key))
        return STORES.load("sftp")(f"sftp://{file_server.user}@127.0.0.1:{file_server.port}{tmp_path}/some/root")

    def test_a_machine_that_is_not_known_is_refused(
        self, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "known").touch()
        monkeypatch.setenv("TREERING_SFTP_KNOWN_HOSTS", str(tmp_path / "known"))
        with pytest.raises(PermissionDenied, match="ssh-keyscan"):
            store.list()

    def test_a_user_that_is_not_known_is_refused(
        self, store: ObjectStore, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TREERING_SFTP_KEY_FILE", str(file_server.known_hosts.parent / "host"))
        with pytest.raises(Unauthenticated, match="TREERING_SFTP_KEY_FILE"):
            store.list()


@pytest.fixture(scope="module", params=["modern", "old"])
def ftp_port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with ftp(tmp_path_factory.mktemp("ftp"), modern=request.param == "modern") as port:
        yield port


class TestFtp(FarSuite):
    @pytest.fixture
    def store(self, ftp_port: int) -> ObjectStore:
        return STORES.load("ftp")(f"ftp://someone:p%40ss%3A%2Fword@127.0.0.1:{ftp_port}/{uuid.uuid4().hex}/some%20root")

    def test_bytes_are_not_taken_for_text(self, store: ObjectStore) -> None:
        store.write("a/lines", [b"1\n2\r\n3\r"])
        assert [info.size for info in store.list("a")] == [7]
        assert b"".join(store.read("a/lines")) == b"1\n2\r\n3\r"

    def test_the_password_is_not_shown(self, store: ObjectStore) -> None:
        assert store.uri.startswith("ftp://someone@127.0.0.1:")
        with pytest.raises(NotFound) as caught:
            store.read("nothing")
        assert "word" not in str(caught.value)

    def test_a_user_that_is_not_known_is_refused(self, ftp_port: int) -> None:
        with pytest.raises(Unauthenticated, match="password"):
            STORES.load("ftp")(f"ftp://someone:else@127.0.0.1:{ftp_port}/x").list()

    def test_a_name_that_holds_a_line_break_is_refused(self, store: ObjectStore) -> None:
        with pytest.raises(InvalidInput):
            store.write("a\r\nDELE b", [b"1"])


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(30)


def test_files_of_a_web_server_are_read(web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_HTTP_RETRIES", "0")
    (tmp_path / "a b#c").write_bytes(bytes(range(256)) * 8192)
    store = STORES.load("http")(web)
    assert store.stat("a b#c").size == 2 * MIB
    assert b"".join(store.read("a b#c")) == bytes(range(256)) * 8192
    # This server knows no ranges.
    assert b"".join(store.read("a b#c", 257, 3)) == b"\x01\x02\x03"
    for act in (store.read, store.stat):
        with pytest.raises(NotFound, match="nothing-here"):
            act("nothing-here")
        with pytest.raises(InvalidInput, match="Invalid path"):
            act("../x")
    for act in (store.list, store.walk, store.delete, lambda key: store.write(key, [b"1"])):
        with pytest.raises(NotSupported):
            act("x")
    with pytest.raises(Unavailable, match="cannot be reached"):
        STORES.load("http")("http://127.0.0.1:9").read("x")


def _addresses_work(store: Any) -> None:
    up = store.upload_address("odd name #1", 60)
    request = urllib.request.Request(up.url, b"sent", {**_TYPE, **up.headers}, method="PUT")
    urllib.request.urlopen(request, timeout=30).close()
    assert b"".join(store.read("odd name #1")) == b"sent"
    down = store.download_address("odd name #1", 60)
    with urllib.request.urlopen(urllib.request.Request(down.url, headers=dict(down.headers)), timeout=30) as answer:
        assert answer.read() == b"sent"


def _parts_work(store: Any) -> None:
    pieces = [bytes([1]) * (5 * MIB), b"end"]
    upload, addresses = store.begin("parts", 2, 60)
    done = []
    for number, (address, piece) in enumerate(zip(addresses, pieces, strict=True), 1):
        request = urllib.request.Request(address.url, piece, {**_TYPE, **address.headers}, method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            done.append(Part(number, answer.headers.get("ETag", ""), address.url))
    with pytest.raises(NotFound):
        store.stat("parts")
    store.complete("parts", upload, done)
    assert b"".join(store.read("parts")) == b"".join(pieces)
    upload, _ = store.begin("given up", 1, 60)
    store.abort("given up", upload)
    with pytest.raises(NotFound):
        store.stat("given up")
